"""Card of the payouts room."""

from __future__ import annotations

from datetime import date, datetime

from contracts.payouts import due, jobs, queries
from contracts.payouts.states import PaymentState
from contracts.payouts.views import bp, webhooks
from market.db.lines import Line
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.money import format_yuan
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

_VERBS = {
    PaymentState.DUE: N_("申请付款"),
    PaymentState.REQUESTED: N_("复核付款"),
    PaymentState.APPROVED: N_("发出付款"),
    PaymentState.PAID: N_("确认收款"),
    PaymentState.FAILED: N_("更正后重新申请"),
    PaymentState.RETURNED: N_("更正后重新申请"),
}


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """What this person has to do about payments, each by its last day to pay; contracts to close."""
    found = []
    if (payments := queries.waiting_for(actor)) is not None:
        found.append(Ask(payments, lambda rows: _entries(rows, beijing_day(at))))
    if closing := actor.scopes(Permit.AGREEMENT_DRAFT):
        verb = N_("结清合同")
        found.append(
            Ask(
                queries.to_complete(closing),
                lambda rows: [Waiting(verb, f"{r.name} {r.title}", f"/payments/contracts/{r.id}") for r in rows],
            )
        )
    return found


def _entries(rows: list[Line], today: date) -> list[Waiting]:
    found = [_entry(row, today) for row in rows if row.state != PaymentState.ORDERED]
    ordered = sorted((row for row in rows if row.state == PaymentState.ORDERED), key=lambda row: (row.day, row.id))
    # One result file answers for many payments.
    for street_id in dict.fromkeys(row.ref for row in ordered):
        there = [row for row in ordered if row.ref == street_id]
        title = "、".join(row.title for row in there[:3]) + (" …" if len(there) > 3 else "")
        path = f"/payments/streets/{street_id}/statement"
        found.append(Waiting(N_("导入银行结果"), title, path, end_of_day(there[0].day)))
    return found


def _entry(row: Line, today: date) -> Waiting:
    state = PaymentState(row.state)
    path = f"/payments/{row.id}/check" if state is PaymentState.REQUESTED else f"/payments/{row.id}"
    title = f"{row.title} {row.name} {format_yuan(row.number)}"
    # The payee's receipt has no limit by law.
    due_at = None if state is PaymentState.PAID else end_of_day(row.day)
    return Waiting(_VERBS[state], title, path, due_at, urgent=due_at is not None and today > row.day)


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Paying accounts that a second person checks."""
    return [
        Waiting(N_("复核付款账户"), f"{one.holder} …{one.account_no[-4:]}", f"/payments/accounts/{one.street_id}")
        for one in queries.accounts_to_confirm(actor)
        if one.proposed_by != actor.user_id
    ]


CARD = Room(
    name="payouts",
    blueprints=[bp, webhooks],
    menu=[MenuEntry(N_("款项"), "payouts.index", (Permit.PAYOUT_SEE,), group=MenuGroup.CONTRACTS)],
    asks=asks,
    waiting=waiting,
    due=[due.raise_payments, due.chase_orders],
    jobs={
        "payouts.send_order": jobs.send_order,
        "payouts.chase_order": jobs.chase_order,
        "payouts.reverse_order": jobs.reverse_order,
        "payouts.provider_event": jobs.provider_event,
    },
)
