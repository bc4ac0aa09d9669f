"""The ways of paying that this installation has, made from its settings when first needed.

A process has one set; `open_providers` is called for each application. Tests and the demonstration hand in their own.
"""

from __future__ import annotations

from contracts.payouts.providers.bank import BankDirect
from contracts.payouts.providers.port import Misconfigured, Provider
from contracts.payouts.providers.stripe_connect import StripeConnect
from market.config import Settings
from market.kernel.text import N_

_settings: Settings | None = None
_stripe: StripeConnect | None = None
_direct: Provider | None = None


def open_providers(settings: Settings) -> None:
    """Point the process at the providers of these settings; nothing is connected yet."""
    global _settings, _stripe, _direct
    _settings, _stripe, _direct = settings, None, None


def has_direct_line() -> bool:
    """True when the bank takes orders over a direct line."""
    return _direct is not None or bool(_settings and _settings.bank_direct_url)


def has_stripe() -> bool:
    """True when this installation may pay through Stripe."""
    return _stripe is not None or bool(_settings and _settings.stripe_secret_key)


def direct_line() -> Provider:
    """The bank's direct line. Raises Misconfigured when there is none."""
    global _direct  # noqa: PLW0603
    if _direct is None:
        if _settings is None or not _settings.bank_direct_url:
            raise Misconfigured(N_("没有配置银企直联地址。请管理员设置后再办理。"))
        _direct = BankDirect(_settings.bank_direct_url)
    return _direct


def stripe() -> StripeConnect:
    """Stripe Connect. Raises Misconfigured without a key."""
    global _stripe  # noqa: PLW0603
    if _stripe is None:
        if _settings is None or not _settings.stripe_secret_key:
            raise Misconfigured(N_("没有配置 Stripe 密钥。请管理员设置后再办理，或改用银行付款。"))
        _stripe = StripeConnect(_settings.stripe_secret_key, base_address=_settings.stripe_api_base or None)
    return _stripe


def webhook_secret() -> str:
    """What Stripe signs its notices with; empty when none is set, and then no notice is taken."""
    return _settings.stripe_webhook_secret if _settings else ""


def hand_in(*, direct: Provider | None = None, connect: StripeConnect | None = None) -> None:
    """Use these providers instead of those of the settings."""
    global _stripe, _direct
    _direct, _stripe = direct or _direct, connect or _stripe
