"""Working days: the calendar is a value, every function is pure.

A period's opening day is never counted (民法典 art. 201). China moves weekends, so the calendar carries make-up working
days beside holidays. A year the calendar does not know counts weekends only, and the result says `provisional`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import metadata
from typing import NamedTuple

ONE_DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True)
class Calendar:
    """The days that differ from the plain week, for the years that are known.

    `off` are public holidays, `on` are make-up working days at weekends, `years` are the years both lists cover,
    `version` names this edition and is stored beside every statutory deadline.
    """

    version: str
    off: frozenset[date]
    on: frozenset[date]
    years: frozenset[int]

    def __post_init__(self) -> None:
        both = self.off & self.on
        if both:
            raise ValueError(f"days listed both as holidays and as working days: {sorted(both)}")


WEEKENDS_ONLY = Calendar("weekends", frozenset(), frozenset(), frozenset())


class Counted(NamedTuple):
    """A day found by counting; `provisional` when a year without a calendar was touched."""

    day: date
    provisional: bool


def is_working_day(day: date, cal: Calendar) -> bool:
    """True for make-up days and for weekdays that are no holiday."""
    if day in cal.on:
        return True
    return day.weekday() < SATURDAY and day not in cal.off


def add_working_days(day: date, n: int, cal: Calendar) -> Counted:
    """The n-th working day after `day`; `day` itself is not counted. With n = 0 it is `day`."""
    if n < 0:
        raise ValueError("working days are counted forwards")
    provisional = day.year not in cal.years
    while n:
        day += ONE_DAY
        provisional = provisional or day.year not in cal.years
        n -= is_working_day(day, cal)
    return Counted(day, provisional)


def working_days_between(a: date, b: date, cal: Calendar) -> int:
    """Working days after `a` up to and including `b`; negative when `b` is earlier."""
    if b < a:
        return -working_days_between(b, a, cal)
    return sum(is_working_day(a + ONE_DAY * i, cal) for i in range(1, (b - a).days + 1))


def next_working_day(day: date, cal: Calendar) -> Counted:
    """The first working day after `day`."""
    return add_working_days(day, 1, cal)


def roll_forward(day: date, cal: Calendar) -> Counted:
    """`day`, or the next working day if it is none: for limits that end on a holiday (民法典 art. 203)."""
    provisional = day.year not in cal.years
    while not is_working_day(day, cal):
        day += ONE_DAY
        provisional = provisional or day.year not in cal.years
    return Counted(day, provisional)


def is_provisional(days: Iterable[date], cal: Calendar) -> bool:
    """True when one of the days lies in a year the calendar does not know."""
    return any(day.year not in cal.years for day in days)


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later (or earlier); a day the month lacks becomes its last day."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))


def add_years(day: date, years: int) -> date:
    """The same date `years` later; 29 February becomes the 28th."""
    return add_months(day, 12 * years)


def calendar_from_library(years: Iterable[int]) -> Calendar:
    """The calendar of the State Council's yearly notices as far as the installed `chinesecalendar` knows the years.

    Years it does not know are left out, so counting in them is provisional.
    """
    import chinese_calendar

    known = {day.year for day in chinese_calendar.holidays}
    wanted = frozenset(years) & known
    return Calendar(
        version=f"chinesecalendar-{_library_version()}",
        off=frozenset(d for d in chinese_calendar.holidays if d.year in wanted and d.weekday() < SATURDAY),
        on=frozenset(d for d in chinese_calendar.workdays if d.year in wanted),
        years=wanted,
    )


def _library_version() -> str:
    return metadata.version("chinesecalendar")
