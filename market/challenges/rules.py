"""Deadlines of challenge, reply, complaint and decision (采购法 51-58, 条例 52-58, 财政部令第94号)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from market.kernel.clock import is_before
from market.kernel.text import N_
from market.kernel.workdays import Calendar, add_working_days


@dataclass(frozen=True)
class ChallengeClock:
    """Until when the reply is due, a complaint may be filed, and a decision on it would be due."""

    reply_by: date
    complaint_by: date
    decide_by: date
    provisional: bool


def challenge_clock(filed_on: date, rules: Mapping[str, Any], calendar: Calendar) -> ChallengeClock:
    """Return the limits that a filed challenge opens (row 50).

    The complaint runs from the end of the reply period, even when the reply came earlier; the decision limit is shown
    for a complaint filed on its last day.
    """
    reply = add_working_days(filed_on, rules["challenge.reply_working_days"], calendar)
    complaint = add_working_days(reply.day, rules["complaint.file_working_days"], calendar)
    decide = add_working_days(complaint.day, rules["complaint.decide_working_days"], calendar)
    provisional = reply.provisional or complaint.provisional or decide.provisional
    return ChallengeClock(reply.day, complaint.day, decide.day, provisional)


def inquiry_reply_by(asked_on: date, rules: Mapping[str, Any], calendar: Calendar) -> date:
    """Return until when a supplier's inquiry must be answered (row 51; 条例 52)."""
    return add_working_days(asked_on, rules["tender.inquiry_reply_working_days"], calendar).day


# A purchaser may ask for everything against one step at once (财政部令第94号 10), and a second open challenge of the
# same supplier would only keep the award suspended after the first is decided.
UNDECIDED = N_("贵机构已对这个结果提出质疑，尚未处理完毕，不能重复提出；请查看已提出的质疑。")


def filing_bar(
    at: datetime, challenge_until: datetime, took_part: bool, award_live: bool, *, undecided: bool = False
) -> str | None:
    """Return why a challenge may not be filed, or None; `undecided`: the same supplier's own is still open."""
    if not took_part:
        return N_("只有参加本项目投标的供应商可以对结果提出质疑。")
    if not award_live:
        return N_("成交结果已被认定无效，无需再提出质疑。")
    if undecided:
        return UNDECIDED
    if not is_before(at, challenge_until):
        return N_("质疑期已过，不能再提出质疑；如有线索，可以向区采购监督部门反映。")
    return None
