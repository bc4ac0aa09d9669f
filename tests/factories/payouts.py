"""Payments for tests: a contract in force with accepted milestones, a cashier, a checker, and paying accounts.

desk = office()                       # everybody and everything; nothing accepted yet
accept(desk, 1)                       # milestone 1 is accepted
rows = raised(desk)                   # its payments, one for each budget line
approved(desk, rows); batch = ordered(desk, rows)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from contracts.agreements import actions as agreement_actions
from contracts.agreements.models import Agreement
from contracts.agreements.states import AgreementState
from contracts.delivery.models import Milestone
from contracts.delivery.states import MilestoneState
from contracts.outcomes.models import Evaluation
from contracts.outcomes.states import EvaluationState
from contracts.payouts import actions, queries
from contracts.payouts.actions import AccountFacts
from contracts.payouts.models import Attempt, BankBatch, Payment
from contracts.payouts.states import AccountVerb
from market.budgets.states import FundSource
from market.db.session import db
from market.kernel.clock import BEIJING
from market.kernel.permits import Actor, Role
from market.ledger.queries import balances
from market.organisations.queries import live_bank_account
from market.people.models import User
from market.records.files import keep_bytes
from tests.factories.agreements import SIGNING, Deal, awarded, drafted
from tests.factories.agreements import again as again_contract
from tests.factories.people import acting, person
from tests.fixtures.ground import replayed

# A contract signed on 20 April; the first milestone is accepted on Monday 1 June 2026 at nine.
ACCEPTED = datetime(2026, 6, 1, 9, 0, tzinfo=BEIJING)
RAISED = ACCEPTED + timedelta(minutes=1)
DEBTOR_ACCOUNTS = {
    FundSource.FISCAL: "3201002000001001",
    FundSource.LOTTERY: "3201002000002002",
}


@dataclass
class Office:
    """Everybody and everything around one contract's money."""

    deal: Deal
    agreement: Agreement
    cashier_user: User
    checker_user: User

    @property
    def cashier(self) -> Actor:
        return acting(self.cashier_user)

    @property
    def checker(self) -> Actor:
        return acting(self.checker_user)

    @property
    def payee(self) -> Actor:
        return acting(self.deal.team.admin)

    @property
    def street_id(self) -> int:
        return self.deal.street.id


@replayed
def office(*, accounts: bool = True, **changes: Any) -> Office:
    """A contract in force over two lines (fiscal and lottery), with its people and, if wanted, paying accounts."""
    deal = awarded(**changes)
    row = signed(deal)
    scope = deal.street.scope
    found = Office(
        deal,
        row,
        person(Role.STREET_CASHIER, scope, name="出纳"),
        person(Role.STREET_CHECKER, scope, name="复核"),
    )
    milestones(found)
    if accounts:
        paying_accounts(found)
    return found


def signed(deal: Deal) -> Agreement:
    """The contract in force without the half second that two real signatures take: same facts, same bookings."""
    row = drafted(deal)
    row.state, row.issued_at, row.signed_at = AgreementState.IN_FORCE.value, SIGNING, SIGNING
    row.publish_by = row.file_copy_by = row.sign_by
    db.session.flush()
    document = keep_bytes(b"%PDF-1.7", "contract.pdf", "application/pdf", ("agreement", row.id), SIGNING)
    found = again_contract(row)
    agreement_actions.enter_into_force(deal.buyer, found, document, SIGNING)
    return found


def milestones(desk: Office) -> list[Milestone]:
    """The contract's milestones, all planned."""
    row = desk.agreement
    rows = [
        Milestone(
            agreement_id=row.id,
            file_id=row.file_id,
            district_id=row.district_id,
            street_id=row.street_id,
            organisation_id=row.organisation_id,
            number=one["number"],
            title=one["title"],
            base=one["base"],
            amount_fen=one["amount_fen"],
            due_on=datetime.fromisoformat(one["due_on"]).date(),
            evidence=one["evidence"],
            state=MilestoneState.PLANNED.value,
            accepted_at=None,
        )
        for one in row.data["milestones"]
    ]
    there = set(db.session.scalars(db.select(Milestone.number).filter_by(agreement_id=row.id)))
    db.session.add_all(one for one in rows if one.number not in there)
    db.session.flush()
    return rows


def paying_accounts(desk: Office, sources: Iterable[FundSource] = tuple(DEBTOR_ACCOUNTS)) -> None:
    """Live paying accounts: entered by the cashier, confirmed by the checker."""
    for source in sources:
        number = DEBTOR_ACCOUNTS[source]
        facts = AccountFacts(source, desk.deal.street.office, number, "江苏银行江宁支行", "313301000011")
        row = actions.propose_account(desk.cashier, desk.deal.street, facts, ACCEPTED)
        actions.decide_account(desk.checker, row.id, AccountVerb.CONFIRM, ACCEPTED)


def milestone(desk: Office, number: int) -> Milestone:
    """One milestone of the contract."""
    return db.session.scalars(db.select(Milestone).filter_by(agreement_id=desk.agreement.id, number=number)).one()


def accept(desk: Office, number: int, at: datetime = ACCEPTED) -> Milestone:
    """The street accepts a milestone."""
    row = milestone(desk, number)
    row.state, row.accepted_at = MilestoneState.ACCEPTED.value, at
    db.session.flush()
    return row


def evaluate(
    desk: Office,
    number: int,
    share_bp: int,
    grade: str = "good",
    at: datetime = ACCEPTED,
    *,
    rounds: int = 1,
    score: Fraction = Fraction(8870),
) -> Evaluation:
    """A closed evaluation of a milestone."""
    row = milestone(desk, number)
    found = Evaluation(
        milestone_id=row.id,
        round=rounds,
        agreement_id=row.agreement_id,
        file_id=row.file_id,
        district_id=row.district_id,
        street_id=row.street_id,
        organisation_id=row.organisation_id,
        terms={},
        state=EvaluationState.CLOSED.value,
        opened_at=at - timedelta(days=20),
        collect_until=at - timedelta(days=1),
        closed_at=at,
        result={"outcome": {"score": [score.numerator, score.denominator], "grade": grade, "share_bp": share_bp}},
        grade=grade,
        share_bp=share_bp,
    )
    db.session.add(found)
    db.session.flush()
    return found


def raised(desk: Office, at: datetime = RAISED) -> list[Payment]:
    """Raise what is due and return all payments of the contract."""
    actions.raise_payments(at)
    return again(row.id for row in queries.payments_of(desk.agreement.id))


def requested(desk: Office, rows: Sequence[Payment], at: datetime = RAISED) -> None:
    """The cashier asks."""
    for row in rows:
        actions.request_payment(desk.cashier, row.id, at)


def approved(desk: Office, rows: Sequence[Payment], at: datetime = RAISED) -> None:
    """The cashier asks and the checker approves."""
    requested(desk, rows, at)
    for row in rows:
        actions.approve_payment(desk.checker, row.id, at)


def ordered(desk: Office, rows: Sequence[Payment], at: datetime = RAISED) -> BankBatch:
    """Asked, approved and in a bank file."""
    approved(desk, rows, at)
    return actions.order_batch(desk.cashier, desk.street_id, [row.id for row in rows], at)


def again(ids: Iterable[int]) -> list[Payment]:
    """Payments read anew, by number."""
    return queries.payments_by_id(list(ids), lock=True)


def one(payment_id: int) -> Payment:
    """One payment read anew."""
    return again([payment_id])[0]


def newest(payment_id: int) -> Attempt:
    """A payment's newest order."""
    return one(payment_id).attempts[-1]


def places(desk: Office) -> list[dict[str, int]]:
    """The balances of the contract's lines, in their order."""
    ids = [line.id for line in desk.deal.lines]
    found = balances(ids)
    return [found[i] for i in ids]


def total(desk: Office) -> dict[str, int]:
    """The balances of the contract's lines together."""
    parts = places(desk)
    return {name: sum(part[name] for part in parts) for name in parts[0]}


def result_file(*rows: tuple[str, int, str, str, str]) -> bytes:
    """A bank's result file: number, fen, result, reference, day."""
    lines = ["付款单号,金额,结果,银行流水号,日期,原因"]
    lines += [f"{key},{fen // 100}.{fen % 100:02d},{what},{number},{day}," for key, fen, what, number, day in rows]
    return ("\r\n".join(lines) + "\r\n").encode()


def change_account(desk: Office, account_no: str) -> None:
    """The organisation changes its bank account, by its two people."""
    from tests.factories.organisations import bank_account

    bank_account(desk.deal.team, account_no)
    live = live_bank_account(desk.deal.team.id)
    assert live is not None
    assert live.account_no == account_no


def stripe_asked(desk: Office, account: str = "acct_test") -> None:
    """The organisation has a ready Stripe account and asks to be paid there."""
    from market.organisations.actions import choose_route, keep_stripe_account, note_stripe_state

    row = keep_stripe_account(desk.payee, desk.deal.team.organisation, account, ACCEPTED)
    note_stripe_state(row, True, desk.payee, ACCEPTED)
    choose_route(desk.payee, desk.deal.team.organisation, True, ACCEPTED)
    db.session.flush()


def stripe_chosen(desk: Office, account: str = "acct_test") -> None:
    """Another person of the organisation has agreed."""
    from market.organisations.actions import decide_route

    stripe_asked(desk, account)
    decide_route(acting(desk.deal.team.signatory), desk.deal.team.organisation, True, ACCEPTED)
    db.session.flush()


