"""Instructions, and each provider's fake, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.payouts.providers.bank import BankDirect
from contracts.payouts.providers.fake_stripe import DEFAULT_KEY, sdk_http_client
from contracts.payouts.providers.fake_stripe_api import FakeStripe
from contracts.payouts.providers.port import DebtorAccount, Instruction
from contracts.payouts.providers.processes import Running
from contracts.payouts.providers.stripe_connect import StripeConnect
from market.kernel.clock import system_now

BANK = "contracts.payouts.providers.fake_bank"
MakeInstruction = Callable[..., Instruction]


@pytest.fixture(scope="session")
def fiscal_account() -> DebtorAccount:
    return DebtorAccount(
        name="演示区春和街道办事处", account_no="3201002000001001", bank_name="演示银行春和支行", cnaps="105301000011"
    )


@pytest.fixture(scope="session")
def lottery_account() -> DebtorAccount:
    return DebtorAccount(
        name="演示区春和街道办事处", account_no="3201002000002002", bank_name="演示银行春和支行", cnaps="105301000011"
    )


@pytest.fixture(scope="session")
def make(fiscal_account: DebtorAccount) -> MakeInstruction:
    """Builds an instruction; name only what matters."""

    def build(**changes: Any) -> Instruction:
        values: dict[str, Any] = {
            "request_no": "ZF-2026-000001",
            "amount_fen": 12_960_000,
            "payee_name": "演示区晴禾社会工作服务中心",
            "payee_uscc": "52320115MJ0000001X",
            "account_no": "6228480000000010001",
            "bank_name": "演示银行城南支行",
            "cnaps": "103301000022",
            "remittance": "HT-2026-0007 第一期 居家养老服务",
            "fund_source": "财政资金",
            "debtor": fiscal_account,
        }
        return Instruction(**{**values, **changes})

    return build


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "bank.jsonl"


@pytest.fixture
def bank_process(journal: Path) -> Iterator[Running]:
    with Running(BANK, "--journal", str(journal)) as running:
        yield running


@pytest.fixture
def bank(bank_process: Running) -> BankDirect:
    return BankDirect(bank_process.url, timeout_ms=10_000)


@pytest.fixture
def now() -> datetime:
    """Real time: the SDK compares webhook signatures with it."""
    return system_now()


@pytest.fixture
def noon() -> datetime:
    return datetime(2026, 5, 6, 4, 0, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeStripe:
    return FakeStripe(clock=system_now, webhook_secret="whsec_test", api_key=DEFAULT_KEY)


@pytest.fixture
def connect(fake: FakeStripe) -> Iterator[StripeConnect]:
    with closing(StripeConnect(DEFAULT_KEY, http_client=sdk_http_client(fake))) as provider:
        yield provider


@pytest.fixture
def open_account(connect: StripeConnect, fake: FakeStripe) -> str:
    """An organisation's account that has been through onboarding; its events are taken."""
    account_id = connect.create_account(
        name="晴禾社会工作服务中心",
        uscc="52320115MJ0000001X",
        email="office@example.org",
        country="CN",
        idempotency_key="account-1",
    ).account_id
    link = connect.onboarding_link(
        account_id, return_url="https://linli.example/back", refresh_url="https://linli.example/again"
    )
    fake.complete_onboarding(link.url.rpartition("/")[2])
    fake.take_webhooks()
    return account_id
