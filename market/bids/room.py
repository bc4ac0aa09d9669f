"""Card of the room of bids."""

from __future__ import annotations

from datetime import datetime

from market.bids import queries
from market.bids.actions import DECRYPT_JOB
from market.bids.due import close_windows, expire_rewraps, remind_unsent, sweep_draft_keys
from market.bids.jobs import decrypt_bid
from market.bids.mail import lot_title
from market.bids.rules import opens_at
from market.bids.views import bp
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

_UNSENT = N_("递交投标（已填写，尚未递交）")


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Bids that are written but not submitted."""
    mine = {g.organisation_id for g in actor.scopes(Permit.BID_DRAFT) if g.organisation_id}
    if not mine:
        return []
    return [
        Ask(
            queries.unsent_lines(mine, at),
            lambda rows: [Waiting(_UNSENT, r.title, f"/bids/{r.id}/{r.ref}", r.at, urgent=True) for r in rows],
        )
    ]


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Lots that this person can help to open."""
    return _to_open(actor.user_id, at) if actor.scopes(Permit.BID_OPEN) and actor.user_id is not None else []


def _to_open(me: int, at: datetime) -> list[Waiting]:
    lots = [
        lot
        for lot in queries.lots_to_open(me)
        if lot.tender.deadline_at is not None and at >= opens_at(lot.tender.deadline_at)
    ]
    peeled = queries.peeled_lots([lot.id for lot in lots]) if lots else {}
    found = []
    for lot in lots:
        done = peeled.get(lot.id, set())
        if done - {me} or me not in done:
            verb = N_("开标：第二步") if done - {me} else N_("开标：第一步")
            found.append(Waiting(verb, lot_title(lot), f"/bids/opening/{lot.id}", None))
    return found


CARD = Room(
    name="bids",
    blueprints=[bp],
    menu=[
        MenuEntry(N_("投标"), "bids.mine", (Permit.BID_DRAFT,), group=MenuGroup.PURCHASE),
        MenuEntry(N_("开标"), "bids.opening_desk", (Permit.BID_OPEN,), group=MenuGroup.PURCHASE),
    ],
    asks=asks,
    waiting=waiting,
    due=[remind_unsent, close_windows, expire_rewraps, sweep_draft_keys],
    jobs={DECRYPT_JOB: decrypt_bid},
)
