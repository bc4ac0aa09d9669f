"""Contracts that end early, for tests: a failed milestone under recovery terms, a termination, a claim.

desk = failed_office()                # milestone 1 paid, milestone 3 failed for good, nothing on its way
row = ended(desk)                     # the clock has ended the contract; its claim
entered(desk, row, 5_000_00); confirmed(desk, ...)
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from contracts.endings import actions, queries
from contracts.endings.actions import ReceiptFacts
from contracts.endings.models import Claim, ClaimReceipt, Termination
from contracts.endings.states import Ground
from contracts.payouts import actions as payouts
from contracts.payouts.queries import payments_of
from market.awards.rules import RecoveryTerms
from market.kernel.clock import beijing_day
from market.kernel.permits import Actor, Role, Scope
from tests.factories.budgets import holder
from tests.factories.payouts import ACCEPTED, Office, accept, evaluate, office, ordered, raised, result_file
from tests.fixtures.ground import replayed

RECOVERY = RecoveryTerms(stop_on_fail=True, claim_bp=5_000, due_days=30)
PAID = ACCEPTED + timedelta(days=4)
# A fail can be put right for some weeks; two months later it is final.
FINAL = ACCEPTED + timedelta(days=60)


def paid(desk: Office, number: int, at: datetime = ACCEPTED) -> None:
    """A milestone is accepted, raised, and its payments have arrived."""
    accept(desk, number, at)
    rows = [row for row in raised(desk, at) if row.state == "due"]
    orders = ordered(desk, rows, at).attempts
    day = f"{beijing_day(PAID)}"
    content = result_file(*((order.key, order.amount_fen, "成功", f"YH{order.key}", day) for order in orders))
    payouts.import_statement(desk.cashier, desk.street_id, content, "结果.csv", PAID)


@replayed
def failed_office(recovery: RecoveryTerms | None = RECOVERY, **changes: Any) -> Office:
    """Milestone 1 is paid (129,600 yuan over two lines); milestone 3 failed and can no longer be put right."""
    desk = office(recovery=recovery, **changes)
    paid(desk, 1)
    accept(desk, 3)
    evaluate(desk, 3, 0, "fail", PAID)
    return desk


@replayed
def ended(desk: Office, at: datetime = FINAL) -> Claim:
    """The fail is final, and the clock has ended the contract."""
    payouts.raise_payments(at)
    assert actions.terminate_failed(at) == 1
    return claim_of(desk)


def claim_of(desk: Office) -> Claim:
    """The contract's claim, read anew."""
    row = queries.termination_of(desk.agreement.id)
    assert row is not None
    assert row.claim is not None
    found = queries.claim(row.claim.id, lock=True)
    assert found is not None
    return found


def proposed(
    desk: Office, ground: Ground = Ground.AGREED, settle_bp: int = 0, at: datetime = FINAL, reason: str = "双方商定。"
) -> Termination:
    """The clerk proposes to end the contract."""
    return actions.propose_termination(desk.deal.clerk, desk.agreement.id, ground, reason, settle_bp, at)


def approved(desk: Office, row: Termination, at: datetime = FINAL) -> Termination:
    """The approver ends it."""
    return actions.approve_termination(desk.deal.buyer, row.id, at)


def entered(
    desk: Office, row: Claim, amount_fen: int, reference: str = "HK1", at: datetime = FINAL, day: date | None = None
) -> ClaimReceipt:
    """The cashier enters what came back."""
    facts = ReceiptFacts(amount_fen, reference, day or beijing_day(at))
    return actions.enter_receipt(desk.cashier, row.id, facts, at)


def received(desk: Office, row: Claim, amount_fen: int, reference: str = "HK1", at: datetime = FINAL) -> Claim:
    """Entered by the cashier, confirmed by the checker."""
    return actions.confirm_receipt(desk.checker, entered(desk, row, amount_fen, reference, at).id, at)


def finance_of(desk: Office) -> Actor:
    """Who waives for the district."""
    return holder(Role.DISTRICT_FINANCE, Scope(desk.deal.street.district_id), "区财政")


def total_paid(desk: Office) -> int:
    """What has arrived under the contract, in fen."""
    return sum(row.amount_fen for row in payments_of(desk.agreement.id) if row.state in ("paid", "confirmed"))
