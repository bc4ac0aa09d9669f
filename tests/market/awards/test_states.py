"""Every state and verb of an award and of an objection, allowed or refused."""

from __future__ import annotations

from market.awards.notices import STATUS
from market.awards.states import (
    AWARD_LABELS,
    AWARD_MACHINE,
    OBJECTION_LABELS,
    OBJECTION_MACHINE,
    AwardState,
    AwardVerb,
    ObjectionState,
    ObjectionVerb,
)
from market.kernel.permits import Permit
from tests.machines import check_product


def test_the_whole_table_of_awards():
    check_product(
        AWARD_MACHINE,
        AwardVerb,
        {
            ("pending", "confirm"): ("active", Permit.AWARD_CONFIRM),
            ("pending", "refuse"): ("annulled", Permit.AWARD_CONFIRM),
            ("active", "suspend"): ("suspended", Permit.CHALLENGE_DECIDE),
            ("active", "decline"): ("annulled", Permit.AWARD_CONFIRM),
            ("suspended", "reinstate"): ("active", Permit.CHALLENGE_DECIDE),
            ("suspended", "annul"): ("annulled", Permit.CHALLENGE_DECIDE),
        },
    )


def test_no_way_around_the_confirmation_leads_from_a_proposal_to_an_award_that_stands():
    reached, ahead = set(), {"pending"}
    while ahead:
        state = ahead.pop()
        reached.add(state)
        steps = (move for move in AWARD_MACHINE.moves if move.source == state and move.verb != AwardVerb.CONFIRM)
        ahead |= {move.target.value for move in steps} - reached
    assert reached == {"pending", "annulled"}


def test_the_whole_table_of_objections():
    check_product(
        OBJECTION_MACHINE,
        ObjectionVerb,
        {
            ("filed", "uphold"): ("upheld", Permit.OBJECTION_DECIDE),
            ("filed", "reject"): ("rejected", Permit.OBJECTION_DECIDE),
        },
    )


def test_every_state_has_a_name_and_a_status_for_readers():
    assert set(AWARD_LABELS) == {AwardState(state) for state in STATUS} == set(AwardState)
    assert set(OBJECTION_LABELS) == set(ObjectionState)
