"""The worker's door: sending orders over a line, asking money back, processing what providers told.

Each job may be killed at any moment and run again. What makes that harmless: the order and its number are in the
database before the job exists, the provider takes one number once, and what is known already is not booked again.
Nothing is sent while a transaction is open.
"""

from __future__ import annotations

import logging

from contracts.payouts.actions import apply_event, note_trouble, record_declined, record_outcome
from contracts.payouts.models import Attempt, ProviderEvent
from contracts.payouts.providers import installed
from contracts.payouts.providers.port import (
    Declined,
    Instruction,
    KeyConflict,
    Misconfigured,
    Outcome,
    OutcomeState,
    Provider,
    Unsure,
)
from contracts.payouts.queries import attempt as find_attempt
from contracts.payouts.states import Result, Route
from market.db.engine import begin_writing
from market.db.session import db
from market.kernel.text import N_
from market.records.democlock import demonstration_now

log = logging.getLogger(__name__)


def send_order(attempt_id: int) -> None:
    """Hand one order to its provider, ask what became of it, and write that down.

    `Unsure` and `Misconfigured` come through: the queue tries the same number again, later and later.
    """
    order = find_attempt(attempt_id)
    if order is None or order.outcome is not None:
        return
    instruction, key, provider = Instruction.from_data(order.instruction), order.key, _provider(order)
    # Ends the read; the write begins with the next statement, after the provider has answered.
    begin_writing(db.session)
    try:
        sent = provider.send(instruction, key)
        outcome = provider.look_up(key) or Outcome(
            state=OutcomeState.ACCEPTED, reference=sent.reference, amount_fen=instruction.amount_fen
        )
    except Declined as refusal:
        record_declined(order, refusal.reason, refusal.detail, demonstration_now())
    except KeyConflict as conflict:
        note_trouble(order, conflict.reason, demonstration_now())
    else:
        record_outcome(order, outcome, demonstration_now())


def chase_order(attempt_id: int) -> None:
    """Look after an order without an outcome, once: where there is still no answer, the clock asks again."""
    try:
        send_order(attempt_id)
    except (Unsure, Misconfigured) as trouble:
        log.warning("order %s: still no answer (%s)", attempt_id, trouble.code or type(trouble).__name__)


def _provider(order: Attempt) -> Provider:
    return installed.stripe() if order.route == Route.STRIPE else installed.direct_line()


def reverse_order(attempt_id: int) -> None:
    """Take a transfer back from the payee's account, and write down that it came back."""
    order = find_attempt(attempt_id)
    if order is None or order.outcome != Result.PAID or not order.reversal_reason or not order.reference:
        return
    key, reference, amount_fen, reason = order.key, order.reference, order.amount_fen, order.reversal_reason
    connect = installed.stripe()
    begin_writing(db.session)
    try:
        connect.reverse(reference, amount_fen, reason=reason, idempotency_key=f"{key}-reverse")
        outcome = connect.look_up(key)
    except Declined:
        note_trouble(order, N_("收款机构的账户余额不足，未能撤回这笔款；请与该机构联系。"), demonstration_now())
        return
    if outcome is not None:
        record_outcome(order, outcome, demonstration_now())


def provider_event(event_id: int) -> None:
    """Process one stored event."""
    begin_writing(db.session)
    row = db.session.get(ProviderEvent, event_id)
    if row is not None:
        apply_event(row, demonstration_now())
