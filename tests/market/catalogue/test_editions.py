"""Editions: copied, edited, published once, in force from their day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.catalogue import actions, queries
from market.catalogue.actions import ItemFacts
from market.catalogue.models import CatalogueVersion, NegativeItem
from market.catalogue.states import Category
from market.kernel.clock import system_now
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Actor, Role, Scope
from market.places.models import District
from market.records.models import DirectoryCard
from tests.factories import catalogue
from tests.factories.people import actor, person, sign_in
from tests.factories.places import district, street
from tests.fixtures.visitor import Visitor, chinese

MEALS = ItemFacts(
    code="A0199",
    category=Category.ELDER_CARE,
    name="周末助餐",
    unit="人次",
    description="周末为独居老人送餐上门。",
    requirements="送餐不超过60分钟。",
    guiding_department="民政局",
    price_low_fen=1_200,
    price_high_fen=2_000,
    indicators=[],
)


@pytest.fixture
def place(session: Session) -> District:
    actions.load_negative_list()
    return district()


@pytest.fixture
def civil(place: District) -> Actor:
    return actor(Role.DISTRICT_CIVIL, Scope(place.id))


@pytest.fixture
def first(civil: Actor, place: District) -> CatalogueVersion:
    return actions.load_starter(civil, place, "2026-1", date(2026, 1, 1), system_now())


def test_the_starting_catalogue_is_published_and_in_force(place: District, first: CatalogueVersion) -> None:
    rows = queries.items(place.id, day=date(2026, 3, 31))
    assert len(rows) >= 15
    assert [row.code for row in rows] == sorted(row.code for row in rows)
    assert {row.category for row in queries.items(place.id, Category.LEGAL_AID)} == {"legal_aid"}
    assert queries.items(district("330502").id) == []


def test_a_new_edition_is_a_copy_that_takes_effect_on_its_day(
    session: Session, civil: Actor, place: District, first: CatalogueVersion
) -> None:
    second = actions.open_edition(civil, place, "2026-2", date(2026, 7, 1), "江民发〔2026〕8号", system_now())
    assert [r.code for r in queries.items_of(second.id)] == [r.code for r in queries.items_of(first.id)]
    actions.save_item(civil, second.id, None, MEALS, system_now())
    assert queries.version_in_force(place.id) == first
    actions.publish_edition(civil, second.id, system_now())
    assert queries.version_in_force(place.id, date(2026, 6, 30)) == first
    assert queries.version_in_force(place.id, date(2026, 7, 1)) == second
    card = session.scalar(select(DirectoryCard).filter_by(kind="catalogue", key="320115-2026-2"))
    assert card is not None
    assert MEALS.name in {item["name"] for item in card.data["items"]}


def test_what_is_published_is_never_edited(civil: Actor, first: CatalogueVersion) -> None:
    item = queries.items_of(first.id)[0]
    for act in (
        lambda: actions.save_item(civil, first.id, item.id, MEALS, system_now()),
        lambda: actions.remove_item(civil, first.id, item.id, system_now()),
        lambda: actions.publish_edition(civil, first.id, system_now()),
    ):
        with pytest.raises(Refused, match="已经发布"):
            act()


def test_one_edition_is_edited_at_a_time_and_numbers_are_not_reused(
    civil: Actor, place: District, first: CatalogueVersion
) -> None:
    with pytest.raises(Refused, match="已经用过"):
        actions.open_edition(civil, place, "2026-1", date(2026, 7, 1), "x", system_now())
    actions.open_edition(civil, place, "2026-2", date(2026, 7, 1), "x", system_now())
    with pytest.raises(Refused, match="正在编辑"):
        actions.open_edition(civil, place, "2026-3", date(2026, 7, 1), "x", system_now())


def test_an_empty_edition_and_a_day_gone_by_are_refused(
    session: Session, civil: Actor, place: District, first: CatalogueVersion
) -> None:
    elsewhere = district("330502")
    other = actor(Role.DISTRICT_CIVIL, Scope(elsewhere.id))
    empty = actions.open_edition(other, elsewhere, "1", date(2026, 7, 1), "x", system_now())
    with pytest.raises(Refused, match="还没有服务项目"):
        actions.publish_edition(other, empty.id, system_now())
    late = actions.open_edition(civil, place, "2026-2", date(2026, 3, 30), "x", system_now())
    with pytest.raises(Refused) as refused:
        actions.publish_edition(civil, late.id, system_now())
    assert refused.value.field == "effective_from"
    actions.change_day(civil, late.id, date(2026, 3, 31), system_now())
    actions.publish_edition(civil, late.id, system_now())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "A0101"}, "code"),
        ({"price_high_fen": None}, "price_high_yuan"),
        ({"indicators": [{"max_centi": 1}]}, "indicators"),
        ({"description": "派遣十名护理员"}, "negatives_checked"),
    ],
)
def test_a_service_that_does_not_fit_is_refused_at_its_field(
    civil: Actor, place: District, first: CatalogueVersion, change: dict[str, object], field: str
) -> None:
    version = actions.open_edition(civil, place, "2026-2", date(2026, 7, 1), "x", system_now())
    with pytest.raises(Refused) as refused:
        actions.save_item(civil, version.id, None, replace(MEALS, **change), system_now())  # type: ignore[arg-type]
    assert refused.value.field == field


def test_row_7_an_officer_may_say_that_a_word_means_something_else(civil: Actor, place: District) -> None:
    version = actions.open_edition(civil, place, "1", date(2026, 7, 1), "x", system_now())
    facts = replace(MEALS, description="为求职残疾人陪同参加招聘会。", negatives_checked=True)
    assert actions.save_item(civil, version.id, None, facts, system_now()).id


def test_another_district_and_other_roles_do_not_edit(place: District) -> None:
    for stranger in (
        actor(Role.DISTRICT_CIVIL, Scope(district("330502").id)),
        actor(Role.STREET_CLERK, street().scope),
    ):
        with pytest.raises(Forbidden):
            actions.open_edition(stranger, place, "1", date(2026, 7, 1), "x", system_now())


def test_loading_the_negative_list_again_changes_nothing_but_what_differs(session: Session) -> None:
    assert actions.load_negative_list() == 6
    assert actions.load_negative_list() == 0
    row = session.scalars(select(NegativeItem)).first()
    assert row is not None
    row.words = ["别的"]
    session.flush()
    assert actions.load_negative_list() == 1


def test_the_officer_s_way_through_the_pages(
    visitors: Callable[[], Visitor], place: District, first: CatalogueVersion
) -> None:
    desk = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(place.id)))
    page = desk.get(desk.get("/catalogue").link("建新版本"))
    page = desk.submit(page, {"number": "2026-2", "effective_from": "2026-07-01", "source": "江民发〔2026〕8号"})
    page = desk.get(page.link("添加服务"))
    typed = {"category": "elder_care", "code": "A0199", "name": "周末助餐", "unit": "人次", "description": "送餐上门"}
    typed |= {"requirements": "60分钟内送到", "guiding_department": "民政局", "price_low_yuan": "12"}
    page = desk.submit(page, typed, button="保存")
    assert list(page.errors) == ["price_high_yuan"]
    page = desk.submit(page, {"price_high_yuan": "20", "indicators": "完成率 | 95% | 100"}, button="保存")
    assert "周末助餐" in page.text
    assert "发布服务目录" in desk.get("/desk").text
    page = desk.submit(page, {}, action="/publish")
    assert "目录已发布" in page.text
    assert "周末助餐" not in page.words("//main")[0]
    assert "发布服务目录" not in desk.get("/desk").text


def test_an_edition_that_a_colleague_changed_is_not_published_unseen(
    visitors: Callable[[], Visitor], civil: Actor, place: District, first: CatalogueVersion
) -> None:
    row = actions.open_edition(civil, place, "2026-2", date(2026, 7, 1), "x", system_now())
    desk, url = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(place.id))), f"/catalogue/editions/{row.id}"
    page = desk.get(url)
    actions.save_item(civil, row.id, None, MEALS, system_now())
    refused = desk.submit(page, {}, action="/publish")
    assert (refused.status, row.published_at) == (422, None)
    assert "内容已变化，请重新核对" in refused.text
    assert "目录已发布" in desk.submit(desk.get(url), {}, action="/publish").text


def test_an_organisation_reads_the_catalogue_but_no_draft(
    visitors: Callable[[], Visitor], civil: Actor, place: District, first: CatalogueVersion
) -> None:
    draft = actions.open_edition(civil, place, "2026-2", date(2026, 7, 1), "x", system_now())
    visitor = sign_in(visitors(), person(Role.ORGANISATION_EDITOR, Scope(organisation_id=1)))
    assert "社区老年助餐" in visitor.get("/catalogue", most=8).text
    assert visitor.get(f"/catalogue/items/{queries.items_of(first.id)[0].id}", most=10).status == 200
    assert visitor.get(f"/catalogue/items/{queries.items_of(draft.id)[0].id}").status == 404
    assert visitor.get(f"/catalogue/editions/{draft.id}").status == 403
    page = visitor.get("/catalogue/negative?text=需要派遣十人")
    assert "“派遣”指向第 5 项" in page.text
    page = visitor.get(f"/catalogue/negative?text={'助' * 2000}派遣")
    assert "没有发现提示词" not in page.text
    assert "最多填写 2000 个字符" in page.text


def test_the_catalogue_takes_the_same_statements_however_long(
    visitors: Callable[[], Visitor], session: Session
) -> None:
    visitor = sign_in(visitors(), person(Role.STREET_CLERK, street().scope))
    counts = set()
    for _ in range(2):
        for _ in range(20):
            catalogue.item()
        counts.add(len(visitor.get("/catalogue", most=8).statements))
    assert len(counts) == 1


def test_english_leaves_only_the_catalogue_s_own_words_in_chinese(
    visitors: Callable[[], Visitor], place: District
) -> None:
    catalogue.item(name="探访", unit="人次")
    visitor = sign_in(visitors(), person(Role.STREET_CLERK, street().scope))
    visitor.client.set_cookie("lang", "en")
    assert chinese(visitor.get("/catalogue")) <= {"南京市江宁区", "探访", "人次", "民政局", "本区购买服务指导性目录"}
