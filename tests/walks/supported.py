"""A town that awards by proposal: terms with recovery, tranches on acceptance and on evaluation, nothing tendered."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from contracts.agreements.states import Party
from contracts.outcomes import actions as outcomes
from contracts.outcomes.models import Evaluation
from contracts.outcomes.states import EvaluationState
from market.awards import actions as awards
from market.awards.actions import Proposal
from market.awards.models import Award
from market.awards.rules import FundingTerms, MilestoneTerms, PartySnapshot, RecoveryTerms, Terms
from market.db.session import db
from market.ledger.actions import book
from market.ledger.states import Reason
from market.records.purchases import open_file
from tests.factories import organisations as organisation_factory
from tests.factories.agreements import short_document
from tests.factories.terms import make_terms
from tests.walks.stories import Town

KIND = "project"
RECOVERY = RecoveryTerms(stop_on_fail=True, claim_bp=5_000, due_days=30)
# Start, middle and end: half on acceptance of the start, the rest by what the evaluations say.
TRANCHES = (
    (1, "启动", 5_000, "acceptance", date(2026, 5, 31)),
    (2, "中期", 3_000, "evaluation", date(2026, 7, 31)),
    (3, "末期", 2_000, "evaluation", date(2026, 11, 30)),
)
RESERVED = (60_000_33, 40_000_00)


@dataclass
class Supported(Town):
    """The same town with one proposed award: 100,000.33 yuan over two lines."""

    file_id: int = field(default=0)

    def propose(self, recovery: RecoveryTerms | None = RECOVERY) -> Award:
        """The year's money, the organisations, and the award is public."""
        self.fund()
        for name in ("暖邻", "甲邻", "乙邻", "丙邻"):
            self.firm(name)
        return self.offer(recovery)

    def offer(self, recovery: RecoveryTerms | None = RECOVERY) -> Award:
        """The money is reserved and the award is public."""
        team = self.firms["暖邻"]
        terms = self._terms(team, recovery)
        file = open_file(self.street.district_id, self.street.id, self.street.code, terms.regime, terms.title, self.now)
        self.file_id = file.id
        for one in terms.funding:
            key = f"{KIND}:{file.id}:reserve:{one.line_id}"
            book(Reason.RESERVE, one.line_id, one.amount_fen, key, (KIND, file.id), file.id, self.now)
        proposal = Proposal(
            (KIND, file.id), file.id, self.street.scope, team.id, terms.title, 1, "综合得分最高", terms, 5, 30
        )
        return awards.propose_award(self.as_("approver"), proposal, self.now)

    def _terms(self, team: Any, recovery: RecoveryTerms | None) -> Any:
        row, street = team.organisation, self.street
        milestones = []
        left = sum(RESERVED)
        for number, title, share, base, due in TRANCHES:
            amount = left if number == len(TRANCHES) else sum(RESERVED) * share // 10_000
            left -= amount
            milestones.append(MilestoneTerms(number, title, share, amount, base, due, "服务台账"))
        supplier = PartySnapshot(
            row.id, row.name, row.uscc or "", row.provider_type, row.legal_representative, row.address
        )
        return replace(
            make_terms(sum(RESERVED), (5_000, 5_000), ((1, sum(RESERVED)),)),
            buyer=PartySnapshot(street.id, street.office, street.code, "street_office", "", street.office),
            supplier=supplier,
            title="独居老人互助陪伴",
            starts_on=date(2026, 5, 18),
            ends_on=date(2026, 11, 30),
            milestones=tuple(milestones),
            funding=tuple(
                FundingTerms(line.id, line.source, line.title, fen)
                for line, fen in zip(self.lines, RESERVED, strict=True)
            ),
            recovery=recovery,
            on_behalf_of="邻里互助队",
        )

    def award(self) -> Award:
        """The newest award of the project."""
        query = select(Award).filter_by(subject_kind=KIND, subject_id=self.file_id).order_by(Award.id.desc())
        return db.session.scalars(query.limit(1)).one()

    def board(self, file_id: int | None = None) -> list[dict[str, Any]]:
        """Every release of the project, oldest first."""
        return super().board(file_id or self.file_id)

    def sign_both(self, *, accounts: bool = True) -> None:
        """Drafted, sent and signed by both; accounts are there."""
        self.issue(short_document())
        self.sign(Party.SUPPLIER)
        self.sign(Party.BUYER)
        if accounts:
            organisation_factory.bank_account(self.winner)
            self.accounts()
        self.knock()

    def deliver(self, number: int) -> None:
        """Reported, accepted, and whatever the clock does then."""
        self.report(number)
        self.accept(number)
        self.knock()

    def pay(self) -> int:
        """Everything that is due is requested, approved, ordered, and arrives; returns its sum."""
        due = [row for row in self.payments if row.state == "due"]
        given = self.order(due)
        self.bank_says("成功", given)
        return sum(fen for _, fen in given)

    def evaluate(self, percent: int) -> Evaluation:
        """Everybody who is asked gives so many per cent, and the clerk closes the newest evaluation."""
        self.invite(["甲邻", "乙邻", "丙邻"])
        self.rate(percent, percent, percent, 0 if percent >= 80 else 4)
        return outcomes.close_evaluation(self.as_("clerk"), self.outcome.id, self.now)


def with_recovery(row: Award) -> None:
    """Give an award of a purchase the terms of one that may be claimed back, before its contract is drafted."""
    terms = replace(Terms.from_data(row.terms), recovery=RECOVERY)
    row.terms, row.terms_digest = terms.as_data(), terms.digest
    db.session.flush()


def pay_and_fail(town: Town) -> None:
    """The first milestone is paid; the second is accepted and failed twice: the clock ends it all."""
    given = town.order(town.payments)
    town.bank_says("成功", given)
    town.report(2)
    town.accept(2)
    row, contract = town.milestone(2), town.agreement
    for number in (1, 2):
        db.session.add(
            Evaluation(
                milestone_id=row.id,
                round=number,
                agreement_id=row.agreement_id,
                file_id=row.file_id,
                district_id=row.district_id,
                street_id=row.street_id,
                organisation_id=row.organisation_id,
                terms={name: contract.data[name] for name in ("evaluation", "rules")},
                state=EvaluationState.CLOSED.value,
                opened_at=town.now,
                collect_until=town.now + timedelta(days=1),
                closed_at=town.now,
                result={"outcome": {"score": [4000, 1], "grade": "fail", "share_bp": 0}},
                grade="fail",
                share_bp=0,
            )
        )
    db.session.flush()
    town.knock()
