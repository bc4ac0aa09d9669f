"""Payments by Stripe: sent once whatever happens, booked once, taken back, and told by signed notices."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from contracts.payouts import actions, jobs
from contracts.payouts.actions import order_batch, order_stripe, route_of
from contracts.payouts.models import ProviderEvent
from contracts.payouts.providers.fake_stripe_api import FakeStripe, Webhook
from contracts.payouts.providers.port import Unsure
from contracts.payouts.states import PaymentState, Route
from market.db.session import db
from market.kernel.errors import Refused
from market.organisations.queries import stripe_account
from market.records import queue
from tests.factories.payouts import (
    ACCEPTED,
    RAISED,
    Office,
    accept,
    approved,
    newest,
    office,
    one,
    raised,
    total,
)
from tests.factories.people import acting
from tests.fixtures.visitor import Page, Visitor

pytestmark = pytest.mark.usefixtures("session")


def ready_account(fake: FakeStripe, desk: Office) -> str:
    """The organisation opens an account, completes it at Stripe, and chooses it."""
    from market.organisations.actions import choose_route, decide_route, keep_stripe_account, note_stripe_state

    row = desk.deal.team.organisation
    connect = jobs.installed.stripe()
    account = connect.create_account(
        name=row.name, uscc=row.uscc or "", email="a@example.invalid", country="CN", idempotency_key=f"account-{row.id}"
    ).account_id
    link = connect.onboarding_link(account, return_url="https://linli.example/a", refresh_url="https://linli.example/b")
    fake.complete_onboarding(link.url.rpartition("/")[2])
    fake.take_webhooks()
    held = keep_stripe_account(desk.payee, row, account, ACCEPTED)
    note_stripe_state(held, True, desk.payee, ACCEPTED)
    choose_route(desk.payee, row, True, ACCEPTED)
    decide_route(acting(desk.deal.team.signatory), row, True, ACCEPTED)
    db.session.flush()
    return account


@pytest.fixture
def desk(stripe_fake: FakeStripe) -> Office:
    found = office()
    ready_account(stripe_fake, found)
    accept(found, 1)
    return found


def run(app: Flask) -> int:
    db.session.commit()
    done = queue.run_pending(app)
    db.session.expire_all()
    return done


def transfers(fake: FakeStripe) -> list[dict]:
    return list(fake.state["transfers"].values())


def test_the_route_an_organisation_chose_is_taken_and_no_other(app, desk):
    rows = raised(desk)
    approved(desk, rows)
    assert route_of(desk.deal.team.id) is Route.STRIPE
    with pytest.raises(Refused, match="Stripe"):
        order_batch(desk.cashier, desk.street_id, [rows[0].id], RAISED)


def test_a_transfer_is_made_booked_and_published(app, desk, stripe_fake):
    rows = raised(desk)
    approved(desk, rows)
    orders = order_stripe(desk.cashier, [row.id for row in rows], RAISED)
    assert transfers(stripe_fake) == []  # nothing leaves before the commit
    assert run(app) == 2
    assert sorted(t["amount"] for t in transfers(stripe_fake)) == [4_860_000, 8_100_000]
    assert {t["transfer_group"] for t in transfers(stripe_fake)} == {order.key for order in orders}
    assert {one(row.id).state for row in rows} == {PaymentState.PAID}
    assert total(desk)["paid"] == 12_960_000
    jobs.send_order(orders[0].id)
    assert len(transfers(stripe_fake)) == 2


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "server_error"])
def test_an_answer_that_never_came_is_asked_for_again_under_the_same_number(app, desk, stripe_fake, fault):
    row = raised(desk)[0]
    approved(desk, [row])
    order = order_stripe(desk.cashier, [row.id], RAISED)[0]
    stripe_fake.fail_next(fault)
    db.session.commit()
    with pytest.raises(Unsure):
        jobs.send_order(order.id)
    db.session.rollback()
    assert one(row.id).state == PaymentState.ORDERED
    jobs.send_order(order.id)
    assert one(row.id).state == PaymentState.PAID
    assert len(transfers(stripe_fake)) == 1


def test_a_definite_no_is_a_failure_with_the_providers_words(app, desk, stripe_fake):
    row = raised(desk)[0]
    approved(desk, [row])
    stripe_fake.state["balances"]["platform"] = 0
    order = order_stripe(desk.cashier, [row.id], RAISED)[0]
    run(app)
    failed = one(row.id)
    assert failed.state == PaymentState.FAILED
    assert "Stripe" in failed.problem
    assert newest(row.id).detail
    assert total(desk)["payable"] == 12_960_000
    assert order.outcome == "failed"


def test_a_number_used_for_something_else_is_for_a_person_and_never_failed(app, desk, stripe_fake):
    row = raised(desk)[0]
    approved(desk, [row])
    order = order_stripe(desk.cashier, [row.id], RAISED)[0]
    other = jobs.Instruction.from_data({**order.instruction, "amount_fen": 1})
    jobs.installed.stripe().send(other, order.key)
    run(app)
    stuck = one(row.id)
    assert (stuck.state, newest(row.id).outcome) == (PaymentState.ORDERED, None)
    assert "人工核对" in stuck.problem


def test_money_taken_back_is_owed_again(app, desk, stripe_fake):
    row = raised(desk)[0]
    approved(desk, [row])
    order_stripe(desk.cashier, [row.id], RAISED)
    with pytest.raises(Refused, match="已经到账"):
        actions.reverse_payment(desk.cashier, row.id, "重复付款", RAISED)
    run(app)
    with pytest.raises(Refused) as refusal:
        actions.reverse_payment(desk.cashier, row.id, " ", RAISED)
    assert refusal.value.field == "reason"
    actions.reverse_payment(desk.cashier, row.id, "重复付款", RAISED)
    run(app)
    back = one(row.id)
    assert (back.state, back.problem) == (PaymentState.RETURNED, "重复付款")
    assert (total(desk)["paid"], total(desk)["payable"]) == (0, 12_960_000)


def test_a_payee_without_the_money_keeps_the_payment_paid(app, desk, stripe_fake):
    row = raised(desk)[0]
    approved(desk, [row])
    order_stripe(desk.cashier, [row.id], RAISED)
    run(app)
    stripe_fake.state["balances"][stripe_account(desk.deal.team.id).account] = 0
    actions.reverse_payment(desk.cashier, row.id, "重复付款", RAISED)
    run(app)
    assert one(row.id).state == PaymentState.PAID
    assert "余额不足" in one(row.id).problem


def test_unanswered_orders_are_looked_after_by_the_clock(app, desk, stripe_fake):
    row = raised(desk)[0]
    approved(desk, [row])
    order = order_stripe(desk.cashier, [row.id], RAISED)[0]
    stripe_fake.fail_next("lost_request", count=1)
    stripe_fake.fail_next("lost_request", count=1)
    db.session.commit()
    assert actions.chase_orders(RAISED) == 0
    later = RAISED + actions.webhooks.CHASE_AFTER * 2
    assert actions.chase_orders(later) == 1
    jobs.chase_order(order.id)  # no answer: the clock will ask again
    db.session.rollback()
    assert one(row.id).state == PaymentState.ORDERED


# --- notices ----------------------------------------------------------------------------------------------------------


def deliver(visitor: Visitor, webhook: Webhook, signature: str | None = None) -> Page:
    headers = {"Stripe-Signature": webhook.signature if signature is None else signature}
    return visitor.post("/webhooks/stripe", webhook.payload, headers=headers, content_type="application/json")


def test_an_account_that_stripe_has_checked_becomes_ready(app, stripe_fake, visitor):
    from market.organisations.actions import keep_stripe_account

    found = office()
    connect = jobs.installed.stripe()
    account = connect.create_account(
        name="某机构", uscc="", email="a@example.invalid", country="CN", idempotency_key="account-x"
    ).account_id
    held = keep_stripe_account(found.payee, found.deal.team.organisation, account, ACCEPTED)
    assert held.payouts_enabled is False
    link = connect.onboarding_link(account, return_url="https://linli.example/a", refresh_url="https://linli.example/b")
    stripe_fake.complete_onboarding(link.url.rpartition("/")[2])
    webhook = stripe_fake.take_webhooks()[-1]
    assert deliver(visitor, webhook).status == 204
    assert deliver(visitor, webhook).status == 204
    assert db.session.scalar(db.select(db.func.count(ProviderEvent.id))) == 1
    assert run(app) == 1
    assert stripe_account(found.deal.team.id).payouts_enabled is True


def test_a_reversal_made_at_stripe_itself_comes_back_by_its_notice(app, desk, stripe_fake, visitor):
    row = raised(desk)[0]
    approved(desk, [row])
    order_stripe(desk.cashier, [row.id], RAISED)
    run(app)
    transfer = transfers(stripe_fake)[0]
    jobs.installed.stripe().reverse(transfer["id"], transfer["amount"], reason="误付", idempotency_key="x")
    for webhook in stripe_fake.take_webhooks():
        assert deliver(visitor, webhook).status == 204
    run(app)
    assert one(row.id).state == PaymentState.RETURNED
    assert total(desk)["payable"] == 12_960_000


@pytest.mark.parametrize("signature", ["", "t=1,v1=00", "nonsense"])
def test_a_notice_without_the_right_signature_is_refused_and_leaves_nothing(app, stripe_fake, visitor, signature):
    event = {"id": "evt_1", "type": "transfer.created", "created": 1, "data": {"object": {}}}
    page = deliver(visitor, Webhook("evt_1", json.dumps(event).encode(), ""), signature)
    assert page.status == 422
    assert db.session.scalar(db.select(db.func.count(ProviderEvent.id))) == 0


def test_a_signature_of_yesterday_is_refused(app, stripe_fake, visitor, clock):
    office()
    jobs.installed.stripe().create_account(
        name="某机构", uscc="", email="a@example.invalid", country="CN", idempotency_key="account-y"
    )
    link = jobs.installed.stripe().onboarding_link(
        next(iter(stripe_fake.state["accounts"])), return_url="https://linli.example/a", refresh_url="https://linli.example/b"
    )  # fmt: skip
    stripe_fake.complete_onboarding(link.url.rpartition("/")[2])
    webhook = stripe_fake.take_webhooks()[-1]
    clock.forward(minutes=6)
    assert deliver(visitor, webhook).status == 422
