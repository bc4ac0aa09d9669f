"""Needs without names, merged into demand items, moved along by purchases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import CLOCK, Role, Scope
from market.needs import actions, queries
from market.needs.states import DEMAND_MACHINE, DemandState, DemandVerb, NeedChannel
from tests.factories import needs
from tests.factories.budgets import holder
from tests.factories.people import actor, person, sign_in
from tests.factories.places import community, district, street
from tests.fixtures.visitor import Visitor, chinese
from tests.machines import check_product


def test_the_whole_product() -> None:
    check_product(
        DEMAND_MACHINE,
        DemandVerb,
        {
            ("open", "plan"): ("planned", "tenders:tender:approve"),
            ("planned", "reopen"): ("open", "needs:need:record"),
            ("planned", "answer"): ("answered", "needs:need:record"),
        },
    )


def test_needs_are_merged_once_and_counted_together(session: Session) -> None:
    one, two = needs.need(people=40), needs.need(people=25)
    clerk = holder(Role.STREET_CLERK, street().scope, "经办人")
    row = actions.make_demand(
        clerk, street(), "独居老人探访", "定期上门。", Category.ELDER_CARE, [one.id, two.id], system_now()
    )
    assert (row.people_affected, row.state) == (65, DemandState.OPEN)
    assert [n.id for n in queries.needs_of(row.id)] == [one.id, two.id]
    assert queries.loose_needs([street().id]) == []
    with pytest.raises(Refused) as refused:
        actions.make_demand(clerk, street(), "又一次", "x", Category.ELDER_CARE, [one.id], system_now())
    assert refused.value.field == "needs"


def test_needs_of_two_streets_make_two_demands(session: Session) -> None:
    here, there = needs.need(), needs.need(street("320115002"))
    clerk = holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(Refused):
        actions.make_demand(clerk, street(), "x", "y", Category.ELDER_CARE, [here.id, there.id], system_now())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "给13812345678助餐"}, "title"),
        ({"description": "电话13812345678"}, "description"),
        ({"need_ids": []}, "needs"),
    ],
)
def test_what_a_demand_may_not_say_is_named_at_its_field(
    session: Session, change: dict[str, object], field: str
) -> None:
    one = needs.need()
    values = {"title": "独居老人探访", "description": "定期上门。", "category": Category.ELDER_CARE}
    values |= {"need_ids": [one.id], **change}
    clerk = holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(Refused) as refused:
        actions.make_demand(clerk, street(), at=system_now(), **values)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_community_of_another_street_is_refused(session: Session) -> None:
    there = community(street("320115002"))
    clerk = holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(Refused) as refused:
        actions.record_need(
            clerk,
            street(),
            NeedChannel.VISIT,
            Category.ELDER_CARE,
            "上门探访",
            3,
            system_now(),
            community_id=there.id,
        )
    assert refused.value.field == "community"


def test_a_failed_purchase_puts_the_demand_back_on_the_list(session: Session) -> None:
    row = needs.demand()
    approver = actor(Role.STREET_APPROVER, street().scope)
    actions.plan(row, approver, system_now())
    assert queries.open_demands(street().id) == []
    actions.reopen(row, CLOCK, system_now())
    assert [d.id for d in queries.open_demands(street().id)] == [row.id]
    actions.plan(row, approver, system_now())
    actions.answer(row, holder(Role.STREET_CLERK, street().scope, "经办人"), system_now())
    assert row.closed_at == system_now()


def test_strangers_record_nothing_here(session: Session) -> None:
    for stranger in (actor(Role.STREET_CLERK, street("320115002").scope), actor(Role.STREET_APPROVER, street().scope)):
        with pytest.raises(Forbidden):
            actions.record_need(stranger, street(), NeedChannel.VISIT, Category.ELDER_CARE, "上门探访", 3, system_now())


def test_from_a_visit_to_a_demand_on_the_desk(visitors: Callable[[], Visitor], session: Session) -> None:
    desk = sign_in(visitors(), person(Role.STREET_CLERK, street().scope))
    there = community()
    page = desk.get(desk.get("/needs").link("登记诉求"))
    typed = {"community": str(there.id), "channel": "visit", "category": "elder_care", "people_affected": "40"}
    page = desk.submit(page, {**typed, "summary": "王大爷 13812345678 想要助餐"}, button="登记")
    assert "手机号码" in page.errors["summary"]
    assert page.form(button="登记").values["people_affected"] == ["40"]
    page = desk.submit(page, {"summary": "独居老人午餐困难"}, button="登记")
    assert "河滨社区" in page.text
    assert "归并居民诉求" in desk.get("/desk").text
    chosen = page.all("//input[@name='need']")[0].get("value")
    page = desk.get(f"/needs/merge?need={chosen}")
    page = desk.submit(page, {"title": "社区助餐", "description": "为独居老人提供午餐。"}, button="归并")
    assert page.heading == "社区助餐"
    assert page.link("据此编制采购").startswith("/tenders/new?demand=")
    waiting = desk.get("/desk").text
    assert "归并居民诉求" not in waiting
    assert "社区助餐" in waiting


def test_choosing_nothing_is_answered_with_a_way_back(visitors: Callable[[], Visitor], session: Session) -> None:
    desk = sign_in(visitors(), person(Role.STREET_CLERK, street().scope))
    page = desk.get("/needs/merge")
    assert page.link("返回诉求列表") == "/needs"


def test_a_demand_is_seen_in_its_own_district_only(visitors: Callable[[], Visitor], session: Session) -> None:
    row = needs.demand()
    assert (
        sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(district().id)))
        .get(f"/needs/demands/{row.id}", most=10)
        .status
        == 200
    )
    for scope in (street("320115002").scope, street("330502001").scope):
        assert sign_in(visitors(), person(Role.STREET_CLERK, scope)).get(f"/needs/demands/{row.id}").status == 404


def test_the_list_pages_by_key_with_the_same_statements(visitors: Callable[[], Visitor], session: Session) -> None:
    desk = sign_in(visitors(), person(Role.STREET_CLERK, street().scope))
    for number in range(25):
        needs.demand(title=f"需求{number:02d}")
    page = desk.get("/needs/demands", most=8)
    assert page.words("//tbody/tr/th")[0] == "需求24"
    assert len(page.words("//tbody/tr")) == 20
    second = desk.get(page.link("下一页"), most=8)
    assert second.words("//tbody/tr/th") == [f"需求{n:02d}" for n in range(4, -1, -1)]
    assert len(page.statements) == len(second.statements)


def test_english(visitors: Callable[[], Visitor], session: Session) -> None:
    row = needs.demand()
    needs.need()
    desk = sign_in(visitors(), person(Role.STREET_CLERK, street().scope))
    desk.client.set_cookie("lang", "en")
    names = {"东山街道", "南京市江宁区东山街道办事处", row.title}
    typed = {"多位独居老人希望有人定期上门探访", "为独居老人提供定期上门探访"}
    for url in ("/needs", "/needs/new", "/needs/demands", f"/needs/demands/{row.id}"):
        assert chinese(desk.get(url)) <= names | typed
