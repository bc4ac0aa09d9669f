"""Orders, bank batches and imported statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from contracts.payouts.models import Attempt, BankBatch, Payment, Statement, StatementRow
from contracts.payouts.providers.installed import has_stripe
from contracts.payouts.queries.payments import PAGE, in_streets
from contracts.payouts.states import PaymentState, Route
from market.db.session import db
from market.kernel.permits import Actor, Permit
from market.organisations.models import StripeAccount


def attempt(attempt_id: int) -> Attempt | None:
    """Return an order with its payment."""
    return db.session.scalar(select(Attempt).where(Attempt.id == attempt_id).options(joinedload(Attempt.payment)))


def attempt_by_key(key: str) -> Attempt | None:
    """Return the order with this number."""
    return db.session.scalar(select(Attempt).where(Attempt.key == key).options(joinedload(Attempt.payment)))


def attempts_by_key(street_id: int, keys: Sequence[str]) -> dict[str, Attempt]:
    """Return a street's orders among these numbers."""
    query = (
        select(Attempt)
        .join(Payment, Payment.id == Attempt.payment_id)
        .where(Payment.street_id == street_id, Attempt.key.in_(keys))
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


def chosen_stripe(organisation_ids: Iterable[int]) -> set[int]:
    """Return those of the organisations that are paid by their Stripe account."""
    rows = db.session.scalars(
        select(StripeAccount.organisation_id).where(
            StripeAccount.organisation_id.in_(list(organisation_ids)),
            StripeAccount.chosen,
            StripeAccount.payouts_enabled,
        )
    )
    return set(rows) if has_stripe() else set()
