"""How much a project may get: what the regime's rows say, in whole fen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

from market.kernel.money import BP, split_fen
from market.kernel.workdays import add_years


class GrantModel(StrEnum):
    """Two ways to an amount: a part of the project's cost, or a fixed sum by grade."""

    COFUNDED = "cofunded"
    GRADED = "graded"


@dataclass(frozen=True)
class GrantRule:
    """The regime's numbers: share of the total, cap in fen, and for rewards the grades (floor in centi, fen)."""

    model: GrantModel
    share_max_bp: int
    cap_fen: int
    grades: tuple[tuple[int, int], ...] = ()

    @classmethod
    def from_rules(cls, rules: Mapping[str, Any], project_cap_fen: int | None = None) -> GrantRule:
        """Read a rule set; a round may set a lower cap than the rules, never a higher one."""
        cap = int(rules["round.grant_cap_fen"])
        grades: Sequence[tuple[int, int]] = ()
        model = GrantModel(rules["round.grant_model"])
        if model is GrantModel.GRADED:
            grades = tuple(zip(rules["round.grade_floors_centi"], rules["round.grade_amounts_fen"], strict=True))
        share = int(rules["round.grant_share_max_bp"])
        return cls(model, share, min(cap, project_cap_fen or cap), tuple(grades))


def grant_most_fen(total_fen: int, own_fen: int, rule: GrantRule) -> int:
    """Return min(share of the total, cap, total less own money), in fen, rounded down (row 57, Guangzhou)."""
    return max(0, min(total_fen * rule.share_max_bp // BP, rule.cap_fen, total_fen - own_fen))


def gap_fen(total_fen: int, own_fen: int, grant_fen: int) -> int:
    """Return what is still to raise elsewhere when the grant does not fill the budget (row 57)."""
    return max(0, total_fen - own_fen - grant_fen)


def break_even_fen(rule: GrantRule) -> Fraction:
    """Return the total from which on the cap binds rather than the share, exactly (row 58)."""
    return Fraction(rule.cap_fen * BP, rule.share_max_bp)


def graded_fen(total_centi: int, rule: GrantRule) -> int:
    """Return the reward of a score, 0 below the last grade."""
    return next((min(fen, rule.cap_fen) for floor, fen in rule.grades if total_centi >= floor), 0)


def granted_fen(asked_fen: int, total_fen: int, own_fen: int, score_centi: int, rule: GrantRule) -> int:
    """Return the amount a funded project gets: what it asks for within its most, or its grade's sum."""
    if rule.model is GrantModel.GRADED:
        return graded_fen(score_centi, rule)
    return min(asked_fen, grant_most_fen(total_fen, own_fen, rule))


def within_pool(amounts_fen: Sequence[int], pool_fen: int) -> bool:
    """True when the awards together stay within the pool (row 61)."""
    return sum(amounts_fen) <= pool_fen


def barred_until(breach_on: date, rules: Mapping[str, Any]) -> date:
    """Return the first day on which whoever breached may apply again (row 62, Zhongshan: three years)."""
    return add_years(breach_on, int(rules["round.bar_years"]))


@dataclass(frozen=True)
class Tranche:
    """One part of the money: its share, amount, what it depends on, and when it is due."""

    title: str
    share_bp: int
    amount_fen: int
    base: str
    due_on: date
    evidence: str


_TITLES = {1: ("成果核验",), 2: ("启动报告", "末期评估"), 3: ("启动报告", "中期评估", "末期评估")}
_EVIDENCE = {
    "成果核验": "成果材料、服务台账和支出凭证",
    "启动报告": "启动报告、实施计划和人员名单",
    "中期评估": "中期报告、服务台账、支出明细和服务对象意见",
    "末期评估": "总结报告、全部服务台账、决算和服务对象意见",
}


def tranches(amount_fen: int, starts_on: date, ends_on: date, rules: Mapping[str, Any]) -> list[Tranche]:
    """Split a grant into the regime's tranches with evenly spread due days; the rest of a fen is in the last one."""
    shares, bases = list(rules["round.tranche_shares_bp"]), list(rules["round.tranche_bases"])
    titles = _TITLES[len(shares)]
    length, last = (ends_on - starts_on).days, len(shares) - 1
    start_days = min(int(rules["round.start_report_days"]), length)
    days = [ends_on.fromordinal(starts_on.toordinal() + (start_days if not n else length * n // last)) if last else
            ends_on for n in range(len(shares))]  # fmt: skip
    amounts = split_fen(amount_fen, shares)
    return [
        Tranche(title, share, amount, base, day, _EVIDENCE[title])
        for title, share, amount, base, day in zip(titles, shares, amounts, bases, sorted(days), strict=True)
    ]
