"""Pure decisions about contracts: dates, limits, the split over budget lines, and the data that are signed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from contracts.agreements.rules.wording import clauses
from market.awards.rules import RuleFacts, Terms
from market.kernel.canonical import digest, plain
from market.kernel.errors import Refused
from market.kernel.money import capital_yuan, format_bp, format_yuan, largest_remainder
from market.kernel.text import N_
from market.kernel.workdays import Calendar, add_months, add_working_days
from market.workers.states import Level

SCHEMA = "linli.contract.1"


class Dispute(StrEnum):
    """Where the parties go with a dispute."""

    COURT = "court"
    ARBITRATION = "arbitration"


# The four conditions under which a term may pass one year (政府购买服务管理办法 24).
CONDITION_LABELS = {
    "content_stable": N_("内容相对固定"),
    "continuous": N_("连续性强"),
    "funding_stable": N_("经费来源稳定"),
    "price_stable": N_("价格变化幅度小"),
}


@dataclass(frozen=True)
class Options:
    """What the clerk settles in the draft within the award's terms; everything else comes from the award."""

    bond_fen: int = 0
    due_days: int = 30
    late_interest_day_bp: int = 5
    dispute: str = Dispute.COURT.value
    arbitration_body: str = ""
    place: str = ""
    conditions: tuple[str, ...] = ()
    budget_assured: bool = False
    supplement: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Options:
        """Read back from a contract's data."""
        return cls(**{**data, "conditions": tuple(data["conditions"])})


# --- dates ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DutyDates:
    """What follows from the day of the last signature."""

    publish_by: date
    file_copy_by: date
    provisional: bool


def duty_dates(signed_on: date, rules: RuleFacts, cal: Calendar) -> DutyDates:
    """Publish within 2 working days (条例 50), copy to finance within 7 (采购法 47)."""
    publish = add_working_days(signed_on, rules.publish_working_days, cal)
    copy = add_working_days(signed_on, rules.file_copy_working_days, cal)
    return DutyDates(publish.day, copy.day, publish.provisional or copy.provisional)


# --- limits -----------------------------------------------------------------------------------------------------------


def limit_fen(amount_fen: int, max_bp: int) -> int:
    """The most that lies within `max_bp` of an amount: rounded down, so the limit is never passed by a fen."""
    return amount_fen * max_bp // 10_000


def bond_share_bp(terms: Terms) -> int:
    """The share of the price that a bond may be: what the purchase announced, within the law's limit (条例 48)."""
    return min(terms.bond_bp, terms.rules.bond_max_bp)


def check_bond(amount_fen: int, bond_fen: int, share_bp: int) -> None:
    """Raise Refused when a performance bond exceeds the share of the price that was announced (条例 48)."""
    most = limit_fen(amount_fen, share_bp)
    if bond_fen and not share_bp:
        raise Refused(N_("采购文件没有要求提交履约保证金，合同不能收取。"), field="bond_fen")
    if bond_fen > most:
        raise Refused(
            N_("履约保证金最多 %(most)s（采购文件写明的合同金额的 %(share)s），您填的是 %(given)s。"),
            field="bond_fen",
            most=format_yuan(most),
            share=format_bp(share_bp),
            given=format_yuan(bond_fen),
        )


def check_addition(original_fen: int, added_fen: int, more_fen: int, max_bp: int) -> None:
    """Raise Refused when all additions together pass 10 % of the original contract (采购法 49)."""
    most = limit_fen(original_fen, max_bp)
    if added_fen + more_fen > most:
        raise Refused(
            N_("追加累计最多 %(most)s；已追加 %(added)s，本次 %(more)s，超出 %(over)s。"),
            most=format_yuan(most),
            added=format_yuan(added_fen),
            more=format_yuan(more_fen),
            over=format_yuan(added_fen + more_fen - most),
        )


def is_long(starts_on: date, ends_on: date, rules: RuleFacts) -> bool:
    """True when the term passes the normal one year."""
    return ends_on > add_months(starts_on, rules.term_max_months) - timedelta(days=1)


def check_term(
    starts_on: date, ends_on: date, conditions: Collection[str], budget_assured: bool, rules: RuleFacts
) -> None:
    """Raise Refused unless the term is at most a year, or three with all conditions and a budget (102号令 24)."""
    if not is_long(starts_on, ends_on, rules):
        return
    if ends_on > add_months(starts_on, rules.term_max_assured_months) - timedelta(days=1):
        raise Refused(N_("合同期限最长三年；请缩短服务期后重新采购。"), field="conditions")
    missing = [label for key, label in CONDITION_LABELS.items() if key not in conditions]
    if missing:
        raise Refused(
            N_("期限超过一年，须同时符合四项条件；还没有确认：%(missing)s。"), field="conditions", missing=missing[0]
        )
    if not budget_assured:
        raise Refused(N_("期限超过一年，须确认预算有保障。"), field="budget_assured")


def check_options(terms: Terms, options: Options) -> None:
    """Raise Refused at the field that breaks a limit."""
    check_bond(terms.amount_fen, options.bond_fen, bond_share_bp(terms))
    if not 1 <= options.due_days <= terms.rules.due_max_days:
        raise Refused(
            N_("付款期限为 1 到 %(most)s 日（保障中小企业款项支付条例第九条）。"),
            field="due_days",
            most=terms.rules.due_max_days,
        )
    if options.late_interest_day_bp < 0:
        raise Refused(N_("逾期利息不能是负数。"), field="late_interest_day_bp")
    if options.dispute == Dispute.ARBITRATION and not options.arbitration_body:
        raise Refused(N_("选择仲裁的，请写明仲裁机构名称。"), field="arbitration_body")
    check_term(terms.starts_on, terms.ends_on, options.conditions, options.budget_assured, terms.rules)


# --- money ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineShare:
    """What one budget line bears of a contract, and what of its reservation is not needed."""

    line_id: int
    amount_fen: int
    saving_fen: int


def line_shares(amount_fen: int, funding: Sequence[tuple[int, int]]) -> list[LineShare]:
    """Split the price over the reserved lines (line id, reserved fen) by largest remainder, within each reservation."""
    parts = largest_remainder(amount_fen, [reserved for _, reserved in funding])
    return [LineShare(line, part, reserved - part) for (line, reserved), part in zip(funding, parts, strict=True)]


def spread(amounts_fen: Sequence[int], lines: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Say for each milestone how much of it each line bears, so that both milestones and lines come out whole.

    Each milestone takes from the lines by what they still hold; so no line is ever overdrawn and the last milestone
    takes exactly the rest. `lines` are (line id, fen) and sum to the milestones.
    """
    left = [amount for _, amount in lines]
    table = []
    for amount in amounts_fen:
        parts = largest_remainder(amount, left)
        left = [rest - part for rest, part in zip(left, parts, strict=True)]
        table.append([(line, part) for (line, _), part in zip(lines, parts, strict=True) if part])
    return table


def line_parts(milestone: Mapping[str, Any], earned_fen: int) -> list[tuple[int, int]]:
    """Split what a milestone earned over its lines as frozen in the contract; no line pays more than its part."""
    lines = [(part["line_id"], part["amount_fen"]) for part in milestone["funding"]]
    parts = largest_remainder(earned_fen, [amount for _, amount in lines])
    return [(line, part) for (line, _), part in zip(lines, parts, strict=True) if part]


# --- the contract's data ----------------------------------------------------------------------------------------------


def series_of(district: str, street: str, year: int) -> str:
    """The head of a street's contract numbers in a year: 江宁东山街〔2026〕购字."""
    short = district.removesuffix("新区").removesuffix("区") if len(district) > 2 else district
    return f"{short}{street.removesuffix('道') if street.endswith('街道') else street}〔{year}〕购字"


def contract_number(series: str, number: int) -> str:
    """A contract's number: 江宁东山街〔2026〕购字第001号."""
    return f"{series}第{number:03d}号"


def contract_data(
    terms: Terms, options: Options, *, number: str, ocid: str, award: str, drafted_on: date, last_day: date
) -> dict[str, Any]:
    """Return everything the parties sign, as plain JSON: page, PDF and attachment are made from it.

    `award` is the award's id in the releases, `last_day` the last day to sign.
    """
    shares = line_shares(terms.amount_fen, [(one.line_id, one.amount_fen) for one in terms.funding])
    named = {one.line_id: one for one in terms.funding}
    table = spread([one.amount_fen for one in terms.milestones], [(s.line_id, s.amount_fen) for s in shares])
    plain_terms = terms.as_data()
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "number": number,
        "subject": terms.title,
        "category": terms.category,
        "regime": terms.regime,
        "ocid": ocid,
        "award": award,
        "buyer": plain_terms["buyer"],
        "supplier": plain_terms["supplier"],
        "requirement": terms.requirement,
        "term": {"starts_on": terms.starts_on.isoformat(), "ends_on": terms.ends_on.isoformat()},
        "price": {"amount_fen": terms.amount_fen, "capital": capital_yuan(terms.amount_fen), "currency": "CNY"},
        "funding": [
            {
                "line_id": s.line_id,
                "source": named[s.line_id].source,
                "title": named[s.line_id].title,
                "amount_fen": s.amount_fen,
            }
            for s in shares
        ],
        "milestones": [
            {**one, "funding": [{"line_id": line, "amount_fen": fen} for line, fen in parts]}
            for one, parts in zip(plain_terms["milestones"], table, strict=True)
        ],
        "evaluation": plain_terms["evaluation"],
        "payout": _payout_rule(terms),
        "options": plain(asdict(options)),
        "additions_max_fen": limit_fen(terms.amount_fen, terms.rules.additions_max_bp),
        "rules": {"digest": terms.rules_digest, **plain_terms["rules"]},
        "offer_digest": terms.offer_digest,
        "terms_digest": terms.digest,
        "drafted_on": drafted_on.isoformat(),
        "sign_by": last_day.isoformat(),
    }
    # Absent where the award lacks them, so that other contracts keep the data they always had.
    data |= {name: plain_terms[name] for name in ("recovery", "on_behalf_of") if name in plain_terms}
    data["clauses"] = clauses(data, is_long=is_long(terms.starts_on, terms.ends_on, terms.rules))
    return data


def _payout_rule(terms: Terms) -> dict[str, Any]:
    """The payout rule as facts: with it anyone computes the amount due from the ratings."""
    return {
        "acceptance": {"share_bp": 10_000},
        "evaluation": {
            "source_mean": "exact mean of the source's ratings in hundredths of a point",
            "score": "exact sum of weight times mean, divided by the weights counted",
            "missing": "renormalise" if terms.evaluation.renormalise else "wait",
            "required_sources": [s for s in ("third",) if terms.evaluation.weights_bp[s]],
            "band": "first band whose from_centi is not above the exact score",
        },
        "amount": "amount_fen * share_bp / 10000, rounded half up to the fen",
        "lines": "largest remainder over the milestone's lines, earlier line first on a tie",
    }


def contract_digest(data: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form of the contract's data: printed on each page and chained when it is issued."""
    return digest(data)


# --- people -----------------------------------------------------------------------------------------------------------


def check_substitute(promised: str, offered: str | None, *, named_before: bool) -> None:
    """Raise Refused at `entering_id` unless who enters holds a certificate of at least the level that was promised.

    `offered` is None for whoever is not in the supplier's register with a running certificate. The promise is part of
    the offer that was scored: its level must not sink after the award (民法典 543; 采购法 50).
    """
    if named_before:
        raise Refused(N_("这个人已经在本合同的人员中，请另选一人。"), field="entering_id")
    if offered is None:
        raise Refused(N_("接替人员须在贵单位名册中，并持有登记有效的证书。"), field="entering_id")
    order = list(Level)
    if promised and order.index(Level(offered)) < order.index(Level(promised)):
        raise Refused(N_("接替人员的证书级别不能低于投标时承诺的级别。"), field="entering_id")
