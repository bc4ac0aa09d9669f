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
from market.web.rooms import MenuEntry, Room, Waiting

_TO_REPORT = {MilestoneState.PLANNED: N_("报告履约节点"), MilestoneState.RETURNED: N_("补正并重报节点")}


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Milestones to report (near or overdue, and all that were returned) and to accept."""
    today = beijing_day(at)
    soon = today + timedelta(days=SOON_DAYS)
    found = []
    for row in on_the_desk(actor.scopes(Permit.DELIVERY_REPORT), list(_TO_REPORT)):
        if row.state == MilestoneState.RETURNED or row.due_on <= soon:
            url = f"/delivery/milestones/{row.id}/report"
            title = f"{row.agreement.title} · {row.title}"
            late = is_overdue(row.due_on, today)
            found.append(Waiting(_TO_REPORT[MilestoneState(row.state)], title, url, end_of_day(row.due_on), late))
    for row in on_the_desk(actor.scopes(Permit.DELIVERY_ACCEPT), [MilestoneState.REPORTED]):
        title = f"{row.agreement.title} · {row.title}"
        found.append(Waiting(N_("验收履约节点"), title, f"/delivery/milestones/{row.id}"))
    return found


CARD = Room(
    name="delivery",
    blueprints=[bp],
    menu=[MenuEntry(N_("履约"), "delivery.index", (Permit.AGREEMENT_SEE,))],
    waiting=waiting,
    due=[plan],
)
