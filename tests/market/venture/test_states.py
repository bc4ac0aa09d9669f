"""The machines of rounds and applications: every pair of state and verb, by hand."""

from market.venture.states import (
    APPLICATION_MACHINE,
    ROUND_MACHINE,
    ApplicationVerb,
    RoundVerb,
)
from tests.machines import CLOCK_ONLY, check_product

DRAFT, APPROVE, HAND_IN = "venture:round:draft", "venture:round:approve", "venture:application:submit"


def test_rounds():
    check_product(
        ROUND_MACHINE,
        RoundVerb,
        {
            ("draft", "submit"): ("review", DRAFT),
            ("review", "return"): ("draft", APPROVE),
            ("review", "publish"): ("open", APPROVE),
            ("open", "close"): ("screening", DRAFT),
            ("screening", "screen"): ("jury", DRAFT),
            ("jury", "rank"): ("ranked", DRAFT),
            ("ranked", "decide"): ("decided", APPROVE),
            ("decided", "finish"): ("finished", APPROVE),
            **{(state, "cancel"): ("cancelled", APPROVE) for state in ("draft", "open", "screening", "jury", "ranked")},
        },
    )


def test_applications():
    check_product(
        APPLICATION_MACHINE,
        ApplicationVerb,
        {
            ("draft", "submit"): ("submitted", HAND_IN),
            ("submitted", "withdraw"): ("draft", HAND_IN),
            ("draft", "lapse"): ("lapsed", CLOCK_ONLY),
            ("submitted", "admit"): ("admitted", DRAFT),
            ("submitted", "reject"): ("rejected", DRAFT),
            ("admitted", "choose"): ("chosen", APPROVE),
            ("admitted", "pass_over"): ("unchosen", APPROVE),
            ("chosen", "confirm"): ("awarded", CLOCK_ONLY),
            ("chosen", "fall"): ("fallen", CLOCK_ONLY),
            ("awarded", "fall"): ("fallen", CLOCK_ONLY),
        },
    )
