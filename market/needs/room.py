"""Card of the needs room."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.needs.queries import demands, loose_streets
from market.needs.states import DemandState
from market.needs.views import bp
from market.places.queries import streets_by_id
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting

_SHOWN = 20


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Needs to merge, and demand items that wait for a purchase."""
    recording = [g.street_id for g in actor.scopes(Permit.NEED_RECORD) if g.street_id is not None]
    drafting = [g.street_id for g in actor.scopes(Permit.TENDER_DRAFT) if g.street_id is not None]
    entries = []
    if recording and (loose := loose_streets(recording)):
        names = streets_by_id(loose)
        entries += [Waiting(N_("归并居民诉求"), names[i].name, "/needs") for i in loose]
    if drafting:
        entries += [
            Waiting(N_("为需求安排采购"), row.title, f"/needs/demands/{row.id}")
            for row in demands(drafting, limit=_SHOWN, state=DemandState.OPEN)
        ]
    return entries


CARD = Room(
    name="needs",
    blueprints=[bp],
    menu=[
        MenuEntry(N_("居民诉求"), "needs.index", (Permit.NEED_RECORD,), group=MenuGroup.NEEDS),
        MenuEntry(N_("服务需求"), "needs.demands", (Permit.NEED_RECORD, Permit.TENDER_DRAFT), group=MenuGroup.NEEDS),
    ],
    waiting=waiting,
)
