"""Machines of the network, each with its whole product written by hand."""

from __future__ import annotations

from market.incubation.states import (
    BOOKING_MACHINE,
    HOSTING_MACHINE,
    NODE_MACHINE,
    RESIDENCY_MACHINE,
    TRAINING_MACHINE,
    BookingVerb,
    HostingVerb,
    NodeVerb,
    ResidencyVerb,
    TrainingVerb,
)
from tests.machines import CLOCK_ONLY, check_product

MANAGE, DECIDE = "incubation:network:manage", "incubation:residency:decide"
WORK, APPLY, AGREE = "incubation:residency:work", "incubation:residency:apply", "incubation:hosting:agree"


def test_nodes() -> None:
    listed = {("open", "close"): ("closed", MANAGE), ("closed", "reopen"): ("open", MANAGE)}
    check_product(NODE_MACHINE, NodeVerb, listed)


def test_bookings() -> None:
    listed = {("booked", "cancel"): ("cancelled", APPLY), ("booked", "release"): ("cancelled", WORK)}
    check_product(BOOKING_MACHINE, BookingVerb, listed)


def test_residencies() -> None:
    check_product(
        RESIDENCY_MACHINE,
        ResidencyVerb,
        {
            ("applied", "approve"): ("reviewing", WORK),
            ("applied", "return"): ("returned", WORK),
            ("applied", "withdraw"): ("withdrawn", APPLY),
            ("returned", "resubmit"): ("applied", APPLY),
            ("returned", "withdraw"): ("withdrawn", APPLY),
            ("reviewing", "admit"): ("admitted", DECIDE),
            ("reviewing", "refuse"): ("refused", DECIDE),
            ("reviewing", "withdraw"): ("withdrawn", APPLY),
            ("admitted", "offer"): ("offered", WORK),
            ("admitted", "withdraw"): ("withdrawn", APPLY),
            ("offered", "accept"): ("incubating", APPLY),
            ("offered", "recall"): ("admitted", WORK),
            ("offered", "withdraw"): ("withdrawn", APPLY),
            ("incubating", "extend"): ("incubating", DECIDE),
            ("incubating", "graduate"): ("graduated", DECIDE),
            ("incubating", "give_notice"): ("leaving", APPLY),
            ("incubating", "dismiss"): ("leaving", DECIDE),
            ("leaving", "hand_back"): ("left", WORK),
            ("graduated", "hand_back"): ("graduated", WORK),
        },
    )


def test_trainings() -> None:
    listed = {("planned", "close"): ("held", WORK), ("planned", "cancel"): ("cancelled", WORK)}
    check_product(TRAINING_MACHINE, TrainingVerb, listed)


def test_hostings() -> None:
    check_product(
        HOSTING_MACHINE,
        HostingVerb,
        {
            ("proposed", "agree"): ("live", AGREE),
            ("proposed", "decline"): ("declined", AGREE),
            ("live", "resign"): ("ended", AGREE),
            ("live", "end"): ("ended", DECIDE),
            ("live", "expire"): ("ended", CLOCK_ONLY),
        },
    )
