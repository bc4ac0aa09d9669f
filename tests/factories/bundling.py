"""Packing what a story tells: the set of rules, daily digests, the bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import orjson

from market.kernel.canonical import canonical_bytes, sha256_hex
from market.kernel.rulebook import Regime, RuleSet, load
from market.kernel.workdays import Calendar, calendar_from_library
from market.places.notices import rules_data, rules_key
from market.public.rules.bundle import Day, Parts, Proof, pack
from market.records.receipts import day_digest
from market.records.signing import new_receipt_key, sign_receipt

OCID = "ocds-linli0-320115001-2026-0001"
CHAIN = ("file", "1")
KEY, PUBLIC = new_receipt_key()
# The rows a purchase is computed with; the whole set only makes the file longer.
ROWS = (
    "tender.",
    "award.",
    "contract.",
    "payment.",
    "outcome.",
    "low_price.",
    "evaluation.",
    "panel.",
    "sme.",
    "challenge.",
    "security.",
    "plan.",
    "archive.",
)


def day_of(headers: Sequence[str], day: date = date(2026, 12, 31)) -> Day:
    """A signed daily digest over a chain's head and those of some others."""
    head = ["file", "1", sha256_hex(headers[-1].encode()), len(headers)]
    others = [[kind, "2", sha256_hex(kind.encode()), 2] for kind in ("district", "organisation")]
    _, _, links = calendar_notice()
    heads = [["district", "1", sha256_hex(links[-1].encode()), 8], *others, head]
    return Day(sign_receipt(KEY, {"day": day, "digest": day_digest(heads), "chains": len(heads)}), heads)


def bundle_of(
    releases: Sequence[tuple[str, bytes]], headers: Sequence[str], rules: Mapping[str, Any], days: Sequence[Day]
) -> bytes:
    """Pack parts as the product does."""
    key, body = posted(rules)
    name, calendar, links = calendar_notice()
    notices = [(name, calendar), (f"rules-{key}-0001", body)]
    proofs = [Proof(("district", "1"), links, day) for day in days[:1]]
    return pack(Parts(OCID, CHAIN, releases, headers, notices, days, proofs, PUBLIC.hex()))


@lru_cache
def calendar_notice() -> tuple[str, bytes, tuple[str, ...]]:
    """A later calendar of the district: name, bytes, and the links of the district's chain from it to the last."""
    name, date, chain = "calendar-320115-2027-0001", "2026-12-30T01:00:00Z", ["district", "1"]
    data = {"year": 2027, "version": "320115-2027-1", "source": "通知", "off": ["2027-01-01"], "on": []}
    notice = {"kind": "calendar", "key": "320115-2027", "title": "工作日安排", "date": date, "data": data}
    body = orjson.dumps(notice, option=orjson.OPT_SORT_KEYS)
    facts: list[dict[str, Any]] = [{"release": name, "digest": sha256_hex(body)}, {"year": 2027}]
    links: list[str] = []
    for seq, (verb, said) in enumerate(zip(("publish", "save_calendar"), facts, strict=True), 7):
        prev = sha256_hex(links[-1].encode()) if links else "ab" * 32
        link = {"chain": chain, "seq": seq, "prev": prev, "verb": verb, "subject": ["notice", 5], "facts": said}
        links.append(canonical_bytes(link).decode())
    return name, body, tuple(links)


_POSTED: dict[int, tuple[Any, str, bytes]] = {}


def posted(rules: Mapping[str, Any]) -> tuple[str, bytes]:
    """Digest and bytes of the notice of a set of rules; made once, since nothing in a plan changes it."""
    if id(rules) not in _POSTED:
        key = rules_key(dict(rules))
        notice = {"kind": "rules", "key": key, "title": "规则集", "date": "2026-01-06T03:00:00Z", "data": dict(rules)}
        body = orjson.dumps(notice, option=orjson.OPT_SORT_KEYS)
        _POSTED[id(rules)] = rules, sha256_hex(body), body
    return _POSTED[id(rules)][1:]


@lru_cache
def books(method: str, day: date) -> tuple[RuleSet, Calendar, dict[str, Any]]:
    """The rules a purchase is computed with, the calendar, and the notice of both."""
    whole = load().at("320115", method, day)
    rules = RuleSet("320115", Regime(method), day, [whole.rule(key) for key in whole if key.startswith(ROWS)])
    calendar = calendar_from_library(range(2025, 2028))
    return rules, calendar, rules_data(rules, calendar)
