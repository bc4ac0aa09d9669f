"""The negative list, price references, indicators."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from market.catalogue import shipped
from market.catalogue.rules import (
    check_indicators,
    check_price,
    negative_hits,
    parse_indicators,
    typed_indicators,
)
from market.catalogue.states import Category
from market.kernel.errors import Refused


@dataclass
class Row:
    number: int
    title: str
    words: list[str]


NEGATIVES = [Row(r["number"], r["title"], r["words"]) for r in shipped.negative_rows()]


def test_row_7_ten_dispatched_clerks_point_at_item_five() -> None:
    hits = negative_hits("招10名派遣文员，费用60万元", NEGATIVES)
    assert [(hit.number, hit.word) for hit in hits] == [(5, "派遣")]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("为辖区独居老人提供上门探访，使用工作日时间", []),
        ("社区办公用房装修及设备采购", [3]),
        ("为项目提供贷款担保", [4]),
        ("协助开展行政处罚", [2]),
        ("设置公益性岗位并发放礼品", [5, 6]),
        ("劳务派遣", [5]),
        ("ＤＩＳＰＡＴＣＨ", []),
    ],
)
def test_row_7_each_item_is_found_by_its_words(text: str, numbers: list[int]) -> None:
    assert [hit.number for hit in negative_hits(text, NEGATIVES)] == numbers


def test_row_7_the_list_has_the_six_items_of_article_ten() -> None:
    assert [row.number for row in NEGATIVES] == [1, 2, 3, 4, 5, 6]
    assert all(row.words for row in NEGATIVES)


def test_the_starting_catalogue_covers_every_category_and_buys_nothing_barred() -> None:
    _source, items = shipped.starter()
    assert {item["category"] for item in items} == {c.value for c in Category}
    assert len({item["code"] for item in items}) == len(items)
    for item in items:
        assert negative_hits(f"{item['name']} {item['description']}", NEGATIVES) == [], item["code"]
        check_price(item["price_low_fen"], item["price_high_fen"])
        check_indicators(item["indicators"])


def test_legal_aid_is_guided_by_the_justice_bureau() -> None:
    """法律援助法 art. 8: social organisations provide legal aid under the guidance of the justice department."""
    _source, items = shipped.starter()
    departments = {item["guiding_department"] for item in items if item["category"] == Category.LEGAL_AID}
    assert departments == {"司法局"}


@pytest.mark.parametrize(
    ("low", "high", "fits"),
    [(None, None, True), (100, 200, True), (100, 100, True), (100, None, False), (200, 100, False), (0, 100, False)],
)
def test_price_references_have_two_ends_in_order(low: int | None, high: int | None, fits: bool) -> None:
    if fits:
        check_price(low, high)
        return
    with pytest.raises(Refused):
        check_price(low, high)


def test_indicators_are_read_as_they_are_written() -> None:
    text = "服务人次完成率 | 不低于95% | 60\n\n满意度｜不低于90%｜40"
    rows = parse_indicators(text)
    assert rows == [
        {"code": "1", "title": "服务人次完成率", "target": "不低于95%", "max_centi": 6000},
        {"code": "2", "title": "满意度", "target": "不低于90%", "max_centi": 4000},
    ]
    assert parse_indicators(typed_indicators(rows)) == rows
    check_indicators(rows)


@pytest.mark.parametrize("text", ["只有标题", "标题 | 目标", " | 目标 | 40", "标题 | 目标 | 很多"])
def test_indicators_that_cannot_be_read_are_refused_at_their_field(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_indicators(text)
    assert refused.value.field == "indicators"
    assert "%%" not in refused.value.text


def test_indicators_sum_to_a_hundred() -> None:
    with pytest.raises(Refused, match=r"现在是 60\.00 分"):
        check_indicators([{"max_centi": 6000}])
    check_indicators([])
