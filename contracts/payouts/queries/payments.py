"""Payments, contracts' money, paying accounts, and how promptly a street pays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from contracts.agreements.models import Agreement
from contracts.agreements.queries import within
from contracts.agreements.states import AgreementState
from contracts.delivery.models import Milestone
from contracts.payouts.models import Attempt, Earning, Payment, StreetAccount
from contracts.payouts.rules import Promptness, promptness
from contracts.payouts.states import AccountState, PaymentState, Route
from market.db.lines import lined
from market.db.session import db
from market.kernel.clock import beijing_day, instant
from market.kernel.permits import Actor, Grant, Permit
from market.ledger.models import Account, Transfer
from market.ledger.queries import Movement
from market.organisations.models import Organisation

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
class ContractLine:
    """One milestone of a contract and its money."""

    milestone: Milestone
    earning: Earning | None
    payments: list[Payment]


def contract_lines(row: Agreement, payments: Sequence[Payment]) -> list[ContractLine]:
    """Return a contract's milestones with what they earned and what was paid."""
    earned = earnings_of(row.id)
    milestones = db.session.scalars(select(Milestone).filter_by(agreement_id=row.id).order_by(Milestone.number))
    return [
        ContractLine(one, earned.get(one.id), [p for p in payments if p.milestone_id == one.id]) for one in milestones
    ]


@dataclass(frozen=True)
class Totals:
    """A contract's money so far, in fen."""

    due_fen: int
    withheld_fen: int
    paid_fen: int


def totals(lines: Sequence[ContractLine]) -> Totals:
    """Return the sums over a contract's milestones."""
    earned = [one.earning for one in lines if one.earning]
    paid = [payment.amount_fen for one in lines for payment in one.payments if payment.state in SETTLED]
    return Totals(sum(e.due_fen for e in earned), sum(e.withheld_fen for e in earned), sum(paid))


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


def waiting_for(actor: Actor, limit: int = 200) -> Select[Any] | None:
    """Ask for the payments that wait for this person: to request, check, order, or confirm; the most urgent first."""
    wanted = (
        (Permit.PAYOUT_REQUEST, (PaymentState.DUE, PaymentState.FAILED, PaymentState.RETURNED)),
        (Permit.PAYOUT_APPROVE, (PaymentState.REQUESTED,)),
        (Permit.PAYOUT_SEND, (PaymentState.APPROVED,)),
        (Permit.PAYOUT_CONFIRM, (PaymentState.PAID,)),
    )
    parts = [
        and_(within(Payment, grants), Payment.state.in_(states))
        for permit, states in wanted
        if (grants := actor.scopes(permit))
    ]
    if senders := actor.scopes(Permit.PAYOUT_SEND):
        # What was ordered over a line comes back by itself; a bank's result file has to be fetched.
        by_file = select(Attempt.id).where(
            Attempt.payment_id == Payment.id, Attempt.outcome.is_(None), Attempt.route == Route.BANK
        )
        parts.append(and_(within(Payment, senders), Payment.state == PaymentState.ORDERED, by_file.exists()))
    if not parts:
        return None
    query = (
        select(Payment).join(Payment.organisation).where(or_(*parts)).order_by(Payment.pay_by, Payment.id).limit(limit)
    )
    return lined(
        query,
        id=Payment.id,
        ref=Payment.street_id,
        number=Payment.amount_fen,
        state=Payment.state,
        title=Payment.number,
        name=Organisation.name,
        day=Payment.pay_by,
    )


def to_complete(grants: Sequence[Grant], limit: int = 50) -> Select[Any]:
    """Ask for contracts within the grants that can be closed: every milestone has earned, every payment is received."""
    unearned = (
        select(Milestone.id)
        .outerjoin(Earning, Earning.milestone_id == Milestone.id)
        .where(Milestone.agreement_id == Agreement.id, Earning.id.is_(None))
    )
    unpaid = select(Payment.id).where(Payment.agreement_id == Agreement.id, Payment.state != PaymentState.CONFIRMED)
    earned = select(Earning.id).where(Earning.agreement_id == Agreement.id)
    query = select(Agreement).where(
        within(Agreement, grants),
        Agreement.state == AgreementState.IN_FORCE,
        earned.exists(),
        ~unearned.exists(),
        ~unpaid.exists(),
    )
    query = query.order_by(Agreement.id).limit(limit)
    return lined(query, id=Agreement.id, title=Agreement.title, name=Agreement.number)


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
