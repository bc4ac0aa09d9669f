"""No sequence of bookings makes a balance negative or loses a fen; a repeated booking moves nothing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from market.db.session import db
from market.kernel.errors import Refused
from market.ledger.actions import book, open_accounts
from market.ledger.models import Account, Transfer
from market.ledger.queries import balances
from market.ledger.states import WAYS, Place, Reason

AT = datetime(2026, 4, 1, tzinfo=UTC)
LINES = (901, 902)
PLACES = [place.value for place in Place if place is not Place.OUTSIDE]
amounts = st.integers(1, 1_000)
lines = st.sampled_from(LINES)


class Books(RuleBasedStateMachine):
    """What a street, a bank and an auditor do to two budget lines, beside a plain reckoning of our own."""

    def __init__(self) -> None:
        super().__init__()
        self.work = db.session.begin_nested()
        self.held = {line: Counter(dict.fromkeys(PLACES, 0)) for line in LINES}
        self.done: list[tuple[Reason, int, int, str]] = []

    @initialize(first=amounts, second=amounts)
    def approve(self, first: int, second: int) -> None:
        for line, amount in zip(LINES, (first, second), strict=True):
            open_accounts(line)
            self._book(Reason.APPROPRIATE, line, amount)

    def _book(self, reason: Reason, line: int, amount: int) -> None:
        """Book, and expect a refusal exactly when the money is not there."""
        key = f"walk-{len(self.done)}-{reason}"
        source, target = WAYS[reason]
        enough = source is Place.OUTSIDE or self.held[line][source.value] >= amount
        try:
            book(reason, line, amount, key, ("walk", line), None, AT)
        except Refused:
            assert not enough
            return
        assert enough
        self.done.append((reason, line, amount, key))
        if source is not Place.OUTSIDE:
            self.held[line][source.value] -= amount
        if target is not Place.OUTSIDE:
            self.held[line][target.value] += amount

    @rule(reason=st.sampled_from(list(Reason)), line=lines, amount=amounts)
    def anything(self, reason: Reason, line: int, amount: int) -> None:
        self._book(reason, line, amount)

    @rule(reason=st.sampled_from([r for r in Reason if WAYS[r][0] is not Place.OUTSIDE]), line=lines)
    def everything_there_is(self, reason: Reason, line: int) -> None:
        """The whole of a place, to its last fen."""
        if amount := self.held[line][WAYS[reason][0].value]:
            self._book(reason, line, amount)
            assert self.held[line][WAYS[reason][0].value] == 0

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """The same key once more, as a job does that was killed after its commit."""
        reason, line, amount, key = data.draw(st.sampled_from(self.done))
        book(reason, line, amount, key, ("walk", line), None, AT)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def the_same_key_for_something_else(self, data: st.DataObject) -> None:
        reason, line, amount, key = data.draw(st.sampled_from(self.done))
        with pytest.raises(ValueError, match="used for something else"):
            book(reason, line, amount + 1, key, ("walk", line), None, AT)

    @rule(line=lines, place=st.sampled_from(PLACES))
    def past_the_actions(self, line: int, place: str) -> None:
        """The database itself refuses a negative balance, whoever writes."""
        account = db.session.scalars(select(Account).filter_by(line_id=line, place=place)).one()
        with db.session.begin_nested() as attempt:
            with pytest.raises(IntegrityError):
                db.session.execute(update(Account).where(Account.id == account.id).values(balance_fen=-1))
            attempt.rollback()

    @invariant()
    def every_balance_is_ours_and_none_is_negative(self) -> None:
        if not self.done:
            return
        found = balances(LINES)
        assert found == {line: dict(self.held[line]) for line in LINES}
        assert all(fen >= 0 for places in found.values() for fen in places.values())

    @invariant()
    def no_fen_is_lost(self) -> None:
        inside = sum(fen for places in balances(LINES).values() for fen in places.values())
        came = sum(amount for reason, _, amount, _ in self.done if reason is Reason.APPROPRIATE)
        went = sum(amount for reason, _, amount, _ in self.done if reason is Reason.CUT)
        assert inside == came - went
        outside = db.session.scalar(select(Account.balance_fen).filter_by(key="outside")) or 0
        assert outside == -inside
        assert db.session.scalar(select(func.count(Transfer.id))) == len(self.done)

    def teardown(self) -> None:
        self.work.rollback()
        db.session.expire_all()


@pytest.mark.usefixtures("session")
def test_no_sequence_of_bookings_loses_a_fen_or_goes_below_zero(engine_kind: str) -> None:
    db.session.commit()
    several = 15 if engine_kind == "sqlite" else 5
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=several,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
