"""Every state and verb of a termination, a claim and a receipt, allowed or refused."""

from __future__ import annotations

from contracts.endings.states import (
    CLAIM_LABELS,
    CLAIM_MACHINE,
    GROUND_LABELS,
    RECEIPT_LABELS,
    RECEIPT_MACHINE,
    TERMINATION_LABELS,
    TERMINATION_MACHINE,
    ClaimState,
    ClaimVerb,
    Ground,
    ReceiptState,
    ReceiptVerb,
    TerminationState,
    TerminationVerb,
)
from market.kernel.permits import Permit
from market.public.rules.labels import CLAIM_STATES
from market.public.rules.labels import GROUND_LABELS as PUBLIC_GROUNDS
from tests.machines import check_product


def test_the_whole_table_of_terminations():
    check_product(
        TERMINATION_MACHINE,
        TerminationVerb,
        {
            ("proposed", "approve"): ("approved", Permit.AGREEMENT_TERMINATE),
            ("proposed", "reject"): ("rejected", Permit.AGREEMENT_TERMINATE),
        },
    )


def test_the_whole_table_of_claims():
    check_product(
        CLAIM_MACHINE,
        ClaimVerb,
        {
            ("claimed", "receive"): ("received", Permit.PAYOUT_APPROVE),
            ("claimed", "waive"): ("waived", Permit.CLAIM_WAIVE),
        },
    )


def test_the_whole_table_of_receipts():
    check_product(
        RECEIPT_MACHINE,
        ReceiptVerb,
        {
            ("entered", "confirm"): ("confirmed", Permit.PAYOUT_APPROVE),
            ("entered", "reject"): ("rejected", Permit.PAYOUT_APPROVE),
        },
    )


def test_the_clock_ends_a_contract_but_never_decides_about_money_that_came_back():
    moves = (*TERMINATION_MACHINE.moves, *CLAIM_MACHINE.moves, *RECEIPT_MACHINE.moves)
    by_clock = {move.verb for move in moves if move.by_clock}
    assert by_clock == {TerminationVerb.APPROVE}


def test_every_state_has_a_name_here_and_on_the_public_page():
    assert set(TERMINATION_LABELS) == set(TerminationState)
    assert set(RECEIPT_LABELS) == set(ReceiptState)
    assert {str(state) for state in CLAIM_LABELS} == {str(state) for state in ClaimState} == set(CLAIM_STATES)
    assert {str(ground) for ground in GROUND_LABELS} == {str(ground) for ground in Ground} == set(PUBLIC_GROUNDS)
