"""The chain of a purchase, computed again from nothing but what anyone may download."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from market.kernel.canonical import sha256_hex
from market.kernel.permits import ROLE_LABELS, Role
from market.kernel.text import N_
from market.public.rules.labels import SUBJECT_LABELS, VERB_LABELS

GENESIS = "0" * 64
_ACTORS = {"clock": N_("系统到期办理"), "person": N_("有关人员"), **{str(role): ROLE_LABELS[role] for role in Role}}


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as it is published: place, digest before it, own digest, and the header's exact text."""

    seq: int
    prev: str
    digest: str
    header: str


@dataclass(frozen=True, slots=True)
class Posted:
    """One notice: its number, the digest it carries and the bytes that are served."""

    release_id: str
    digest: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out: `fault` is a short code with what was expected and found; None when everything holds."""

    links: int
    notices: int
    fault: str | None = None
    place: str = ""
    expected: str = ""
    found: str = ""

    @property
    def holds(self) -> bool:
        """True when every digest is right."""
        return self.fault is None


def check(links: Sequence[Link], notices: Iterable[Posted], head: str) -> Verdict:
    """Compute every digest again: each header, its tie to the one before, the head, and each notice in the chain."""
    prev = GENESIS
    published: dict[str, str] = {}
    for number, link in enumerate(links, 1):
        own, header = sha256_hex(link.header.encode()), _header(link.header)
        if own != link.digest:
            return Verdict(number - 1, 0, "digest", str(link.seq), own, link.digest)
        if link.prev != prev or header.get("prev") != prev or header.get("seq") != number:
            return Verdict(number - 1, 0, "prev", str(link.seq), prev, link.prev)
        facts = header.get("facts") or {}
        if header.get("verb") == "publish" and "release" in facts:
            published[facts["release"]] = facts["digest"]
        prev = link.digest
    if prev != head:
        return Verdict(len(links), 0, "head", "", prev, head)
    count = 0
    for notice in notices:
        own = sha256_hex(notice.body)
        if own != notice.digest or published.get(notice.release_id) != own:
            stated = published.get(notice.release_id, "")
            return Verdict(len(links), count, "notice", notice.release_id, stated or own, notice.digest)
        count += 1
    return Verdict(len(links), count)


def _header(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def entry(link: Link) -> dict[str, Any]:
    """Return what a page shows of an entry: its header's facts beside its digests."""
    header = _header(link.header)
    at, subject = header.get("at"), header.get("subject") or ["", ""]
    facts = header.get("facts") or {}
    verb, kind, role = str(header.get("verb", "")), str(subject[0]), str(header.get("actor", ""))
    return {
        "seq": link.seq,
        "prev": link.prev,
        "digest": link.digest,
        "at": datetime.fromisoformat(at) if isinstance(at, str) else None,
        "verb": VERB_LABELS.get(verb, verb),
        "code": verb,
        "role": _ACTORS.get(role, role),
        "subject": SUBJECT_LABELS.get(kind, kind),
        "number": subject[1],
        "release": facts.get("release"),
        "facts": [(name, _shown(value)) for name, value in sorted(facts.items()) if name != "release"],
        "sealed": sorted(header.get("commitments") or {}),
    }


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def as_json(data: Mapping[str, Any]) -> bytes:
    """Return JSON in UTF-8."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
