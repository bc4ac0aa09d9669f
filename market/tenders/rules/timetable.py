"""Every date of a tender with the rule it comes from. Minimum periods do not roll over holidays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from market.kernel.clock import beijing, beijing_day, end_of_day, instant
from market.kernel.rulebook import Rule, RuleSet
from market.kernel.text import N_
from market.kernel.workdays import Calendar, add_working_days, is_provisional, roll_forward
from market.tenders.rules.findings import Finding

# The proposed hour of a deadline: in office hours, so that two officers can open the same morning.
MORNING = (9, 30)


@dataclass(frozen=True)
class Dated:
    """One line of the timetable: an instant (`at`) or a whole day (`day`, to its end), and how it came about."""

    key: str
    title: str
    how: str
    params: Mapping[str, object] = field(default_factory=dict)
    at: datetime | None = None
    day: date | None = None
    rules: tuple[Rule, ...] = ()

    @property
    def sources(self) -> list[tuple[str, str]]:
        """Source and article of the rules behind it, each once."""
        return list(dict.fromkeys((rule.source, rule.article) for rule in self.rules))

    @property
    def assumed(self) -> bool:
        """True when a number behind it is only assumed."""
        return any(rule.assumed for rule in self.rules)


@dataclass(frozen=True)
class Timetable:
    """The computed dates. Instants that end a day are the first instant of the next one."""

    notice_at: datetime
    notice_until: date
    documents_until: date
    clarify_until: date
    earliest_deadline: datetime
    deadline_at: datetime
    provisional: bool
    lines: tuple[Dated, ...]


def earliest_deadline(notice_at: datetime, rules: RuleSet, cal: Calendar) -> tuple[datetime, bool]:
    """The first lawful instant of a deadline, and whether an unknown calendar year was touched (rows 14, 16, 17).

    Day one is not counted and the last day of the period must have passed whole; the safety days of the rulebook come
    on top.
    """
    issued = beijing_day(notice_at)
    days, safety = int(rules["tender.bid_period_days"]), int(rules["tender.bid_period_safety_days"])
    notice = add_working_days(issued, int(rules["tender.notice_working_days"]), cal)
    documents = add_working_days(issued, int(rules["tender.documents_working_days"]), cal)
    first = max(
        end_of_day(issued + timedelta(days=days)),
        instant(issued + timedelta(days=days + safety)),
        end_of_day(notice.day),
        end_of_day(documents.day),
    )
    return first, notice.provisional or documents.provisional


def timetable(notice_at: datetime, rules: RuleSet, cal: Calendar, wished: datetime | None = None) -> Timetable:
    """Compute all dates for a notice at `notice_at`; without a wish the deadline is the first lawful office morning."""
    issued = beijing_day(notice_at)
    notice = add_working_days(issued, int(rules["tender.notice_working_days"]), cal)
    documents = add_working_days(issued, int(rules["tender.documents_working_days"]), cal)
    first, provisional = earliest_deadline(notice_at, rules, cal)
    morning = roll_forward(beijing_day(first), cal)
    deadline = wished or instant(morning.day, *MORNING)
    clarify = beijing_day(deadline) - timedelta(days=int(rules["tender.clarification_days"]))
    lines = (
        Dated("notice", N_("发布公告"), N_("审核通过即发布"), at=notice_at),
        _counted("notice_until", N_("公告期限届满"), notice.day, rules.rule("tender.notice_working_days")),
        _counted("documents_until", N_("采购文件提供至"), documents.day, rules.rule("tender.documents_working_days")),
        Dated(
            "clarify_until",
            N_("可能影响响应的澄清最晚"),
            N_("距截止不少于 %(n)s 日，再晚须顺延截止时间"),
            {"n": rules["tender.clarification_days"]},
            day=clarify,
            rules=(rules.rule("tender.clarification_days"),),
        ),
        _deadline_line(first, deadline, rules),
    )
    unknown = is_provisional([issued, beijing_day(deadline)], cal)
    return Timetable(
        notice_at,
        notice.day,
        documents.day,
        clarify,
        first,
        deadline,
        provisional or morning.provisional or unknown,
        lines,
    )


def _counted(key: str, title: str, day: date, rule: Rule) -> Dated:
    return Dated(key, title, N_("自公告次日起 %(n)s 个工作日"), {"n": rule.value}, day=day, rules=(rule,))


def _deadline_line(first: datetime, deadline: datetime, rules: RuleSet) -> Dated:
    days = int(rules["tender.bid_period_days"])
    how = (
        N_("自公告次日起满 %(n)s 日，并不早于公告和文件提供期满；最早 %(first)s")
        if days
        else N_("不早于公告和文件提供期满；最早 %(first)s")
    )
    used = tuple(
        rules.rule(key)
        for key in ("tender.bid_period_days", "tender.bid_period_safety_days", "tender.notice_working_days")
    )
    return Dated("deadline", N_("递交截止"), how, {"n": days, "first": first}, at=deadline, rules=used)


def check_deadline(wished: datetime | None, notice_at: datetime, rules: RuleSet, cal: Calendar) -> list[Finding]:
    """A chosen deadline may be later than the first lawful one, never earlier."""
    first, _ = earliest_deadline(notice_at, rules, cal)
    if wished is None or wished >= first:
        return []
    text = N_("递交截止时间定在 %(wished)s，早于依法最早的 %(first)s；请改晚，或留空由系统计算。")
    return [Finding("timing", text, {"wished": wished, "first": first}, rule="tender.bid_period_days")]


def extended_deadline(deadline: datetime, clarified_at: datetime, rules: RuleSet) -> datetime:
    """The deadline after a clarification: the old one, or the same hour on the first day far enough (rows 15, 18)."""
    day = beijing_day(clarified_at) + timedelta(days=int(rules["tender.clarification_days"]))
    wall = beijing(deadline)
    return max(deadline, instant(day, wall.hour, wall.minute))


# --- intention -------------------------------------------------------------------------------------------------------


def intention_needed(rules: RuleSet) -> bool:
    """True when this method needs a purchase intention to be published first."""
    return int(rules["plan.intention_lead_days"]) > 0


def intention_due(start: date, rules: RuleSet) -> date:
    """The last day to publish the intention for a purchase that starts on `start` (财库〔2020〕10号, row 13)."""
    return start - timedelta(days=int(rules["plan.intention_lead_days"]))


def may_start_on(intention: date, rules: RuleSet) -> date:
    """The first day on which the purchase may start after its intention was published."""
    return intention + timedelta(days=int(rules["plan.intention_lead_days"]))


def check_intention(
    intention_at: datetime | None, start: date, waiver: str, rules: RuleSet, *, publishing: bool = True
) -> list[Finding]:
    """The intention must have been public long enough, unless an unforeseeable urgency is stated.

    Before the notice itself (`publishing` False) a period that still runs is only mentioned.
    """
    if not intention_needed(rules) or waiver.strip():
        return []
    key, days = "plan.intention_lead_days", int(rules["plan.intention_lead_days"])
    if intention_at is None:
        text = N_("须先公开采购意向，满 %(n)s 日后才能发布公告。")
        return [Finding("timing", text, {"n": days}, rule=key)]
    first = may_start_on(beijing_day(intention_at), rules)
    if start < first:
        text = N_("采购意向公开未满 %(n)s 日，%(first)s 起才能发布公告。")
        return [Finding("timing", text, {"n": days, "first": first}, blocks=publishing, rule=key)]
    return []
