"""Registration and bank account: what may follow what."""

from __future__ import annotations

from market.organisations.states import BANK_MACHINE, ORGANISATION_MACHINE, BankVerb, OrganisationVerb
from tests.machines import check_product

EDIT, CONFIRM, BANK = "organisations:facts:edit", "organisations:facts:confirm", "organisations:bank:confirm"


def test_the_whole_product_of_a_registration() -> None:
    check_product(
        ORGANISATION_MACHINE,
        OrganisationVerb,
        {
            ("draft", "submit"): ("submitted", EDIT),
            ("returned", "submit"): ("submitted", EDIT),
            ("submitted", "confirm"): ("confirmed", CONFIRM),
            ("submitted", "return"): ("returned", CONFIRM),
            ("confirmed", "bar"): ("barred", CONFIRM),
            ("barred", "readmit"): ("confirmed", CONFIRM),
        },
    )


def test_the_whole_product_of_a_bank_account() -> None:
    check_product(
        BANK_MACHINE,
        BankVerb,
        {
            ("proposed", "confirm"): ("live", BANK),
            ("proposed", "reject"): ("retired", BANK),
            ("live", "retire"): ("retired", BANK),
        },
    )
