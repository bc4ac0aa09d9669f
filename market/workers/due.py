"""The door where the clock knocks: registration periods that are over or nearly so."""

from __future__ import annotations

from datetime import datetime

from market.workers import actions


def lapse(at: datetime) -> int:
    """Write down which registration periods are over."""
    return actions.lapse_certificates(at)


def remind(at: datetime) -> int:
    """Tell organisations of certificates that run out soon."""
    return actions.remind_of_expiry(at)
