"""Stripe's fake for the tests of payments."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.payouts.providers.fake_stripe_api import FakeStripe
from tests.fixtures.stripe import stripe_faked


@pytest.fixture
def stripe_fake(app) -> Iterator[FakeStripe]:
    """The fake, handed in as this installation's provider."""
    with stripe_faked(app.extensions["linli"].settings) as fake:
        yield fake
