"""The door where the clock knocks: hostings past their last day."""

from __future__ import annotations

from datetime import datetime

from market.incubation.actions import expire_hostings


def end_hostings(at: datetime) -> int:
    """End hostings whose last day is over; return how many."""
    return expire_hostings(at)
