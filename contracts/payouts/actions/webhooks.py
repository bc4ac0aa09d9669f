"""What providers tell of their own accord, and looking after orders that nobody has answered yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from contracts.payouts.actions.results import record_outcome
from contracts.payouts.models import ProviderEvent
from contracts.payouts.providers.stripe_connect import WebhookEvent
from contracts.payouts.queries import attempt_by_key, open_attempts
from contracts.payouts.states import Route
from market.db.session import db
from market.kernel.permits import CLOCK
from market.organisations.actions import note_stripe_state
from market.organisations.models import StripeAccount
from market.records.queue import enqueue

EVENT_JOB = "payouts.provider_event"
CHASE_JOB = "payouts.chase_order"
CHASE_AFTER = timedelta(minutes=30)
_CHASE_EVERY_S = 1800


def keep_event(event: WebhookEvent, at: datetime) -> ProviderEvent | None:
    """Store a verified event once and queue its processing; None when it was here before."""
    if db.session.scalar(select(ProviderEvent.id).filter_by(event_id=event.event_id)) is not None:
        return None
    row = ProviderEvent(
        provider="stripe", event_id=event.event_id, kind=event.kind, payload=_kept(event), received_at=at
    )
    db.session.add(row)
    db.session.flush()
    enqueue(db.session, EVENT_JOB, event.event_id, event_id=row.id)
    return row


def _kept(event: WebhookEvent) -> dict[str, Any]:
    """The event with the time Stripe made it, so that an older one never undoes a newer."""
    return {"created": int(event.created.timestamp()), "object": event.data}


def apply_event(row: ProviderEvent, at: datetime) -> None:
    """Process a stored event: an account's standing, or what became of a transfer. Others are only kept."""
    if row.processed_at is not None:
        return
    made = datetime.fromtimestamp(row.payload["created"], at.tzinfo)
    event = WebhookEvent(row.event_id, row.kind, made, row.payload["object"])
    account, outcome = event.account(), event.outcome()
    if account is not None:
        held = db.session.scalar(select(StripeAccount).filter_by(account=account.account_id))
        if held is not None:
            note_stripe_state(held, account.ready, CLOCK, at)
    if outcome is not None:
        found = attempt_by_key(outcome[0])
        if found is not None:
            record_outcome(found, outcome[1], at)
    row.processed_at = at


def chase_orders(at: datetime, *, older_than: timedelta = CHASE_AFTER) -> int:
    """Queue another look at every order over a line that has no outcome after a while; returns how many."""
    found = open_attempts((Route.DIRECT, Route.STRIPE), at - older_than)
    for order in found:
        # One job for each order and half hour, however often the timer calls.
        key = f"{order.key}@{int(at.timestamp()) // _CHASE_EVERY_S}"
        enqueue(db.session, CHASE_JOB, key, attempt_id=order.id)
    return len(found)
