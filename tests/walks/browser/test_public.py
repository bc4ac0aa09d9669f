"""What anybody reads without signing in, with and without scripts; and in English."""

from __future__ import annotations

import re

import pytest

from market.kernel.canonical import sha256_hex
from market.public.rules.bundle import verifier_file
from tests.factories.verifying import verify

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-town")]

TITLE = "东山街道独居老人春节助餐服务"
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_resident_follows_the_money_and_checks_a_receipt(someone, scripts):
    resident = someone(phone=True, scripts=scripts)
    resident.open("/")
    resident.fill("搜索采购项目", "养老")
    resident.press("搜索")
    resident.sees("养老服务", "独居老人")
    resident.fill("关键词", "助餐")
    resident.press("查询")
    resident.sees("社区助餐点运营服务", "春节助餐服务")
    resident.follow(TITLE)
    # 92 % of 120,000; 40 % on acceptance, 60 % by the evaluation.
    resident.sees("¥120,000.00", "¥110,400.00", "¥44,160.00", "¥66,240.00", "江宁区禾桥社区服务中心", "优秀")

    bid = resident.page.get_by_role("table", name="各家报价").get_by_role("row").nth(1)
    receipt = re.search(r"T\d{8}(-\w{4}){3}", bid.inner_text())[0]
    digest = bid.locator("[data-copy]").get_attribute("data-copy")
    resident.follow("存证链")
    resident.press("现在重算一遍")
    resident.sees("核对通过")

    resident.menu("核对")
    resident.fill("回执编号", receipt)
    resident.fill("摘要", digest)
    resident.press("核对")
    resident.sees("相符", "登记在册")
    resident.fill("摘要", digest.replace(digest[0], "0" if digest[0] != "0" else "1", 1))
    resident.press("核对")
    resident.sees("没有编号和摘要都相符的回执")

    resident.menu("资金")
    resident.fill("街道或年份", "东山")
    resident.press("查询")
    resident.page.get_by_text("7 个资金项目").click()
    resident.sees("2026 年", "福彩公益金助老项目", "¥400,000.00")


def test_a_citizen_reads_how_to_check_and_takes_the_files_home(someone):
    resident = someone(phone=True)
    resident.open("/purchases")
    resident.fill("关键词", "春节助餐")
    resident.press("查询")
    resident.follow(TITLE)
    bundle = resident.download("下载核对包")
    resident.follow("怎么核对这笔采购")
    resident.sees("三步", "核对不了什么", "--head", sha256_hex(verifier_file()))
    assert resident.download("下载核对程序") == verifier_file()
    assert resident.download("下载核对包") == bundle
    assert verify(bundle).faults == []
    reader = someone()
    reader.open("/check/how")
    reader.follow("English")
    reader.sees("Three steps", "What cannot be checked")
    assert not reader.page.evaluate(_LEFT)


# Chinese on an English page that is not marked as Chinese: nobody translated it.
_LEFT = r"""() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement.closest("[lang]");
    if (/[\u3400-\u9fff]/.test(node.data) && !holder.lang.startsWith("zh")) found.push(node.data.trim());
  }
  return [...new Set(found)];
}"""


def test_every_public_page_turns_to_english_and_back(someone):
    visitor = someone()
    visitor.open("/purchases?words=助餐")
    visitor.follow(TITLE)
    visitor.follow("English")
    left = {}

    def read() -> None:
        left[visitor.heading] = visitor.page.evaluate(_LEFT)

    read()
    visitor.follow("Chain of records")
    read()
    for entry in ("Home", "Purchases", "Money", "Organisations", "Check"):
        visitor.widen()
        visitor.follow(entry, within=visitor.page.get_by_role("navigation").first)
        read()
    assert {page: words for page, words in left.items() if words} == {}, left
    visitor.follow("中文")
    assert visitor.heading == "核对"
