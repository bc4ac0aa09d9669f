"""Pure decisions about a district's calendar and its own values of rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from market.kernel.errors import Refused
from market.kernel.money import format_bp, format_centi, format_yuan, parse_centi, parse_yuan
from market.kernel.text import N_

_SATURDAY = 5
_DAY = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})")
_WORD = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_* .-]{0,60}")
_MOST_DAYS = 120
_LARGEST = 10**14

UNIT_LABELS = {
    "": "",
    "bp": N_("百分比"),
    "bp:points": N_("比例和分值"),
    "centi": N_("分"),
    "count": "",
    "days": N_("日"),
    "fen": N_("元"),
    "hours": N_("小时"),
    "minutes": N_("分钟"),
    "months": N_("个月"),
    "ratio": N_("比"),
    "working_days": N_("个工作日"),
    "years": N_("年"),
    "yes_no": N_("1 为是，0 为否"),
}


def parse_days(text: str, year: int, *, field: str) -> list[date]:
    """Read days as a person copies them from a notice: one or several a line, `2026-10-01` or `2026-10-01至2026-10-07`.

    Raises Refused at `field` for a text without a day, an impossible day, one outside `year`, or far too many.
    """
    found: set[date] = set()
    for line in re.split(r"[\n,，;；、]+", text):
        if not line.strip():
            continue
        ends = [_day(match, field) for match in _DAY.finditer(line)]
        if not 1 <= len(ends) <= 2:
            raise Refused(
                N_("看不懂“%(line)s”，请写成 2026-10-01，或 2026-10-01至2026-10-07。"), field=field, line=line.strip()
            )
        if ends[-1] < ends[0] or (ends[-1] - ends[0]).days > _MOST_DAYS:
            raise Refused(N_("“%(line)s”的起止日期前后颠倒或跨度太大。"), field=field, line=line.strip())
        found |= {ends[0] + timedelta(days=i) for i in range((ends[-1] - ends[0]).days + 1)}
    outside = sorted(day for day in found if day.year != year)
    if outside:
        raise Refused(N_("%(day)s 不在 %(year)s 年内。"), field=field, day=outside[0].isoformat(), year=year)
    return sorted(found)


def _day(match: re.Match[str], field: str) -> date:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise Refused(N_("没有“%(day)s”这一天。"), field=field, day=match[0]) from None


def check_calendar(off: Sequence[date], on: Sequence[date]) -> tuple[list[date], list[date]]:
    """Return holidays on weekdays and make-up days at weekends, the only ones that differ from the plain week.

    Raises Refused when a day is on both lists or a make-up day is an ordinary weekday.
    """
    both = sorted(set(off) & set(on))
    if both:
        raise Refused(N_("%(day)s 同时写在放假和上班两栏。"), field="on", day=both[0].isoformat())
    ordinary = sorted(day for day in on if day.weekday() < _SATURDAY)
    if ordinary:
        raise Refused(N_("%(day)s 本来就是工作日，调休上班日只写周六、周日。"), field="on", day=ordinary[0].isoformat())
    if not off:
        raise Refused(N_("请填写放假日。"), field="off")
    return [day for day in off if day.weekday() < _SATURDAY], list(on)


def show_value(value: Any, unit: str) -> str:
    """A rule's value as it is read and typed: yuan, percent, points, whole numbers; several parted by semicolons."""
    if isinstance(value, list | tuple):
        return "; ".join(show_value(one, unit) for one in value)
    if isinstance(value, str):
        return value
    if unit == "fen":
        return format_yuan(value, symbol="")
    if unit == "bp":
        return format_bp(value)
    return format_centi(value) if unit == "centi" else str(value)


def parse_value(text: str, unit: str, present: Any, *, field: str) -> Any:
    """Read a typed value of the same kind as `present`. Raises Refused at `field`."""
    if isinstance(present, list | tuple):
        parts = [part.strip() for part in re.split(r"[；;\n]+", text) if part.strip()]
        if not parts:
            raise Refused(N_("请填写取值，多个值用分号分开。"), field=field)
        sample = present[0] if present else ""
        return [parse_value(part, unit, sample, field=field) for part in parts]
    if isinstance(present, str):
        if not _WORD.fullmatch(text.strip()):
            raise Refused(N_("看不懂“%(typed)s”，请照原值的写法填写。"), field=field, typed=text.strip())
        return text.strip()
    if unit == "fen":
        return parse_yuan(text, field=field)
    if unit == "bp":
        return parse_centi(text.replace("%", "").replace("％", ""), field=field)
    if unit == "centi":
        return parse_centi(text, field=field)
    return _whole(text, unit, field)


def _whole(text: str, unit: str, field: str) -> int:
    typed = text.strip()
    if not re.fullmatch(r"\d{1,9}", typed, re.ASCII):
        raise Refused(N_("请填写整数，例如 5。"), field=field)
    if unit == "yes_no" and typed not in {"0", "1"}:
        raise Refused(N_("只能填写 1（是）或 0（否）。"), field=field)
    return int(typed)
