"""Stripe Connect through the real SDK on the fake."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from contracts.payouts.providers.fake_stripe import DEFAULT_KEY, sdk_http_client
from contracts.payouts.providers.fake_stripe_api import FakeStripe
from contracts.payouts.providers.port import Declined, Misconfigured, Outcome, OutcomeState, Unsure
from contracts.payouts.providers.stripe_connect import StripeConnect, verify_webhook
from market.kernel.errors import Refused

SECRET = "whsec_test"


@pytest.fixture
def order(make, open_account: str):
    return make(stripe_account=open_account)


def connected(fake: FakeStripe, *, key: str = DEFAULT_KEY, retries: int = 0) -> closing[StripeConnect]:
    return closing(StripeConnect(key, http_client=sdk_http_client(fake), retries=retries))


def test_onboarding_makes_an_account_ready(connect: StripeConnect, fake: FakeStripe, now: datetime):
    account = connect.create_account(
        name="晴禾", uscc="52320115MJ0000001X", email="a@example.org", country="CN", idempotency_key="account-1"
    )
    assert (account.ready, account.missing) == (False, ("external_account",))
    link = connect.onboarding_link(
        account.account_id, return_url="https://linli.example/back", refresh_url="https://linli.example/again"
    )
    assert now < link.expires_at <= now + timedelta(minutes=6)
    assert fake.complete_onboarding(link.url.rpartition("/")[2]) == "https://linli.example/back"
    assert connect.account(account.account_id).ready
    assert fake.state["accounts"][account.account_id]["metadata"] == {"uscc": "52320115MJ0000001X"}


def test_a_double_click_opens_one_account(connect: StripeConnect, fake: FakeStripe):
    ids = {
        connect.create_account(
            name="晴禾", uscc="5" * 18, email="a@example.org", country="CN", idempotency_key="same"
        ).account_id
        for _ in range(2)
    }
    assert len(ids) == len(fake.state["accounts"]) == 1


def test_an_onboarding_link_works_once(connect: StripeConnect, fake: FakeStripe, open_account: str):
    link = connect.onboarding_link(open_account, return_url="https://a.example", refresh_url="https://b.example")
    token = link.url.rpartition("/")[2]
    fake.complete_onboarding(token)
    with pytest.raises(KeyError):
        fake.complete_onboarding(token)


def test_a_transfer_moves_the_money_and_says_what_it_is_for(connect: StripeConnect, fake: FakeStripe, order):
    before = connect.available_fen()
    reference = connect.send(order, "key-1").reference
    assert connect.available_fen() == before - 12_960_000
    transfer = fake.state["transfers"][reference]
    assert (transfer["amount"], transfer["currency"], transfer["transfer_group"]) == (12_960_000, "cny", "key-1")
    assert transfer["metadata"]["request_no"] == "ZF-2026-000001"
    assert transfer["metadata"]["fund_source"] == "财政资金"
    found = connect.look_up("key-1")
    assert found == Outcome(state=OutcomeState.PAID, reference=reference, amount_fen=12_960_000)


def test_the_sdk_repeats_a_lost_answer_by_itself_and_pays_once(fake: FakeStripe, order):
    fake.fail_next("lost_answer")
    with connected(fake, retries=2) as connect:
        reference = connect.send(order, "key-1").reference
    assert list(fake.state["transfers"]) == [reference]


def test_an_order_repeated_after_stripe_forgot_its_key_pays_once(connect: StripeConnect, fake: FakeStripe, order):
    first = connect.send(order, "key-1").reference
    fake.state["replays"].clear()
    assert connect.send(order, "key-1").reference == first
    assert len(fake.state["transfers"]) == 1


def test_an_organisation_without_an_account_is_refused_before_anything_is_sent(make, connect: StripeConnect):
    with pytest.raises(Refused, match="改用银行付款"):
        connect.send(make(), "key-1")


def test_an_account_that_may_not_receive_is_a_definite_no(make, connect: StripeConnect, fake: FakeStripe):
    account = connect.create_account(
        name="晴禾", uscc="5" * 18, email="a@example.org", country="CN", idempotency_key="a"
    )
    with pytest.raises(Declined) as refusal:
        connect.send(make(stripe_account=account.account_id), "key-1")
    assert refusal.value.code == "insufficient_capabilities_for_transfer"
    with pytest.raises(Declined) as refusal:
        connect.send(make(stripe_account="acct_unknown"), "key-2")
    assert refusal.value.code == "resource_missing"
    assert fake.state["transfers"] == {}


def test_an_empty_platform_balance_is_a_definite_no(connect: StripeConnect, fake: FakeStripe, order):
    fake.state["balances"]["platform"] = 12_959_999
    with pytest.raises(Declined) as refusal:
        connect.send(order, "key-1")
    assert refusal.value.code == "balance_insufficient"
    assert connect.look_up("key-1") is None
    assert connect.available_fen() == 12_959_999


def test_a_fault_at_stripe_leaves_the_sender_unsure(fake: FakeStripe, order):
    fake.fail_next("server_error")
    with connected(fake) as connect, pytest.raises(Unsure):
        connect.send(order, "key-1")
    fake.fail_next("lost_request", method="GET")
    with connected(fake) as connect, pytest.raises(Unsure):
        connect.look_up("key-1")


def test_a_wrong_key_is_a_setting_to_mend(fake: FakeStripe, order):
    with connected(fake, key="sk_test_wrong") as connect, pytest.raises(Misconfigured):
        connect.send(order, "key-1")


def test_money_taken_back_in_part_then_whole(connect: StripeConnect, fake: FakeStripe, order):
    reference = connect.send(order, "key-1").reference
    before = connect.available_fen()
    part = connect.reverse(reference, 960_000, reason="评价扣减", idempotency_key="back-1")
    again = connect.reverse(reference, 960_000, reason="评价扣减", idempotency_key="back-1")
    assert part == again
    found = connect.look_up("key-1")
    assert found is not None
    assert (found.state, found.returned_fen) == (OutcomeState.PAID, 960_000)
    connect.reverse(reference, 12_000_000, reason="协议终止", idempotency_key="back-2")
    found = connect.look_up("key-1")
    assert found is not None
    assert (found.state, found.returned_fen) == (OutcomeState.RETURNED, 12_960_000)
    assert connect.available_fen() == before + 12_960_000
    with pytest.raises(Declined):
        connect.reverse(reference, 1, reason="再次", idempotency_key="back-3")


def test_money_the_organisation_has_already_paid_out_cannot_be_taken_back(
    connect: StripeConnect, fake: FakeStripe, order
):
    reference = connect.send(order, "key-1").reference
    sdk = stripe.StripeClient(DEFAULT_KEY, http_client=sdk_http_client(fake))
    payout = sdk.v1.payouts.create({"amount": 12_960_000, "currency": "cny"}, {"stripe_account": order.stripe_account})
    with pytest.raises(Declined) as refusal:
        connect.reverse(reference, 12_960_000, reason="终止", idempotency_key="back-1")
    assert refusal.value.code == "balance_insufficient"
    assert fake.settle_payouts() == 1
    paid = sdk.v1.payouts.retrieve(payout.id, options={"stripe_account": order.stripe_account})
    assert paid.status == "paid"


def test_a_payout_that_the_accounts_bank_returns_is_back_on_the_account(
    connect: StripeConnect, fake: FakeStripe, order
):
    connect.send(order, "key-1")
    sdk = stripe.StripeClient(DEFAULT_KEY, http_client=sdk_http_client(fake))
    options = {"stripe_account": order.stripe_account}
    sdk.v1.payouts.create({"amount": 1_000_002, "currency": "cny"}, options)
    assert sdk.v1.balance.retrieve(options=options).available[0].amount == 11_959_998
    fake.settle_payouts()
    assert sdk.v1.balance.retrieve(options=options).available[0].amount == 12_960_000
    kinds = [verify_webhook(webhook.payload, webhook.signature, SECRET).kind for webhook in fake.take_webhooks()]
    assert kinds == ["transfer.created", "payout.created", "payout.failed"]


class TestWebhooks:
    def test_events_signed_by_the_fake_pass_the_sdk_and_tell_the_outcome(
        self, connect: StripeConnect, fake: FakeStripe, order
    ):
        reference = connect.send(order, "key-1").reference
        connect.reverse(reference, 12_960_000, reason="退回", idempotency_key="back-1")
        webhooks = fake.take_webhooks()
        events = [verify_webhook(webhook.payload, webhook.signature, SECRET) for webhook in webhooks]
        assert [event.kind for event in events] == ["transfer.created", "transfer.reversed"]
        assert len({event.event_id for event in events}) == 2
        outcome = Outcome(
            state=OutcomeState.RETURNED, reference=reference, amount_fen=12_960_000, returned_fen=12_960_000
        )
        assert events[1].outcome() == ("key-1", outcome)
        assert events[1].account() is None
        sdk_event = stripe.StripeClient(DEFAULT_KEY).construct_event(webhooks[0].payload, webhooks[0].signature, SECRET)
        assert (sdk_event.id, sdk_event.type) == (events[0].event_id, "transfer.created")
        assert fake.take_webhooks() == []

    def test_an_account_event_tells_whether_the_account_is_ready(
        self, connect: StripeConnect, fake: FakeStripe, open_account: str
    ):
        link = connect.onboarding_link(open_account, return_url="https://a.example", refresh_url="https://b.example")
        fake.complete_onboarding(link.url.rpartition("/")[2])
        (webhook,) = fake.take_webhooks()
        event = verify_webhook(webhook.payload, webhook.signature, SECRET)
        account = event.account()
        assert account is not None
        assert (account.account_id, account.ready) == (open_account, True)
        assert event.outcome() is None

    def test_whatever_is_not_signed_with_the_secret_is_refused(
        self, connect: StripeConnect, fake: FakeStripe, order, now: datetime
    ):
        connect.send(order, "key-1")
        (webhook,) = fake.take_webhooks()
        payload, signature = webhook.payload, webhook.signature
        old = fake.sign(payload.decode(), now - timedelta(minutes=6))
        for content, header, secret in (
            (payload.replace(b"12960000", b"12960001"), signature, SECRET),
            (payload + b" ", signature, SECRET),
            (payload, signature.replace("t=", "t=9"), SECRET),
            (payload, signature, "whsec_other"),
            (payload, signature, ""),
            (payload, "", SECRET),
            (payload, "t=1,v1=", SECRET),
            (payload, "nonsense", SECRET),
            (payload, old, SECRET),
            (b"\xff\xfe", signature, SECRET),
        ):
            with pytest.raises(Refused, match="签名"):
                verify_webhook(content, header, secret)

    def test_a_signed_text_that_is_no_event_is_refused(self, fake: FakeStripe):
        for payload in ("[]", "{}", "null", '{"id": "evt_1"}', "{"):
            with pytest.raises(Refused):
                verify_webhook(payload.encode(), fake.sign(payload), SECRET)

    def test_an_event_of_something_else_has_no_outcome(self, fake: FakeStripe):
        payload = json.dumps(
            {"id": "evt_1", "type": "charge.succeeded", "created": 1_777_000_000, "data": {"object": {}}}
        )
        event = verify_webhook(payload.encode(), fake.sign(payload), SECRET)
        assert (event.account(), event.outcome()) == (None, None)
        assert event.created == datetime(2026, 4, 24, 3, 6, 40, tzinfo=UTC)
