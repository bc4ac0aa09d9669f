"""Packing what a story tells: the set of rules, daily digests, the bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import orjson

from market.kernel.canonical import sha256_hex
from market.kernel.rulebook import Regime, RuleSet, load
from market.kernel.workdays import Calendar, calendar_from_library
from market.places.notices import rules_data, rules_key
from market.public.rules.bundle import Day, Parts, pack
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
    others = [
        [kind, str(n), sha256_hex(f"{kind}{n}".encode()), n] for kind in ("district", "organisation") for n in (1, 2)
    ]
    heads = [*others[:2], head, *others[2:]]
    return Day(sign_receipt(KEY, {"day": day, "digest": day_digest(heads), "chains": len(heads)}), heads)


def bundle_of(
    releases: Sequence[tuple[str, bytes]], headers: Sequence[str], rules: Mapping[str, Any], days: Sequence[Day]
) -> bytes:
    """Pack parts as the product does."""
    key, body = posted(rules)
    return pack(Parts(OCID, CHAIN, releases, headers, [(f"rules-{key}-0001", body)], days, PUBLIC.hex()))


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


