"""The fake is as strict as Stripe, shows its page, delivers its events and remembers across a restart."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import stripe

from contracts.payouts.providers import fake_stripe
from contracts.payouts.providers.fake_stripe import DEFAULT_KEY, DEFAULT_WEBHOOK_SECRET, sdk_http_client
from contracts.payouts.providers.fake_stripe_api import FakeStripe
from contracts.payouts.providers.fake_stripe_objects import LINK_SECONDS, decode_form
from contracts.payouts.providers.processes import Running
from contracts.payouts.providers.stripe_connect import StripeConnect, verify_webhook


@pytest.fixture
def sdk(fake: FakeStripe) -> stripe.StripeClient:
    return stripe.StripeClient(DEFAULT_KEY, http_client=sdk_http_client(fake), max_network_retries=0)


def transfer(account: str, **changes: object) -> dict[str, object]:
    return {"amount": 100, "currency": "cny", "destination": account, **changes}


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": -5}, "parameter_invalid_integer", "amount"),
        ({"amount": "1.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": None}, "parameter_missing", "amount"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"currency": "usd"}, None, "currency"),
        ({"destination": "acct_no"}, "resource_missing", "destination"),
    ],
)
def test_a_wrong_parameter_is_refused_in_stripes_words_and_not_kept_under_the_key(
    sdk: stripe.StripeClient, open_account: str, changes: dict[str, object], code: str | None, param: str
):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.transfers.create(transfer(open_account, **changes), {"idempotency_key": "k"})
    assert (refusal.value.code, refusal.value.param, refusal.value.http_status) == (code, param, 400)
    assert sdk.v1.transfers.create(transfer(open_account), {"idempotency_key": "k"}).amount == 100


def test_the_same_key_replays_the_first_answer_and_refuses_other_parameters(
    sdk: stripe.StripeClient, open_account: str
):
    first = sdk.v1.transfers.create(transfer(open_account), {"idempotency_key": "k"})
    again = sdk.v1.transfers.create(transfer(open_account), {"idempotency_key": "k"})
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        sdk.v1.transfers.create(transfer(open_account, amount=101), {"idempotency_key": "k"})
    assert len(sdk.v1.transfers.list().data) == 1


def test_a_refusal_after_work_began_is_replayed_too(sdk: stripe.StripeClient, fake: FakeStripe, open_account: str):
    fake.state["balances"]["platform"] = 99
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            sdk.v1.transfers.create(transfer(open_account), {"idempotency_key": "k"})
        assert refusal.value.code == "balance_insufficient"
        fake.state["balances"]["platform"] = 10**6
    assert sdk.v1.transfers.create(transfer(open_account), {"idempotency_key": "k2"}).amount == 100


def test_transfers_are_listed_newest_first_by_group_and_account(sdk: stripe.StripeClient, open_account: str):
    ids = [sdk.v1.transfers.create(transfer(open_account, transfer_group=f"g{n % 2}")).id for n in range(4)]
    assert [found.id for found in sdk.v1.transfers.list({"transfer_group": "g0"}).data] == [ids[2], ids[0]]
    page = sdk.v1.transfers.list({"destination": open_account, "limit": 1})
    assert ([found.id for found in page.data], page.has_more) == ([ids[3]], True)
    assert sdk.v1.transfers.retrieve(ids[0]).transfer_group == "g0"


def test_unknown_objects_addresses_accounts_and_links_are_refused(sdk: stripe.StripeClient, open_account: str):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.transfers.retrieve("tr_no")
    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.customers.list()
    with pytest.raises(stripe.PermissionError):
        sdk.v1.balance.retrieve(options={"stripe_account": "acct_no"})
    link = {
        "account": open_account,
        "type": "account_onboarding",
        "return_url": "https://a.example",
        "refresh_url": "javascript:0",
    }
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.account_links.create(link)
    assert refusal.value.code == "url_invalid"


def test_an_onboarding_link_expires(now: datetime):
    clock = [now]
    fake = FakeStripe(clock=lambda: clock[0], webhook_secret="s", api_key=DEFAULT_KEY)
    with closing(StripeConnect(DEFAULT_KEY, http_client=sdk_http_client(fake))) as connect:
        account = connect.create_account(
            name="晴禾", uscc="5" * 18, email="a@b.example", country="CN", idempotency_key="a"
        )
        link = connect.onboarding_link(
            account.account_id, return_url="https://a.example", refresh_url="https://b.example"
        )
    token = link.url.rpartition("/")[2]
    assert fake.open_link(token) is not None
    clock[0] = now + timedelta(seconds=LINK_SECONDS)
    assert fake.open_link(token) is None
    with pytest.raises(KeyError):
        fake.complete_onboarding(token)


def test_an_event_that_nobody_took_is_offered_again(sdk: stripe.StripeClient, fake: FakeStripe, open_account: str):
    sdk.v1.transfers.create(transfer(open_account))
    (first,) = fake.undelivered()
    (second,) = fake.undelivered()
    assert first.event_id == second.event_id
    fake.mark_delivered(first.event_id)
    assert fake.undelivered() == []


def test_an_unknown_fault_is_a_mistake_in_the_test(fake: FakeStripe):
    with pytest.raises(ValueError, match="lost_answer"):
        fake.fail_next("lost_in_space")


def test_nested_form_parameters():
    assert decode_form("a=1&b[c]=2&b[d][e]=3&f[0]=x&g=") == {
        "a": "1",
        "b": {"c": "2", "d": {"e": "3"}},
        "f": {"0": "x"},
        "g": "",
    }


def ask(address: str, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], str]:
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname, parts.port, timeout=10)) as connection:
        connection.request(method, path, body.encode())
        response = connection.getresponse()
        return response.status, dict(response.headers.items()), response.read().decode()


@contextmanager
def receiver(statuses: list[int]) -> Iterator[tuple[str, queue.Queue[tuple[bytes, str]]]]:
    """The product's webhook address: answers with `statuses` in turn, then 200, and queues what it was sent."""
    received: queue.Queue[tuple[bytes, str]] = queue.Queue()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            payload = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            received.put((payload, self.headers["Stripe-Signature"]))

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/webhooks/stripe", received
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
class TestProcess:
    def test_a_person_clicks_through_onboarding_and_the_product_is_told(self, tmp_path: Path):
        with (
            receiver([500]) as (hook, received),
            Running(fake_stripe.__name__, "--webhook-url", hook) as running,
            closing(StripeConnect(DEFAULT_KEY, base_address=running.url)) as connect,
        ):
            account = connect.create_account(
                name="晴禾<b>", uscc="5" * 18, email="a@example.org", country="CN", idempotency_key="a"
            )
            link = connect.onboarding_link(
                account.account_id, return_url="http://127.0.0.1/back?x=1", refresh_url="http://127.0.0.1/again"
            )
            path = urlsplit(link.url).path
            status, _, page = ask(running.url, "GET", path)
            assert status == 200
            assert '<html lang="zh-Hans">' in page
            assert "晴禾&lt;b&gt;" in page
            assert f'<form method="post" action="{path}">' in page
            assert not connect.account(account.account_id).ready
            status, headers, _ = ask(running.url, "POST", path)
            assert (status, headers["Location"]) == (303, "http://127.0.0.1/back?x=1")
            assert connect.account(account.account_id).ready

            refused = received.get(timeout=10)
            assert ask(running.url, "POST", "/fake/webhooks")[0] == 200
            payload, signature = received.get(timeout=10)
            assert payload == refused[0]
            event = verify_webhook(payload, signature, DEFAULT_WEBHOOK_SECRET)
            told = event.account()
            assert told is not None
            assert (told.account_id, told.ready) == (account.account_id, True)

            for method in ("GET", "POST"):
                status, headers, _ = ask(running.url, method, path)
                assert (status, headers["Location"]) == (303, "http://127.0.0.1/again")
            assert ask(running.url, "GET", "/onboard/unknown")[0] == 404
            assert ask(running.url, "GET", "/fake.css")[0] == 200

    def test_the_state_file_brings_everything_back(self, make, tmp_path: Path):
        state = tmp_path / "stripe.json"
        with (
            Running(fake_stripe.__name__, "--state", str(state)) as running,
            closing(StripeConnect(DEFAULT_KEY, base_address=running.url)) as connect,
        ):
            account = connect.create_account(
                name="晴禾", uscc="5" * 18, email="a@example.org", country="CN", idempotency_key="a"
            ).account_id
            link = connect.onboarding_link(account, return_url="http://a.example", refresh_url="http://b.example")
            ask(running.url, "POST", urlsplit(link.url).path)
            order = make(stripe_account=account)
            reference = connect.send(order, "key-1").reference
            running.kill()
        with (
            Running(fake_stripe.__name__, "--state", str(state)) as again,
            closing(StripeConnect(DEFAULT_KEY, base_address=again.url)) as connect,
        ):
            assert connect.send(order, "key-1").reference == reference
            other = connect.send(order, "key-2").reference
        transfers = json.loads(state.read_bytes())["transfers"]
        assert list(transfers) == [reference, other]

    def test_a_bad_fault_or_request_is_answered(self):
        with Running(fake_stripe.__name__) as running:
            for body in ("{", "[]", "{}", '{"kind": "other"}'):
                status, _, content = ask(running.url, "POST", "/fake/faults", body)
                assert (status, json.loads(content)["error"]["type"]) == (400, "invalid_request_error")
            assert ask(running.url, "POST", "/fake/payouts")[0] == 200
            status, _, content = ask(running.url, "DELETE", "/v1/accounts/acct_1")
            assert (status, json.loads(content)["error"]["message"]) == (401, "Invalid API Key provided.")
