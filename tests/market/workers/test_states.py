"""The whole product of states and verbs."""

from __future__ import annotations

from market.workers.states import CERTIFICATE_MACHINE, POSTING_MACHINE, CertificateVerb, PostingVerb
from tests.machines import CLOCK_ONLY, check_product


def test_certificates() -> None:
    check_product(
        CERTIFICATE_MACHINE,
        CertificateVerb,
        {
            ("submitted", "confirm"): ("confirmed", "workers:certificate:confirm"),
            ("submitted", "return"): ("returned", "workers:certificate:confirm"),
            ("returned", "submit"): ("submitted", "workers:worker:edit"),
            ("confirmed", "lapse"): ("lapsed", CLOCK_ONLY),
        },
    )


def test_postings() -> None:
    check_product(POSTING_MACHINE, PostingVerb, {("running", "end"): ("ended", "workers:worker:edit")})
