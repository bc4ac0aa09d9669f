"""Where the clock knocks: what has been earned is raised, and unanswered orders are looked after."""

from __future__ import annotations

from datetime import datetime

from contracts.payouts import actions


def raise_payments(at: datetime) -> int:
    """Raise every payment that acceptance and evaluation have made due."""
    return actions.raise_payments(at)


def chase_orders(at: datetime) -> int:
    """Queue another look at orders without an answer."""
    return actions.chase_orders(at)
