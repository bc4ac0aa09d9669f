"""What a demonstration has beside it instead of the outside world: Stripe's fake, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import click

from market.config import FAKE_STRIPE_KEY, Settings


@contextmanager
def stripe_beside(settings: Settings) -> Iterator[None]:
    """Run the fake while a demonstration without a Stripe key of its own runs; it ends with this process."""
    if not settings.is_demonstration or settings.stripe_secret_key != FAKE_STRIPE_KEY:
        yield
        return
    from contracts.payouts.providers.processes import Running

    port = str(urlsplit(settings.stripe_api_base).port)
    state, notices = str(settings.data / "stripe.json"), f"{settings.base_url}/webhooks/stripe"
    try:
        fake = Running(
            "contracts.payouts.providers.fake_stripe", "--port", port, "--state", state, "--webhook-url", notices
        )
    except RuntimeError:
        # Everything but the second way of paying works without it, and its pages say that nobody answers.
        line = f"演示用的 Stripe 没有启动，端口 {port} 可能被占用 / no Stripe, port {port} is taken"
        click.echo(line, err=True)
        yield
        return
    with fake:
        yield
