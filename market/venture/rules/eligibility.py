"""Who may apply, and what the formal check finds by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from market.kernel.money import BP, format_bp, format_yuan
from market.kernel.text import N_
from market.kernel.workdays import add_months


@dataclass(frozen=True)
class Finding:
    """One point of the check; `bars`: the application cannot be admitted."""

    code: str
    text: str
    params: Mapping[str, str] = field(default_factory=dict)
    bars: bool = True

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        return {"code": self.code, "text": self.text, "params": dict(self.params), "bars": self.bars}


@dataclass(frozen=True)
class Conditions:
    """Who may apply: kinds of providers, months of registration, and whether groups may come through a host."""

    kinds: tuple[str, ...]
    months: int = 0
    groups: bool = True

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Conditions:
        """Read back from JSON."""
        return cls(tuple(data["kinds"]), int(data["months"]), bool(data["groups"]))

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        return {"kinds": list(self.kinds), "months": self.months, "groups": self.groups}


@dataclass(frozen=True)
class Applicant:
    """The facts of who applies: the organisation that answers, and the group behind it where there is one.

    `operates`: it runs a node of the network that runs the round; `supported`: names of other applicants it supported.
    """

    kind: str
    confirmed: bool
    barred_until: date | None
    registered_on: date | None
    group: bool = False
    hosted: bool = False
    operates: bool = False
    supported: tuple[str, ...] = ()


def troubles(one: Applicant, conditions: Conditions, day: date) -> list[Finding]:
    """Return everything that keeps this applicant out on `day` (rows 26, 62); empty when it may apply.

    A group is measured by its host's kind, registration and standing: without one there is nothing to measure yet.
    """
    found = []
    if one.group and not conditions.groups:
        found.append(Finding("group", N_("本轮不接受没有法人资格的团队申报。")))
    if one.group and not one.hosted:
        found.append(Finding("host", N_("没有法人资格的团队须由支持机构代为申报，请先登记支持关系。")))
        return found
    if one.barred_until is not None and day < one.barred_until:
        text = N_("该单位在 %(day)s 之前不得申报。")
        found.append(Finding("barred", text, {"day": one.barred_until.isoformat()}))
    elif not one.confirmed:
        found.append(Finding("unconfirmed", N_("机构登记尚未经区民政确认，暂不能提交申报；可以先填写草稿。")))
    if conditions.kinds and one.kind not in conditions.kinds:
        found.append(Finding("kind", N_("本轮不面向这一类型的组织。")))
    if conditions.months and (one.registered_on is None or add_months(one.registered_on, conditions.months) > day):
        found.append(Finding("months", N_("登记成立须满 %(months)s 个月。"), {"months": str(conditions.months)}))
    if one.operates:
        found.append(Finding("operates", N_("承担本轮组织工作的运营机构不得申报本轮项目。")))
    if one.supported:
        text = N_("曾为本轮其他申报单位提供扶持（%(names)s），不得同时申报。")
        found.append(Finding("supported", text, {"names": "、".join(one.supported)}))
    return found


def report_overdue(year: int, filed_on: date | None, day: date, last_day: str) -> bool:
    """True when the annual report of `year` was not filed by its last day of the next year (row 78).

    `last_day` is the rule's month and day, 05-31 for the registrar. Source: 社会团体登记管理条例.
    """
    due = date.fromisoformat(f"{year + 1}-{last_day}")
    return day > due if filed_on is None else filed_on > due


def last_due_year(day: date, last_day: str) -> int:
    """Return the newest year whose annual report is already due on `day`."""
    return day.year - (1 if day > date.fromisoformat(f"{day.year}-{last_day}") else 2)


def money_findings(total_fen: int, own_fen: int, asked_fen: int, most_fen: int, own_min_bp: int) -> list[Finding]:
    """Return what is wrong with an application's money: the sum, the own part, more asked than may be given."""
    found = []
    if asked_fen + own_fen > total_fen:
        found.append(Finding("sum", N_("申请额与自筹之和不能超过项目总预算。")))
    if own_fen * BP < total_fen * own_min_bp:
        text = N_("自筹不少于总预算的 %(share)s。")
        found.append(Finding("own", text, {"share": format_bp(own_min_bp)}))
    if asked_fen > most_fen:
        text = N_("申请额最多 %(most)s，请减少申请额，或增加自筹后重新测算。")
        found.append(Finding("asked", text, {"most": format_yuan(most_fen)}))
    return found


def missing(values: Mapping[str, Any], needed: Collection[str]) -> list[str]:
    """Return the names of fields without content."""
    return [name for name in needed if values.get(name) in (None, "", [])]
