"""The pages of the room, as an organisation, an officer and a stranger meet them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from market.records.keys import receipt_public
from market.records.signing import verify_receipt
from tests.factories import bids
from tests.factories.organisations import Team
from tests.factories.people import sign_in
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Page, Visitor


def typed(page: Page, price: str = "165,000") -> dict[str, Any]:
    """A complete bid as a person types it."""
    answers = {node.get("name"): "逐项落实。" for node in page.all("//textarea[starts-with(@name, 'answer_')]")}
    return {
        "price": price,
        "team": "项目负责人一名，社工三名。",
        "schedule": "签约后十日内进场。",
        "declaration_ties": "无",
        **answers,
    }


def base(case: bids.Case, team: Team) -> str:
    return f"/bids/{case.lot_id}/{team.id}"


def test_an_organisation_finds_writes_checks_and_submits(
    visitor: Visitor, clock: StandingClock, visitors: Callable[[], Visitor]
) -> None:
    case, team = bids.sealed_lot(), bids.bidder("江宁区暖邻社会工作服务中心")
    sign_in(visitor, team.signatory)
    page = visitor.get("/bids/open", most=8)
    page = visitor.get(page.link(case.lot.tender.title))
    assert page.heading == case.lot.tender.title
    page = visitor.get(page.link("填写投标文件"), most=10)
    page = visitor.submit(page, typed(page), button="保存草稿", most=20)
    assert "壹拾陆万伍仟元整" in page.text
    page = visitor.get("/bids/", most=8)
    assert "没有回执，就是没有递交" in page.text
    page = visitor.get(page.link("检查并递交"), most=10)
    assert "必填内容齐全" in page.text
    page = visitor.get(page.link("去递交"), most=10)
    page = visitor.submit(page, {"sure": "y"}, button="递交投标")
    assert page.heading == "投标回执"
    assert "请下载并妥善保存" in page.text
    kept = visitor.get(page.link("下载回执文件"))
    receipt = json.loads(kept.source)
    assert verify_receipt(receipt_public(), receipt)
    assert receipt["payload"]["organisation"]["name"] == "江宁区暖邻社会工作服务中心"
    page = visitor.get("/bids/", most=8)
    assert "没有回执，就是没有递交" not in page.text
    assert page.words("//td//span[contains(@class, 'tag')]") == ["已递交"]
