"""Card of the tenders room."""

from __future__ import annotations

from datetime import datetime

from market.db.lines import Line
from market.kernel.clock import is_before
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.tenders.due import close_due
from market.tenders.queries import demands_to_plan, waiting_for
from market.tenders.states import TenderState
from market.tenders.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

_PLAN, _APPROVE = N_("为需求安排采购"), N_("审核并发布公告")


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Demand items without a purchase, drafts to finish, drafts to approve, open purchases to watch."""
    found: list[Ask] = []
    if drafting := actor.scopes(Permit.TENDER_DRAFT):
        streets = [g.street_id for g in drafting if g.street_id is not None]
        own = waiting_for(actor, Permit.TENDER_DRAFT, (TenderState.DRAFT, TenderState.OPEN))
        found += [
            Ask(
                demands_to_plan(streets), lambda rows: [Waiting(_PLAN, r.title, f"/needs/demands/{r.id}") for r in rows]
            ),
            Ask(own, lambda rows: [_written(r) for r in rows if r.state == TenderState.DRAFT or is_before(at, r.at)]),
        ]
    if actor.scopes(Permit.TENDER_APPROVE):
        sent = waiting_for(actor, Permit.TENDER_APPROVE, (TenderState.REVIEW,))
        found.append(
            Ask(sent, lambda rows: [Waiting(_APPROVE, r.title, f"/tenders/{r.id}/review", r.at) for r in rows])
        )
    return found


def _written(row: Line) -> Waiting:
    if row.state == TenderState.OPEN:
        return Waiting(N_("公告中，关注截止时间"), row.title, f"/tenders/{row.id}", row.at)
    verb = N_("按退回意见修改") if row.name else N_("完成编制并提交审核")
    return Waiting(verb, row.title, f"/tenders/{row.id}/draft", urgent=bool(row.name))


CARD = Room(
    name="tenders",
    blueprints=[bp],
    menu=[MenuEntry(N_("采购管理"), "tenders.index", (Permit.TENDER_SEE,), group=MenuGroup.PURCHASE)],
    asks=asks,
    due=[close_due],
)
