"""What a breach takes back without recovery terms, payments that cannot arrive, and milestones that fall."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from contracts.agreements.queries import agreement as find_agreement
from contracts.endings import actions, queries
from contracts.endings.rules import check_claim, is_stuck
from contracts.endings.states import Ground
from contracts.payouts import actions as payouts
from contracts.payouts.queries import payments_of
from market.cli.reconciling import comparisons
from market.db.session import db
from market.kernel.errors import Refused
from market.organisations.queries import live_bank_account
from market.organisations.states import BankState
from market.records.models import Notice
from tests.factories.endings import FINAL, PAID, RECOVERY, approved, claim_of, paid, received
from tests.factories.payouts import accept, evaluate, milestone, office, raised, total

WITH = {"recovery": {"stop_on_fail": True, "claim_bp": 5_000, "due_days": 30}}


@pytest.mark.parametrize(
    ("ground", "contract", "claim_bp", "fits"),
    [
        (Ground.BREACH, {}, 10_000, True),
        (Ground.BREACH, {}, 0, True),
        (Ground.BREACH, {}, 10_001, False),
        (Ground.BREACH, {}, -1, False),
        (Ground.BREACH, WITH, 1, False),
        (Ground.AGREED, {}, 1, False),
        (Ground.AGREED, {}, 0, True),
    ],
)
def test_a_share_is_settled_by_hand_only_after_a_breach_of_a_contract_without_its_own(ground, contract, claim_bp, fits):
    if fits:
        check_claim(ground, contract, claim_bp)
        return
    with pytest.raises(Refused) as refusal:
        check_claim(ground, contract, claim_bp)
    assert refusal.value.field == "claim_bp"


@pytest.mark.parametrize(
    ("state", "late", "payable", "stuck"),
    [
        ("due", 1, False, True),
        ("due", 0, False, False),  # the payee still has time to enter an account
        ("due", 1, True, False),  # the street simply has not paid
        ("failed", 1, True, True),
        ("returned", 1, True, True),
        ("ordered", 1, False, False),  # on its way
        ("requested", 1, False, False),
        ("approved", 1, False, False),
    ],
)
def test_what_counts_as_stuck(state, late, payable, stuck):
    last = FINAL.date()
    assert is_stuck(state, last, last + timedelta(days=late), payable=payable) is stuck


def _notices(desk):
    query = select(Notice).filter_by(file_id=desk.deal.file.id).order_by(Notice.id).options(undefer(Notice.body))
    return [json.loads(row.body) for row in db.session.scalars(query)]


def _books_agree():
    db.session.flush()
    db.session.expire_all()
    assert [line for line in comparisons() if not line.agrees] == []


@pytest.mark.usefixtures("session")
def test_a_breach_of_a_plain_purchase_claims_the_share_two_people_settled():
    desk = office()
    paid(desk, 1)
    accept(desk, 2)
    row = actions.propose_termination(
        desk.deal.clerk, desk.agreement.id, Ground.BREACH, "擅自停止服务。", 0, FINAL, claim_bp=2_500
    )
    approved(desk, row)
    db.session.expire_all()
    claim = claim_of(desk)
    # A quarter of the 129,600 yuan that had arrived; what was accepted is settled and stays owed.
    assert (claim.amount_fen, claim.basis["claim_bp"], claim.basis["due_days"]) == (3_240_000, 2_500, 30)
    assert row.settled_fen == 17_280_000
    release = _notices(desk)[-1]["contracts"][0]
    assert (release["linliClaims"][0]["shareBp"], release["linliTermination"]["ground"]) == (2_500, "breach")
    before = total(desk)
    received(desk, claim, 3_240_000)
    assert total(desk) == before | {
        "paid": before["paid"] - 3_240_000,
        "unspent": before["unspent"] + 3_240_000,
    }
    _books_agree()


@pytest.mark.usefixtures("session")
def test_milestones_that_were_not_accepted_fall_with_the_contract_and_the_notice_says_so():
    desk = office()
    accept(desk, 1)
    row = actions.propose_termination(desk.deal.clerk, desk.agreement.id, Ground.AGREED, "双方商定。", 0, FINAL)
    approved(desk, row)
    assert [milestone(desk, number).state for number in (1, 2, 3)] == ["accepted", "fallen", "fallen"]
    told = _notices(desk)[-1]["contracts"][0]
    assert [one["status"] for one in told["milestones"]] == ["notMet", "notMet"]
    assert told["implementation"]["milestones"] == told["milestones"]


@pytest.mark.usefixtures("session")
def test_a_payment_that_cannot_arrive_does_not_keep_a_failed_contract_alive():
    desk = office(recovery=RECOVERY)
    paid(desk, 1)
    account = live_bank_account(desk.agreement.organisation_id)
    assert account is not None
    account.state = BankState.RETIRED.value
    accept(desk, 2)
    raised(desk, PAID)
    accept(desk, 3)
    evaluate(desk, 3, 0, "fail", PAID)
    waiting = [one for one in payments_of(desk.agreement.id) if one.state == "due"]
    assert waiting
    payouts.raise_payments(FINAL)
    assert queries.on_their_way(desk.agreement.id, waiting[0].pay_by)
    assert actions.terminate_failed(FINAL) == 1
    claim = claim_of(desk)
    stuck = sum(one.amount_fen for one in waiting)
    # Half of what was paid and of what stays owed; only what was paid can come back now.
    assert claim.amount_fen == (12_960_000 + stuck) // 2
    assert claim.basis["stuck_fen"] == stuck
    assert {one.state for one in waiting} == {"due"}
    assert sum(line.left_fen for line in queries.rooms_of(claim)) <= 12_960_000
    contract = find_agreement(desk.agreement.id)
    assert contract is not None
    clause = next(one for one in contract.data["clauses"] if one["key"] == "recovery")
    assert any("没有可用的收款账户" in paragraph for paragraph in clause["paragraphs"])
    _books_agree()
    # Once there is an account the debt is paid as any other.
    account.state = BankState.LIVE.value
    payouts.request_payment(desk.cashier, waiting[0].id, FINAL)
