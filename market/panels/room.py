"""Card of the panels room. Seats wait on the desk of the rooms that put them to work."""

from __future__ import annotations

from market.kernel.permits import Permit
from market.kernel.text import N_
from market.panels.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room

CARD = Room(
    name="panels",
    blueprints=[bp],
    menu=[MenuEntry(N_("专家库"), "panels.index", (Permit.EXPERT_MANAGE,), group=MenuGroup.PURCHASE)],
)
