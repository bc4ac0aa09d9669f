"""The promises of the port, kept by every provider: the bank's process, Stripe's SDK in process and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from contracts.payouts.providers.bank import BankDirect
from contracts.payouts.providers.fake_bank import read_journal
from contracts.payouts.providers.fake_stripe import DEFAULT_KEY, sdk_http_client
from contracts.payouts.providers.port import Instruction, KeyConflict, OutcomeState, Provider, Unsure
from contracts.payouts.providers.processes import Running
from contracts.payouts.providers.stripe_connect import StripeConnect

pytestmark = pytest.mark.slow
STRIPE = "contracts.payouts.providers.fake_stripe"


@dataclass
class Side:
    """A provider, an order for it, how to lose its next answer or request, how many payments it has taken."""

    provider: Provider
    order: Instruction
    lose_answer: Callable[[], None]
    lose_request: Callable[[], None]
    taken: Callable[[], int]


def post(address: str, path: str, data: object = None) -> int:
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname, parts.port, timeout=10)) as connection:
        connection.request("POST", path, json.dumps(data or {}))
        return connection.getresponse().status


def onboarded(connect: StripeConnect, press: Callable[[str], None]) -> str:
    account_id = connect.create_account(
        name="晴禾", uscc="52320115MJ0000001X", email="a@example.org", country="CN", idempotency_key="account"
    ).account_id
    press(
        connect.onboarding_link(
            account_id, return_url="http://127.0.0.1/back", refresh_url="http://127.0.0.1/again"
        ).url
    )
    return account_id


@pytest.fixture(params=["bank", "stripe", "stripe-http"])
def side(request: pytest.FixtureRequest, make) -> Iterator[Side]:
    match request.param:
        case "bank":
            running: Running = request.getfixturevalue("bank_process")
            journal = request.getfixturevalue("journal")
            yield Side(
                BankDirect(running.url, timeout_ms=10_000),
                make(),
                lambda: post(running.url, "/faults", {"drop_answers": 1}),
                lambda: post(running.url, "/faults", {"drop_requests": 1}),
                lambda: sum(entry["entry"] == "order" for entry in read_journal(journal)),
            )
        case "stripe":
            fake = request.getfixturevalue("fake")
            connect = StripeConnect(DEFAULT_KEY, http_client=sdk_http_client(fake), retries=0)
            account = onboarded(connect, lambda url: fake.complete_onboarding(url.rpartition("/")[2]))
            yield Side(
                connect,
                make(stripe_account=account),
                lambda: fake.fail_next("lost_answer"),
                lambda: fake.fail_next("lost_request"),
                lambda: len(fake.state["transfers"]),
            )
        case "stripe-http":
            state = request.getfixturevalue("tmp_path") / "stripe.json"
            with (
                Running(STRIPE, "--state", str(state)) as running,
                closing(StripeConnect(DEFAULT_KEY, base_address=running.url, retries=0)) as connect,
            ):
                account = onboarded(connect, lambda url: post(url, urlsplit(url).path))
                yield Side(
                    connect,
                    make(stripe_account=account),
                    lambda: post(running.url, "/fake/faults", {"kind": "lost_answer"}),
                    lambda: post(running.url, "/fake/faults", {"kind": "lost_request"}),
                    lambda: len(json.loads(state.read_bytes())["transfers"]),
                )


def test_an_order_is_taken_and_found_again_by_its_key(side: Side):
    sent = side.provider.send(side.order, "key-1")
    found = side.provider.look_up("key-1")
    assert found is not None
    assert (found.reference, found.amount_fen, found.returned_fen) == (sent.reference, 12_960_000, 0)
    assert found.state in {OutcomeState.ACCEPTED, OutcomeState.PAID}
    assert side.taken() == 1


def test_a_key_nobody_has_used_is_not_found(side: Side):
    assert side.provider.look_up("key/1 没有") is None


def test_the_same_order_again_moves_no_more_money(side: Side):
    references = {side.provider.send(side.order, "key-1").reference for _ in range(3)}
    assert len(references) == 1
    assert side.taken() == 1


def test_the_same_key_for_another_order_is_refused_and_the_first_stands(side: Side):
    side.provider.send(side.order, "key-1")
    for other in (replace(side.order, amount_fen=1), replace(side.order, payee_name="演示区另一中心")):
        with pytest.raises(KeyConflict):
            side.provider.send(other, "key-1")
    found = side.provider.look_up("key-1")
    assert found is not None
    assert found.amount_fen == 12_960_000
    assert side.taken() == 1


def test_two_keys_are_two_payments(side: Side):
    first = side.provider.send(side.order, "key-1")
    second = side.provider.send(side.order, "key-2")
    assert first.reference != second.reference
    assert side.taken() == 2


def test_a_lost_answer_leaves_the_sender_unsure_and_a_repeat_pays_once(side: Side):
    side.lose_answer()
    with pytest.raises(Unsure):
        side.provider.send(side.order, "key-1")
    assert side.taken() == 1
    found = side.provider.look_up("key-1")
    assert found is not None
    assert side.provider.send(side.order, "key-1").reference == found.reference
    assert side.taken() == 1


def test_a_lost_request_leaves_nothing_behind_and_a_repeat_pays(side: Side):
    side.lose_request()
    with pytest.raises(Unsure):
        side.provider.send(side.order, "key-1")
    assert side.provider.look_up("key-1") is None
    side.provider.send(side.order, "key-1")
    assert side.taken() == 1
