"""Registration periods, learning, supervision, load and the talent programme, by worked examples."""

from __future__ import annotations

from datetime import date

import pytest

from market.kernel.errors import Refused
from market.kernel.rulebook import load
from market.workers import rules
from market.workers.rules import Span
from market.workers.states import LearningKind, Level, Tier

RULES = load().at("320115", "any", date(2026, 3, 31))
COURSE, DEGREE = LearningKind.COURSE, LearningKind.DEGREE
START, UNTIL = date(2024, 4, 1), date(2027, 3, 31)


def test_row_55_hours_of_continuing_education() -> None:
    assert rules.cpd_needed_hours(Level.ASSISTANT, RULES) == 72
    assert rules.cpd_needed_hours(Level.SOCIAL_WORKER, RULES) == rules.cpd_needed_hours(Level.SENIOR, RULES) == 90
    # An average of 24 or 30 hours a year.
    assert {rules.cpd_needed_hours(level, RULES) // 3 for level in Level} == {24, 30}
    short = rules.learning(Level.ASSISTANT, START, UNTIL, [(COURSE, date(2025, 5, 6), 66_00)], RULES)
    assert (short.done_centi, short.needed_centi, short.missing_centi) == (66_00, 72_00, 6_00)


def test_a_registration_period_is_three_years() -> None:
    assert rules.valid_until(date(2024, 4, 1), 3) == date(2027, 3, 31)
    assert rules.valid_until(date(2024, 2, 29), 3) == date(2027, 2, 27)


def test_only_hours_inside_the_period_count_and_a_degree_counts_once() -> None:
    entries = [(COURSE, date(2024, 3, 31), 40_00), (COURSE, START, 10_50), (COURSE, UNTIL, 1_50)]
    assert rules.cpd_done_centi(entries, START, UNTIL, 90) == 12_00
    studied = [*entries, (DEGREE, date(2025, 6, 30), 0), (DEGREE, date(2026, 6, 30), 0)]
    assert rules.cpd_done_centi(studied, START, UNTIL, 90) == 102_00


@pytest.mark.parametrize(("workers", "needed"), [(0, 0), (1, 1), (20, 1), (21, 2), (46, 3)])
def test_row_56_supervision_ratio(workers: int, needed: int) -> None:
    assert rules.supervisors_needed(workers, int(RULES["workers.supervisees_max_count"])) == needed


@pytest.mark.parametrize(
    ("issued", "registered", "field"),
    [
        (date(2025, 5, 1), date(2025, 4, 1), "registered_on"),
        (date(2025, 5, 1), date(2026, 4, 1), "registered_on"),
        (date(2020, 5, 1), date(2023, 3, 1), "registered_on"),
    ],
)
def test_days_on_a_certificate_that_cannot_be_right(issued: date, registered: date, field: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.check_certificate(issued, registered, date(2026, 3, 31), 3)
    assert refused.value.field == field


def test_load_is_the_most_on_any_day_of_the_term() -> None:
    spans = [
        Span(date(2026, 1, 1), date(2026, 6, 30), 16_00),
        Span(date(2026, 6, 30), date(2026, 12, 31), 20_00),
        Span(date(2027, 1, 1), date(2027, 12, 31), 40_00),
    ]
    assert rules.peak_centi(spans, date(2026, 5, 1), date(2026, 6, 29)) == 16_00
    assert rules.peak_centi(spans, date(2026, 5, 1), date(2026, 12, 31)) == 36_00
    assert rules.peak_centi(spans, date(2026, 7, 1), date(2027, 1, 1)) == 40_00
    assert rules.peak_centi([], date(2026, 7, 1), date(2027, 1, 1)) == 0


def test_an_overload_says_by_how_much() -> None:
    posted = {7: [Span(date(2026, 1, 1), date(2026, 12, 31), 24_00)]}
    term = (date(2026, 5, 1), date(2027, 4, 30))
    assert rules.overloads({7: 16_00, 8: 40_00}, posted, *term, 40) == []
    over = rules.overloads({7: 16_50, 8: 40_00}, posted, *term, 40)
    assert [(one.worker_id, one.posted_centi, one.over_centi) for one in over] == [(7, 24_00, 50)]


def test_leaders_are_supervisors_and_supervisors_are_workers() -> None:
    progress = rules.talent_progress({Tier.WORKER: 46, Tier.SUPERVISOR: 3, Tier.LEADER: 1}, RULES)
    assert [(one.tier, one.reached, one.target, one.share_bp) for one in progress] == [
        (Tier.WORKER, 50, 1000, 500),
        (Tier.SUPERVISOR, 4, 100, 400),
        (Tier.LEADER, 1, 10, 1000),
    ]


@pytest.mark.parametrize(
    ("kind", "hours", "day", "field"),
    [
        (COURSE, None, date(2026, 3, 1), "hours"),
        (COURSE, 0, date(2026, 3, 1), "hours"),
        (COURSE, 400_01, date(2026, 3, 1), "hours"),
        (COURSE, 8_00, date(2026, 4, 1), "day"),
    ],
)
def test_learning_that_cannot_be_right(kind: LearningKind, hours: int | None, day: date, field: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.check_learning(kind, hours, day, date(2026, 3, 31))
    assert refused.value.field == field


def test_study_for_a_degree_needs_no_hours() -> None:
    assert rules.check_learning(DEGREE, 160_00, date(2026, 3, 1), date(2026, 3, 31)) == 0


@pytest.mark.parametrize(
    ("supervisor", "hours", "day", "field"),
    [
        (2, 1_00, date(2026, 3, 1), "supervisor"),
        (1, 0, date(2026, 3, 1), "hours"),
        (1, 13_00, date(2026, 3, 1), "hours"),
        (1, 1_00, date(2026, 4, 1), "day"),
    ],
)
def test_supervision_that_cannot_be_right(supervisor: int, hours: int, day: date, field: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.check_supervision(supervisor, 2, hours, day, date(2026, 3, 31))
    assert refused.value.field == field
