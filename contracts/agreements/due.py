"""The door where the clock knocks: contracts whose award has fallen."""

from __future__ import annotations

from datetime import datetime

from contracts.agreements.actions import suspend_if_award_fell
from contracts.agreements.queries import in_force_on_fallen_awards


def suspend_fallen(at: datetime) -> int:
    """Suspend contracts in force whose award is suspended or annulled; returns how many."""
    return sum(suspend_if_award_fell(row, at) for row in in_force_on_fallen_awards())
