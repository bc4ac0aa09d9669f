"""Whatever people and banks do in whatever order: no payment is paid twice, no fen is lost, books and facts agree."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contracts.payouts import actions
from contracts.payouts.models import Payment
from market.awards.states import AwardState
from market.cli.reconciling import comparisons
from market.db.session import db
from market.kernel.errors import DomainError
from market.kernel.money import format_yuan
from tests.factories.agreements import set_award
from tests.factories.payouts import ACCEPTED, Office, accept, again, evaluate, office, raised, result_file, total

WORDS = ("成功", "失败", "退票")
_references = count(1)
desk: Office
ids: list[int]


class Counter(RuleBasedStateMachine):
    """Two payments of one milestone, a cashier and a checker in a hurry, and a bank that says anything."""

    def __init__(self) -> None:
        super().__init__()
        self.work = db.session.begin_nested()
        self.at = ACCEPTED + timedelta(hours=1)

    def _try(self, act, *given) -> None:  # type: ignore[no-untyped-def]
        self.at += timedelta(hours=7)
        try:
            with db.session.begin_nested():
                act(*given, self.at)
        except DomainError:
            db.session.expire_all()

    @rule(which=st.integers(0, 1))
    def request(self, which: int) -> None:
        self._try(actions.request_payment, desk.cashier, ids[which])

    @rule(which=st.integers(0, 1))
    def approve(self, which: int) -> None:
        self._try(actions.approve_payment, desk.checker, ids[which])

    @rule(which=st.integers(0, 1))
    def send_back(self, which: int) -> None:
        self._try(actions.send_back, desk.checker, ids[which], "请核对")

    @rule(which=st.lists(st.integers(0, 1), min_size=1, max_size=2))
    def order(self, which: list[int]) -> None:
        self._try(actions.order_batch, desk.cashier, desk.street_id, [ids[one] for one in which])

    @rule(which=st.integers(0, 1))
    def request_again(self, which: int) -> None:
        self._try(actions.request_again, desk.cashier, ids[which])

    @rule(which=st.integers(0, 1))
    def receive(self, which: int) -> None:
        self._try(actions.confirm_receipt, desk.payee, ids[which])

    @rule(which=st.integers(0, 1), order=st.integers(0, 2), word=st.sampled_from(WORDS), off=st.sampled_from([0, 0, 1]))
    def hear(self, which: int, order: int, word: str, off: int) -> None:
        """The bank speaks of an order, old or new, of one that does not exist, or of another amount."""
        row = again([ids[which]])[0]
        key = row.attempts[order].key if order < len(row.attempts) else f"{row.number}-9"
        line = (key, row.amount_fen + off, word, f"YH{next(_references)}", "2026-06-05")
        self._try(actions.import_statement, desk.cashier, desk.street_id, result_file(line), "结果.csv")

    @rule()
    def the_clock(self) -> None:
        self._try(actions.raise_payments)

    @rule(state=st.sampled_from([AwardState.ACTIVE, AwardState.ACTIVE, AwardState.SUSPENDED]))
    def a_challenge(self, state: AwardState) -> None:
        set_award(desk.deal.award, state)

    @invariant()
    def what_is_owed_and_paid_is_what_was_earned_and_nothing_is_ordered_twice(self) -> None:
        db.session.expire_all()
        rows = again(ids)
        for row in rows:
            outcomes = [order.outcome for order in row.attempts]
            assert outcomes.count(None) == (row.state == "ordered")
            assert outcomes.count("paid") == (row.state in {"paid", "confirmed"})
        paid = sum(row.amount_fen for row in rows if row.state in {"paid", "confirmed"})
        held = total(desk)
        assert (held["paid"], held["payable"]) == (paid, 12_312_000 - paid), format_yuan(paid)
        assert db.session.scalar(db.select(db.func.count(Payment.id))) == 2

    def teardown(self) -> None:
        """At the end of each story the books agree with the facts."""
        assert [line for line in comparisons() if not line.agrees] == []
        self.work.rollback()
        db.session.expire_all()


@pytest.mark.usefixtures("session")
def test_no_order_of_events_pays_twice_or_loses_a_fen(engine_kind: str) -> None:
    global desk, ids
    desk = office()
    accept(desk, 3)
    evaluate(desk, 3, 9_500, "pass")
    ids = [row.id for row in raised(desk)]
    db.session.commit()
    run_state_machine_as_test(
        Counter,
        settings=settings(
            max_examples=10 if engine_kind == "sqlite" else 3,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
