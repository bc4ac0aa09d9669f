"""Decisions of the network, without database: each case is a line a clerk can check."""

from __future__ import annotations

from datetime import date

import pytest

from market.incubation.rules import (
    Progress,
    Series,
    Side,
    Spot,
    agreement_text,
    application_trouble,
    at_post,
    certificate_number,
    check_hosting,
    check_levels,
    check_parent,
    check_series,
    check_stage,
    deadline,
    earned_certificate,
    extended_end,
    first_clash,
    next_due,
    slot_text,
    term_end,
    tie_since,
)
from market.incubation.states import Mode, NodeLevel
from market.kernel import rulebook
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Grant, Permit, Role, Scope, allowed
from market.kernel.workdays import calendar_from_library

D, S, C, Y = NodeLevel.DISTRICT, NodeLevel.STREET, NodeLevel.COMMUNITY, NodeLevel.COURTYARD
RULES = rulebook.load().at("320115", "any", date(2026, 3, 31))
CALENDAR = calendar_from_library([2025, 2026])


@pytest.mark.parametrize(
    ("spot", "parent", "field"),
    [
        (Spot(D, 1, None), None, None),
        (Spot(S, 1, 7), Spot(D, 1, None), None),
        (Spot(C, 1, 7), Spot(S, 1, 7), None),
        (Spot(Y, 1, 7), Spot(C, 1, 7), None),
        (Spot(D, 1, None), Spot(D, 1, None), "parent"),
        (Spot(D, 1, 7), None, "parent"),
        (Spot(S, 1, None), Spot(D, 1, None), "street"),
        (Spot(C, 1, 7), Spot(D, 1, None), "parent"),
        (Spot(C, 1, 7), None, "parent"),
        (Spot(C, 1, 7), Spot(S, 1, 8), "parent"),
        (Spot(S, 1, 7), Spot(D, 2, None), "parent"),
        (Spot(Y, 1, 7), Spot(Y, 1, 7), "parent"),
    ],
)
def test_a_node_hangs_below_the_next_wider_level_of_its_own_place(
    spot: Spot, parent: Spot | None, field: str | None
) -> None:
    if field is None:
        check_parent(spot, parent)
        return
    with pytest.raises(Refused) as refused:
        check_parent(spot, parent)
    assert refused.value.field == field


TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("series", "field"),
    [
        (Series(TODAY, 18, 20), None),
        (Series(TODAY, 17, 20), "day"),
        (Series(date(2026, 3, 30), 20, 22), "day"),
        (Series(date(2027, 4, 2), 20, 22), "day"),
        (Series(TODAY, 20, 20), "until_slot"),
        (Series(TODAY, 20, 49), "until_slot"),
        (Series(date(2026, 4, 1), 15, 20), "from_slot"),
        (Series(date(2026, 4, 1), 40, 45), "from_slot"),
        (Series(date(2026, 4, 1), 20, 22, 26), None),
        (Series(date(2026, 4, 1), 20, 22, 27), "weeks"),
        (Series(date(2026, 4, 1), 20, 22, 0), "weeks"),
    ],
)
def test_a_booking_lies_in_opening_hours_and_in_the_future(series: Series, field: str | None) -> None:
    """Open from 8:00 to 22:00; it is 9:00, the eighteenth half hour."""
    if field is None:
        check_series(series, 16, 44, TODAY, 18, RULES["network.booking_weeks_max"])
        return
    with pytest.raises(Refused) as refused:
        check_series(series, 16, 44, TODAY, 18, RULES["network.booking_weeks_max"])
    assert refused.value.field == field


def test_a_series_is_weekly_and_clashes_with_one_taken_half_hour() -> None:
    series = Series(date(2026, 4, 1), 20, 22, 3)
    assert series.days == (date(2026, 4, 1), date(2026, 4, 8), date(2026, 4, 15))
    assert first_clash(series, {(date(2026, 4, 8), 22), (date(2026, 4, 9), 20)}) is None
    assert first_clash(series, {(date(2026, 4, 15), 21)}) == (date(2026, 4, 15), 21)
    assert (slot_text(0), slot_text(17), slot_text(48)) == ("00:00", "08:30", "24:00")


@pytest.mark.parametrize(
    ("key", "day", "answer"),
    [
        # 清明节 4 to 6 April 2026: Saturday to Monday.
        ("first_check", date(2026, 3, 31), date(2026, 4, 8)),
        ("first_check", date(2026, 3, 2), date(2026, 3, 9)),
        ("review", date(2026, 3, 9), date(2026, 3, 23)),
        ("hand_back", date(2026, 3, 2), date(2026, 3, 23)),
    ],
)
def test_answers_are_due_in_working_days(key: str, day: date, answer: date) -> None:
    assert deadline(key, day, RULES, CALENDAR).day == answer


def test_a_term_of_a_year_ends_the_day_before_its_anniversary_and_is_extended_to_three_years_at_most() -> None:
    assert RULES["network.term_months"] == 12
    end = term_end(date(2026, 3, 31), 12)
    assert end == date(2027, 3, 30)
    limit = RULES["network.term_max_months"]
    assert extended_end(date(2026, 3, 31), end, 12, limit) == date(2028, 3, 30)
    assert extended_end(date(2026, 3, 31), end, 24, limit) == date(2029, 3, 30)
    for months in (25, 0):
        with pytest.raises(Refused) as refused:
            extended_end(date(2026, 3, 31), end, months, limit)
        assert refused.value.field == "months"


def test_the_next_stage_is_due_some_months_after_the_start_and_at_the_latest_at_the_end() -> None:
    start, end, months = date(2026, 3, 31), date(2027, 3, 30), (2, 5, 9, 12)
    assert next_due(start, end, months, ()) == date(2026, 5, 31)
    assert next_due(start, end, months, {1}) == date(2026, 8, 31)
    assert next_due(start, end, months, {1, 2, 3}) == end
    assert next_due(start, end, months, {1, 2, 3, 4}) == end


@pytest.mark.parametrize(
    ("state", "kind", "mode", "workstations", "refused"),
    [
        ("confirmed", "service_agency", Mode.PHYSICAL, 2, False),
        ("submitted", "community_group", Mode.PHYSICAL, 1, False),
        ("confirmed", "community_group", Mode.VIRTUAL, 0, False),
        ("confirmed", "social_group", Mode.VIRTUAL, 1, True),
        ("draft", "service_agency", Mode.PHYSICAL, 0, True),
        ("barred", "service_agency", Mode.PHYSICAL, 0, True),
        ("confirmed", "enterprise", Mode.PHYSICAL, 0, True),
    ],
)
def test_registered_organisations_and_groups_on_file_may_apply(
    state: str, kind: str, mode: Mode, workstations: int, refused: bool
) -> None:
    assert (application_trouble(state, kind, mode, workstations) is not None) is refused


def progress(**changes: object) -> Progress:
    values: dict[str, object] = {
        "stages": 4,
        "passed": 4,
        "mentor_minutes": 720,
        "mentor_min": RULES["network.mentor_minutes_min"],
        "training_minutes": 1440,
        "training_min": RULES["network.training_minutes_min"],
        "assessed_before": True,
        "assessed_after": True,
        "legal_person": True,
        "confirmed": True,
    }
    return Progress(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "lack",
    [
        {"passed": 3},
        {"mentor_minutes": 719},
        {"training_minutes": 1439},
        {"assessed_before": False},
        {"assessed_after": False},
        {"legal_person": False},
        {"confirmed": False},
    ],
)
def test_graduation_needs_every_condition(lack: dict[str, object]) -> None:
    assert progress().may_graduate
    short = progress(**lack)
    assert not short.may_graduate
    assert sum(not met for _text, _params, met in short.checks) == 1


def test_stages_are_passed_in_order_after_the_first_assessment() -> None:
    check_stage(1, set(), assessed_before=True)
    check_stage(3, {1, 2}, assessed_before=True)
    for position, passed, assessed in ((1, set(), False), (2, set(), True), (2, {1, 2}, True), (4, {1, 2}, True)):
        with pytest.raises(Refused):
            check_stage(position, passed, assessed_before=assessed)


def test_every_dimension_has_one_of_five_levels() -> None:
    check_levels({"team": 1, "finance": 5}, ["team", "finance"])
    for levels in ({"team": 1}, {"team": 0, "finance": 3}, {"team": 3, "finance": 6}):
        with pytest.raises(Refused):
            check_levels(levels, ["team", "finance"])


@pytest.mark.parametrize(
    ("attended", "planned", "earned"), [(384, 480, True), (383, 480, False), (480, 480, True), (0, 480, False)]
)
def test_four_fifths_of_a_training_earn_a_certificate(attended: int, planned: int, earned: bool) -> None:
    assert earned_certificate(attended, planned, RULES["network.certificate_attendance_min_bp"]) is earned


def test_a_certificate_is_numbered_by_district_year_training_and_seat() -> None:
    assert certificate_number("320115", 2026, 12, 7) == "PX320115-2026-0012-007"


GROUP, HOST = Side(1, "community_group", True), Side(2, "service_agency", True)


@pytest.mark.parametrize(
    ("group", "host", "ends", "field"),
    [
        (GROUP, HOST, date(2027, 3, 30), None),
        (GROUP, HOST, date(2028, 3, 30), None),
        (GROUP, HOST, date(2028, 3, 31), "ends_on"),
        (GROUP, HOST, date(2026, 3, 30), "ends_on"),
        (HOST, Side(3, "foundation", True), date(2027, 3, 30), "group"),
        (GROUP, Side(3, "community_group", True), date(2027, 3, 30), "host"),
        (GROUP, Side(2, "service_agency", False), date(2027, 3, 30), "host"),
    ],
)
def test_a_group_is_carried_by_a_confirmed_legal_person_for_two_years_at_most(
    group: Side, host: Side, ends: date, field: str | None
) -> None:
    months = RULES["network.hosting_max_months"]
    if field is None:
        check_hosting(group, host, date(2026, 3, 31), ends, TODAY, months)
        return
    with pytest.raises(Refused) as refused:
        check_hosting(group, host, date(2026, 3, 31), ends, TODAY, months)
    assert refused.value.field == field


def test_a_tie_of_support_lasts_three_years() -> None:
    assert tie_since(date(2026, 3, 31), RULES["network.tie_months"]) == date(2023, 3, 31)


def test_staff_of_an_operator_work_with_whom_it_supports_and_nowhere_else() -> None:
    staff = Actor(1, "孵化专员", (Grant(Role.INCUBATOR, 1, None, 50),))
    here, there = Scope(1, 7, 50), Scope(1, 7, 51)
    supported, other = Scope(1, 7, 80), Scope(1, 7, 81)
    assert not allowed(staff, Permit.INCUBATION_WORK, supported)
    posted = at_post(staff, here, 80)
    assert allowed(posted, Permit.INCUBATION_WORK, supported)
    assert not allowed(posted, Permit.INCUBATION_WORK, other)
    assert at_post(staff, there, 80) is staff


def test_the_agreement_names_both_sides_and_the_days_to_hand_back() -> None:
    days = RULES["network.hand_back_working_days"]
    text = agreement_text("江宁基地", "暖邻", "邻聚", "实体入驻", 2, 12, days)
    assert "江宁基地" in text
    assert "2 个工位" in text
    assert "15 个工作日" in text
    assert "不分配固定工位" in agreement_text("江宁基地", "暖邻", "邻聚", "虚拟入驻", 0, 12, days)
