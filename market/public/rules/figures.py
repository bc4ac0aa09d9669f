"""Directory entries as pages show them: a street's approved year, an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from market.kernel.categories import CATEGORY_LABELS
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.public.rules.labels import SOURCE_LABELS
from market.public.rules.reading import Data, day, part, rows, text, whole

ORGANISATION_STATES = {"confirmed": (N_("已确认"), "good"), "barred": (N_("禁止参加采购"), "bad")}
LEVELS = {
    "senior": N_("高级社会工作师"),
    "social_worker": N_("社会工作师"),
    "assistant": N_("助理社会工作师"),
}
GRADES = {1: "1A", 2: "2A", 3: "3A", 4: "4A", 5: "5A"}
STARS = {1: N_("一星"), 2: N_("二星"), 3: N_("三星"), 4: N_("四星"), 5: N_("五星")}
_CATEGORIES = {str(category): label for category, label in CATEGORY_LABELS.items()}


def budget(data: Data, title: str) -> dict[str, Any]:
    """Return a street's year: total, money by source in the order all years have, and the lines."""
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
    order = [*SOURCE_LABELS.values()]
    return {
        "title": title,
        "street": text(data, "street"),
        "code": text(data, "street_code"),
        "year": whole(data, "year"),
        "total_fen": whole(data, "total_fen"),
        "sources": sorted(sources.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order)),
        "lines": lines,
    }


def organisation(data: Data, title: str, today: date, workforce: Data | None = None) -> dict[str, Any]:
    """Return what the directory says of an organisation on a day; `workforce` are its people in numbers."""
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
        "grade": rating(part(data, "grade"), GRADES, today),
        "stars": rating(part(data, "stars"), STARS, today),
        "people": people(workforce) if workforce else None,
    }


def rating(data: Data, names: Mapping[int, str], today: date) -> dict[str, Any] | None:
    """Return a grade or star rating with its validity; None when none was given or it begins later."""
    level, starts, ends = whole(data, "level"), day(data.get("valid_from")), day(data.get("valid_until"))
    if level is None or starts is None or ends is None or starts > today:
        return None
    return {
        "label": names.get(level, str(level)),
        "rater": text(data, "rater"),
        "basis": text(data, "basis"),
        "starts": starts,
        "ends": ends,
        "holds": today <= ends,
    }


def people(data: Data) -> dict[str, Any]:
    """Return an organisation's people in numbers: how many, by certificate level, and how many supervise."""
    levels = part(data, "levels")
    return {
        "people": whole(data, "people") or 0,
        "certified": whole(data, "certified") or 0,
        "levels": [(label, count) for code, label in LEVELS.items() if (count := whole(levels, code))],
        "supervisors": whole(data, "supervisors") or 0,
    }
