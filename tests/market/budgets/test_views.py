"""The street drafts, the district approves, and everyone sees what is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from market.budgets.actions import LineFacts
from market.budgets.queries import lines_for
from market.budgets.states import FundSource
from market.kernel.categories import Category
from market.kernel.permits import Role, Scope
from tests.factories import budgets
from tests.factories.people import person, sign_in
from tests.factories.places import district, street
from tests.fixtures.visitor import Visitor, chinese

YUAN = 100
LIST, DETAIL = 8, 10
# What stays Chinese on an English page: names, what people typed, amounts in capitals.
NAMES = {"南京市江宁区", "东山街道", "南京市江宁区东山街道办事处", "贰佰壹拾万元整"}
NAMES |= {facts.title for facts in budgets.LINES} | {facts.donor_purpose for facts in budgets.LINES}


@pytest.fixture
def clerk(visitors: Callable[[], Visitor], session: Session) -> Visitor:
    return sign_in(visitors(), person(Role.STREET_CLERK, street().scope))


@pytest.fixture
def finance(visitors: Callable[[], Visitor], session: Session) -> Visitor:
    return sign_in(visitors(), person(Role.DISTRICT_FINANCE, Scope(district().id)))


@pytest.mark.parametrize(("typed", "said"), [("明年", "例如 2026"), ("27", "例如 2026"), ("1999", "2015 到 2100")])
def test_a_wrong_year_is_answered_with_a_year(clerk: Visitor, typed: str, said: str) -> None:
    page = clerk.submit(clerk.get("/budgets/new"), {"year": typed}, button="开始编制")
    assert said in page.errors["year"]


def test_a_street_s_year_from_the_desk_to_the_ledger(clerk: Visitor, finance: Visitor) -> None:
    page = clerk.get(clerk.get("/desk").link("编制年度资金计划"))
    page = clerk.submit(page, {"previous_yuan": "1,900,000"}, button="开始编制")
    assert "还差 ¥2,000,000.00" in page.text
    line = {"source": "fiscal", "category": "elder_care", "title": "养老服务购买", "amount_yuan": "185万"}
    page = clerk.submit(page, line, button="添加")
    assert "还差 ¥150,000.00" in page.text
    page = clerk.submit(page, {}, button="报区级批复")
    assert page.status == 422
    assert "年度资金不得低于 ¥2,000,000.00，还差 ¥150,000.00。" in page.text
    line = {"source": "lottery", "category": "disability", "title": "助残服务购买", "amount_yuan": "25万"}
    page = clerk.submit(page, line, button="添加")
    assert "比上年增长 10.53%" in page.text
    page = clerk.submit(page, {}, button="报区级批复")
    assert "待区级批复" in page.text

    assert "东山街道 2026" in finance.get("/desk").text
    page = finance.get(finance.get("/desk").link("批复资金计划"))
    page = finance.get(page.link("批复下达"))
    assert "贰佰壹拾万元整" in page.text
    page = finance.submit(page, {}, button="确认批复下达")
    assert "已批复下达" in page.text
    page = clerk.get(page.url)
    line_page = clerk.get(page.link("养老服务购买"))
    assert line_page.words("//tbody/tr/td")[:4] == ["批复下达", "账外", "未使用", "¥1,850,000.00"]


def test_what_was_typed_stays_when_a_line_is_refused(clerk: Visitor) -> None:
    row = budgets.drafted_year(lines=())
    page = clerk.get(f"/budgets/{row.id}")
    typed = {"source": "lottery", "category": "legal_aid", "title": "法律服务", "amount_yuan": "30万"}
    page = clerk.submit(page, typed, button="添加")
    assert page.status == 422
    assert "这一资金来源不能用于所选服务类别" in page.text
    assert page.form(button="添加").values["amount_yuan"] == ["30万"]
    page = clerk.submit(page, {"amount_yuan": "三十万"}, button="添加")
    assert "看不懂金额" in page.errors["amount_yuan"]
    page = clerk.submit(page, {"category": "elder_care", "amount_yuan": "0"}, button="添加")
    assert page.status == 422
    assert "必须大于 0 元。" in page.errors["amount_yuan"]
    assert page.form(button="添加").values["title"] == ["法律服务"]


def test_the_district_returns_a_plan_with_a_reason(clerk: Visitor, finance: Visitor) -> None:
    row = budgets.proposed_year()
    page = finance.get(f"/budgets/{row.id}")
    page = finance.submit(page, {"reason": ""}, button="退回街道")
    assert page.status == 422
    assert "reason" in page.errors
    page = finance.submit(page, {"reason": "请补充助残资金的用途"}, button="退回街道")
    assert "编制中" in page.text
    assert clerk.get(clerk.get("/desk").link("按意见修改资金计划")).text.count("请补充助残资金的用途") == 1


def test_the_district_appropriates_only_the_plan_its_page_showed(clerk: Visitor, finance: Visitor) -> None:
    row = budgets.proposed_year()
    old = finance.get(f"/budgets/{row.id}/close")
    assert "助残服务购买" in old.text
    finance.submit(finance.get(f"/budgets/{row.id}"), {"reason": "请补充一项"}, button="退回街道")
    line = {"source": "fiscal", "category": "elder_care", "title": "助餐服务", "amount_yuan": "500万"}
    page = clerk.submit(clerk.get(f"/budgets/{row.id}"), line, button="添加")
    clerk.submit(page, {}, button="报区级批复")
    page = finance.submit(old, {}, button="确认批复下达")
    assert page.status == 422
    assert "内容已变化，请重新核对。" in page.text
    assert "¥7,100,000.00" in page.text
    assert "助餐服务" in page.text
    assert lines_for(row.street_id, 2026) == []
    unseen = {"csrf_token": page.form(button="确认批复下达").values["csrf_token"][0]}
    assert finance.post(f"/budgets/{row.id}/close", unseen).status == 422
    assert lines_for(row.street_id, 2026) == []
    assert "已批复下达" in finance.submit(page, {}, button="确认批复下达").text


def test_the_district_sees_every_street_and_who_falls_short(finance: Visitor) -> None:
    budgets.closed_year()
    poor = (LineFacts(FundSource.FISCAL, Category.ELDER_CARE, "养老服务购买", 1_850_000 * YUAN),)
    budgets.drafted_year(street("320115002"), poor)
    street("320115003")
    page = finance.get("/budgets", most=LIST)
    rows = page.words("//tbody/tr")
    assert "达到" in rows[0]
    assert "已批复下达" in rows[0]
    assert "还差 15万元" in rows[1]
    assert "未编制" in rows[2]
    assert "1 个街道已批复，共 3 个街道" in page.text


def test_the_list_takes_the_same_statements_however_long(finance: Visitor) -> None:
    counts = set()
    for numbers in (range(20, 23), range(30, 60)):
        for number in numbers:
            budgets.drafted_year(street(f"3201150{number}"))
        counts.add(len(finance.get("/budgets", most=LIST).statements))
    assert len(counts) == 1


def test_a_plan_and_a_line_stay_within_their_statements(finance: Visitor) -> None:
    row = budgets.closed_year()
    finance.get(f"/budgets/{row.id}", most=DETAIL)
    finance.get(f"/budgets/{row.id}/lines/{row.lines[0].id}", most=DETAIL)


def test_another_street_and_another_district_see_nothing(visitors: Callable[[], Visitor], session: Session) -> None:
    row = budgets.closed_year()
    strangers = [
        person(Role.STREET_CLERK, street("320115002").scope),
        person(Role.DISTRICT_FINANCE, Scope(district("330502").id)),
    ]
    for stranger in strangers:
        visitor = sign_in(visitors(), stranger)
        assert visitor.get(f"/budgets/{row.id}").status == 404
        assert visitor.get(f"/budgets/{row.id}/lines/{row.lines[0].id}").status == 404
        assert "东山街道" not in visitor.get("/budgets").text


def test_english_leaves_no_chinese_but_names(finance: Visitor) -> None:
    row = budgets.proposed_year()
    finance.client.set_cookie("lang", "en")
    for url in ("/budgets", f"/budgets/{row.id}", f"/budgets/{row.id}/close"):
        assert chinese(finance.get(url)) <= NAMES
