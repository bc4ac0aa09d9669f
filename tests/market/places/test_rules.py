"""Reading days and values as people type them."""

from __future__ import annotations

from datetime import date

import pytest

from market.kernel.errors import Refused
from market.kernel.naming import REGIME_LABELS
from market.kernel.rulebook import CONFIDENCES, DECIDED_HERE, Regime, load
from market.places.rules import UNIT_LABELS, check_calendar, parse_days, parse_value, show_value
from market.places.states import CONFIDENCE_LABELS


def test_days_are_read_one_by_one_and_in_spans() -> None:
    text = "2026-10-01至2026-10-03\n2026年10月5日，2026/10/6"
    days = [1, 2, 3, 5, 6]
    assert parse_days(text, 2026, field="off") == [date(2026, 10, day) for day in days]
    assert parse_days("", 2026, field="off") == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("国庆节", "看不懂"),
        ("2026-02-30", "没有“2026-02-30”这一天"),
        ("2027-01-01", "不在 2026 年内"),
        ("2026-10-07至2026-10-01", "前后颠倒"),
        ("2026-01-01至2026-12-31", "跨度太大"),
    ],
)
def test_what_is_no_day_is_said_at_the_field(text: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        parse_days(text, 2026, field="off")
    assert refused.value.field == "off"


def test_only_days_that_differ_from_the_plain_week_are_kept() -> None:
    off, on = check_calendar([date(2026, 10, day) for day in range(1, 8)], [date(2026, 10, 10)])
    assert [day.day for day in off] == [1, 2, 5, 6, 7]
    assert on == [date(2026, 10, 10)]


@pytest.mark.parametrize(
    ("off", "on", "field"),
    [
        ([date(2026, 10, 1)], [date(2026, 10, 1)], "on"),
        ([date(2026, 10, 1)], [date(2026, 10, 9)], "on"),
        ([], [], "off"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(off: list[date], on: list[date], field: str) -> None:
    with pytest.raises(Refused) as refused:
        check_calendar(off, on)
    assert refused.value.field == field


def test_every_value_of_the_rulebook_can_be_shown_and_typed_again() -> None:
    for rule in load().rules:
        if rule.unit == "bp:points":
            continue
        typed = parse_value(show_value(rule.value, rule.unit), rule.unit, rule.value, field="value")
        assert typed == (list(rule.value) if isinstance(rule.value, tuple) else rule.value), rule.key
        assert rule.unit in UNIT_LABELS


@pytest.mark.parametrize(
    ("text", "unit", "present", "value"),
    [
        ("250万", "fen", 1, 250_000_000),
        ("12.5%", "bp", 1, 1250),
        ("30；40；30", "bp", (1,), [3000, 4000, 3000]),
        ("5", "working_days", 3, 5),
        ("1", "yes_no", 0, 1),
        ("elder_care; disability", "", ("x",), ["elder_care", "disability"]),
        ("*", "", ("x",), ["*"]),
    ],
)
def test_values_as_people_type_them(text: str, unit: str, present: object, value: object) -> None:
    assert parse_value(text, unit, present, field="value") == value


@pytest.mark.parametrize(
    ("text", "unit", "present"),
    [
        ("-5", "days", 1),
        ("五", "days", 1),
        ("2", "yes_no", 1),
        ("很多", "fen", 1),
        ("最后；一笔", "", "last"),
        ("", "bp", (1,)),
    ],
)
def test_values_that_cannot_be_read_are_refused_at_the_field(text: str, unit: str, present: object) -> None:
    with pytest.raises(Refused) as refused:
        parse_value(text, unit, present, field="value")
    assert refused.value.field == "value"


def test_every_procedure_and_every_degree_of_certainty_has_words() -> None:
    assert set(REGIME_LABELS) == set(Regime)
    assert set(CONFIDENCE_LABELS) == {*CONFIDENCES, DECIDED_HERE}
