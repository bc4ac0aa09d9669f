"""Card of the organisations room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.organisations.queries import (
    asked_routes,
    proposed_accounts,
    to_confirm,
    unfinished,
    without_account,
    without_signatory,
)
from market.organisations.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

_SIGNATORY = N_("指定签署人（没有签署人不能递交投标、签合同）")
_ACCOUNT = N_("登记收款账户（没有账户不能收款）")


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Registrations to finish, accounts to check, and what an organisation still lacks to bid and to be paid."""
    own = sorted({g.organisation_id for g in actor.grants if g.organisation_id is not None})
    naming, proposing, checking = (
        [g.organisation_id for g in actor.scopes(permit) if g.organisation_id is not None]
        for permit in (Permit.MEMBERS_MANAGE, Permit.BANK_PROPOSE, Permit.BANK_CONFIRM)
    )
    return [
        *_ask(own, unfinished, N_("完成并提交机构登记"), ""),
        *_ask(naming, without_signatory, _SIGNATORY, "/members"),
        *_ask(proposing, without_account, _ACCOUNT, "/bank"),
        *_ask(checking, lambda ids: proposed_accounts(ids, actor.user_id), N_("复核收款账户"), "/bank"),
        *_ask(checking, lambda ids: asked_routes(ids, actor.user_id), N_("复核收款方式"), "/bank"),
    ]


def _ask(ids: list[int], query: Callable[[list[int]], Select[Any]], verb: str, page: str) -> list[Ask]:
    """One list of these organisations, if there are any, each line a link to a page of one of them."""
    if not ids:
        return []
    return [Ask(query(ids), lambda rows: [Waiting(verb, r.title, f"/organisations/{r.id}{page}") for r in rows])]


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
