"""What a page shows of another publisher's purchase, whose data may be of any shape: odd things read as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from market.public.rules.reading import Data, part, text

_MOST = 200


def read(compiled: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts, awards, contracts and parties of a compiled release."""
    tender = part(compiled, "tender")
    return {
        "description": text(tender, "description")[:5000],
        "facts": {
            "status": text(tender, "status"),
            "method": text(tender, "procurementMethodDetails") or text(tender, "procurementMethod"),
            "value": amount(tender),
            "until": _day(part(tender, "tenderPeriod"), "endDate"),
        },
        "awards": [
            {
                "title": text(one, "title") or text(one, "id"),
                "status": text(one, "status"),
                "date": _day(one, "date"),
                "value": amount(one),
                "suppliers": "、".join(filter(None, (text(s, "name") for s in _rows(one, "suppliers")))),
            }
            for one in _rows(compiled, "awards")
        ],
        "contracts": [
            {
                "title": text(one, "title") or text(one, "id"),
                "status": text(one, "status"),
                "date": _day(one, "dateSigned"),
                "value": amount(one),
            }
            for one in _rows(compiled, "contracts")
        ],
        "parties": [
            {"name": text(one, "name"), "roles": [str(r) for r in roles] if isinstance(roles, list) else []}
            for one in _rows(compiled, "parties")
            if text(one, "name")
            for roles in (one.get("roles"),)
        ],
    }


def amount(data: Data) -> str:
    """Return a value as it was published, number and currency; the empty string where there is no number."""
    value = part(data, "value")
    number = value.get("amount")
    if isinstance(number, bool) or not isinstance(number, int | float):
        return ""
    whole = f"{number:,}" if isinstance(number, int) else f"{number:,.2f}"
    return f"{whole} {text(value, 'currency')}".strip()


def _rows(data: Data, name: str) -> list[Data]:
    found = data.get(name)
    rows = found if isinstance(found, list) else [found]
    return [one for one in rows if isinstance(one, Mapping)][:_MOST]


def _day(data: Data, name: str) -> str:
    return text(data, name)[:10]
