"""The blueprint that the room's doors hang on, and what its pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from contracts.endings.states import (
    CLAIM_LABELS,
    GROUND_LABELS,
    RECEIPT_LABELS,
    TERMINATION_LABELS,
    ClaimState,
    ReceiptState,
    TerminationState,
)
from market.budgets.states import FUND_SOURCE_LABELS

bp = Blueprint("endings", __name__, url_prefix="/endings")

TERMINATION_TONES = {
    TerminationState.PROPOSED: "wait",
    TerminationState.APPROVED: "bad",
    TerminationState.REJECTED: "neutral",
}
CLAIM_TONES = {ClaimState.CLAIMED: "wait", ClaimState.RECEIVED: "good", ClaimState.WAIVED: "neutral"}
RECEIPT_TONES = {ReceiptState.ENTERED: "wait", ReceiptState.CONFIRMED: "good", ReceiptState.REJECTED: "bad"}


@bp.context_processor
def _labels() -> dict[str, Any]:
    return {
        "STATES": TERMINATION_LABELS,
        "TONES": TERMINATION_TONES,
        "GROUNDS": GROUND_LABELS,
        "CLAIM_STATES": CLAIM_LABELS,
        "CLAIM_TONES": CLAIM_TONES,
        "RECEIPT_STATES": RECEIPT_LABELS,
        "RECEIPT_TONES": RECEIPT_TONES,
        "SOURCES": FUND_SOURCE_LABELS,
    }


def status_of(form: Any) -> int:
    """422 when the form was refused."""
    return 422 if form.errors else 200
