"""Beijing time. The only module that reads the system clock; everything else takes `at`.

A deadline is half open: an act at the deadline instant itself is late (`is_before`). A deadline given as a day ends
with that Beijing day (`end_of_day`, the first instant of the next day).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def system_now() -> datetime:
    """Return the machine's present instant, aware, in UTC."""
    return datetime.now(UTC)


def aware(at: datetime) -> datetime:
    """Return `at` in UTC; raise ValueError when it carries no zone."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError("a naive datetime is not an instant")
    return at.astimezone(UTC)


def beijing(at: datetime) -> datetime:
    """Return the instant as Beijing wall time."""
    return aware(at).astimezone(BEIJING)


def beijing_day(at: datetime) -> date:
    """Return the Beijing calendar day on which the instant falls."""
    return beijing(at).date()


def instant(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """Return the UTC instant of a Beijing wall time on `day`."""
    return datetime.combine(day, time(hour, minute), BEIJING).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Return the first instant after the Beijing day `day`; acts strictly before it are still in time."""
    return instant(day + timedelta(days=1))


def is_before(at: datetime, deadline: datetime) -> bool:
    """True while an act at `at` is in time: strictly before the deadline."""
    return aware(at) < aware(deadline)


def deadline_text(deadline: datetime) -> str:
    """Return a deadline in Beijing time to the minute; midnight is the end of the day before, 2026-05-07 24:00.

    That is how the law says it: printed as 2026-05-08 00:00 people read a day too much.
    """
    local = beijing(deadline)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{(local - timedelta(days=1)).date().isoformat()} 24:00"
    return local.strftime("%Y-%m-%d %H:%M")
