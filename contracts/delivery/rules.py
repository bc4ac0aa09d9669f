"""Pure decisions about milestones: when they are due, when the evaluation falls, what an acceptance needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from market.kernel.errors import Refused
from market.kernel.text import N_
from market.kernel.workdays import add_months

# The next milestone of a contract lies on the organisation's desk from the first day of the service on, since it may be
# reported from then; those after it come this long before they are due.
SOON_DAYS = 14


@dataclass(frozen=True)
class Window:
    """First and last day, both included."""

    first: date
    last: date


def final_window(ends_on: date, months: int) -> Window:
    """When the final evaluation falls: within the last month before the end (row 69).

    The month is counted back by calendar date: 30 April 2027 gives 30 March 2027.
    """
    return Window(add_months(ends_on, -months), ends_on)


def is_overdue(due_on: date, today: date) -> bool:
    """True once the due day has passed."""
    return today > due_on


def has_begun(starts_on: date, today: date) -> bool:
    """True from the first day of the service on: before it nothing can have been done that a report could say."""
    return today >= starts_on


def check_begun(starts_on: date, today: date) -> None:
    """Raise Refused while the service period has not begun, naming its first day."""
    if not has_begun(starts_on, today):
        raise Refused(
            N_("服务期自 %(day)s 开始，在此之前不能报告节点完成；请在服务开始后再提交。"), day=starts_on.isoformat()
        )


def check_report(text: str, people_served: int, sessions_held: int, evidence_files: int) -> None:
    """Raise Refused at the field that a report lacks; evidence is what acceptance stands on."""
    if not text.strip():
        raise Refused(N_("请写明本节点完成了什么。"), field="text")
    if people_served < 0:
        raise Refused(N_("服务人数不能是负数。"), field="people_served")
    if sessions_held < 0:
        raise Refused(N_("服务次数不能是负数。"), field="sessions_held")
    if not evidence_files:
        raise Refused(N_("请至少上传一份证明材料，再提交报告。"), field="document")


def check_acceptance(opinion: str, users_invited: int, users_satisfied: int, users_opinion: str) -> None:
    """Raise Refused unless users of the service were invited and their opinion is written down (条例 45)."""
    if not opinion.strip():
        raise Refused(N_("请写明验收意见。"), field="opinion")
    if users_invited < 1:
        raise Refused(N_("公共服务项目的验收应当邀请服务对象参加；请填写邀请的人数。"), field="users_invited")
    if not 0 <= users_satisfied <= users_invited:
        raise Refused(N_("满意的人数应在 0 和邀请的人数之间。"), field="users_satisfied")
    if not users_opinion.strip():
        raise Refused(N_("请写明服务对象的意见；没有意见的，也请写明。"), field="users_opinion")
