"""Directory notices of a district: its own values of rules, its calendar, the sets its purchases are judged by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from market.kernel.canonical import digest
from market.kernel.rulebook import RuleSet
from market.kernel.workdays import Calendar
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


RULES_FORM = "linli.rules.1"
# A purchase is counted from its notice to its last payment; a contract runs three years at most.
_YEARS_BEFORE, _YEARS_AFTER = 1, 4


def rules_data(book: RuleSet, calendar: Calendar) -> dict[str, Any]:
    """Return what is published of the set that judges a purchase: every row, and the calendar around its day."""
    years = [y for y in sorted(calendar.years) if book.day.year - _YEARS_BEFORE <= y <= book.day.year + _YEARS_AFTER]
    return {
        "form": RULES_FORM,
        "rules": book.as_data(),
        "calendar": {
            "version": calendar.version,
            "years": years,
            "off": [day.isoformat() for day in sorted(calendar.off) if day.year in years],
            "on": [day.isoformat() for day in sorted(calendar.on) if day.year in years],
        },
    }


def rules_key(data: dict[str, Any]) -> str:
    """The name of such a set: the digest of its content, so that equal sets are posted once."""
    return digest(data)
