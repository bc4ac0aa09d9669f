"""Due dates, the window of the final evaluation, and what an acceptance needs."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.delivery.rules import check_acceptance, check_begun, check_report, final_window, is_overdue
from market.kernel.errors import Refused


def test_row_69_final_evaluation_within_the_last_month():
    window = final_window(date(2027, 4, 30), 1)
    assert (window.first, window.last) == (date(2027, 3, 30), date(2027, 4, 30))
    assert final_window(date(2027, 3, 31), 1).first == date(2027, 2, 28)


def test_nothing_is_reported_before_the_service_begins():
    check_begun(date(2026, 5, 1), date(2026, 5, 1))
    with pytest.raises(Refused, match="服务期自 2026-05-01 开始"):
        check_begun(date(2026, 5, 1), date(2026, 4, 30))


def test_a_milestone_is_overdue_from_the_day_after():
    assert not is_overdue(date(2026, 5, 20), date(2026, 5, 20))
    assert is_overdue(date(2026, 5, 20), date(2026, 5, 21))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("完成", 120, 40, 1), None),
        (("  ", 120, 40, 1), "text"),
        (("完成", -1, 40, 1), "people_served"),
        (("完成", 0, -1, 1), "sessions_held"),
        (("完成", 120, 40, 0), "document"),
    ],
)
def test_a_report_says_what_was_done_and_proves_it(given, field):
    if field is None:
        check_report(*given)
        return
    with pytest.raises(Refused) as refusal:
        check_report(*given)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("合格", 12, 11, "满意"), None),
        (("合格", 12, 0, "不满意"), None),
        (("", 12, 11, "满意"), "opinion"),
        (("合格", 0, 0, "满意"), "users_invited"),
        (("合格", 12, 13, "满意"), "users_satisfied"),
        (("合格", 12, 11, " "), "users_opinion"),
    ],
)
def test_users_are_invited_to_the_acceptance_and_heard(given, field):
    if field is None:
        check_acceptance(*given)
        return
    with pytest.raises(Refused) as refusal:
        check_acceptance(*given)
    assert refusal.value.field == field
