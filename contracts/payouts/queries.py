"""Payments within a person's grants, what may be raised, batches, statements, accounts, and promptness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from contracts.agreements.models import Agreement
from contracts.agreements.queries import within
from contracts.agreements.states import AgreementState
from contracts.delivery.models import Milestone
from contracts.delivery.states import MilestoneState
from contracts.outcomes.models import Evaluation
from contracts.outcomes.states import EvaluationState
from contracts.payouts.models import Attempt, BankBatch, Earning, Payment, Statement, StatementRow, StreetAccount
from contracts.payouts.rules import ACCEPTANCE, Promptness, promptness
from contracts.payouts.states import AccountState, PaymentState, Route
from market.awards.models import Award
from market.awards.states import AwardState
from market.db.session import db
from market.kernel.clock import beijing_day, instant
from market.kernel.permits import Actor, Grant, Permit
from market.ledger.models import Account, Transfer
from market.ledger.queries import Movement

PAGE = 30
OPEN = (PaymentState.DUE, PaymentState.REQUESTED, PaymentState.APPROVED, PaymentState.FAILED, PaymentState.RETURNED)
SETTLED = (PaymentState.PAID, PaymentState.CONFIRMED)
# The tabs of the lists.
GROUPS: dict[str, tuple[PaymentState, ...]] = {
    "open": OPEN,
    "ordered": (PaymentState.ORDERED,),
    "paid": SETTLED,
    "all": tuple(PaymentState),
}


def in_streets(table: Any, grants: Iterable[Grant]) -> ColumnElement[bool]:
    """Return the condition that a street's row lies inside one of the grants; an organisation's grant covers none."""
    parts: list[ColumnElement[bool]] = []
    for grant in grants:
        if grant.organisation_id is None:
            named = [(table.district_id, grant.district_id), (table.street_id, grant.street_id)]
            parts.append(and_(db.true(), *(column == wanted for column, wanted in named if wanted is not None)))
    return or_(false(), *parts)


# --- what may be raised -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ripe:
    """An accepted milestone without an earning, and its closed evaluation where its money depends on one."""

    milestone: Milestone
    agreement: Agreement
    evaluation: Evaluation | None

    @property
    def determined_at(self) -> datetime:
        """When the amount was determined: the acceptance, or the end of the evaluation."""
        found = self.evaluation.closed_at if self.evaluation else self.milestone.accepted_at
        assert found is not None
        return found


def ripe_milestones(limit: int = 200) -> list[Ripe]:
    """Return accepted milestones in contracts in force on standing awards that were not raised yet, oldest first.

    Only the newest round of an evaluation counts, and only when it is closed.
    """
    newest = (
        select(func.max(Evaluation.id)).where(Evaluation.milestone_id == Milestone.id).correlate(Milestone)
    ).scalar_subquery()
    rows = db.session.execute(
        select(Milestone, Agreement, Evaluation)
        .join(Agreement, Agreement.id == Milestone.agreement_id)
        .join(Award, Award.id == Agreement.award_id)
        .outerjoin(Evaluation, and_(Evaluation.id == newest, Milestone.base != ACCEPTANCE))
        .outerjoin(Earning, Earning.milestone_id == Milestone.id)
        .where(
            Milestone.state == MilestoneState.ACCEPTED,
            Agreement.state == AgreementState.IN_FORCE,
            Award.state == AwardState.ACTIVE,
            Earning.id.is_(None),
            or_(Milestone.base == ACCEPTANCE, Evaluation.state == EvaluationState.CLOSED),
        )
        .options(joinedload(Agreement.organisation))
        .order_by(Milestone.id)
        .limit(limit)
    )
    return [Ripe(milestone, agreement, evaluation) for milestone, agreement, evaluation in rows]


# --- payments ---------------------------------------------------------------------------------------------------------


def payment(payment_id: int, *, lock: bool = False) -> Payment | None:
    """Return a payment with everything around it; `lock` holds its row until the commit."""
    query = (
        select(Payment)
        .where(Payment.id == payment_id)
        .options(
            joinedload(Payment.agreement).joinedload(Agreement.file),
            joinedload(Payment.milestone),
            joinedload(Payment.organisation),
            joinedload(Payment.line),
            selectinload(Payment.attempts),
        )
    )
    if lock:
        # What was read before the lock may be stale by now.
        query = query.with_for_update(of=Payment).execution_options(populate_existing=True)
    return db.session.scalar(query)


def payments_by_id(ids: Iterable[int], *, lock: bool = False) -> list[Payment]:
    """Return these payments with everything around them, by number."""
    query = (
        select(Payment)
        .where(Payment.id.in_(list(ids)))
        .options(
            joinedload(Payment.agreement).joinedload(Agreement.file),
            joinedload(Payment.milestone),
            joinedload(Payment.organisation),
            joinedload(Payment.line),
            selectinload(Payment.attempts),
        )
        .order_by(Payment.number)
    )
    if lock:
        query = query.with_for_update(of=Payment).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Page:
    """One page of a list and the key that the next one begins after."""

    rows: list[Payment]
    after: str | None


def payments_for(actor: Actor, group: str, *, after: str = "", today: date, mine: bool) -> Page:
    """Return one page of the payments this person may see: what is open by its last day, the rest newest first.

    `mine` is the payee's side. `after` is the key of the last row seen.
    """
    grants = [g for g in actor.scopes(Permit.PAYOUT_SEE) if (g.organisation_id is not None) == mine]
    query = (
        select(Payment)
        .where(within(Payment, grants), Payment.state.in_(GROUPS[group]))
        .options(joinedload(Payment.organisation), joinedload(Payment.agreement), joinedload(Payment.milestone))
        .limit(PAGE + 1)
    )
    day_text, _, id_text = after.partition("_")
    last = int(id_text) if id_text.isdigit() else None
    if group in {"open", "ordered"}:
        query = query.order_by(Payment.pay_by, Payment.id)
        if last is not None:
            day = _day(day_text) or today
            query = query.where(or_(Payment.pay_by > day, and_(Payment.pay_by == day, Payment.id > last)))
    else:
        query = query.order_by(Payment.id.desc())
        if last is not None:
            query = query.where(Payment.id < last)
    rows = list(db.session.scalars(query))
    shown = rows[:PAGE]
    more = f"{shown[-1].pay_by.isoformat()}_{shown[-1].id}" if len(rows) > PAGE else None
    return Page(shown, more)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def payments_of(agreement_id: int) -> list[Payment]:
    """Return a contract's payments, oldest first."""
    query = select(Payment).where(Payment.agreement_id == agreement_id).options(joinedload(Payment.milestone))
    return list(db.session.scalars(query.order_by(Payment.id)))


def earnings_of(agreement_id: int) -> dict[int, Earning]:
    """Return what a contract's milestones earned, by milestone."""
    rows = db.session.scalars(select(Earning).filter_by(agreement_id=agreement_id))
    return {row.milestone_id: row for row in rows}


def waiting_for(actor: Actor, limit: int = 200) -> list[Payment]:
    """Return the payments that wait for this person: to request, check, order, or confirm; the most urgent first."""
    wanted = (
        (Permit.PAYOUT_REQUEST, (PaymentState.DUE, PaymentState.FAILED, PaymentState.RETURNED)),
        (Permit.PAYOUT_APPROVE, (PaymentState.REQUESTED,)),
        (Permit.PAYOUT_SEND, (PaymentState.APPROVED, PaymentState.ORDERED)),
        (Permit.PAYOUT_CONFIRM, (PaymentState.PAID,)),
    )
    parts = [
        and_(within(Payment, grants), Payment.state.in_(states))
        for permit, states in wanted
        if (grants := actor.scopes(permit))
    ]
    if not parts:
        return []
    query = (
        select(Payment)
        .where(or_(*parts))
        .options(joinedload(Payment.organisation))
        .order_by(Payment.pay_by, Payment.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def movements(row: Payment) -> list[Movement]:
    """Return the ledger's transfers on account of one payment, and of what its line kept, oldest first."""
    debit, credit = aliased(Account), aliased(Account)
    rows = db.session.execute(
        select(Transfer, debit.place, credit.place, debit.line_id)
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .where(
            or_(
                and_(Transfer.subject_kind == "payment", Transfer.subject_id == row.id),
                and_(
                    Transfer.subject_kind == "milestone",
                    Transfer.subject_id == row.milestone_id,
                    debit.line_id == row.line_id,
                ),
            )
        )
        .order_by(Transfer.id)
    )
    return [Movement(t.id, line, source, target, t.amount_fen, t.reason, t.at) for t, source, target, line in rows]


def promptness_of(actor: Actor, today: date, *, mine: bool) -> Promptness:
    """Return how promptly was paid this year within the grants: by a street, or to an organisation (`mine`)."""
    grants = [g for g in actor.scopes(Permit.PAYOUT_SEE) if (g.organisation_id is not None) == mine]
    begin = date(today.year, 1, 1)
    rows = db.session.execute(
        select(Payment.due_at, Payment.pay_by, Payment.settled_on)
        .where(within(Payment, grants), Payment.state.in_(SETTLED), Payment.due_at >= instant(begin))
        .order_by(Payment.id.desc())
        .limit(5000)
    )
    settled = [(beijing_day(due_at), pay_by, paid_on) for due_at, pay_by, paid_on in rows if paid_on]
    late = (
        select(Payment.id)
        .where(within(Payment, grants), Payment.state.in_((*OPEN, PaymentState.ORDERED)), Payment.pay_by < today)
        .limit(1000)
        .subquery()
    )
    return promptness(settled, db.session.scalar(select(func.count()).select_from(late)) or 0)


# --- orders, batches, statements --------------------------------------------------------------------------------------


def attempt(attempt_id: int) -> Attempt | None:
    """Return an order with its payment."""
    return db.session.scalar(select(Attempt).where(Attempt.id == attempt_id).options(joinedload(Attempt.payment)))


def attempt_by_key(key: str) -> Attempt | None:
    """Return the order with this number."""
    return db.session.scalar(select(Attempt).where(Attempt.key == key).options(joinedload(Attempt.payment)))


def attempts_by_key(street_id: int, keys: Sequence[str]) -> dict[str, Attempt]:
    """Return a street's orders among these numbers, each with its payment and that payment's orders."""
    query = (
        select(Attempt)
        .join(Payment, Payment.id == Attempt.payment_id)
        .where(Payment.street_id == street_id, Attempt.key.in_(keys))
        .options(joinedload(Attempt.payment).selectinload(Payment.attempts))
    )
    return {row.key: row for row in db.session.scalars(query)}


def open_attempts(routes: Iterable[Route], before: datetime, limit: int = 200) -> list[Attempt]:
    """Return orders over a line that were given before an instant and have no outcome, oldest first."""
    query = select(Attempt).where(
        Attempt.route.in_([route.value for route in routes]), Attempt.outcome.is_(None), Attempt.ordered_at < before
    )
    return list(db.session.scalars(query.order_by(Attempt.id).limit(limit)))


def to_order(street_id: int) -> list[Payment]:
    """Return a street's approved payments with what an order needs, the most urgent first."""
    query = (
        select(Payment)
        .where(Payment.street_id == street_id, Payment.state == PaymentState.APPROVED)
        .options(
            joinedload(Payment.agreement),
            joinedload(Payment.milestone),
            joinedload(Payment.organisation),
            joinedload(Payment.line),
        )
        .order_by(Payment.pay_by, Payment.id)
        .limit(500)
    )
    return list(db.session.scalars(query))


def batch(batch_id: int) -> BankBatch | None:
    """Return a bank batch with its orders and their payments."""
    return db.session.scalar(
        select(BankBatch)
        .where(BankBatch.id == batch_id)
        .options(selectinload(BankBatch.attempts).joinedload(Attempt.payment).joinedload(Payment.organisation))
    )


def batch_by_token(token: str) -> BankBatch | None:
    """Return the batch that a form has already made."""
    return db.session.scalar(select(BankBatch).filter_by(form_token=token))


def batches_for(actor: Actor, before: int | None = None) -> list[BankBatch]:
    """Return one page (and one row more) of bank batches, newest first."""
    query = select(BankBatch).where(in_streets(BankBatch, actor.scopes(Permit.PAYOUT_SEE)))
    if before is not None:
        query = query.where(BankBatch.id < before)
    return list(db.session.scalars(query.order_by(BankBatch.id.desc()).limit(PAGE + 1)))


def statement(statement_id: int) -> Statement | None:
    """Return an imported statement with its rows and the orders they name."""
    return db.session.scalar(
        select(Statement)
        .where(Statement.id == statement_id)
        .options(selectinload(Statement.rows).joinedload(StatementRow.attempt))
    )


def statement_by_digest(street_id: int, digest: str) -> Statement | None:
    """Return the statement that says the same, imported before."""
    return db.session.scalar(select(Statement).filter_by(street_id=street_id, digest=digest))


def statements_for(actor: Actor, before: int | None = None) -> list[Statement]:
    """Return one page (and one row more) of imported statements, newest first."""
    query = select(Statement).where(in_streets(Statement, actor.scopes(Permit.PAYOUT_SEE)))
    if before is not None:
        query = query.where(Statement.id < before)
    return list(db.session.scalars(query.order_by(Statement.id.desc()).limit(PAGE + 1)))


# --- paying accounts --------------------------------------------------------------------------------------------------


def street_accounts(street_id: int) -> list[StreetAccount]:
    """Return a street's paying accounts, newest first."""
    query = select(StreetAccount).filter_by(street_id=street_id).order_by(StreetAccount.id.desc()).limit(200)
    return list(db.session.scalars(query))


def street_account(account_id: int, *, lock: bool = False) -> StreetAccount | None:
    """Return one paying account."""
    query = select(StreetAccount).where(StreetAccount.id == account_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def live_accounts(street_id: int) -> dict[str, StreetAccount]:
    """Return the accounts from which a street pays, by fund source."""
    rows = db.session.scalars(select(StreetAccount).filter_by(street_id=street_id, state=AccountState.LIVE))
    return {row.source: row for row in rows}


def accounts_to_confirm(actor: Actor) -> list[StreetAccount]:
    """Return proposed paying accounts that this person may confirm."""
    grants = actor.scopes(Permit.PAYOUT_APPROVE)
    if not grants:
        return []
    query = select(StreetAccount).where(in_streets(StreetAccount, grants), StreetAccount.state == AccountState.PROPOSED)
    return list(db.session.scalars(query.order_by(StreetAccount.id).limit(50)))
