"""Directory notices of a district: its own values of rules, its calendar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from market.places.models import CalendarYear, RuleOverride


def override_data(row: RuleOverride, before: Any, unit: str) -> dict[str, Any]:
    """Return what is published of a district's own value."""
    return {
        "rule": row.key,
        "regime": row.regime,
        "unit": unit,
        "value": row.value,
        "before": list(before) if isinstance(before, tuple) else before,
        "effective_from": row.effective_from.isoformat(),
        "reason": row.reason,
    }


def calendar_data(row: CalendarYear, off: Iterable[date], on: Iterable[date]) -> dict[str, Any]:
    """Return what is published of a district's edition of a year."""
    return {
        "year": row.year,
        "version": row.version,
        "source": row.source,
        "off": [day.isoformat() for day in off],
        "on": [day.isoformat() for day in on],
    }
