"""Card of the tenders room."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.tenders.due import close_due
from market.tenders.queries import demands_to_plan, waiting_for
from market.tenders.rules import is_open
from market.tenders.states import TenderState
from market.tenders.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Demand items without a purchase, drafts to finish, drafts to approve, open purchases to watch."""
    found: list[Waiting] = []
    if drafting := actor.scopes(Permit.TENDER_DRAFT):
        found += [
            Waiting(N_("为需求安排采购"), row.title, f"/needs/demands/{row.id}")
            for row in demands_to_plan([g.street_id for g in drafting if g.street_id is not None])
        ]
        for row in waiting_for(actor, Permit.TENDER_DRAFT, (TenderState.DRAFT, TenderState.OPEN)):
            if row.state == TenderState.DRAFT:
                verb = N_("按退回意见修改") if row.return_reason else N_("完成编制并提交审核")
                found.append(Waiting(verb, row.title, f"/tenders/{row.id}/draft", urgent=bool(row.return_reason)))
            elif is_open(row, at):
                found.append(Waiting(N_("公告中，关注截止时间"), row.title, f"/tenders/{row.id}", row.deadline_at))
    if actor.scopes(Permit.TENDER_APPROVE):
        found += [
            Waiting(N_("审核并发布公告"), row.title, f"/tenders/{row.id}/review", row.deadline_at)
            for row in waiting_for(actor, Permit.TENDER_APPROVE, (TenderState.REVIEW,))
        ]
    return found


CARD = Room(
    name="tenders",
    blueprints=[bp],
    menu=[MenuEntry(N_("采购管理"), "tenders.index", (Permit.TENDER_SEE,), group=MenuGroup.PURCHASE)],
    waiting=waiting,
    due=[close_due],
)
