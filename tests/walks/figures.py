"""The figures of a purchase: those of its releases, what follows from them, and those that stand in a document."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import pypdf

from market.kernel.money import round_half_up
from market.records.projections import fen_of, merge

YUAN = re.compile(r"-?¥[0-9,]+\.[0-9]{2}")


def text_of(pdf: bytes) -> str:
    """A document's text without blanks."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def strange(text: str, known: set[int]) -> list[str]:
    """Amounts in a text that are none of these figures."""
    return [found for found in YUAN.findall(text) if int(re.sub(r"[^0-9-]", "", found)) not in known]


def known_of(releases: Sequence[dict[str, Any]]) -> set[int]:
    """Every amount that may be shown of a purchase, in fen."""
    now = compiled_of(releases)
    return {*amounts(now), *(-one for one in amounts(now)), *derived(now)}


def compiled_of(releases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    now: dict[str, Any] = {}
    for one in releases:
        now = merge(now, {key: value for key, value in one.items() if key not in {"id", "tag"}})
    return now


def amounts(value: Any) -> Iterator[int]:
    """Every amount of a release in fen: OCDS values, and whole numbers whose name says fen."""
    if isinstance(value, dict):
        if "currency" in value and (fen := fen_of(value)) is not None:
            yield fen
        for key, item in value.items():
            named = key.lower().endswith("fen")
            if named and isinstance(item, int):
                yield item
            elif named and isinstance(item, list):
                yield from (one for one in item if isinstance(one, int))
            else:
                yield from amounts(item)
    elif isinstance(value, list):
        for item in value:
            yield from amounts(item)
    elif isinstance(value, str):
        yield from (int(re.sub(r"[^0-9-]", "", found)) for found in YUAN.findall(value))


def derived(now: dict[str, Any]) -> set[int]:
    """What a page adds up from the releases: saved, paid in all, left; how much may be added to a contract."""
    found: set[int] = set()
    awarded = [
        fen_of(one.get("value")) or 0 for one in now.get("awards", ()) if one.get("status") in {"active", "pending"}
    ]
    budget = fen_of(now.get("tender", {}).get("value")) or 0
    found |= {budget - sum(awarded), sum(awarded)}
    for award in now.get("awards", ()):
        for line in award.get("linliScoring", {}).get("low_price", {}).get("lines", ()):
            found |= {round_half_up(Fraction(*line[name])) for name in ("line", "against")}
    granted = [one["grantedFen"] for one in now.get("tender", {}).get("linliRound", {}).get("applications", ())]
    found |= {sum(granted), budget - sum(granted)}
    paid_in_all = 0
    for contract in now.get("contracts", ()):
        price = fen_of(contract.get("value")) or 0
        rows = [fen_of(one["value"]) or 0 for one in contract.get("implementation", {}).get("transactions", ())]
        paid_in_all += sum(rows)
        found |= {sum(rows), price - sum(rows), price // 10, paid_in_all}
        for claim in contract.get("linliClaims", ()):
            found.add((fen_of(claim["value"]) or 0) - (fen_of(claim["received"]) or 0))
    return found
