"""Everything that may be done with payments: raised, requested, checked, ordered, settled, returned."""

from contracts.payouts.actions.accounts import AccountFacts, decide_account, propose_account, retire_account
from contracts.payouts.actions.approving import (
    approve_payment,
    confirm_receipt,
    request_again,
    request_payment,
    send_back,
)
from contracts.payouts.actions.closing import complete_contract, left_committed, settle_accepted
from contracts.payouts.actions.destinations import Destination, destination_of, route_of
from contracts.payouts.actions.ordering import order_batch, order_direct, order_stripe, reverse_payment
from contracts.payouts.actions.raising import raise_payments
from contracts.payouts.actions.results import bounce, note_trouble, record_declined, record_outcome
from contracts.payouts.actions.statements import Imported, import_statement
from contracts.payouts.actions.webhooks import apply_event, chase_orders, keep_event

__all__ = [
    "AccountFacts",
    "Destination",
    "Imported",
    "apply_event",
    "approve_payment",
    "bounce",
    "chase_orders",
    "complete_contract",
    "confirm_receipt",
    "decide_account",
    "destination_of",
    "import_statement",
    "keep_event",
    "left_committed",
    "note_trouble",
    "order_batch",
    "order_direct",
    "order_stripe",
    "propose_account",
    "raise_payments",
    "record_declined",
    "record_outcome",
    "request_again",
    "request_payment",
    "retire_account",
    "reverse_payment",
    "route_of",
    "send_back",
    "settle_accepted",
]
