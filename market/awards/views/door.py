"""The blueprint that the room's doors hang on, and what its pages share."""

from __future__ import annotations

from flask import Blueprint

from market.awards.states import AwardState, ObjectionState

bp = Blueprint("awards", __name__, url_prefix="/awards")

TONES = {
    AwardState.PENDING: "wait",
    AwardState.ACTIVE: "good",
    AwardState.SUSPENDED: "bad",
    AwardState.ANNULLED: "bad",
    ObjectionState.FILED: "wait",
    ObjectionState.UPHELD: "bad",
    ObjectionState.REJECTED: "good",
}
