"""Stripe's fake behind the real SDK, handed in as this installation's provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.payouts.providers import installed
from contracts.payouts.providers.fake_stripe import DEFAULT_KEY, sdk_http_client
from contracts.payouts.providers.fake_stripe_api import FakeStripe
from contracts.payouts.providers.stripe_connect import StripeConnect
from market.config import Settings
from market.kernel.clock import system_now


@pytest.fixture
def stripe_fake(app) -> Iterator[FakeStripe]:
    """The fake; signs webhooks with the test installation's secret."""
    settings: Settings = app.extensions["linli"].settings
    fake = FakeStripe(clock=system_now, webhook_secret=settings.stripe_webhook_secret, api_key=DEFAULT_KEY)
    connect = StripeConnect(DEFAULT_KEY, http_client=sdk_http_client(fake), retries=0)
    installed.open_providers(settings)
    installed.hand_in(connect=connect)
    yield fake
    connect.close()
    installed.open_providers(settings)
