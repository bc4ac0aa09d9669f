"""Card of the organisations room."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.organisations.queries import mine, proposed_accounts, to_confirm
from market.organisations.states import OrganisationState
from market.organisations.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Registrations to confirm, to finish, and accounts to check."""
    confirming = [g.district_id for g in actor.scopes(Permit.ORGANISATION_CONFIRM) if g.district_id is not None]
    found = [
        Waiting(N_("确认机构登记"), row.name, f"/organisations/{row.id}")
        for row in (to_confirm(confirming) if confirming else [])
    ]
    if any(g.organisation_id for g in actor.grants):
        unfinished = (OrganisationState.DRAFT, OrganisationState.RETURNED)
        found += [
            Waiting(N_("完成并提交机构登记"), row.name, f"/organisations/{row.id}")
            for row in mine(actor)
            if row.state in unfinished
        ]
    checking = [g.organisation_id for g in actor.scopes(Permit.BANK_CONFIRM) if g.organisation_id is not None]
    if checking:
        found += [
            Waiting(N_("复核收款账户"), account.bank_name, f"/organisations/{account.organisation_id}/bank")
            for account in proposed_accounts(checking, actor.user_id)
        ]
    return found


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
    waiting=waiting,
)
