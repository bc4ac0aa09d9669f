"""Pure decisions: the tree, bookings, deadlines of an intake, stages, trainings, graduation, hosting and ties."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from market.incubation.states import Mode, NodeLevel
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Grant, Permit, Role, Scope
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.kernel.workdays import Calendar, Counted, add_months, add_working_days

SLOT_MINUTES = 30
SLOTS_OF_DAY = 48
_WEEK = timedelta(days=7)
# How far ahead the first day of a booking may lie, a guard against a mistyped year.
_BOOK_AHEAD = timedelta(days=366)
LEAST_LEVEL, BEST_LEVEL = 1, 5

_LEVELS = list(NodeLevel)


# --- the tree ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spot:
    """Where a node stands in the tree."""

    level: NodeLevel
    district_id: int
    street_id: int | None


def check_parent(spot: Spot, parent: Spot | None) -> None:
    """Each node hangs below one of the next wider level in the same place; the base hangs below nothing.

    Raises Refused at `parent` or `street`. Source: 江宁 "1+10+N", 温江 four levels (domain 1, 5.5).
    """
    if spot.level is NodeLevel.DISTRICT:
        if parent is not None or spot.street_id is not None:
            raise Refused(N_("区级基地是最上一级，不选街道和上级节点。"), field="parent")
        return
    if spot.street_id is None:
        raise Refused(N_("街道及以下的节点须选择所在街道。"), field="street")
    if parent is None or parent.level is not _LEVELS[_LEVELS.index(spot.level) - 1]:
        raise Refused(
            N_("上级节点须是上一级：街道孵化中心属区级基地，社区站属街道中心，院落点属社区站。"), field="parent"
        )
    if parent.district_id != spot.district_id or parent.street_id not in (None, spot.street_id):
        raise Refused(N_("上级节点须在同一区县、同一街道。"), field="parent")


@dataclass(frozen=True)
class Count:
    """How many organisations a node supports now, how many it brought to graduation, how many it ever took in."""

    now: int = 0
    graduated: int = 0
    ever: int = 0


# --- rooms ------------------------------------------------------------------------------------------------------------


def slot_text(slot: int) -> str:
    """The wall time at which a half hour of the day begins, 0 to 48 (24:00)."""
    hour, minute = divmod(slot * SLOT_MINUTES, 60)
    return f"{hour:02d}:{minute:02d}"


@dataclass(frozen=True)
class Series:
    """The same hours of a day, weekly: `from_slot` included, `until_slot` not."""

    first_day: date
    from_slot: int
    until_slot: int
    weeks: int = 1

    @property
    def days(self) -> tuple[date, ...]:
        """Every day of the series."""
        return tuple(self.first_day + _WEEK * i for i in range(self.weeks))

    @property
    def slots(self) -> range:
        """The half hours taken on each day."""
        return range(self.from_slot, self.until_slot)


def check_series(series: Series, opens: int, closes: int, today: date, slot_now: int, weeks_max: int) -> None:
    """A booking lies within opening hours, in the future, and is no longer than the rule allows. Raises Refused."""
    if not 0 <= series.from_slot < series.until_slot <= SLOTS_OF_DAY:
        raise Refused(N_("结束时间须晚于开始时间。"), field="until_slot")
    if series.from_slot < opens or series.until_slot > closes:
        raise Refused(
            N_("场地开放时间为 %(opens)s 至 %(closes)s，请在开放时间内预约。"),
            field="from_slot",
            opens=slot_text(opens),
            closes=slot_text(closes),
        )
    if (series.first_day, series.from_slot) < (today, slot_now):
        raise Refused(N_("不能预约已经过去的时间。"), field="day")
    if series.first_day > today + _BOOK_AHEAD:
        raise Refused(N_("最多提前一年预约，请核对日期。"), field="day")
    if not 1 <= series.weeks <= weeks_max:
        raise Refused(N_("连续预约最多 %(weeks)s 周。"), field="weeks", weeks=weeks_max)


def first_clash(series: Series, taken: Collection[tuple[date, int]]) -> tuple[date, int] | None:
    """The first (day, half hour) of the series that is taken already, or None."""
    return next(((d, s) for d in series.days for s in series.slots if (d, s) in taken), None)


# --- intake and term --------------------------------------------------------------------------------------------------


def deadline(key: str, day: date, rules: Mapping[str, Any], cal: Calendar) -> Counted:
    """The last day for answering: `network.<key>_working_days` after `day`, which is not counted."""
    return add_working_days(day, rules[f"network.{key}_working_days"], cal)


def term_end(starts_on: date, months: int) -> date:
    """The last day of a term of whole months."""
    return add_months(starts_on, months) - timedelta(days=1)


def next_due(starts_on: date, ends_on: date, months: Sequence[int], passed: Collection[int]) -> date:
    """By when the next stage should be passed (its months after the start), at the latest the term's last day."""
    open_months = [by for position, by in enumerate(months, 1) if position not in passed]
    return min(add_months(starts_on, open_months[0]), ends_on) if open_months else ends_on


def extended_end(starts_on: date, ends_on: date, months: int, months_max: int) -> date:
    """The last day after an extension. Raises Refused when the whole would be longer than the rule allows."""
    later = add_months(ends_on + timedelta(days=1), months) - timedelta(days=1)
    if months < 1 or later > term_end(starts_on, months_max):
        raise Refused(N_("孵化期累计不得超过 %(months)s 个月。"), field="months", months=months_max)
    return later


def application_trouble(state: str, provider_type: str, mode: Mode, workstations: int) -> Refused | None:
    """Why an organisation may not apply as it does, or None. Groups on file without legal person may (domain 5.5)."""
    if state == "barred":
        return Refused(N_("贵机构在禁止期内，暂不能申请入驻。"))
    if state not in {"submitted", "confirmed"}:
        return Refused(N_("请先提交机构登记，再申请入驻。"))
    if provider_type in {ProviderType.STATE_ORGAN, ProviderType.MASS_GROUP, ProviderType.ENTERPRISE}:
        return Refused(N_("孵化面向社会组织和社区社会组织，企业和机关不能申请入驻。"))
    if mode is Mode.VIRTUAL and workstations:
        return Refused(N_("虚拟入驻不占用工位，请填 0。"), field="workstations")
    return None


# --- stages, hours, capacity ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """What was done in a residency, in minutes and stages, against what the rules ask for."""

    stages: int
    passed: int
    mentor_minutes: int
    mentor_min: int
    training_minutes: int
    training_min: int
    assessed_before: bool
    assessed_after: bool
    legal_person: bool
    confirmed: bool

    @property
    def checks(self) -> list[tuple[str, dict[str, int] | dict[str, timedelta], bool]]:
        """Each condition of graduation as a sentence with its parameters, and whether it is met."""
        return [
            (N_("阶段达标 %(done)s/%(all)s"), {"done": self.passed, "all": self.stages}, self.passed >= self.stages),
            (
                N_("导师辅导 %(done)s，要求 %(least)s"),
                _against(self.mentor_minutes, self.mentor_min),
                self.mentor_minutes >= self.mentor_min,
            ),
            (
                N_("参加培训 %(done)s，要求 %(least)s"),
                _against(self.training_minutes, self.training_min),
                self.training_minutes >= self.training_min,
            ),
            (N_("完成入驻评估"), {}, self.assessed_before),
            (N_("完成出壳评估"), {}, self.assessed_after),
            (N_("已登记为法人"), {}, self.legal_person),
            (N_("登记已经区民政确认"), {}, self.confirmed),
        ]

    @property
    def may_graduate(self) -> bool:
        """True when every condition is met."""
        return all(met for _text, _params, met in self.checks)


def _against(done: int, least: int) -> dict[str, timedelta]:
    """Minutes done and asked for, as lengths of time that a page shows in hours."""
    return {"done": timedelta(minutes=done), "least": timedelta(minutes=least)}


def check_stage(position: int, passed: Collection[int], assessed_before: bool) -> None:
    """Stages are passed in their order, after the first assessment. Raises Refused."""
    if not assessed_before:
        raise Refused(N_("请先完成入驻评估，再登记阶段达标。"))
    if position in passed:
        raise Refused(N_("这一阶段已经登记达标。"))
    if any(earlier not in passed for earlier in range(1, position)):
        raise Refused(N_("前一阶段尚未达标，请按顺序登记。"))


def check_levels(levels: Mapping[str, int], keys: Sequence[str]) -> None:
    """Every dimension has one of the five levels. Raises Refused at the dimension."""
    for key in keys:
        if not LEAST_LEVEL <= levels.get(key, 0) <= BEST_LEVEL:
            raise Refused(N_("请为每个维度选择等级。"), field=key)


def earned_certificate(attended_minutes: int, planned_minutes: int, least_bp: int) -> bool:
    """True when the share of a training that was attended reaches the rule's share (in ten-thousandths)."""
    return planned_minutes > 0 and attended_minutes * 10_000 >= planned_minutes * least_bp


def certificate_number(district_code: str, year: int, training_id: int, seat: int) -> str:
    """The number of a training certificate: district, year, training, seat."""
    return f"PX{district_code}-{year}-{training_id:04d}-{seat:03d}"


# --- hosting and ties -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One party to a hosting."""

    id: int
    provider_type: str
    confirmed: bool

    @property
    def legal_person(self) -> bool:
        """Whether it can sign a contract in its own name (民法典 art. 57; domain 5.1)."""
        return self.provider_type != ProviderType.COMMUNITY_GROUP


def check_hosting(group: Side, host: Side, begins: date, ends: date, today: date, months_max: int) -> None:
    """A group without legal person is carried by a confirmed legal person for a limited time. Raises Refused."""
    if group.legal_person:
        raise Refused(N_("已登记的法人自己承担责任，不需要支持机构。"), field="group")
    if not host.legal_person or host.id == group.id:
        raise Refused(N_("支持机构须是已登记的法人。"), field="host")
    if not host.confirmed:
        raise Refused(N_("支持机构的登记尚未经区民政确认。"), field="host")
    if ends < begins or ends < today:
        raise Refused(N_("结束日期须在开始日期和今天之后。"), field="ends_on")
    if ends > term_end(begins, months_max):
        raise Refused(N_("支持期限一次最多 %(months)s 个月。"), field="ends_on", months=months_max)


def tie_since(day: date, months: int) -> date:
    """The day from which support still counts as a tie on `day`."""
    return add_months(day, -months)


def at_post(actor: Actor, post: Scope, organisation_id: int | None) -> Actor:
    """The person as staff of a node towards one organisation there.

    A grant over the organisation that runs a node covers the node, not the organisations it supports; whoever works at
    the node works with each of them. Nobody who does not work there gains anything.
    """
    if not any(grant.covers(post) for grant in actor.scopes(Permit.INCUBATION_WORK)):
        return actor
    here = Grant(Role.INCUBATOR, post.district_id, post.street_id, organisation_id)
    return replace(actor, grants=(*actor.grants, here))


def agreement_text(
    node: str, organisation: str, operator: str, mode: str, workstations: int, months: int, hand_back_days: int
) -> str:
    """The agreement as it is offered; staff may change it before it is sent. Always Chinese, the language of record."""
    space = f"甲方提供 {workstations} 个工位和公共场地预约" if workstations else "甲方提供公共场地预约，不分配固定工位"
    return "\n".join(
        (
            f"甲方（孵化节点）：{node}，运营单位：{operator}",
            f"乙方（入驻机构）：{organisation}",
            f"一、入驻方式：{mode}；孵化期自乙方确认本协议之日起 {months} 个月，期满前可以申请延长或者出壳。",
            f"二、{space}，安排导师辅导和培训，办理入驻评估、出壳评估。上述服务不收费。",
            "三、乙方按孵化计划完成各阶段标准，如实提供资料，爱护场地，不得转借、转租，不得以孵化节点名义募捐或者经营。",
            "四、尚未登记的乙方应当在孵化期内办理登记；登记前不得以自己名义签订合同。",
            "五、甲方在孵化期内和孵化期满后三年内，不评审乙方申报的项目；甲方参与组织的评审，乙方按规定回避。",
            f"六、乙方可以随时申请退出；退出或者出壳的，自通知之日起 {hand_back_days} 个工作日内交还场地和物品。",
            "七、双方在各自账号中确认本协议，以系统记录的全文摘要为准。",
        )
    )


HOSTING_TERMS = (
    "支持机构以自己的名义为该社区社会组织签订合同、接收资金、开具票据，对资金使用和履约承担责任；"
    "资金单独记账，专款专用，不收取管理费以外的费用；社区社会组织如实提供服务记录和凭证。"
)
