"""When anybody may object, until when the answer is due, and when a proposed award may be confirmed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from market.awards.rules import answer_by, confirm_bar, notice_end, objection_bar
from market.kernel.clock import end_of_day
from market.kernel.rulebook import load
from tests.market.kernel.calendars import TEST_2026

UNTIL = end_of_day(date(2026, 4, 14))
LAST = UNTIL - timedelta(seconds=1)


def test_five_working_days_of_notice_leave_out_the_weekend():
    assert notice_end(date(2026, 4, 7), 5, TEST_2026).day == date(2026, 4, 14)
    # Published before the holiday of 4 to 6 April: the days off do not count.
    assert notice_end(date(2026, 4, 2), 5, TEST_2026).day == date(2026, 4, 10)


def test_row_50_an_objection_is_answered_within_five_working_days_an_assumed_number():
    rules = load().at("320115", "comparison", date(2026, 4, 8))
    assert answer_by(date(2026, 4, 8), rules, TEST_2026).day == date(2026, 4, 15)
    assert rules.rule("objection.answer_working_days").assumed


def test_anybody_may_object_until_the_last_second_of_the_notice():
    assert objection_bar(LAST, UNTIL, pending=True) is None
    assert "公示期已满" in (objection_bar(UNTIL, UNTIL, pending=True) or "")
    assert "不在公示中" in (objection_bar(LAST, UNTIL, pending=False) or "")


@pytest.mark.parametrize(
    ("at", "objections", "words"),
    [
        (LAST, [], "公示期还没有结束"),
        (UNTIL, [], None),
        (UNTIL, ["rejected", "filed"], "还有异议没有答复"),
        (UNTIL, ["rejected"], None),
        (UNTIL, ["rejected", "upheld"], "有异议成立"),
        (LAST, ["upheld"], "有异议成立"),
    ],
)
def test_a_proposal_is_confirmed_after_its_notice_with_every_objection_rejected(at, objections, words):
    bar = confirm_bar(at, UNTIL, objections)
    assert bar is None if words is None else words in (bar or "")
