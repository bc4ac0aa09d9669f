"""Card of the people room."""

from __future__ import annotations

from market.kernel.permits import Permit
from market.kernel.text import N_
from market.people.views import bp
from market.web.rooms import MenuEntry, Room

CARD = Room(
    name="people",
    blueprints=[bp],
    menu=[
        MenuEntry(N_("工作台"), "people.desk", (Permit.DESK_SEE,)),
        MenuEntry(N_("消息"), "people.inbox", (Permit.DESK_SEE,)),
        MenuEntry(N_("我的账号"), "people.account", (Permit.DESK_SEE,)),
    ],
)
