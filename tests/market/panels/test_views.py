"""Pages of the register of experts."""

from __future__ import annotations

import pytest

from market.kernel.permits import Role, Scope
from market.panels.queries import expert as entry
from market.people.queries import person as loaded
from tests.factories.organisations import organisation
from tests.factories.panels import expert, experts
from tests.factories.people import person, sign_in
from tests.factories.places import district, street
from tests.fixtures.visitor import Visitor


@pytest.fixture
def keeper(app, session):
    """The district officer who keeps the register."""
    return sign_in(Visitor(app), person(Role.DISTRICT_CIVIL, Scope(district().id)))


def test_the_district_enters_an_expert(keeper):
    user = person(Role.EXPERT, name="沈知行")
    page = keeper.get("/experts")
    page = keeper.get(page.link("登记专家"))
    page = keeper.submit(
        page, {"login": "nobody", "employer": "江宁区社会工作协会", "fields": ["elder_care"]}, button="登记"
    )
    assert page.errors == {"login": "错误：没有这个登录名的账号，请先在账号管理中开通。"}
    page = keeper.submit(page, {"login": user.login}, button="登记")
    assert page.heading == "沈知行"
    assert "江宁区社会工作协会" in page.text
    assert "沈知行" in keeper.get("/experts").text


def test_a_tie_names_an_organisation_or_a_street(keeper):
    row, team = expert(), organisation("江宁区暖邻社会工作服务中心")
    page = keeper.get(f"/experts/{row.id}")
    page = keeper.submit(page, {"kind": "employed"}, button="登记")
    assert "一个机构或一个街道" in page.text
    page = keeper.submit(page, {"kind": "employed", "organisation": "没有的机构"}, button="登记")
    assert "organisation" in page.errors
    page = keeper.submit(page, {"organisation": team.organisation.name, "ended_on": "2025-06-30"}, button="登记")
    assert "劳动关系" in page.text
    page = keeper.submit(page, {"kind": "other", "street": str(street().id)}, button="登记")
    assert [(t.organisation_id, t.street_id) for t in entry(row.id).ties] == [(team.id, None), (None, street().id)]


def test_an_expert_sees_the_own_entry_and_no_other(app, session):
    mine, other = expert(), expert()
    browser = sign_in(Visitor(app), loaded(mine.user_id))
    page = browser.get("/experts/me")
    assert page.heading == mine.name
    assert "停止抽取" not in page.text, "only the district takes somebody out of the draw"
    assert browser.get(f"/experts/{other.id}").status == 404
    assert browser.get("/experts").status == 403


def test_an_expert_is_taken_out_of_the_draw_and_back(keeper):
    row = expert()
    page = keeper.submit(keeper.get(f"/experts/{row.id}"), button="停止抽取")
    assert not entry(row.id).active
    keeper.submit(page, button="恢复抽取")
    assert entry(row.id).active


def test_the_register_is_read_page_by_page(keeper):
    experts(51)
    first = keeper.get("/experts", most=8)
    assert len(first.all("//tbody/tr")) == 50
    second = keeper.get(first.link("下一页"), most=8)
    assert len(second.all("//tbody/tr")) == 1
