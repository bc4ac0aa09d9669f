"""Directory entries as pages show them: a street's approved year, an organisation."""

from __future__ import annotations

from typing import Any

from market.kernel.categories import CATEGORY_LABELS
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.public.rules.labels import SOURCE_LABELS
from market.public.rules.reading import Data, day, rows, text, whole

ORGANISATION_STATES = {"confirmed": (N_("已确认"), "good"), "barred": (N_("禁止参加采购"), "bad")}
_CATEGORIES = {str(category): label for category, label in CATEGORY_LABELS.items()}


def budget(data: Data, title: str) -> dict[str, Any]:
    """Return a street's year: total, money by source, and the lines."""
    lines: list[dict[str, Any]] = [
        {
            "title": text(one, "title"),
            "source": SOURCE_LABELS.get(text(one, "source"), text(one, "source")),
            "category": _CATEGORIES.get(text(one, "category"), text(one, "category")),
            "amount_fen": whole(one, "amount_fen") or 0,
        }
        for one in rows(data, "lines")
    ]
    sources: dict[str, int] = {}
    for one in lines:
        source: str = one["source"]
        sources[source] = sources.get(source, 0) + one["amount_fen"]
    return {
        "title": title,
        "street": text(data, "street"),
        "code": text(data, "street_code"),
        "year": whole(data, "year"),
        "total_fen": whole(data, "total_fen"),
        "sources": list(sources.items()),
        "lines": lines,
    }


def organisation(data: Data, title: str) -> dict[str, Any]:
    """Return what the directory says of an organisation."""
    kind, state = text(data, "provider_type"), text(data, "state")
    fields = data.get("service_fields")
    return {
        "name": text(data, "name") or title,
        "uscc": text(data, "uscc"),
        "kind": ProviderType(kind).label if kind in set(ProviderType) else kind,
        "registered": day(data.get("registered_on")),
        "fields": [_CATEGORIES.get(one, one) for one in fields] if isinstance(fields, list) else [],
        "introduction": text(data, "introduction"),
        "state": ORGANISATION_STATES.get(state, (state, "neutral")),
    }
