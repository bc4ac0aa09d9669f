"""The door where the clock knocks: contracts that end by their own terms."""

from __future__ import annotations

from datetime import datetime

from contracts.endings.actions import terminate_failed


def end_failed(at: datetime) -> int:
    """End the contracts in which a milestone failed for good and whose terms say so; returns how many."""
    return terminate_failed(at)
