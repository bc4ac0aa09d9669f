"""Card of the delivery room."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from contracts.delivery.due import plan
from contracts.delivery.queries import on_the_desk
from contracts.delivery.rules import SOON_DAYS, is_overdue
from contracts.delivery.states import MilestoneState
from contracts.delivery.views import bp
from market.db.lines import Line
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

_VERBS = {
    MilestoneState.PLANNED: (N_("报告履约节点"), "/report"),
    MilestoneState.RETURNED: (N_("补正并重报节点"), "/report"),
    MilestoneState.REPORTED: (N_("验收履约节点"), ""),
}


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Milestones to report (each contract's next, all near or overdue, all that were returned) and to accept."""
    today = beijing_day(at)
    reporting, accepting = actor.scopes(Permit.DELIVERY_REPORT), actor.scopes(Permit.DELIVERY_ACCEPT)
    if not (reporting or accepting):
        return []
    query = on_the_desk(reporting, accepting, today, today + timedelta(days=SOON_DAYS))
    return [Ask(query, lambda rows: [_of(row, today) for row in rows])]


def _of(row: Line, today: date) -> Waiting:
    verb, page = _VERBS[MilestoneState(row.state)]
    mine = row.state != MilestoneState.REPORTED
    due = end_of_day(row.day) if mine else None
    late = mine and is_overdue(row.day, today)
    return Waiting(verb, f"{row.title} · {row.name}", f"/delivery/milestones/{row.id}{page}", due, late)


CARD = Room(
    name="delivery",
    blueprints=[bp],
    menu=[MenuEntry(N_("履约"), "delivery.index", (Permit.AGREEMENT_SEE,), group=MenuGroup.CONTRACTS)],
    asks=asks,
    due=[plan],
)
