"""One file that holds a whole purchase: packed so that the same content is always the same bytes.

The format stands in docs/verification.md. Nothing is compressed: whoever reads the file needs no library that could
differ by a version, and no small file can grow into a large one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from market.kernel.canonical import canonical_bytes, sha256_hex
from market.kernel.commitments import head_leaf

FORM = "linli.bundle.1"
MANIFEST, VERIFIER = "manifest.json", "verify.py"
_NODE = b"\x02"
# A name in UTF-8, no compression, 1 January 1980, 00:00: nothing in a header depends on when or where it was made.
_VERSION, _FLAGS, _STORED, _TIME, _DATE = 20, 0x0800, 0, 0, 0x0021


@dataclass(frozen=True)
class Day:
    """One daily digest: what was signed, and all heads it is over."""

    payload: Mapping[str, Any]
    heads: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Proof:
    """Headers of a chain without a gap, from a notice's link to the head that a daily digest is over."""

    chain: tuple[str, str]
    links: Sequence[str]
    day: Day


@dataclass(frozen=True)
class Parts:
    """What a bundle is made of: the bytes of notices as they are served, the chain's headers, the days' digests."""

    ocid: str
    chain: tuple[str, str]
    releases: Sequence[tuple[str, bytes]]
    headers: Sequence[str]
    notices: Sequence[tuple[str, bytes]] = ()
    days: Iterable[Day] = ()
    proofs: Iterable[Proof] = ()
    public_key: str = ""


@cache
def verifier_file() -> bytes:
    """The verifier as it is delivered: read as a file, never imported."""
    return files("market.public").joinpath("verifier", VERIFIER).read_bytes()


def pack(parts: Parts) -> bytes:
    """The bundle: a manifest first, then every file in the order of its name."""
    content = {
        "chain.jsonl": b"".join(header.encode() + b"\n" for header in parts.headers),
        "days.jsonl": b"".join(canonical_bytes(_day(day, parts.chain)) + b"\n" for day in parts.days),
        "key.json": canonical_bytes({"publicKey": parts.public_key}),
        "proofs.jsonl": b"".join(
            canonical_bytes({**_day(one.day, one.chain), "links": list(one.links)}) + b"\n" for one in parts.proofs
        ),
        VERIFIER: verifier_file(),
        **{f"notices/{name}.json": body for name, body in parts.notices},
        **{f"releases/{name}.json": body for name, body in parts.releases},
    }
    ordered = sorted(content.items())
    manifest = {
        "form": FORM,
        "ocid": parts.ocid,
        "chain": list(parts.chain),
        "files": [{"name": name, "sha256": sha256_hex(body), "size": len(body)} for name, body in ordered],
    }
    return canonical_zip([(MANIFEST, canonical_bytes(manifest)), *ordered])


def canonical_zip(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """A ZIP file of exactly these files in exactly this order, without compression, times, comments or extra fields."""
    body, directory, count = bytearray(), bytearray(), 0
    for name, content in entries:
        raw, checksum = name.encode(), zlib.crc32(content)
        facts = struct.pack(
            "<HHHHHIIIHH", _VERSION, _FLAGS, _STORED, _TIME, _DATE, checksum, len(content), len(content), len(raw), 0
        )
        directory += b"PK\x01\x02" + struct.pack("<H", _VERSION) + facts
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + raw
        body += b"PK\x03\x04" + facts + raw + content
        count += 1
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + b"PK\x05\x06" + end)


def _day(day: Day, chain: tuple[str, str]) -> dict[str, Any]:
    """A day's signed digest with the one head that concerns this purchase and the digests that prove it."""
    place = next((n for n, head in enumerate(day.heads) if tuple(head[:2]) == chain), None)
    signed = dict(day.payload)
    if place is None:
        return {"signed": signed, "head": None, "place": None, "path": []}
    leaves = tuple(head_leaf(head) for head in day.heads)
    return {"signed": signed, "head": list(day.heads[place]), "place": place, "path": proof(leaves, place)}


def proof(leaves: Sequence[str], place: int) -> list[str]:
    """The digests beside the way from a leaf up to the tree's top (kernel/commitments.py), the lowest first."""
    if len(leaves) == 1:
        return []
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    left, right = leaves[:k], leaves[k:]
    if place < k:
        return [*proof(left, place), _top(tuple(right))]
    return [*proof(right, place - k), _top(tuple(left))]


@lru_cache(maxsize=4096)
def _top(leaves: tuple[str, ...]) -> str:
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256_hex(_NODE + bytes.fromhex(_top(leaves[:k])) + bytes.fromhex(_top(leaves[k:])))
