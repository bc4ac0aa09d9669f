"""Divisions, tenant districts, a district's own calendar and values of rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Actor, Role, Scope
from market.kernel.workdays import add_working_days
from market.places import actions, divisions
from market.places.actions import OverrideFacts
from market.places.models import CalendarYear, Division
from market.places.queries import calendar_for, communities, rules_for, streets, streets_in
from market.records.models import DirectoryCard
from tests.factories.people import actor, person, sign_in
from tests.factories.places import district, street
from tests.fixtures.visitor import Visitor, chinese

TODAY = date(2026, 3, 31)


@pytest.fixture
def civil(session: Session) -> Actor:
    return actor(Role.DISTRICT_CIVIL, Scope(district().id))


def test_the_divisions_of_china_down_to_the_street() -> None:
    rows = divisions.division_rows()
    numbers: dict[str, int] = {}
    for row in rows:
        numbers[row["level"]] = numbers.get(row["level"], 0) + 1
    assert numbers == {"province": 31, "city": 342, "county": 2978, "street": 41352}
    codes = {row["code"] for row in rows}
    assert len(codes) == len(rows)
    assert {row["parent_code"] for row in rows} - {None} <= codes
    assert sum(divisions.is_street_office(row["code"]) for row in rows) == 9067
    edition = divisions.edition()
    assert edition.as_of == "2023-06-30"
    assert "国家统计局" in edition.source


PILOTS = [
    ("320115", "南京市江宁区", 10, {"东山街道", "汤山街道", "麒麟街道"}),
    ("330502", "湖州市吴兴区", 13, {"月河街道", "仁皇山街道"}),
    ("510115", "成都市温江区", 6, {"柳城街道", "永宁街道"}),
]


def test_divisions_are_loaded_once_with_the_three_pilot_districts_and_nothing_that_is_no_district(
    session: Session,
) -> None:
    assert actions.load_divisions() == 44703
    assert session.scalar(select(func.count(Division.code))) == 44703
    assert actions.load_divisions() == 0
    for code, full_name, number, names in PILOTS:
        row = actions.adopt_district(None, code, system_now())
        own = streets(row.id)
        assert (row.full_name, len(own)) == (full_name, number)
        assert names <= {s.name for s in own}
        assert all(s.name.endswith("街道") and s.code[6] == "0" for s in own)
        assert all(communities(s.id) for s in own)
        assert actions.adopt_district(None, code, system_now()).id == row.id
        assert len(streets(row.id)) == number
    for code in ("999999", "3201", "320115001", "", "../etc"):
        with pytest.raises(NotFound):
            actions.adopt_district(None, code, system_now())


@pytest.mark.parametrize(
    ("county", "city", "province", "whole"),
    [("江宁区", "南京市", "江苏省", "南京市江宁区"), ("静安区", "市辖区", "上海市", "上海市静安区")],
)
def test_full_names(county: str, city: str, province: str, whole: str) -> None:
    assert divisions.full_name(county, city, province) == whole


def test_only_the_operator_takes_places_in(session: Session, civil: Actor) -> None:
    with pytest.raises(Forbidden):
        actions.adopt_district(civil, "330502", system_now())
    row = actions.add_street(actor(Role.OPERATOR), district(), "320115099", "云溪街道", system_now(), invented=True)
    assert row.invented
    for code in ("320115099", "330502001", "320115401", "320115"):
        with pytest.raises(Refused) as refused:
            actions.add_street(None, district(), code, "x", system_now())
        assert refused.value.field == "code"


def test_streets_within_a_reach(session: Session) -> None:
    near, far = street(), street("330502001")
    assert streets_in([Scope(near.district_id)]) == [near]
    assert streets_in([Scope(near.district_id, near.id), Scope(far.district_id)]) == [near, far]
    assert streets_in([Scope()]) == [near, far]
    assert streets_in([]) == []


def test_national_years_are_loaded_once_and_count_working_days(session: Session) -> None:
    assert actions.load_calendar([2025, 2026]) == 2
    assert actions.load_calendar([2026]) == 0
    calendar = calendar_for(district().id)
    assert calendar.years == {2025, 2026}
    # 4-6 April 2026 is the Qingming holiday.
    assert add_working_days(date(2026, 4, 3), 1, calendar) == (date(2026, 4, 7), False)
    assert add_working_days(date(2026, 12, 31), 1, calendar).provisional


def test_a_district_s_own_year_stands_for_the_national_one_there_only(session: Session, civil: Actor) -> None:
    actions.load_calendar([2026])
    place = district()
    row = actions.save_calendar(civil, place, 2026, "市府办通知", [date(2026, 4, 1)], [], system_now())
    assert (row.version, row.source) == ("320115-2026-1", "市府办通知")
    assert add_working_days(TODAY, 1, calendar_for(place.id)).day == date(2026, 4, 2)
    assert add_working_days(TODAY, 1, calendar_for(district("330502").id)).day == date(2026, 4, 1)
    again = actions.save_calendar(civil, place, 2026, "市府办通知", [date(2026, 4, 2)], [], system_now())
    assert (again.id, again.version) == (row.id, "320115-2026-2")
    assert "320115-2026-2" in calendar_for(place.id).version
    assert session.scalar(select(func.count(CalendarYear.id))) == 2
    card = session.scalar(select(DirectoryCard).filter_by(kind="calendar"))
    assert card is not None
    assert card.data["off"] == ["2026-04-02"]


def _facts(**changes: object) -> OverrideFacts:
    values = {
        "key": "budget.growth_min_bp",
        "regime": "any",
        "value": "5%",
        "effective_from": TODAY,
        "reason": "江宁政办〔2026〕3号",
    }
    return OverrideFacts(**{**values, **changes})  # type: ignore[arg-type]


def test_a_district_s_own_value_holds_from_its_day_there_only_and_is_published(session: Session, civil: Actor) -> None:
    place = district()
    actions.override_rule(civil, place, _facts(effective_from=date(2026, 7, 1)), system_now())
    assert rules_for(place, "any", date(2026, 6, 30))["budget.growth_min_bp"] == 0
    rule = rules_for(place, "any", date(2026, 7, 1)).rule("budget.growth_min_bp")
    assert (rule.value, rule.confidence, rule.reason) == (500, "D", "江宁政办〔2026〕3号")
    assert rules_for(district("330502"), "any", date(2026, 7, 1))["budget.growth_min_bp"] == 0
    card = session.scalar(select(DirectoryCard).filter_by(kind="override"))
    assert card is not None
    assert (card.data["value"], card.data["before"], card.data["reason"]) == (500, 0, "江宁政办〔2026〕3号")


def test_a_later_value_wins_over_an_earlier_one(session: Session, civil: Actor) -> None:
    for value in ("5%", "3%"):
        actions.override_rule(civil, district(), _facts(value=value), system_now())
    assert rules_for(district(), "any", TODAY)["budget.growth_min_bp"] == 300


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "no.such_rule"}, "key"),
        ({"value": "很多"}, "value"),
        ({"effective_from": date(2026, 3, 30)}, "effective_from"),
    ],
)
def test_an_override_that_cannot_hold_is_refused(
    session: Session, civil: Actor, change: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        actions.override_rule(civil, district(), _facts(**change), system_now())
    assert refused.value.field == field


def test_nobody_changes_another_district_s_rules_or_days(session: Session, civil: Actor) -> None:
    elsewhere = district("330502")
    for act in (
        lambda: actions.override_rule(civil, elsewhere, _facts(), system_now()),
        lambda: actions.save_calendar(civil, elsewhere, 2026, "x", [date(2026, 4, 1)], [], system_now()),
        lambda: actions.add_community(civil, street("330502001"), "x社区", system_now()),
    ):
        with pytest.raises(Forbidden):
            act()


def test_the_officer_s_pages(visitors: Callable[[], Visitor], session: Session) -> None:
    actions.load_calendar([2026])
    place = district()
    desk = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(place.id)))
    street()
    page = desk.get(desk.get("/districts").link("南京市江宁区"), most=10)
    page = desk.get(page.link("录入 2027 年"))
    page = desk.submit(page, {"source": "国办发明电〔2026〕8号", "off": "春节"}, button="保存并公布")
    assert "看不懂" in page.errors["off"]
    page = desk.submit(page, {"off": "2027-01-01至2027-01-03", "on": "2027-01-09"}, button="保存并公布")
    assert page.heading == "2027 年工作日安排"
    assert "2027-01-09" in page.text

    page = desk.get(f"/districts/{place.id}/rules", most=8)
    assert "假定值" in page.text
    page = desk.get(f"/districts/{place.id}/rules/budget.growth_min_bp")
    page = desk.submit(page, {"value": "5%", "reason": "江宁政办〔2026〕3号"}, button="保存并公布")
    assert "本区规定" in page.text
    page = desk.submit(desk.get(f"/districts/streets/{street().id}"), {"name": "新建社区"}, button="添加")
    assert "新建社区" in page.text


def test_everybody_reads_and_nobody_else_writes(visitors: Callable[[], Visitor], session: Session) -> None:
    actions.load_calendar([2026])
    place = district()
    visitor = sign_in(visitors(), person(Role.ORGANISATION_EDITOR, Scope(organisation_id=1)))
    for url in (f"/districts/{place.id}", f"/districts/{place.id}/calendar/2026", f"/districts/{place.id}/rules"):
        page = visitor.get(url)
        assert page.status == 200
        assert "改用本区取值" not in page.text
    assert visitor.get(f"/districts/{place.id}/rules/budget.growth_min_bp").status == 403
    neighbour = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(district("330502").id)))
    assert neighbour.get(f"/districts/{place.id}/rules/budget.growth_min_bp").status == 404
    assert neighbour.get(f"/districts/{place.id}/calendar/2026/edit").status == 404


def test_english(visitors: Callable[[], Visitor], session: Session) -> None:
    actions.load_calendar([2026])
    place, _street = district(), street()
    desk = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(place.id)))
    desk.client.set_cookie("lang", "en")
    names = {"南京市江宁区", "东山街道", "南京市江宁区东山街道办事处", "国务院办公厅节假日安排通知", "汇编"}
    for url in ("/districts", f"/districts/{place.id}", f"/districts/{place.id}/calendar/2026"):
        assert chinese(desk.get(url)) <= names
