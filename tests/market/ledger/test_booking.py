"""One transfer for one event: never twice, never more than there is, never changed."""

from __future__ import annotations

import json
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.kernel.errors import Refused
from market.ledger.actions import book, open_accounts
from market.ledger.models import Account
from market.ledger.queries import balances, movements, transfers_of
from market.ledger.states import PLACE_LABELS, REASON_LABELS, WAYS, Place, Reason
from market.records.models import AuditEntry
from tests.factories.budgets import closed_year

YUAN = 100
LINE = 7
_keys = count(1)


def _book(reason: Reason, yuan: int, key: str = "", line_id: int = LINE, file_id: int | None = None) -> bool:
    return book(reason, line_id, yuan * YUAN, key or f"k{next(_keys)}", ("test", 1), file_id, system_now())


def _rests(line_id: int = LINE) -> dict[str, int]:
    return {place: fen // YUAN for place, fen in balances([line_id])[line_id].items() if fen}


@pytest.fixture
def line(session: Session) -> int:
    """A line with 500,000 yuan."""
    open_accounts(LINE)
    _book(Reason.APPROPRIATE, 500_000)
    return LINE


def test_a_yuan_s_way_from_appropriation_to_payment_and_back(line: int) -> None:
    for reason, rests in [
        (Reason.RESERVE, {"unspent": 400_000, "reserved": 100_000}),
        (Reason.COMMIT, {"unspent": 400_000, "committed": 100_000}),
        (Reason.OWE, {"unspent": 400_000, "payable": 100_000}),
        (Reason.PAY, {"unspent": 400_000, "paid": 100_000}),
        (Reason.BOUNCE, {"unspent": 400_000, "payable": 100_000}),
        (Reason.PAY, {"unspent": 400_000, "paid": 100_000}),
        (Reason.CLAWBACK, {"unspent": 500_000}),
    ]:
        _book(reason, 100_000)
        assert _rests() == rests
    _book(Reason.CUT, 500_000)
    assert _rests() == {}


def test_row_8_more_than_there_is_is_refused_with_the_missing_sum(line: int) -> None:
    _book(Reason.RESERVE, 460_000)
    with pytest.raises(Refused) as refused:
        _book(Reason.RESERVE, 60_000)
    assert refused.value.text == "资金不足：需要 ¥60,000.00，可用 ¥40,000.00，还差 ¥20,000.00。"
    assert _rests() == {"unspent": 40_000, "reserved": 460_000}


def test_the_same_key_again_moves_nothing(line: int) -> None:
    assert _book(Reason.RESERVE, 1_000, "tender:1")
    assert not _book(Reason.RESERVE, 1_000, "tender:1")
    assert _rests() == {"unspent": 499_000, "reserved": 1_000}


@pytest.mark.parametrize(("reason", "yuan"), [(Reason.RESERVE, 1_001), (Reason.CUT, 1_000)])
def test_a_key_is_not_lent_to_another_event(line: int, reason: Reason, yuan: int) -> None:
    _book(Reason.RESERVE, 1_000, "tender:1")
    with pytest.raises(ValueError, match="tender:1"):
        _book(reason, yuan, "tender:1")


def test_opening_accounts_twice_changes_nothing(session: Session, line: int) -> None:
    open_accounts(LINE)
    open_accounts(LINE + 1)
    places = [place for place in Place if place is not Place.OUTSIDE]
    assert len(session.scalars(select(Account.id)).all()) == 1 + 2 * len(places)
    assert _rests() == {"unspent": 500_000}


@pytest.mark.parametrize("table", ["transfer", "audit_entry", "notice"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_was_written(
    session: Session, line: int, table: str, statement: str
) -> None:
    if table != "transfer":
        closed_year()
    with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
        session.execute(text(statement.format(table)))


def test_the_database_refuses_a_negative_balance(session: Session, line: int) -> None:
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Account).where(Account.place == "reserved").values(balance_fen=-1))


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_nothing_and_less_is_not_booked(session: Session, line: int, amount_fen: int) -> None:
    with pytest.raises(IntegrityError), session.begin_nested():
        book(Reason.APPROPRIATE, LINE, amount_fen, "odd", ("test", 1), None, system_now())


def test_a_line_without_accounts_and_a_naive_instant_are_mistakes(session: Session, line: int) -> None:
    with pytest.raises(KeyError, match="line:999:unspent"):
        book(Reason.APPROPRIATE, 999, 1, "nowhere", ("test", 1), None, system_now())
    with pytest.raises(ValueError, match="naive"):
        book(Reason.RESERVE, LINE, 1, "when", ("test", 1), None, system_now().replace(tzinfo=None))


def test_movements_come_newest_first_and_page_by_key(line: int) -> None:
    for number in range(5):
        _book(Reason.RESERVE, 1, file_id=number)
    first = movements([LINE], limit=3)
    assert [m.file_id for m in first] == [4, 3, 2]
    rest = movements([LINE], before=first[-1].id, limit=3)
    assert [(m.source, m.target, m.amount_fen) for m in rest[-1:]] == [("outside", "unspent", 500_000 * YUAN)]
    assert [m.reason for m in transfers_of(4)] == ["reserve"]


def test_every_reason_has_one_way_and_words() -> None:
    assert set(WAYS) == set(REASON_LABELS) == set(Reason)
    assert set(PLACE_LABELS) == set(Place)
    assert len(set(WAYS.values())) == len(WAYS)
    assert all(source is not target for source, target in WAYS.values())


_steps = st.lists(
    st.tuples(st.sampled_from([r for r in Reason if r is not Reason.APPROPRIATE]), st.integers(1, 40)), max_size=25
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_steps)
def test_no_order_of_bookings_loses_a_fen_or_goes_below_zero(session: Session, steps: list[tuple[Reason, int]]) -> None:
    """What every place holds is the sum of what came in less what went out, and nothing is ever negative."""
    line_id = 1_000 + next(_keys)
    open_accounts(line_id)
    book(Reason.APPROPRIATE, line_id, 100, f"a{line_id}", ("test", 1), None, system_now())
    held = dict.fromkeys(Place, 0) | {Place.UNSPENT: 100}
    for reason, amount in steps:
        source, target = WAYS[reason]
        if held[source] >= amount:
            book(reason, line_id, amount, f"s{next(_keys)}", ("test", 1), None, system_now())
            held[source] -= amount
            held[target] += amount
        else:
            with pytest.raises(Refused):
                book(reason, line_id, amount, f"s{next(_keys)}", ("test", 1), None, system_now())
    left = balances([line_id])[line_id]
    assert left == {place.value: fen for place, fen in held.items() if place is not Place.OUTSIDE}
    assert sum(held.values()) == 100


def test_a_transfer_of_a_purchase_is_one_link_of_its_chain(line: int, session: Session) -> None:
    assert _book(Reason.RESERVE, 100, key="once", file_id=5)
    assert not _book(Reason.RESERVE, 100, key="once", file_id=5)
    _book(Reason.RESERVE, 100)
    entry = session.scalars(select(AuditEntry).filter_by(verb="book")).one()
    facts = {"reason": "reserve", "line": LINE, "amount_fen": 10_000, "transfer": "once"}
    assert json.loads(entry.header)["facts"] == facts
    assert json.loads(entry.header)["chain"] == ["file", "5"]
