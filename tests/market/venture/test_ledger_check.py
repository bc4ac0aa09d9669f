"""`market ledger check` over the pools of rounds: what fits is silent, one planted fen is named."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from market.awards import actions as awards
from market.awards.queries import awards_of
from market.cli.reconciling import comparisons
from market.db.session import db
from market.venture import actions
from market.venture.models import RoundFunding
from tests.factories import rounds

pytestmark = pytest.mark.usefixtures("session")
ASKS = ({"title": "甲"}, {"title": "乙"}, {"title": "丙"})


def differences():
    db.session.flush()
    db.session.expire_all()
    return [line for line in comparisons() if not line.agrees]


@pytest.fixture
def finished(session):
    """Three projects were chosen; one award was refused, the rest of the pool returned."""
    case = rounds.decided(ASKS, (90, 85, 80))
    pending = awards_of("application", [one.id for one in case.applications()])
    case.at = pending[0].publicity_until
    awards.refuse_award(case.approver, pending[0].id, "异议成立", case.at)
    for award in pending[1:]:
        awards.confirm_award(case.approver, award.id, case.at)
    actions.settle_round(case.round_id, case.tick())
    return case


def test_pools_that_fit_have_no_difference_at_any_stage(session):
    case = rounds.applied(ASKS)
    assert differences() == []
    actions.cancel_round(case.approver, case.round_id, "资金安排调整", case.at)
    assert differences() == []


def test_an_ended_round_fits(finished):
    assert differences() == []


def test_one_planted_fen_of_a_pool_is_found_and_named(finished):
    db.session.execute(update(RoundFunding).values(amount_fen=RoundFunding.amount_fen + 1))
    assert any(line.what.startswith("资助轮次预留") for line in differences())
    assert all(abs(line.fact_fen - line.ledger_fen) <= 1 for line in differences())


def test_one_planted_fen_of_a_fallen_project_is_found_and_named(finished):
    one = finished.applications()[0]
    line, fen = next(iter(one.funding.items()))
    one.funding = {**one.funding, line: fen + 1}
    assert any(row.what.startswith("撤销资助退回") for row in differences())
