"""`market ledger check` over contracts that ended early and money that came back: one planted fen is named."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from contracts.delivery.models import Milestone
from contracts.endings.models import ClaimReceipt, Termination
from market.cli.reconciling import Comparison, comparisons
from market.db.session import db
from market.ledger.actions import book
from market.ledger.states import Reason
from tests.factories.endings import FINAL, approved, claim_of, ended, failed_office, proposed, received
from tests.factories.payouts import Office, accept, office

pytestmark = pytest.mark.usefixtures("session")


def differences() -> list[Comparison]:
    db.session.flush()
    db.session.expire_all()
    return [line for line in comparisons() if not line.agrees]


@pytest.fixture
def books(session) -> Office:
    """A contract that failed: its rest went back, and some of what it was paid came back in two receipts."""
    desk = failed_office()
    received(desk, ended(desk), 1_000_001, "HK1")
    received(desk, claim_of(desk), 2_000_000, "HK2")
    return desk


def test_books_that_fit_have_no_difference(books):
    assert differences() == []


def test_one_planted_fen_in_a_receipt_is_found_and_named(books):
    receipt = select(ClaimReceipt.id).order_by(ClaimReceipt.id).limit(1).scalar_subquery()
    changed = update(ClaimReceipt).where(ClaimReceipt.id == receipt)
    db.session.execute(changed.values(amount_fen=ClaimReceipt.amount_fen + 1))
    found = differences()
    assert [line.what.partition(" ")[0] for line in found] == ["追回到账", "追回合计"]
    assert {line.fact_fen - line.ledger_fen for line in found} == {1}


def test_a_receipt_booked_to_another_line_than_it_says_is_found_with_the_line(books):
    row = db.session.scalars(select(ClaimReceipt).order_by(ClaimReceipt.id)).first()
    assert row is not None
    first, second = sorted(row.parts, key=int)
    row.parts = {first: row.parts[first] + 1, second: row.parts[second] - 1}
    assert [(line.what.partition(" ")[0], line.fact_fen - line.ledger_fen) for line in differences()] == [
        ("追回资金来源", 1),
        ("追回资金来源", -1),
    ]


def test_money_taken_back_without_any_receipt_is_found(books):
    book(Reason.CLAWBACK, books.deal.lines[0].id, 1, "planted", ("payment", 1), None, FINAL)
    (found,) = differences()
    assert found.what.startswith("追回合计")
    assert found.ledger_fen - found.fact_fen == 1


def test_one_planted_fen_in_a_terminated_contract_is_found_and_named(books):
    changed = update(Milestone).where(Milestone.number == 1).values(amount_fen=Milestone.amount_fen + 1)
    db.session.execute(changed)
    found = {line.what.partition(" ")[0]: line.fact_fen - line.ledger_fen for line in differences()}
    assert found["合同终止退回"] == -1


def test_a_contract_that_ends_early_is_settled_and_freed_to_its_last_fen(session):
    desk = office()
    accept(desk, 1)
    approved(desk, proposed(desk))
    assert differences() == []
    found = db.session.scalars(select(Termination)).one()
    assert found.settled_fen + found.freed_fen == desk.agreement.amount_fen


def test_another_settled_share_than_was_booked_is_found(session):
    desk = office()
    accept(desk, 3)
    approved(desk, proposed(desk, settle_bp=6_000))
    assert differences() == []
    db.session.execute(update(Termination).values(settle_bp=6_001))
    found = {line.what.partition(" ")[0] for line in differences()}
    assert found == {"评估后应付", "评估后不付"}
