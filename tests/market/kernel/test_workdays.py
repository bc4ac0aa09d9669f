from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.workdays import (
    WEEKENDS_ONLY,
    Calendar,
    add_months,
    add_working_days,
    add_years,
    calendar_from_library,
    is_provisional,
    is_working_day,
    next_working_day,
    roll_forward,
    working_days_between,
)
from tests.market.kernel.calendars import TEST_2026, WITHOUT_MAY

days_of_2026 = st.dates(date(2026, 1, 1), date(2026, 10, 31))


def d(month, day, year=2026):
    return date(year, month, day)


def test_make_up_days_and_holidays():
    assert is_working_day(d(5, 9), TEST_2026), "9 May 2026 is a Saturday people work"
    assert not is_working_day(d(5, 5), TEST_2026)
    assert not is_working_day(d(4, 6), TEST_2026)
    assert not is_working_day(d(3, 1), TEST_2026)
    assert is_working_day(d(3, 2), TEST_2026)


@pytest.mark.parametrize(
    ("opening", "n", "expected"),
    [
        (d(3, 2), 5, d(3, 9)),
        (d(4, 7), 5, d(4, 14)),
        (d(3, 24), 2, d(3, 26)),
        (d(3, 26), 5, d(4, 2)),
        (d(4, 2), 2, d(4, 7)),
        (d(4, 20), 2, d(4, 22)),
        (d(4, 20), 5, d(4, 27)),
        (d(4, 20), 7, d(4, 29)),
        (d(3, 3), 7, d(3, 12)),
        (d(3, 31), 7, d(4, 10)),
        (d(3, 12), 7, d(3, 23)),
        (d(3, 23), 15, d(4, 14)),
        (d(4, 14), 30, d(5, 28)),
        (d(3, 7), 0, d(3, 7)),
        (d(3, 7), 1, d(3, 9)),
    ],
)
def test_counting_leaves_the_opening_day_out(opening, n, expected):
    assert add_working_days(opening, n, TEST_2026) == (expected, False)
    assert working_days_between(opening, expected, TEST_2026) == n


def test_row_50_one_missing_holiday_set_moves_a_deadline():
    reply_end = add_working_days(d(3, 12), 7, TEST_2026).day
    complaint_end = add_working_days(reply_end, 15, TEST_2026).day
    assert (reply_end, complaint_end) == (d(3, 23), d(4, 14))
    assert add_working_days(complaint_end, 30, TEST_2026).day == d(5, 28)
    assert add_working_days(complaint_end, 30, WITHOUT_MAY).day == d(5, 26)


def test_unknown_years_count_weekends_and_say_so():
    assert add_working_days(d(12, 30), 3, TEST_2026) == (d(1, 4, 2027), True)
    assert add_working_days(d(12, 30), 1, TEST_2026) == (d(12, 31), False)
    assert roll_forward(d(1, 1, 2028), TEST_2026) == (d(1, 3, 2028), True)
    assert add_working_days(d(5, 1), 1, WEEKENDS_ONLY) == (d(5, 4), True)
    assert is_provisional([d(12, 31), d(1, 1, 2027)], TEST_2026)
    assert not is_provisional([d(12, 31)], TEST_2026)


def test_rolling_and_next():
    assert roll_forward(d(4, 4), TEST_2026) == (d(4, 7), False)
    assert roll_forward(d(5, 9), TEST_2026) == (d(5, 9), False)
    assert next_working_day(d(4, 3), TEST_2026) == (d(4, 7), False)


def test_counting_backwards():
    assert working_days_between(d(3, 9), d(3, 2), TEST_2026) == -5
    assert working_days_between(d(3, 9), d(3, 9), TEST_2026) == 0
    with pytest.raises(ValueError, match="forwards"):
        add_working_days(d(3, 9), -1, TEST_2026)


@given(days_of_2026, st.integers(1, 40))
def test_the_counted_day_is_the_nth_working_day(day, n):
    found = add_working_days(day, n, TEST_2026).day
    assert is_working_day(found, TEST_2026)
    assert working_days_between(day, found, TEST_2026) == n
    assert working_days_between(day, found - timedelta(days=1), TEST_2026) == n - 1


def test_a_day_cannot_be_both():
    with pytest.raises(ValueError, match="both"):
        Calendar("x", frozenset({d(5, 1)}), frozenset({d(5, 1)}), frozenset({2026}))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (d(1, 31), 1, d(2, 28)),
        (d(1, 31, 2028), 1, d(2, 29, 2028)),
        (d(4, 30, 2027), -1, d(3, 30, 2027)),
        (d(3, 31), -1, d(2, 28)),
        (d(12, 15), 1, d(1, 15, 2027)),
        (d(11, 30), 12, d(11, 30, 2027)),
        (d(5, 10), 0, d(5, 10)),
    ],
)
def test_months(day, months, expected):
    assert add_months(day, months) == expected


def test_row_54_papers_are_kept_fifteen_years():
    assert add_years(d(5, 10), 15) == d(5, 10, 2041)
    assert add_years(date(2028, 2, 29), 15) == date(2043, 2, 28)


def test_the_library_knows_2026_and_says_nothing_of_later_years():
    cal = calendar_from_library([2026, 2090])
    assert cal.years == {2026}
    assert cal.version.startswith("chinesecalendar-")
    assert is_working_day(d(5, 9), cal)
    assert not is_working_day(d(10, 1), cal)
    assert add_working_days(d(4, 14), 30, cal).day == d(5, 28)
