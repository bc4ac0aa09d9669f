"""The public's page of the network: what the notices say, nobody's name, flat statements."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy.orm import Session

from market.incubation import actions
from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.public.rules import network
from market.records.projections import rebuild
from tests.factories import incubation as factory
from tests.factories.organisations import organisation
from tests.factories.places import street
from tests.fixtures.visitor import Visitor, chinese


def node(key: str, level: str, parent: str | None = None, **data: object) -> SimpleNamespace:
    values = {"name": f"节点{key}", "level": level, "parent": parent, "state": "open", "ever": 1, **data}
    return SimpleNamespace(key=key, title=f"节点{key}", data=values, district_id=1)


def test_the_tree_is_put_together_from_single_notices_whatever_their_order() -> None:
    cards = [node("3", "community", "2"), node("1", "district"), node("4", "street", "1"), node("2", "street", "1")]
    page = network.read(cards)
    assert [(n["name"], n["depth"]) for n in page["nodes"]] == [("节点1", 0), ("节点4", 1), ("节点2", 1), ("节点3", 2)]
    assert [count for _label, count in page["levels"]] == [1, 2, 1, 0]
    assert page["ever"] == 4


def test_a_closed_node_is_out_of_the_tree_but_what_it_did_stays_counted() -> None:
    cards = [node("1", "district", ever=600), node("2", "street", "1", state="closed", ever=26)]
    page = network.read(cards)
    assert ([n["name"] for n in page["nodes"]], page["ever"]) == (["节点1"], 626)
    assert [count for _label, count in page["levels"]] == [1, 0, 0, 0]


def test_notices_with_holes_are_shown_as_far_as_they_go() -> None:
    odd = SimpleNamespace(key="9", title="无名", data={"state": "open", "level": 7, "ever": "x"}, district_id=1)
    assert network.read([odd])["nodes"][0]["name"] == "无名"
    assert network.graduate({"service_fields": "x"}, "某机构")["fields"] == []


def test_the_network_and_its_graduates_are_public(visitor: Visitor, session: Session) -> None:
    net, team = factory.network(), organisation("江宁区暖邻社会工作服务中心")
    row = factory.residency(net, team, until="grown")
    page = visitor.get(f"/network/{net.district.code}", most=8)
    assert "还没有出壳的社会组织" in page.text
    assert "在孵1 家" in page.text
    actions.graduate(net.civil, actions.loaded(row.id), [Category.ELDER_CARE], system_now())
    page = visitor.get(f"/network/{net.district.code}", most=8)
    assert "江宁区暖邻社会工作服务中心" in page.text
    assert "导师辅导 12 小时，培训 24 小时" in page.text
    for person in ("石守业", "欧阳喆", "机构管理员", "苏禾"):
        assert person not in page.text
    page = visitor.get(f"/organisations-directory/{team.organisation.uscc}", most=10)
    assert "养老服务" in page.words("//section[h2='孵化出壳']//span[contains(@class, 'tag')]")
    page = visitor.get("/network", most=8)
    assert page.words("//tbody/tr/td") == ["1", "1", "1", "0", "1", "0", "1"]
    rebuild()
    assert visitor.get("/network", most=8).words("//tbody/tr/td") == ["1", "1", "1", "0", "1", "0", "1"]


def test_districts_without_a_network_say_so(visitor: Visitor, session: Session) -> None:
    place = street()
    assert "还没有公布孵化网络" in visitor.get("/network").text
    assert "还没有公布孵化网络" in visitor.get(f"/network/{place.district.code}").text
    assert visitor.get("/network/999999").status == 404


def test_english(visitor: Visitor, session: Session) -> None:
    net = factory.network()
    visitor.client.set_cookie("lang", "en")
    names = {"江宁区", "东山街道", "江宁区社会组织孵化基地", "东山街道孵化中心", "河滨社区站", "天元东路"}
    assert chinese(visitor.get(f"/network/{net.district.code}")) <= names | {"号"}
    assert chinese(visitor.get("/network")) <= names
