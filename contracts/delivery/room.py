"""Card of the delivery room."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.delivery.due import plan
from contracts.delivery.queries import on_the_desk
from contracts.delivery.rules import SOON_DAYS, is_overdue
from contracts.delivery.states import MilestoneState
from contracts.delivery.views import bp
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting

_VERBS = {
    MilestoneState.PLANNED: (N_("报告履约节点"), "/report"),
    MilestoneState.RETURNED: (N_("补正并重报节点"), "/report"),
    MilestoneState.REPORTED: (N_("验收履约节点"), ""),
}


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Milestones to report (near or overdue, and all that were returned) and to accept."""
    today = beijing_day(at)
    reporting, accepting = actor.scopes(Permit.DELIVERY_REPORT), actor.scopes(Permit.DELIVERY_ACCEPT)
    found = []
    for row in on_the_desk(reporting, accepting, today, today + timedelta(days=SOON_DAYS)):
        verb, page = _VERBS[MilestoneState(row.state)]
        url, title = f"/delivery/milestones/{row.id}{page}", f"{row.agreement.title} · {row.title}"
        mine = row.state != MilestoneState.REPORTED
        due = end_of_day(row.due_on) if mine else None
        found.append(Waiting(verb, title, url, due, mine and is_overdue(row.due_on, today)))
    return found


CARD = Room(
    name="delivery",
    blueprints=[bp],
    menu=[MenuEntry(N_("履约"), "delivery.index", (Permit.AGREEMENT_SEE,), group=MenuGroup.CONTRACTS)],
    waiting=waiting,
    due=[plan],
)
