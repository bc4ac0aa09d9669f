"""Card of the organisations room."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.organisations.queries import proposed_accounts, to_confirm, unfinished
from market.organisations.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Registrations to finish, and accounts to check."""
    found, finish, check = [], N_("完成并提交机构登记"), N_("复核收款账户")
    if own := {g.organisation_id for g in actor.grants if g.organisation_id is not None}:
        found.append(
            Ask(unfinished(own), lambda rows: [Waiting(finish, r.title, f"/organisations/{r.id}") for r in rows])
        )
    if checking := [g.organisation_id for g in actor.scopes(Permit.BANK_CONFIRM) if g.organisation_id is not None]:
        accounts = proposed_accounts(checking, actor.user_id)
        found.append(Ask(accounts, lambda rows: [Waiting(check, r.title, f"/organisations/{r.id}/bank") for r in rows]))
    return found


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Registrations to confirm."""
    confirming = [g.district_id for g in actor.scopes(Permit.ORGANISATION_CONFIRM) if g.district_id is not None]
    return [
        Waiting(N_("确认机构登记"), row.name, f"/organisations/{row.id}")
        for row in (to_confirm(confirming) if confirming else [])
    ]


CARD = Room(
    name="organisations",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("机构"),
            "organisations.index",
            (Permit.ORGANISATION_EDIT, Permit.BID_DRAFT, Permit.ORGANISATION_CONFIRM),
            group=MenuGroup.ORGANISATIONS,
        )
    ],
    asks=asks,
    waiting=waiting,
)
