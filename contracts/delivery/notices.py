"""OCDS fragments of delivery: milestones as they are accepted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.agreements.models import Agreement
from contracts.agreements.notices import contract_id, milestone_entry
from contracts.delivery.models import Acceptance, Milestone
from contracts.delivery.states import MilestoneState
from market.records.notices import z

# OCDS 1.1 milestoneStatus of each state.
STATUS = {
    MilestoneState.PLANNED: "scheduled",
    MilestoneState.REPORTED: "scheduled",
    MilestoneState.RETURNED: "notMet",
    MilestoneState.ACCEPTED: "met",
    MilestoneState.FALLEN: "notMet",
}


def fallen_entries(rows: Iterable[Milestone], agreement: Agreement) -> list[dict[str, Any]]:
    """Return the milestones that fell with their contract."""
    data = {one["number"]: one for one in agreement.data["milestones"]}
    return [milestone_entry(agreement.id, data[row.number], STATUS[MilestoneState(row.state)]) for row in rows]


def accepted_release(
    row: Milestone, agreement: Agreement, decision: Acceptance, served: int, held: int
) -> dict[str, Any]:
    """Return an accepted milestone with what was delivered and what the users said in numbers (条例 45).

    Opinions may name people and stay inside; `served` people and `held` sessions are the report's totals.
    """
    data = next(one for one in agreement.data["milestones"] if one["number"] == row.number)
    entry = milestone_entry(agreement.id, data, STATUS[MilestoneState(row.state)])
    entry |= {
        "dateMet": z(decision.decided_at),
        "dateModified": z(decision.decided_at),
        "linliAcceptance": {
            "usersInvited": decision.users_invited,
            "usersSatisfied": decision.users_satisfied,
            "peopleServed": served,
            "sessionsHeld": held,
        },
    }
    return {
        "contracts": [
            {
                "id": contract_id(agreement.id),
                "awardID": agreement.data["award"],
                "milestones": [entry],
                "implementation": {"milestones": [entry]},
            }
        ]
    }
