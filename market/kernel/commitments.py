"""Commitments: digests that give nothing away and can be opened part by part.

A bid's digest is one root over many salted commitments, so any part may be withheld, or erased later, and the root
still verifies. The formulas, complete, for whoever wants to write them again (`||` joins bytes, `hex` is lower-case
hexadecimal, digests enter as their 32 raw bytes, `canonical` is market/kernel/canonical.py):

    commitment(name, value, salt) = SHA-256( 0x00 || canonical(["linli.commitment.1", name, salt, value]) )
    leaf(name, commitment)        = SHA-256( 0x01 || canonical([name, hex(commitment)]) )
    node(left, right)             = SHA-256( 0x02 || left || right )
    tree(leaves)                  = the leaf itself when there is one, otherwise
                                    node(tree(first k), tree(the others)), k the largest power of two below the count
    root(leaves)                  = SHA-256( 0x03 || count as 8 bytes, big-endian || tree(leaves) )
    root(no leaves)               = SHA-256( 0x03 || eight zero bytes )
    head(kind, key, digest, n)    = SHA-256( 0x04 || canonical([kind, key, digest, n]) )    leaf of a daily digest

`salt` is 16 random bytes written as 32 hexadecimal characters. The leaves of a set of fields stand in the order of
their names by Unicode code point, each name once. A file enters as the field's value `{"sha256": …, "size": …}` or
whatever canonical value its room chooses. The first byte keeps commitments, leaves, nodes and roots apart, and the
count is part of the root: nobody can pass off an inner node as a leaf or a shorter list as the whole one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import TypedDict

from market.kernel.canonical import canonical_bytes

SALT_BYTES = 16
_TAG = "linli.commitment.1"
_COMMITMENT, _LEAF, _NODE, _ROOT, _HEAD = b"\x00", b"\x01", b"\x02", b"\x03", b"\x04"


class Commitment(TypedDict):
    """One committed field. Whoever holds `salt` and the value can open it; without both, `digest` says nothing."""

    name: str
    salt: str
    digest: str


def new_salt() -> str:
    """A fresh random salt: 16 bytes in hexadecimal."""
    return secrets.token_hex(SALT_BYTES)


def commit(name: str, value: object, salt: str) -> str:
    """The commitment to one named value, in hexadecimal. Raises TypeError where the value has no canonical form."""
    if len(bytes.fromhex(salt)) != SALT_BYTES or salt != salt.lower():
        raise ValueError("a salt is 16 bytes in lower-case hexadecimal")
    return hashlib.sha256(_COMMITMENT + canonical_bytes([_TAG, name, salt, value])).hexdigest()


def leaf_hash(name: str, commitment: str) -> str:
    """Binds a commitment to its name, so that even a withheld part cannot change its label."""
    return hashlib.sha256(_LEAF + canonical_bytes([name, commitment])).hexdigest()


def head_leaf(head: Sequence[object]) -> str:
    """A chain's head `[kind, key, digest, length]` as a leaf of a daily digest."""
    return hashlib.sha256(_HEAD + canonical_bytes(list(head))).hexdigest()


def merkle_root(leaves: Sequence[str]) -> str:
    """The root over digests in hexadecimal, in the order given."""
    raw = [bytes.fromhex(leaf) for leaf in leaves]
    if any(len(leaf) != hashlib.sha256().digest_size for leaf in raw):
        raise ValueError("a leaf is a SHA-256 digest in hexadecimal")
    top = _tree(raw) if raw else b""
    return hashlib.sha256(_ROOT + len(raw).to_bytes(8, "big") + top).hexdigest()


def _tree(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(_NODE + _tree(leaves[:k]) + _tree(leaves[k:])).digest()


def commit_fields(fields: Mapping[str, object]) -> tuple[str, list[Commitment]]:
    """Commit to every field under a fresh salt: the root and the leaves in the order of their names.

    The leaves carry no values. Keep them with the values (inside the envelope); publish the root, or `public_part`.
    """
    leaves, drawn = [], secrets.token_hex(SALT_BYTES * len(fields))
    for number, name in enumerate(sorted(fields)):
        salt = drawn[2 * SALT_BYTES * number : 2 * SALT_BYTES * (number + 1)]
        leaves.append(Commitment(name=name, salt=salt, digest=commit(name, fields[name], salt)))
    return root_of({leaf["name"]: leaf["digest"] for leaf in leaves}), leaves


def root_of(digests: Mapping[str, str]) -> str:
    """The root over named commitments (name -> digest)."""
    return merkle_root([leaf_hash(name, digests[name]) for name in sorted(digests)])


def public_part(leaves: Sequence[Commitment]) -> dict[str, str]:
    """Names and digests without salts: what may be shown while the values are withheld."""
    return {leaf["name"]: leaf["digest"] for leaf in leaves}


def opens(leaf: Commitment, value: object) -> bool:
    """True when `value` is what the leaf commits to."""
    return hmac.compare_digest(leaf["digest"], commit(leaf["name"], value, leaf["salt"]))


def check_root(root: str, leaves: Sequence[Commitment], fields: Mapping[str, object] | None = None) -> bool:
    """True when the leaves make this root and, where `fields` are given, exactly these values open all of them."""
    digests = public_part(leaves)
    if len(digests) != len(leaves) or not hmac.compare_digest(root, root_of(digests)):
        return False
    if fields is None:
        return True
    return set(fields) == set(digests) and all(opens(leaf, fields[leaf["name"]]) for leaf in leaves)
