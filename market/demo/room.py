"""Card of the demonstration; hung up in demonstration mode only."""

from __future__ import annotations

from market.demo.views import bp
from market.kernel.text import N_
from market.web.rooms import MenuEntry, Room

CARD = Room(name="demo", blueprints=[bp], menu=[MenuEntry(N_("演示说明"), "demo.about", everyone=True)])
