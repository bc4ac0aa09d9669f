"""`market ledger check`: one fen too much anywhere is found and named. The ledger's own sums cannot hide it."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, scoped_session

from contracts.agreements.models import Agreement
from market.budgets.models import BudgetLine
from market.cli.reconciling import Comparison, comparisons
from market.ledger.models import Account
from market.tenders.models import LotFunding
from tests.factories import agreements, places, tenders


def _differences(session: scoped_session[Session]) -> list[Comparison]:
    session.flush()
    session.expire_all()
    return [line for line in comparisons() if not line.agrees]


@pytest.fixture
def books(session: scoped_session[Session]) -> scoped_session[Session]:
    """A closed year, a published tender and a contract in force."""
    tenders.published(tenders.street_office(places.street("330502001")))
    agreements.in_force(agreements.awarded())
    assert _differences(session) == []
    assert len(list(comparisons())) > 10
    return session


def _one_more_approved(session: scoped_session[Session]) -> None:
    session.execute(update(BudgetLine).values(amount_fen=BudgetLine.amount_fen + 1))


def _one_more_published(session: scoped_session[Session]) -> None:
    session.execute(update(LotFunding).values(amount_fen=LotFunding.amount_fen + 1))


def _one_more_signed(session: scoped_session[Session]) -> None:
    session.execute(update(Agreement).values(amount_fen=Agreement.amount_fen + 1))


def _one_more_on_an_account(session: scoped_session[Session]) -> None:
    session.execute(update(Account).where(Account.place == "committed").values(balance_fen=Account.balance_fen + 1))


PLANTED = {
    "批复下达": _one_more_approved,
    "采购预留": _one_more_published,
    "合同金额": _one_more_signed,
    "余额等于流水之和": _one_more_on_an_account,
}


def test_one_planted_fen_is_found_wherever_it_lies(books: scoped_session[Session]) -> None:
    for named, plant in PLANTED.items():
        with books.begin_nested() as planted:
            plant(books)
            found = _differences(books)
            planted.rollback()
        assert found, named
        assert found[0].what.startswith(named)
        assert abs(found[0].fact_fen - found[0].ledger_fen) == 1
    assert _differences(books) == []
