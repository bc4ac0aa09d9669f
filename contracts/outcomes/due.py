"""The door where the clock knocks: accepted milestones whose evaluation begins."""

from __future__ import annotations

from datetime import datetime

from contracts.outcomes.actions import open_evaluation
from contracts.outcomes.queries import to_open
from market.kernel.permits import CLOCK


def open_accepted(at: datetime) -> int:
    """Open the evaluation of accepted milestones that are to be evaluated; returns how many."""
    return len([open_evaluation(CLOCK, one.id, at) for one in to_open()])
