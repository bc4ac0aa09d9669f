"""Grounds, settlement, claims and receipts as arithmetic and decisions, without a database."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.endings.rules import (
    LineRoom,
    check_ground,
    check_receipt,
    claim_amount,
    claim_due,
    follows_recovery,
    is_overdue,
    receipt_parts,
    settles,
)
from contracts.endings.states import Ground
from contracts.payouts.rules import settled_bp, stops_on_fail
from market.kernel.errors import Refused
from tests.market.kernel.calendars import TEST_2026

WITH = {"recovery": {"stop_on_fail": True, "claim_bp": 5_000, "due_days": 30}}


@pytest.mark.parametrize(
    ("ground", "suspended", "annulled", "failed", "words"),
    [
        (Ground.FAILED, False, False, True, None),
        (Ground.FAILED, False, False, False, "没有节点最终不合格"),
        (Ground.BREACH, False, False, False, None),
        (Ground.AGREED, False, False, True, None),
        (Ground.IMPOSSIBLE, False, False, False, None),
        (Ground.ANNULLED, True, True, False, None),
        (Ground.ANNULLED, False, False, False, "没有被认定无效"),
        (Ground.AGREED, True, True, False, "请选择这一项"),
        (Ground.AGREED, True, False, False, "质疑还在处理"),
        (Ground.FAILED, True, True, True, "请选择这一项"),
    ],
)
def test_a_ground_needs_its_facts(ground, suspended, annulled, failed, words):
    if words is None:
        check_ground(ground, suspended=suspended, annulled=annulled, failed=failed)
        return
    with pytest.raises(Refused, match=words) as refusal:
        check_ground(ground, suspended=suspended, annulled=annulled, failed=failed)
    assert refusal.value.field == "ground"


def test_recovery_follows_the_supplier_fault_and_only_where_the_contract_says_so():
    assert [ground for ground in Ground if follows_recovery(ground, WITH)] == [Ground.FAILED, Ground.BREACH]
    assert not [ground for ground in Ground if follows_recovery(ground, {})]
    # Whatever recovery does not take is settled: accepted work is paid.
    assert [ground for ground in Ground if not settles(ground, WITH)] == [Ground.FAILED, Ground.BREACH]
    assert all(settles(ground, {}) for ground in Ground)
    assert stops_on_fail(WITH)
    assert not stops_on_fail({"recovery": {**WITH["recovery"], "stop_on_fail": False}})
    assert not stops_on_fail({})


@pytest.mark.parametrize(
    ("base", "evaluated", "agreed", "share"),
    [
        ("acceptance", None, 0, 10_000),
        ("evaluation", 9_000, 0, 9_000),
        ("evaluation", None, 6_000, 6_000),
        ("evaluation", 0, 6_000, 0),
    ],
)
def test_accepted_work_is_settled_in_full_as_evaluated_or_as_agreed(base, evaluated, agreed, share):
    assert settled_bp(base, evaluated, agreed) == share


def test_a_claim_is_a_share_of_what_was_paid_rounded_once_and_split_by_largest_remainder():
    claim = claim_amount([(1, 8_100_000), (2, 4_860_001)], 5_000)
    assert (claim.paid_fen, claim.amount_fen) == (12_960_001, 6_480_001)
    assert claim.parts == ((1, 4_050_000), (2, 2_430_001))
    assert claim_amount([(1, 8_100_000)], 0).amount_fen == 0
    assert claim_amount([], 10_000).parts == ()


paid_lines = st.lists(st.integers(0, 10**10), min_size=1, max_size=6)


@given(paid=paid_lines, share=st.integers(0, 10_000))
def test_no_line_gets_back_more_than_it_paid(paid, share):
    claim = claim_amount(list(enumerate(paid)), share)
    assert sum(fen for _, fen in claim.parts) == claim.amount_fen <= sum(paid)
    assert all(fen <= paid[line] for line, fen in claim.parts)


@given(paid=paid_lines.filter(any), share=st.integers(1, 10_000), data=st.data())
def test_receipts_in_any_parts_bring_every_line_exactly_its_own(paid, share, data):
    claim = claim_amount(list(enumerate(paid)), share)
    back = dict.fromkeys(dict(claim.parts), 0)
    left = claim.amount_fen
    while left:
        amount = data.draw(st.integers(max(1, left // 3), left))
        rooms = [LineRoom(line, fen, back[line], paid[line]) for line, fen in claim.parts]
        parts = receipt_parts(amount, rooms)
        assert sum(fen for _, fen in parts) == amount
        for line, fen in parts:
            back[line] += fen
        left -= amount
    assert back == dict(claim.parts)


def test_no_more_comes_back_than_is_claimed_or_was_really_paid():
    rooms = [LineRoom(1, 500, 0, 1_000), LineRoom(2, 500, 100, 300)]
    assert [room.left_fen for room in rooms] == [500, 200]
    assert receipt_parts(700, rooms) == [(1, 500), (2, 200)]
    with pytest.raises(Refused) as refusal:
        receipt_parts(701, rooms)
    assert refusal.value.field == "amount_fen"
    # A payment that bounced after part of it had come back leaves nothing more to take.
    assert LineRoom(1, 500, 400, 300).left_fen == 0


@pytest.mark.parametrize(
    ("amount", "day", "field"),
    [
        (0, date(2026, 8, 1), "amount_fen"),
        (501, date(2026, 8, 1), "amount_fen"),
        (500, date(2026, 7, 30), "received_on"),
        (500, date(2026, 8, 3), "received_on"),
        (500, date(2026, 7, 31), None),
        (500, date(2026, 8, 2), None),
    ],
)
def test_a_receipt_lies_between_the_claim_and_today_and_within_what_waits(amount, day, field):
    claimed_on, today = date(2026, 7, 31), date(2026, 8, 2)
    if field is None:
        check_receipt(amount, 500, day, claimed_on=claimed_on, today=today)
        return
    with pytest.raises(Refused) as refusal:
        check_receipt(amount, 500, day, claimed_on=claimed_on, today=today)
    assert refusal.value.field == field


def test_the_days_to_return_the_money_roll_over_a_weekend():
    assert claim_due(date(2026, 7, 31), 30, TEST_2026).day == date(2026, 8, 31)  # 30 August is a Sunday
    assert is_overdue(True, date(2026, 8, 31), date(2026, 9, 1))
    assert not is_overdue(True, date(2026, 8, 31), date(2026, 8, 31))
    assert not is_overdue(False, date(2026, 8, 31), date(2026, 9, 1))
