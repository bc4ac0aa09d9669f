"""Where the providers are reached: settings, and what a demonstration has without any."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.payouts.providers import installed
from contracts.payouts.providers.port import Misconfigured
from market.config import SettingsError, load
from tests.fixtures.application import settings_for

SECRETS = {
    "MARKET_MODE": "production",
    "MARKET_SECRET_KEY": "k7Vq2mZt9xLw4RbN8cYh3JpF6sDg1uEa",
    "MARKET_INSTALLATION_KEY": bytes(range(32)).hex(),
    "MARKET_BASE_URL": "https://linli.example",
}


def test_a_demonstration_without_a_key_speaks_to_the_fake_beside_it(tmp_path: Path) -> None:
    found = load({"MARKET_DATA": str(tmp_path), "MARKET_PORT": "8123"})
    assert found.stripe_api_base == "http://127.0.0.1:9123"
    assert found.stripe_secret_key == "sk_test_linli"
    assert load({"MARKET_DATA": str(tmp_path), "MARKET_PORT": "65000"}).stripe_api_base == "http://127.0.0.1:64000"


def test_a_demonstration_with_a_key_of_its_own_speaks_to_stripe(tmp_path: Path) -> None:
    found = load({"MARKET_DATA": str(tmp_path), "MARKET_STRIPE_SECRET_KEY": "sk_test_own"})
    assert (found.stripe_secret_key, found.stripe_api_base) == ("sk_test_own", "")


def test_production_has_no_provider_that_nobody_set(tmp_path: Path) -> None:
    found = load({**SECRETS, "MARKET_DATA": str(tmp_path)})
    assert (found.stripe_secret_key, found.stripe_api_base, found.bank_direct_url) == ("", "", "")
    installed.open_providers(found)
    assert not installed.has_stripe()
    assert not installed.has_direct_line()
    with pytest.raises(Misconfigured):
        installed.stripe()
    with pytest.raises(Misconfigured):
        installed.direct_line()


@pytest.mark.parametrize("name", ["MARKET_BANK_DIRECT_URL", "MARKET_STRIPE_API_BASE"])
def test_an_address_that_is_none_is_one_clear_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({"MARKET_DATA": str(tmp_path), name: "bank.example:9001"})


def test_keys_do_not_appear_when_settings_are_printed(tmp_path: Path) -> None:
    text = repr(settings_for("sqlite://", tmp_path))
    assert "sk_test" not in text
    assert "whsec" not in text
