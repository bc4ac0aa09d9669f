"""What the law and the money say about a tender at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import and_, func, select

from market.budgets.models import BudgetLine, FundYear
from market.catalogue.queries import negatives
from market.catalogue.rules import negative_hits
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.kernel.workdays import Calendar
from market.ledger.models import Account
from market.ledger.states import Place
from market.places.queries import calendar_for, rules_for
from market.tenders import rules
from market.tenders.models import Lot, LotFunding, Tender
from market.tenders.states import LotState, Method, TenderState


@dataclass(frozen=True)
class LineUse:
    """A budget line under this tender: what is unspent, what other non-tender purchases of the year took, in fen."""

    line: BudgetLine
    year: int
    unspent_fen: int
    others_fen: int


class Situation:
    """What the law and the money say about a tender (loaded whole) as if its notice went out at `at`.

    Everything is read when it is first asked for; a page about one section costs only that section's reads.
    """

    def __init__(self, subject: Tender, at: datetime, *, publishing: bool = False) -> None:
        self.subject, self.at, self.publishing = subject, at, publishing

    @cached_property
    def book(self) -> RuleSet:
        """The rules in force on that day for the tender's method."""
        return rules_for(self.subject.street.district, self.subject.method, beijing_day(self.at))

    @cached_property
    def calendar(self) -> Calendar:
        """The district's working days."""
        return calendar_for(self.subject.district_id)

    @cached_property
    def resolution(self) -> rules.Resolution:
        """Which law and method apply, and why."""
        return rules.resolve(self.subject.budget_fen, sources_of(self.subject), self.book)

    @cached_property
    def timetable(self) -> rules.Timetable:
        """All dates; before publication `deadline_at` is a wish."""
        return rules.timetable(self.at, self.book, self.calendar, self.subject.deadline_at)

    @cached_property
    def lines(self) -> tuple[LineUse, ...]:
        """The budget lines in use."""
        return _line_uses(self.subject)

    def of_section(self, section: str) -> list[rules.Finding]:
        """The findings of one section, what was typed and cannot be used among them."""
        found: list[rules.Finding] = _CHECKS[section](self)
        return found + [f for f in _of_typed(self.subject) if f.section == section]

    @cached_property
    def findings(self) -> tuple[rules.Finding, ...]:
        """All findings in the order of the sections."""
        return tuple(f for section in rules.SECTIONS for f in self.of_section(section))

    @property
    def blocking(self) -> list[rules.Finding]:
        """What must be mended first."""
        return rules.blocking(self.findings)


def sources_of(subject: Tender) -> set[str]:
    """Return the fund sources that pay for a tender (funding must be loaded)."""
    return {share.line.source for part in subject.lots for share in part.funding}


def _line_uses(subject: Tender) -> tuple[LineUse, ...]:
    """One statement for balances and for what other purchases of the category took from the same lines."""
    lines = {share.line_id: share.line for part in subject.lots for share in part.funding}
    others = (
        select(func.sum(LotFunding.amount_fen))
        .join(Lot, Lot.id == LotFunding.lot_id)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(
            LotFunding.line_id == BudgetLine.id,
            Tender.id != subject.id,
            Tender.category == subject.category,
            Tender.method != Method.OPEN_TENDER.value,
            Tender.state.in_((TenderState.OPEN.value, TenderState.CLOSED.value)),
            Lot.state.not_in((LotState.FAILED.value, LotState.CANCELLED.value)),
        )
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(BudgetLine.id, FundYear.year, Account.balance_fen, others)
        .join(FundYear, FundYear.id == BudgetLine.fund_year_id)
        .outerjoin(Account, and_(Account.line_id == BudgetLine.id, Account.place == Place.UNSPENT.value))
        .where(BudgetLine.id.in_(list(lines)))
        .order_by(BudgetLine.id)
    )
    return tuple(LineUse(lines[line_id], year, unspent or 0, int(taken or 0)) for line_id, year, unspent, taken in rows)


def _of_basics(now: Situation) -> list[rules.Finding]:
    subject, found = now.subject, []
    if not subject.title.strip():
        found.append(rules.Finding("basics", N_("请填写项目名称。")))
    if not subject.requirement.strip():
        found.append(rules.Finding("basics", N_("请写明采购需求：服务对象、内容、数量和质量要求。")))
    deadline_on = beijing_day(now.timetable.deadline_at)
    found += rules.check_term(subject.starts_on, subject.ends_on, subject.term_conditions, deadline_on, now.book)
    text = "\n".join([subject.title, subject.requirement, *(part.title for part in subject.lots)])
    hits = [(hit.number, hit.title, hit.word) for hit in negative_hits(text, negatives())]
    return found + rules.check_negative(hits, subject.negative_note)


def _of_money(now: Situation) -> list[rules.Finding]:
    subject = now.subject
    found = rules.check_lots([(part.number, part.title, part.ceiling_fen) for part in subject.lots])
    wanted: dict[int, int] = {}
    for part in subject.lots:
        for share in part.funding:
            wanted[share.line_id] = wanted.get(share.line_id, 0) + share.amount_fen
    for use in now.lines:
        amount, taken = wanted[use.line.id], use.line.amount_fen - use.unspent_fen
        short = rules.short_of_budget_fen(use.line.amount_fen, taken, amount, now.book)
        sums = rules.splitting(use.line.title, (use.others_fen, amount), now.book)
        found += rules.check_year(use.line.title, use.year, beijing_day(now.at))
        found += rules.check_budget(use.line.title, short) + rules.check_splitting(sums, subject.method)
    return found


def _of_timing(now: Situation) -> list[rules.Finding]:
    subject, start = now.subject, beijing_day(now.at)
    return [
        *rules.check_method(now.resolution, subject.method, subject.budget_fen),
        *rules.check_deadline(subject.deadline_at, now.at, now.book, now.calendar),
        *rules.check_deduction(subject.small_deduction_bp, now.book),
        *rules.check_bond(subject.bond_bp, now.book),
        *rules.check_intention(
            subject.intention_at, start, subject.intention_waiver, now.book, publishing=now.publishing
        ),
    ]


def _of_criteria(now: Situation) -> list[rules.Finding]:
    conditions = [q.title for q in now.subject.qualifications]
    lots = now.subject.lots
    return [f for part in lots for f in rules.check_criteria(part.criteria, conditions, now.book, _number(now, part))]


def _of_qualification(now: Situation) -> list[rules.Finding]:
    return rules.check_qualifications([q.title for q in now.subject.qualifications])


def _of_milestones(now: Situation) -> list[rules.Finding]:
    starts, ends = now.subject.starts_on, now.subject.ends_on
    lots = now.subject.lots
    return [f for part in lots for f in rules.check_milestones(part.milestones, starts, ends, _number(now, part))]


def _of_evaluation(now: Situation) -> list[rules.Finding]:
    lots = now.subject.lots
    return [f for part in lots for f in rules.check_terms(part.evaluation_terms, now.book, _number(now, part))]


def _number(now: Situation, part: Lot) -> int | None:
    return part.number if len(now.subject.lots) > 1 else None


_CHECKS = {
    "basics": _of_basics,
    "money": _of_money,
    "timing": _of_timing,
    "criteria": _of_criteria,
    "qualification": _of_qualification,
    "milestones": _of_milestones,
    "evaluation": _of_evaluation,
}


def _of_typed(subject: Tender) -> list[rules.Finding]:
    """Sections in which something was typed that cannot be used yet."""
    text = N_("有填写后未能采用的内容，请打开改正。")
    several = len(subject.lots) > 1
    found = []
    for key in subject.typed:
        name, _, number = key.partition(":")
        found.append(rules.Finding(name, text, lot=int(number) if number and several else None))
    return found
