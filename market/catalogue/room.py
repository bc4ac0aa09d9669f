"""Card of the catalogue room."""

from __future__ import annotations

from datetime import datetime

from market.catalogue.queries import unpublished
from market.catalogue.views import bp
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Editions begun and not yet published."""
    districts = [g.district_id for g in actor.scopes(Permit.CATALOGUE_EDIT) if g.district_id is not None]
    return [
        Waiting(N_("发布服务目录"), f"{row.district.name} {row.number}", f"/catalogue/editions/{row.id}")
        for row in (unpublished(districts) if districts else [])
    ]


CARD = Room(
    name="catalogue",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("服务目录"),
            "catalogue.index",
            (Permit.CATALOGUE_EDIT, Permit.NEED_RECORD, Permit.TENDER_DRAFT, Permit.BID_DRAFT),
            group=MenuGroup.NEEDS,
        )
    ],
    waiting=waiting,
)
