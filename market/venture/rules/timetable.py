"""The dates of a round, from the rulebook; what must be mended before it may be published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from market.kernel.clock import beijing_day, end_of_day
from market.kernel.money import format_centi
from market.kernel.rulebook import Rule, RuleSet
from market.kernel.text import N_
from market.kernel.workdays import Calendar, add_working_days
from market.venture.rules.portfolio import Source
from market.venture.rules.scores import WHOLE_CENTI

# How the jury and the order of the pitch day follow from one published seed (`market.panels.rules.seed_of`).
DRAW_FORMULA = N_(
    "秘密值的摘要随征集公告公布。种子 = SHA-256(秘密值 ‖ 截止时申报清单的摘要)。"
    "每名专家的序号值 = SHA-256(种子 ‖ 专家编号)，"
    "每个项目的序号值 = SHA-256(种子 ‖ 项目编号)；评委和展示顺序都按序号值从小到大确定，有人回避时由下一名递补。"
    "秘密值取 32 个字节，其余均为 UTF-8 文本，任何人都可以重新计算。"
)


def finish_bar(pitch_at: datetime | None, at: datetime) -> str | None:
    """Return why a juror may not hand the scores in at `at`, or None: projects are judged after they were shown."""
    if pitch_at is not None and at < pitch_at:
        return N_("现场展示还没有举行，可以先打分保存；展示之后再提交评分。")
    return None


@dataclass(frozen=True)
class Line:
    """One date with the rule it comes from; `day` is the last whole day."""

    key: str
    title: str
    day: date
    rule: Rule | None = None


@dataclass(frozen=True)
class Timetable:
    """The dates of a round published at an instant; the end of a day is the first instant of the next."""

    deadline_at: datetime
    screened_by: date
    provisional: bool
    lines: tuple[Line, ...]


def timetable(
    notice_at: datetime, apply_days: int, term: tuple[date, date], rules: RuleSet, cal: Calendar
) -> Timetable:
    """Return the dates: applications through the last of `apply_days` whole days after the notice, then the check.

    Minimum periods do not roll over holidays; the check's working days do count only working days.
    """
    noticed = beijing_day(notice_at)
    last = noticed + timedelta(days=apply_days)
    screened = add_working_days(last, int(rules["round.screen_working_days"]), cal)
    lines = (
        Line("notice", N_("发布征集公告"), noticed),
        Line("deadline", N_("申报截止（当日24时）"), last, rules.rule("round.apply_days_min")),
        Line("screening", N_("完成形式审查"), screened.day, rules.rule("round.screen_working_days")),
        Line("starts", N_("项目开始"), term[0]),
        Line("ends", N_("项目结束"), term[1]),
    )
    return Timetable(end_of_day(last), screened.day, screened.provisional, lines)


def source_fields(source: str, category: str, categories: Iterable[str], rules: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields that a line of this source and category may pay for (row 74).

    Most money is bound to the category it was approved for (预算法 63, 慈善法 56); the rules say which is not.
    """
    allowed, barred = rules[f"fund.{source}.allowed_heads"], rules[f"fund.{source}.barred_heads"]
    bound = bool(rules[f"fund.{source}.own_category_only"])
    wanted = [category] if bound else categories
    return frozenset(one for one in wanted if one not in barred and (one in allowed or "*" in allowed))


@dataclass(frozen=True)
class Trouble:
    """One thing to mend in a draft."""

    text: str
    params: Mapping[str, object] = field(default_factory=dict)


def _purpose_troubles(
    fields: Sequence[str], sources: Sequence[Source], field_names: Mapping[str, str]
) -> list[Trouble]:
    """A field that no money may pay for, and money that may pay for none of the fields."""
    unpaid = N_("“%(field)s”方向没有可用的资金，请增加资金或去掉这个方向。")
    unused = N_("“%(title)s”按用途不能用于所选的任何方向，请去掉或增加方向。")
    covered = {name for source in sources for name in source.fields}
    found = [Trouble(unpaid, {"field": field_names.get(one, one)}) for one in fields if one not in covered]
    found += [Trouble(unused, {"title": one.title}) for one in sources if fields and not one.fields & set(fields)]
    return found


def draft_troubles(
    themes: Sequence[Mapping[str, Any]],
    sources: Sequence[Source],
    criteria: Sequence[Mapping[str, Any]],
    kinds: Collection[str],
    apply_days: int,
    term: tuple[date, date],
    deadline: date,
    rules: Mapping[str, Any],
    field_names: Mapping[str, str],
) -> list[Trouble]:
    """Return what keeps a draft from being published, in the order of the page."""
    found = []
    if not themes:
        found.append(Trouble(N_("请至少选择一个征集方向。")))
    if not sources:
        found.append(Trouble(N_("请至少从一条资金明细安排资金。")))
    if sources:
        found += _purpose_troubles([theme["field"] for theme in themes], sources, field_names)
    total = sum(int(one["max_centi"]) for one in criteria)
    if total != WHOLE_CENTI:
        found.append(Trouble(N_("评分项合计应为 100 分，现在是 %(total)s 分。"), {"total": format_centi(total)}))
    if not kinds:
        found.append(Trouble(N_("请至少选择一类可以申报的组织。")))
    least = int(rules["round.apply_days_min"])
    if apply_days < least:
        found.append(
            Trouble(N_("申报期不少于 %(least)d 日，现在是 %(days)d 日。"), {"least": least, "days": apply_days})
        )
    if term[0] <= deadline:
        found.append(Trouble(N_("项目开始日期须在申报截止之后，请推迟。")))
    return found
