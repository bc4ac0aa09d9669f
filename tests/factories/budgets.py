"""Approved fund years for tests, made by the room's own actions, so that the ledger holds the money."""

from __future__ import annotations

from datetime import datetime

from market.budgets.actions import LineFacts, add_line, close_year, open_year, propose
from market.budgets.models import BudgetLine, FundYear
from market.budgets.queries import fund_year, lines_for
from market.budgets.states import FundSource
from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.kernel.permits import Actor, Role, Scope
from market.people.queries import actor_of, with_role
from market.places.models import Street
from tests.factories.people import actor
from tests.factories.places import street as make_street
from tests.fixtures.ground import replayed

YUAN = 100
LINES = (
    LineFacts(FundSource.FISCAL, Category.ELDER_CARE, "养老服务购买", 1_200_000 * YUAN),
    LineFacts(FundSource.LOTTERY, Category.DISABILITY, "助残服务购买", 500_000 * YUAN),
    LineFacts(FundSource.STREET_FUND, Category.SOCIAL_RELIEF, "困难家庭帮扶", 300_000 * YUAN),
    LineFacts(FundSource.DONATION, Category.CHARITY_RELIEF, "慈善救济", 100_000 * YUAN, "用于困难家庭临时救助"),
)


def holder(role: Role, scope: Scope, name: str) -> Actor:
    """Somebody who already holds the role here, or a new person."""
    there = with_role(role, scope)
    return actor_of(there[0]) if there else actor(role, scope, name=name)


@replayed
def drafted_year(
    street: Street | None = None,
    lines: tuple[LineFacts, ...] = LINES,
    *,
    year: int = 2026,
    previous_fen: int | None = None,
    at: datetime | None = None,
) -> FundYear:
    """A plan being drafted by the street's clerk."""
    place, now = street or make_street(), at or system_now()
    clerk = holder(Role.STREET_CLERK, place.scope, "经办人")
    row = open_year(clerk, place, year, previous_fen, now)
    for facts in lines:
        add_line(clerk, row.id, facts, now)
    loaded = fund_year(row.id)
    assert loaded is not None
    return loaded


@replayed
def proposed_year(street: Street | None = None, lines: tuple[LineFacts, ...] = LINES, *, year: int = 2026) -> FundYear:
    """A plan that waits for the district."""
    place = street or make_street()
    row = drafted_year(place, lines, year=year)
    propose(holder(Role.STREET_CLERK, place.scope, "经办人"), row.id, system_now())
    return row


@replayed
def closed_year(street: Street | None = None, lines: tuple[LineFacts, ...] = LINES, *, year: int = 2026) -> FundYear:
    """A closed plan of 2,100,000 yuan (unless other lines are given) with its money in the ledger."""
    place = street or make_street()
    row = proposed_year(place, lines, year=year)
    close_year(holder(Role.DISTRICT_FINANCE, Scope(place.district_id), "区财政经办"), row.id, system_now())
    return row


def line(street: Street | None = None, category: str = Category.ELDER_CARE, *, year: int = 2026) -> BudgetLine:
    """An approved line of a category; closes the street's year first where there is none."""
    place = street or make_street()
    found = lines_for(place.id, year, category)
    if not found:
        closed_year(place, year=year)
        found = lines_for(place.id, year, category)
    return found[0][0]
