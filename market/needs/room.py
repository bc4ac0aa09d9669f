"""Card of the needs room."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.needs.queries import streets_with_loose_needs
from market.needs.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Needs to merge. Demand items that wait for a purchase are the tenders' to name: they know the drafts."""
    recording = [g.street_id for g in actor.scopes(Permit.NEED_RECORD) if g.street_id is not None]
    if not recording:
        return []
    verb = N_("归并居民诉求")
    return [Ask(streets_with_loose_needs(recording), lambda rows: [Waiting(verb, row.title, "/needs") for row in rows])]


CARD = Room(
    name="needs",
    blueprints=[bp],
    menu=[
        MenuEntry(N_("居民诉求"), "needs.index", (Permit.NEED_RECORD,), group=MenuGroup.NEEDS),
        MenuEntry(N_("服务需求"), "needs.demands", (Permit.NEED_RECORD, Permit.TENDER_DRAFT), group=MenuGroup.NEEDS),
    ],
    asks=asks,
)
