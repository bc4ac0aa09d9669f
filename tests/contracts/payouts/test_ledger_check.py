"""`market ledger check` over what was evaluated and what the bank said: one planted fen is found and named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from contracts.delivery.models import Milestone
from contracts.outcomes.models import Evaluation
from contracts.payouts import actions
from contracts.payouts.models import Attempt, StatementRow
from market.cli.reconciling import Comparison, comparisons
from market.db.session import db
from tests.factories.payouts import ACCEPTED, Office, accept, evaluate, office, ordered, raised, result_file

pytestmark = pytest.mark.usefixtures("session")
LATER = ACCEPTED + timedelta(days=4)


def differences() -> list[Comparison]:
    db.session.flush()
    db.session.expire_all()
    return [line for line in comparisons() if not line.agrees]


@pytest.fixture
def books(session) -> Office:
    """Two milestones earned, one with something withheld; of four orders two are paid, one failed, one returned."""
    desk = office()
    accept(desk, 1)
    accept(desk, 3)
    evaluate(desk, 3, 9_500, "pass")
    orders = ordered(desk, raised(desk)).attempts
    words = ("成功", "成功", "失败", "退票")
    rows = [
        (order.key, order.amount_fen, word, "" if word == "失败" else f"YH{order.key}", "2026-06-05")
        for order, word in zip(orders, words, strict=True)
    ]
    actions.import_statement(desk.cashier, desk.street_id, result_file(*rows), "结果.csv", LATER)
    return desk


def test_books_that_fit_have_no_difference(books):
    assert differences() == []


PLANTED: dict[str, Callable[[], object]] = {
    "评估后应付": lambda: update(Milestone).where(Milestone.number == 1).values(amount_fen=Milestone.amount_fen + 1),
    "银行已付": lambda: (
        update(StatementRow).where(StatementRow.result == "paid").values(amount_fen=StatementRow.amount_fen + 1)
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_one_planted_fen_is_found_and_named(books, name):
    db.session.execute(PLANTED[name]())
    found = differences()
    assert found[0].what.startswith(name)
    assert found[0].fact_fen - found[0].ledger_fen == 1


def test_another_share_than_was_paid_is_found_with_both_numbers(books):
    db.session.execute(update(Evaluation).values(share_bp=9_000))
    found = differences()
    assert [(line.fact_fen, line.ledger_fen) for line in found[:2]] == [
        (11_664_000, 12_312_000),
        (1_296_000, 648_000),
    ]


def test_an_order_paid_over_a_line_without_its_booking_is_found(books):
    order = db.session.scalars(db.select(Attempt).filter_by(outcome="failed")).one()
    db.session.execute(update(StatementRow).where(StatementRow.attempt_id == order.id).values(note="unknown"))
    db.session.execute(update(Attempt).where(Attempt.id == order.id).values(outcome="paid"))
    found = differences()
    assert [(line.fact_fen, line.ledger_fen) for line in found] == [(order.amount_fen, 0)]
