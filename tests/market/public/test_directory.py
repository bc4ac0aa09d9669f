"""The public directory: found by field, area and words; one page an organisation, nobody's name."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.kernel.permits import CLOCK, Scope
from market.public.rules import figures
from market.records import projections
from market.records.models import SupplierWork
from market.records.notices import post
from tests.factories import workers
from tests.factories.notices import BIDDERS, published
from tests.factories.organisations import organisation
from tests.fixtures.visitor import Page, Visitor

LIST, DETAIL = 8, 10


def _titles(page: Page) -> list[str]:
    return page.words("//h2[contains(@class, 'purchase-title')]")


def _entry(name: str, number: int, fields: list[str], area: str, introduction: str = "", **more: Any) -> str:
    key = f"52{area}MJ{number:06d}1N"
    data = {
        "name": name,
        "uscc": key,
        "provider_type": "service_agency",
        "registered_on": "2018-05-04",
        "service_fields": fields,
        "introduction": introduction,
        "state": "confirmed",
        "district": area,
        **more,
    }
    post("organisation", key, name, data, ("organisation", str(number)), Scope(1), CLOCK, system_now())
    return key


def test_organisations_are_found_by_field_area_and_two_character_words(session: Session, visitor: Visitor) -> None:
    from tests.factories.places import street

    street(), street("330502001")
    _entry("江宁暖邻", 1, ["elder_care", "disability"], "320115", "专做社区助餐。")
    _entry("江宁和睦", 2, ["legal_aid"], "320115")
    _entry("吴兴竹林", 3, ["elder_care"], "330502", "助餐和探访。")
    for query, expected in {
        "": ["吴兴竹林", "江宁和睦", "江宁暖邻"],
        "category=elder_care": ["吴兴竹林", "江宁暖邻"],
        "district=320115": ["江宁和睦", "江宁暖邻"],
        "district=320115&category=elder_care": ["江宁暖邻"],
        "district=330502&category=legal_aid": [],
        "words=助餐": ["吴兴竹林", "江宁暖邻"],
        "words=助餐&district=330502": ["吴兴竹林"],
        "words=和睦&category=elder_care": [],
        "words=，&category=elder_care": [],
        "category=unknown": ["吴兴竹林", "江宁和睦", "江宁暖邻"],
    }.items():
        assert _titles(visitor.get(f"/organisations-directory?{query}", most=LIST)) == expected, query


def test_a_field_given_up_is_found_no_longer(session: Session, visitor: Visitor) -> None:
    _entry("江宁暖邻", 1, ["elder_care"], "320115")
    _entry("江宁暖邻", 1, ["disability"], "320115")
    assert _titles(visitor.get("/organisations-directory?category=elder_care")) == []
    assert _titles(visitor.get("/organisations-directory?category=disability")) == ["江宁暖邻"]
    projections.rebuild()
    assert _titles(visitor.get("/organisations-directory?category=disability&district=320115")) == ["江宁暖邻"]


@pytest.mark.parametrize("count", [20, 60])
def test_the_list_costs_the_same_at_20_and_60(session: Session, visitor: Visitor, count: int) -> None:
    for number in range(count):
        _entry(f"第{number}家社区服务中心", number, ["elder_care"], "320115")
    seen: list[str] = []
    page = visitor.get("/organisations-directory?category=elder_care&words=社区", most=LIST)
    seen += _titles(page)
    while following := page.all("//a[@rel='next']"):
        page = visitor.get(following[0].get("href"), most=LIST)
        seen += _titles(page)
    assert seen == [f"第{number}家社区服务中心" for number in reversed(range(count))]


def test_one_organisation_shows_its_work_its_money_and_numbers_of_people(session: Session, visitor: Visitor) -> None:
    file = published("paid", title="东山街道独居老人探访服务")
    party = session.scalars(select(SupplierWork.party).where(SupplierWork.file_id == file.id)).one()
    key = party.removeprefix("org-")
    grade = {"level": 4, "rater": "南京市民政局", "basis": "", "valid_from": "2024-05-01", "valid_until": "2029-04-30"}
    stars = {**grade, "level": 3, "rater": "江宁区民政局", "basis": "2023 年度", "valid_until": "2024-12-31"}
    data = {"name": BIDDERS[0], "uscc": key, "provider_type": "service_agency", "state": "confirmed"}
    data |= {"service_fields": ["elder_care"], "district": "320115", "grade": grade, "stars": stars}
    post("organisation", key, BIDDERS[0], data, ("organisation", "1"), Scope(1), CLOCK, system_now())
    counts = {"people": 23, "certified": 20, "supervisors": 2}
    counts_data = {**counts, "levels": {"assistant": 9, "social_worker": 10, "senior": 1}}
    post("workforce", key, BIDDERS[0], counts_data, ("organisation", "1"), Scope(1), CLOCK, system_now())
    page = visitor.get(f"/organisations-directory/{key}", most=DETAIL)
    assert page.heading == BIDDERS[0]
    assert page.words("//dl[@class='figures']//dd")[:3] == ["1 项", "¥432,000.00", "¥129,600.00"]
    assert page.link("东山街道独居老人探访服务") == f"/purchases/{file.ocid}"
    assert "评估等级 4A" in page.text
    assert "星级：三星" not in page.text
    assert "已过有效期" in page.text
    assert "绩效评价" in page.text
    assert "在册人员：23" in page.text
    assert visitor.get("/organisations-directory/52320115MJ9999991N").status == 404
    visitor.client.set_cookie("lang", "en")
    assert "Money received" in visitor.get(f"/organisations-directory/{key}", most=DETAIL).text


def test_a_registered_organisation_and_its_people_meet_in_the_directory(session: Session, visitor: Visitor) -> None:
    team = organisation("江宁区暖邻社会工作服务中心", bank=False)
    row = workers.employed(team, "程静姝")
    page = visitor.get("/organisations-directory?district=320115&category=elder_care", most=LIST)
    assert "社会工作者 1 人" in page.text
    page = visitor.get(page.link(team.organisation.name), most=DETAIL)
    assert "社会工作师：1" in page.text
    assert row.name not in page.source
    for private in (team.organisation.legal_representative, team.organisation.contact_phone):
        assert private not in page.source


def test_an_award_that_falls_is_no_work_of_its_supplier(session: Session) -> None:
    award = {"id": "a", "status": "active", "value": {"amount": 100, "currency": "CNY"}, "suppliers": [{"id": "org-1"}]}
    paid = {"value": {"amount": 30.5, "currency": "CNY"}, "payee": {"id": "org-1"}}
    contracts = [{"implementation": {"transactions": [paid]}}]
    assert projections.works({"awards": [award], "contracts": contracts}) == {"org-1": (100_00, 30_50)}
    assert projections.works({"awards": [{**award, "status": "cancelled"}]}) == {}


def test_a_rating_that_begins_later_is_not_shown_yet() -> None:
    from datetime import date

    data = {"level": 5, "valid_from": "2026-05-01", "valid_until": "2031-04-30"}
    assert figures.rating(data, figures.GRADES, date(2026, 4, 30)) is None
    shown = figures.rating(data, figures.GRADES, date(2026, 5, 1))
    assert shown is not None
    assert (shown["label"], shown["holds"]) == ("5A", True)


def test_the_sources_of_a_year_keep_their_order_whichever_line_was_entered_first() -> None:
    lines = [{"source": name, "amount_fen": 100} for name in ("donation", "fiscal", "elsewhere", "lottery", "fiscal")]
    shown = figures.budget({"lines": lines}, "资金计划")["sources"]
    assert shown == [("财政资金", 200), ("福彩公益金", 100), ("社会捐赠", 100), ("elsewhere", 100)]
