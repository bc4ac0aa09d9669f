"""Terminations and claims with everything around them, within a person's grants."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.strategy_options import _AbstractLoad

from contracts.agreements.models import Agreement
from contracts.agreements.queries import within
from contracts.endings.models import Claim, ClaimPart, ClaimReceipt, Termination
from contracts.endings.rules import LineRoom, is_stuck
from contracts.endings.states import ClaimState, ReceiptState, TerminationState
from contracts.payouts.models import Payment
from contracts.payouts.states import PaymentState
from market.db.session import db
from market.kernel.permits import Actor, Permit
from market.organisations.queries import live_bank_account

PAGE = 20
_ARRIVED = (PaymentState.PAID, PaymentState.CONFIRMED)


def termination(termination_id: int, *, lock: bool = False) -> Termination | None:
    """Return a termination with its contract (award, purchase file, organisation) and claim."""
    contract = joinedload(Termination.agreement)
    query = (
        select(Termination)
        .where(Termination.id == termination_id)
        .options(
            contract.joinedload(Agreement.award),
            contract.joinedload(Agreement.file),
            contract.joinedload(Agreement.organisation),
            joinedload(Termination.claim),
        )
    )
    if lock:
        query = query.with_for_update(of=Termination).execution_options(populate_existing=True)
    return db.session.scalar(query)


def termination_of(agreement_id: int) -> Termination | None:
    """Return a contract's termination, proposed or approved; a rejected proposal is none."""
    query = select(Termination).where(
        Termination.agreement_id == agreement_id, Termination.state != TerminationState.REJECTED
    )
    return db.session.scalar(query.options(joinedload(Termination.claim)))


def terminations_for(actor: Actor, before: int | None = None) -> list[Termination]:
    """Return one page (and one row more) of the terminations this person may see, newest first."""
    query = (
        select(Termination)
        .where(within(Termination, actor.scopes(Permit.AGREEMENT_SEE)))
        .options(joinedload(Termination.agreement).joinedload(Agreement.organisation))
        .order_by(Termination.id.desc())
        .limit(PAGE + 1)
    )
    return list(db.session.scalars(query if before is None else query.where(Termination.id < before)))


def to_approve(actor: Actor, limit: int = 100) -> list[Termination]:
    """Return the proposals that this person may decide, oldest first."""
    grants = actor.scopes(Permit.AGREEMENT_TERMINATE)
    if not grants:
        return []
    query = (
        select(Termination)
        .where(within(Termination, grants), Termination.state == TerminationState.PROPOSED)
        .options(joinedload(Termination.agreement))
        .order_by(Termination.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


# --- claims -----------------------------------------------------------------------------------------------------------


def _around() -> tuple[_AbstractLoad, ...]:
    contract = joinedload(Claim.agreement)
    return (
        contract.joinedload(Agreement.file),
        joinedload(Claim.organisation),
        joinedload(Claim.termination),
        selectinload(Claim.parts).joinedload(ClaimPart.line),
        selectinload(Claim.receipts),
    )


def claim(claim_id: int, *, lock: bool = False) -> Claim | None:
    """Return a claim with contract, purchase file, payee, parts and receipts; `lock` holds its row."""
    query = select(Claim).where(Claim.id == claim_id).options(*_around())
    if lock:
        query = query.with_for_update(of=Claim).execution_options(populate_existing=True)
    return db.session.scalar(query)


def receipt(receipt_id: int) -> ClaimReceipt | None:
    """Return one receipt's row."""
    return db.session.get(ClaimReceipt, receipt_id)


def receipt_by_token(token: str) -> ClaimReceipt | None:
    """Return the receipt a form has already made."""
    return db.session.scalar(select(ClaimReceipt).filter_by(form_token=token))


def claims_for(actor: Actor, *, open_only: bool, before: int | None = None) -> list[Claim]:
    """Return one page (and one row more) of the claims this person may see or waive, newest first."""
    grants = [*actor.scopes(Permit.PAYOUT_SEE), *actor.scopes(Permit.CLAIM_WAIVE)]
    query = (
        select(Claim)
        .where(within(Claim, grants))
        .options(joinedload(Claim.agreement), joinedload(Claim.organisation), selectinload(Claim.receipts))
        .order_by(Claim.id.desc())
        .limit(PAGE + 1)
    )
    if open_only:
        query = query.where(Claim.state == ClaimState.CLAIMED)
    return list(db.session.scalars(query if before is None else query.where(Claim.id < before)))


def waiting_for(actor: Actor, limit: int = 100) -> list[Claim]:
    """Return the open claims this person collects, checks or pays back, the most urgent first, receipts loaded."""
    unchecked = select(ClaimReceipt.id).where(
        ClaimReceipt.claim_id == Claim.id, ClaimReceipt.state == ReceiptState.ENTERED
    )
    sides = (actor.scopes(Permit.PAYOUT_REQUEST), actor.scopes(Permit.PAYOUT_CONFIRM))
    parts = [within(Claim, grants) for grants in sides if grants]
    if checking := actor.scopes(Permit.PAYOUT_APPROVE):
        parts.append(and_(within(Claim, checking), unchecked.exists()))
    if not parts:
        return []
    query = (
        select(Claim)
        .where(Claim.state == ClaimState.CLAIMED, or_(*parts))
        .options(joinedload(Claim.agreement), joinedload(Claim.organisation), selectinload(Claim.receipts))
        .order_by(Claim.due_on, Claim.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


# --- money ------------------------------------------------------------------------------------------------------------


def stuck_among(open_ones: Sequence[Payment], today: date) -> list[Payment]:
    """Return those of a contract's open payments that cannot arrive; the payee's account is asked for if it matters."""
    late = any(one.pay_by < today for one in open_ones)
    payable = not late or live_bank_account(open_ones[0].organisation_id) is not None
    return [one for one in open_ones if is_stuck(one.state, one.pay_by, today, payable=payable)]


def on_their_way(agreement_id: int, today: date) -> bool:
    """True while a payment of the contract may still arrive."""
    _, open_ones = apart(payments_of(agreement_id))
    return len(open_ones) > len(stuck_among(open_ones, today))


def owed_by_line(agreement_id: int, today: date) -> dict[int, int]:
    """Return what a claim under recovery terms is a share of: what was paid, and what is stuck; in fen by line."""
    arrived, open_ones = apart(payments_of(agreement_id))
    return by_line([*arrived, *stuck_among(open_ones, today)])


def paid_by_line(agreement_id: int) -> dict[int, int]:
    """Return what a contract has paid on balance from each line, in fen, by line."""
    return by_line(apart(payments_of(agreement_id))[0])


def payments_of(agreement_id: int) -> list[Payment]:
    """Return all payments of a contract, oldest first."""
    return list(db.session.scalars(select(Payment).filter_by(agreement_id=agreement_id).order_by(Payment.id)))


def by_line(payments: Iterable[Payment]) -> dict[int, int]:
    """Sum payments by line, in fen, the lines in their order."""
    found: Counter[int] = Counter()
    for one in payments:
        found[one.line_id] += one.amount_fen
    return dict(sorted(found.items()))


def apart(payments: Iterable[Payment]) -> tuple[list[Payment], list[Payment]]:
    """Part a contract's payments into those that have arrived and those that have not."""
    arrived: list[Payment] = []
    open_ones: list[Payment] = []
    for one in payments:
        (arrived if one.state in _ARRIVED else open_ones).append(one)
    return arrived, open_ones


def rooms_of(row: Claim) -> list[LineRoom]:
    """Return for each line of a claim what is claimed, came back and was really paid (parts and receipts loaded)."""
    returned: dict[int, int] = defaultdict(int)
    for one in row.receipts:
        if one.state == ReceiptState.CONFIRMED:
            for line_id, fen in one.parts.items():
                returned[int(line_id)] += fen
    paid = paid_by_line(row.agreement_id)
    return [
        LineRoom(part.line_id, part.amount_fen, returned[part.line_id], paid.get(part.line_id, 0))
        for part in row.parts
    ]
