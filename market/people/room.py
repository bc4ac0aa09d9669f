"""Card of the people room."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.people.queries import sealing_keys
from market.people.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting

# Acts that need keys under a passphrase.
_NEED_KEYS = {Permit.BID_OPEN, Permit.BID_SUBMIT, Permit.AGREEMENT_SIGN_BUYER, Permit.AGREEMENT_SIGN_SUPPLIER}


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Keys that are needed and not there yet."""
    if actor.user_id is None or not actor.permits() & _NEED_KEYS or sealing_keys([actor.user_id]):
        return []
    return [Waiting(N_("办理密钥和签名证书"), actor.name, "/account/keys")]


CARD = Room(
    name="people",
    blueprints=[bp],
    menu=[
        MenuEntry(N_("工作台"), "people.desk", (Permit.DESK_SEE,)),
        MenuEntry(N_("消息"), "people.inbox", (Permit.DESK_SEE,)),
        MenuEntry(N_("我的账号"), "people.account", (Permit.DESK_SEE,)),
        MenuEntry(N_("人员管理"), "people.people", (Permit.PEOPLE_MANAGE,), group=MenuGroup.PLATFORM),
    ],
    waiting=waiting,
)
