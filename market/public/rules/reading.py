"""Reading published JSON: amounts in fen, instants, days, rows; whatever is missing or odd reads as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from market.kernel.clock import beijing, beijing_day
from market.kernel.money import round_half_up

Data = Mapping[str, Any]
Words = tuple[str, str]


def part(data: Any, *names: str) -> Data:
    """Return the object under these names; an empty one when there is none."""
    for name in names:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def rows(data: Any, *names: str) -> list[Data]:
    """Return the objects of the list under these names."""
    *path, last = names
    found = part(data, *path).get(last)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def text(data: Data, name: str) -> str:
    """Return a text or a number as text; the empty string when there is none."""
    value = data.get(name)
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def whole(data: Data, name: str) -> int | None:
    """Return a whole number, or None."""
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def fen(data: Data, name: str = "value") -> int | None:
    """Return an OCDS value (yuan) as fen, exactly; None when there is none."""
    amount = part(data, name).get("amount")
    if isinstance(amount, bool) or amount is None:
        return None
    if isinstance(amount, int):
        return amount * 100
    try:
        return round_half_up(Fraction(str(amount)) * 100)
    except ValueError:
        return None


def exact(pair: Any) -> Fraction | None:
    """Return a fraction written [numerator, denominator]; None for anything else."""
    try:
        return Fraction(*pair)
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def fraction_fen(pair: Any) -> int | None:
    """Return a fraction [numerator, denominator] of fen, rounded half up."""
    found = exact(pair)
    return None if found is None else round_half_up(found)


def instant(value: Any) -> datetime | None:
    """Return an instant written with its zone; None for anything else."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None


def day(value: Any) -> date | None:
    """Return a date, or the Beijing day of an instant."""
    if at := instant(value):
        return beijing_day(at)
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def last_day(value: Any) -> date | None:
    """Return the last whole Beijing day before an end: the end of 8 April is the first instant of the 9th."""
    at = instant(value)
    if at is None:
        return day(value)
    wall = beijing(at)
    midnight = wall.hour == wall.minute == wall.second == 0
    return wall.date() - timedelta(days=int(midnight))


def words(code: str, known: Mapping[str, Words]) -> Words:
    """Return label and tone of a code; an unknown code stands for itself."""
    return known.get(code, (code, "neutral"))
