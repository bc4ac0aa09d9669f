"""`move()`: the table decides, the database keeps the second one out, and the chain remembers."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from market.budgets.models import FundYear
from market.budgets.states import FUND_YEAR_MACHINE, FundYearState, FundYearVerb
from market.kernel.clock import system_now
from market.kernel.errors import Forbidden, Refused, Stale
from market.kernel.permits import CLOCK, Actor, Role, Scope
from market.needs.models import DemandItem
from market.needs.states import DEMAND_MACHINE, DemandVerb
from market.records.audit import history
from market.records.moves import move
from tests.factories import budgets, needs
from tests.factories.people import actor
from tests.factories.places import street


@pytest.fixture
def everybody(session: Session) -> Actor:
    """Somebody who holds every permit of these machines here."""
    place = street()
    own = actor(Role.STREET_CLERK, place.scope, also=(Role.STREET_APPROVER,))
    finance = actor(Role.DISTRICT_FINANCE, Scope(place.district_id))
    return Actor(own.user_id, "甲", own.grants + finance.grants)


@pytest.mark.parametrize("state", FundYearState)
@pytest.mark.parametrize("verb", FundYearVerb)
def test_every_pair_of_state_and_verb_moves_or_is_refused(
    session: Session, everybody: Actor, state: FundYearState, verb: FundYearVerb
) -> None:
    row = _year(session, state)
    possible = {(m.source, m.verb): m.target for m in FUND_YEAR_MACHINE.moves}
    if verb is FundYearVerb.CLOSE:
        row.closed_at = system_now()
    if (state, verb) not in possible:
        with pytest.raises(Refused), session.no_autoflush:
            move(row, FUND_YEAR_MACHINE, verb, everybody, system_now())
        session.expire(row)
        assert row.state == state
        return
    if verb is not FundYearVerb.CLOSE:
        row.closed_at = None
    move(row, FUND_YEAR_MACHINE, verb, everybody, system_now(), facts={"reason": "试"})
    assert row.state == possible[state, verb]
    assert session.scalar(select(FundYear.state)) == possible[state, verb]
    header = json.loads(history("fund_year", row.id)[-1].header)
    assert header["facts"] == {"from": state, "to": possible[state, verb], "reason": "试"}


def _year(session: Session, state: FundYearState) -> FundYear:
    row = budgets.drafted_year()
    closed = system_now() if state is FundYearState.CLOSED else None
    session.execute(update(FundYear).values(state=state.value, closed_at=closed))
    session.expire(row)
    return row


def test_whoever_lacks_the_permit_or_the_scope_is_refused(session: Session) -> None:
    row = budgets.drafted_year()
    elsewhere = actor(Role.STREET_CLERK, street("320115002").scope)
    finance = actor(Role.DISTRICT_FINANCE, Scope(row.district_id))
    for stranger in (elsewhere, finance, Actor(99, "无")):
        with pytest.raises(Forbidden):
            move(row, FUND_YEAR_MACHINE, FundYearVerb.PROPOSE, stranger, system_now())


def test_the_second_of_two_people_is_told_so(session: Session, everybody: Actor) -> None:
    row = budgets.drafted_year()
    session.execute(
        update(FundYear).values(state=FundYearState.PROPOSED.value).execution_options(synchronize_session=False)
    )
    with pytest.raises(Stale, match="已被他人更新"):
        move(row, FUND_YEAR_MACHINE, FundYearVerb.PROPOSE, everybody, system_now())


def test_new_facts_go_into_the_same_statement_as_the_state(session: Session, everybody: Actor) -> None:
    """A closed year must have its time: neither can be written before the other."""
    row = budgets.proposed_year()
    session.expire_all()
    row.closed_at = system_now()
    move(row, FUND_YEAR_MACHINE, FundYearVerb.CLOSE, everybody, system_now())
    session.expire_all()
    assert (row.state, row.closed_at) == (FundYearState.CLOSED, system_now())


def test_the_clock_makes_only_its_own_moves(session: Session, everybody: Actor) -> None:
    row = needs.demand()
    with pytest.raises(Forbidden, match="不得自动办理"):
        move(row, DEMAND_MACHINE, DemandVerb.PLAN, CLOCK, system_now())
    move(row, DEMAND_MACHINE, DemandVerb.PLAN, everybody, system_now())
    move(row, DEMAND_MACHINE, DemandVerb.REOPEN, CLOCK, system_now())
    assert session.scalar(select(DemandItem.state)) == "open"
