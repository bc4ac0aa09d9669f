"""Every state and verb of a milestone, allowed or refused."""

from __future__ import annotations

import itertools

import pytest

from contracts.delivery.notices import STATUS
from contracts.delivery.states import MILESTONE_LABELS, MILESTONE_MACHINE, MilestoneState, MilestoneVerb
from market.kernel.errors import Refused
from market.kernel.permits import Permit

WAYS = {
    ("planned", "report"): ("reported", Permit.DELIVERY_REPORT),
    ("returned", "report"): ("reported", Permit.DELIVERY_REPORT),
    ("reported", "return"): ("returned", Permit.DELIVERY_ACCEPT),
    ("reported", "accept"): ("accepted", Permit.DELIVERY_ACCEPT),
    **{(state, "fall"): ("fallen", Permit.AGREEMENT_TERMINATE) for state in ("planned", "reported", "returned")},
}


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(MilestoneState, MilestoneVerb)))
def test_the_whole_table(state, verb):
    if (state, verb) not in WAYS:
        with pytest.raises(Refused):
            MILESTONE_MACHINE.step(state, verb)
        return
    step = MILESTONE_MACHINE.step(state, verb)
    assert (step.target, step.permit) == WAYS[state, verb]
    # The clock ends a contract whose own terms end it, and its milestones fall with it; it decides nothing else.
    assert step.by_clock == (verb == MilestoneVerb.FALL)


def test_every_state_has_a_name_and_a_status_for_readers():
    assert set(MILESTONE_LABELS) == set(STATUS) == set(MilestoneState)
    assert set(STATUS.values()) <= {"scheduled", "met", "partiallyMet", "notMet"}
