"""Card of the endings room."""

from __future__ import annotations

from datetime import datetime

from contracts.endings import due, queries
from contracts.endings.models import Claim
from contracts.endings.rules import is_overdue
from contracts.endings.states import ReceiptState
from contracts.endings.views import bp
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.money import format_yuan
from market.kernel.permits import Actor, Permit, allowed
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Terminations to decide; claims to check, to collect, or to pay back, by their last day."""
    found = [
        Waiting(N_("批准终止合同"), f"{row.agreement.number} {row.agreement.title}", f"/endings/{row.id}")
        for row in queries.to_approve(actor)
        if row.proposed_by != actor.user_id
    ]
    for row in queries.waiting_for(actor):
        found += _of(actor, row, at)
    return found


def _of(actor: Actor, row: Claim, at: datetime) -> list[Waiting]:
    scope, path = row.subject.scope, f"/endings/claims/{row.id}"
    title = f"{row.number} {row.organisation.name} {format_yuan(row.open_fen)}"
    late, last = is_overdue(True, row.due_on, beijing_day(at)), end_of_day(row.due_on)
    entered = [one for one in row.receipts if one.state == ReceiptState.ENTERED]
    found = []
    if allowed(actor, Permit.PAYOUT_APPROVE, scope) and any(one.entered_by != actor.user_id for one in entered):
        found.append(Waiting(N_("复核追回款到账"), title, path, last, late))
    if row.open_fen > row.entered_fen:
        if allowed(actor, Permit.PAYOUT_CONFIRM, scope):
            found.append(Waiting(N_("退回款项"), title, path, last, late))
        elif allowed(actor, Permit.PAYOUT_REQUEST, scope):
            found.append(Waiting(N_("登记追回款到账"), title, path, last, late))
    return found


CARD = Room(
    name="endings",
    blueprints=[bp],
    menu=[
        MenuEntry(N_("合同终止"), "endings.index", (Permit.AGREEMENT_SEE,), group=MenuGroup.CONTRACTS),
        MenuEntry(N_("追回款"), "endings.claims", (Permit.PAYOUT_SEE, Permit.CLAIM_WAIVE), group=MenuGroup.CONTRACTS),
    ],
    waiting=waiting,
    due=[due.end_failed],
)
