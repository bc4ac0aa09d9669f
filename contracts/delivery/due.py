"""The door where the clock knocks: contracts in force whose milestones are not planned yet."""

from __future__ import annotations

from datetime import datetime

from contracts.delivery.actions import plan_milestones
from contracts.delivery.queries import agreements_without_milestones


def plan(at: datetime) -> int:
    """Plan the milestones of contracts that have come into force; returns for how many contracts."""
    return sum(bool(plan_milestones(row, at)) for row in agreements_without_milestones())
