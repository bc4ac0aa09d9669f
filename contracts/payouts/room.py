"""Card of the payouts room."""

from __future__ import annotations

from datetime import date, datetime

from contracts.payouts import due, jobs, queries
from contracts.payouts.models import Payment
from contracts.payouts.states import PaymentState
from contracts.payouts.views import bp, webhooks
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.money import format_yuan
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting

_VERBS = {
    PaymentState.DUE: N_("申请付款"),
    PaymentState.REQUESTED: N_("复核付款"),
    PaymentState.APPROVED: N_("发出付款"),
    PaymentState.PAID: N_("确认收款"),
    PaymentState.FAILED: N_("更正后重新申请"),
    PaymentState.RETURNED: N_("更正后重新申请"),
}


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """What this person has to do about payments, each by its last day to pay."""
    rows = queries.waiting_for(actor)
    found = [_entry(row, beijing_day(at)) for row in rows if row.state != PaymentState.ORDERED]
    ordered = [row for row in rows if row.state == PaymentState.ORDERED]
    # One result file answers for many payments.
    for street_id in dict.fromkeys(row.street_id for row in ordered):
        there = [row for row in ordered if row.street_id == street_id]
        title = "、".join(row.number for row in there[:3]) + (" …" if len(there) > 3 else "")
        path = f"/payments/streets/{street_id}/statement"
        found.append(Waiting(N_("导入银行结果"), title, path, end_of_day(there[0].pay_by)))
    for account in queries.accounts_to_confirm(actor):
        if account.proposed_by != actor.user_id:
            path = f"/payments/accounts/{account.street_id}"
            found.append(Waiting(N_("复核付款账户"), f"{account.holder} …{account.account_no[-4:]}", path))
    for contract in queries.to_complete(actor):
        path = f"/payments/contracts/{contract.id}"
        found.append(Waiting(N_("结清合同"), f"{contract.number} {contract.title}", path))
    return found


def _entry(row: Payment, today: date) -> Waiting:
    state = PaymentState(row.state)
    path = f"/payments/{row.id}/check" if state is PaymentState.REQUESTED else f"/payments/{row.id}"
    title = f"{row.number} {row.organisation.name} {format_yuan(row.amount_fen)}"
    # The payee's receipt has no limit by law.
    due_at = None if state is PaymentState.PAID else end_of_day(row.pay_by)
    return Waiting(_VERBS[state], title, path, due_at, urgent=due_at is not None and today > row.pay_by)


CARD = Room(
    name="payouts",
    blueprints=[bp, webhooks],
    menu=[MenuEntry(N_("款项"), "payouts.index", (Permit.PAYOUT_SEE,), group=MenuGroup.CONTRACTS)],
    waiting=waiting,
    due=[due.raise_payments, due.chase_orders],
    jobs={
        "payouts.send_order": jobs.send_order,
        "payouts.chase_order": jobs.chase_order,
        "payouts.reverse_order": jobs.reverse_order,
        "payouts.provider_event": jobs.provider_event,
    },
)
