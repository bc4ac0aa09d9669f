"""Every state and verb of a contract, allowed or refused."""

from __future__ import annotations

import itertools

import pytest

from contracts.agreements.notices import STATUS
from contracts.agreements.states import AGREEMENT_LABELS, AGREEMENT_MACHINE, AgreementState, AgreementVerb
from market.kernel.errors import Refused
from market.kernel.permits import Permit

WAYS = {
    ("draft", "issue"): ("issued", Permit.AGREEMENT_DRAFT),
    ("draft", "cancel"): ("cancelled", Permit.AGREEMENT_DRAFT),
    ("issued", "sign_supplier"): ("half_signed", Permit.AGREEMENT_SIGN_SUPPLIER),
    ("issued", "cancel"): ("cancelled", Permit.AGREEMENT_DRAFT),
    ("half_signed", "sign_buyer"): ("in_force", Permit.AGREEMENT_SIGN_BUYER),
    ("half_signed", "cancel"): ("cancelled", Permit.AGREEMENT_DRAFT),
    ("in_force", "suspend"): ("suspended", Permit.DELIVERY_ACCEPT),
    ("in_force", "complete"): ("completed", Permit.AGREEMENT_DRAFT),
    ("in_force", "terminate"): ("terminated", Permit.AGREEMENT_TERMINATE),
    ("suspended", "terminate"): ("terminated", Permit.AGREEMENT_TERMINATE),
    ("suspended", "resume"): ("in_force", Permit.AGREEMENT_DRAFT),
}


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(AgreementState, AgreementVerb)))
def test_the_whole_table(state, verb):
    if (state, verb) not in WAYS:
        with pytest.raises(Refused):
            AGREEMENT_MACHINE.step(state, verb)
        return
    step = AGREEMENT_MACHINE.step(state, verb)
    assert (step.target, step.permit) == WAYS[state, verb]
    # The clock suspends, and ends what a contract's own terms end; a suspended contract waits for people.
    assert step.by_clock == ((state, verb) in {("in_force", "suspend"), ("in_force", "terminate")})


def test_every_state_has_a_name_and_a_status_for_readers():
    assert set(AGREEMENT_LABELS) == set(STATUS) == set(AgreementState)
    assert set(STATUS.values()) <= {"pending", "active", "cancelled", "terminated"}
