"""Card of the budgets room."""

from __future__ import annotations

from datetime import datetime

from market.budgets.queries import waiting_years, years_of
from market.budgets.states import FundYearState
from market.budgets.views import bp, own_streets
from market.kernel.clock import beijing_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.places.queries import streets_by_id
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Plans to approve, to draft, and to mend after a return."""
    approving = [g.district_id for g in actor.scopes(Permit.BUDGET_APPROVE) if g.district_id is not None]
    entries = [
        Waiting(N_("批复资金计划"), f"{row.street.name} {row.year}", f"/budgets/{row.id}")
        for row in (waiting_years(approving) if approving else [])
    ]
    mine = own_streets(actor)
    return entries + (_drafting(mine, at) if mine else [])


def _drafting(street_ids: list[int], at: datetime) -> list[Waiting]:
    year = beijing_day(at).year
    plans = years_of(street_ids, [year, year + 1])
    entries = [
        Waiting(
            N_("按意见修改资金计划") if row.note else N_("编制并报送资金计划"),
            f"{row.street.name} {row.year}",
            f"/budgets/{row.id}",
            urgent=row.year <= year,
        )
        for row in plans.values()
        if row.state == FundYearState.DRAFT
    ]
    missing = [i for i in street_ids if (i, year) not in plans]
    streets = streets_by_id(missing) if missing else {}
    return entries + [
        Waiting(N_("编制年度资金计划"), f"{streets[i].name} {year}", f"/budgets/new?street={i}", urgent=True)
        for i in missing
        if i in streets
    ]


CARD = Room(
    name="budgets",
    blueprints=[bp],
    menu=[MenuEntry(N_("资金计划"), "budgets.index", (Permit.BUDGET_SEE,), group=MenuGroup.NEEDS)],
    waiting=waiting,
)
