"""How a round ends, after `test_judging`: checked, ranked, decided, objected to, confirmed, signed, the first tranche.

The purchase in between has moved the clock past the deadlines of the demonstration's rounds.
"""

from __future__ import annotations

import re

import pytest

from market.demo.cast import EXPERTS
from tests.walks.browser.acts import report, sign
from tests.walks.browser.test_judging import OPEN, PROJECT, ROUND

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-town")]

FUNDED, LEFT_OUT, BEST = "老邻居饭桌", "手语邻居", "江宁区禾桥社区服务中心"
DEPARTURE = "该项目与区残联同期项目服务对象重复，本轮不予资助。"


def test_1_the_clerk_checks_the_applications_and_draws_the_jury(someone):
    someone().move_clock_past("2026-05-01 00:00", "下一个工作日")
    clerk = someone("clerk-jn")
    clerk.open("/desk")
    clerk.waits_for(OPEN)
    clerk.task(OPEN, "形式审查")
    clerk.follow("无声咖啡角")
    clerk.press("不予通过")
    clerk.sees("请先改正以下问题")
    clerk.fill("意见", "活动地点不在本街道，不符合征集公告。")
    clerk.press("不予通过")
    clerk.sees("未通过形式审查")
    clerk.follow(PROJECT)
    clerk.sees("系统没有查到不符合申报条件的情况")
    clerk.press("通过")
    clerk.press("完成形式审查", sure=True)
    clerk.follow("抽取评委")
    clerk.fill("评委人数", "5")
    clerk.tick("我已核对，确认办理")
    clerk.press("抽取评委")
    clerk.sees("第 1 次抽取", "抽中")
    names = clerk.page.get_by_role("table", name="成员").inner_text()

    juror = someone(next(judge.login for judge in EXPERTS if judge.name in names))
    juror.task(OPEN, "声明利害关系")
    juror.sees("申报单位名单")
    assert "投标人" not in juror.text
    juror.press("声明并开始评审")
    juror.sees("请先改正以下问题")
    juror.tick_all("与下列单位没有利害关系")
    juror.press("声明并开始评审")
    juror.sees(PROJECT, "0 / 4 项")


def test_2_the_street_departs_from_the_best_portfolio_with_a_reason(someone):
    clerk = someone("clerk-jn")
    clerk.task(ROUND, "组织评审")
    clerk.press("汇总评分并测算", sure=True)
    clerk.sees("待决定")
    approver = someone("approver-jn")
    approver.task(ROUND, "决定拟资助项目")
    approver.sees("测算结果", "测算入选", "测算未入选", "资金池")
    approver.page.locator("main").get_by_label(LEFT_OUT).uncheck()
    approver.tick("我已核对，确认办理")
    approver.press("决定并公示")
    approver.sees("请先改正以下问题")
    approver.fill("与测算结果不同的理由", DEPARTURE)
    approver.page.locator("main").get_by_label(LEFT_OUT).uncheck()
    approver.tick("我已核对，确认办理")
    approver.press("决定并公示")
    approver.sees("拟资助公示", DEPARTURE)


def published(someone, title: str, **options):
    """Search from the home page, and open what was published."""
    visitor = someone(**options)
    visitor.open("/")
    visitor.fill("搜索采购项目", title)
    visitor.press("搜索")
    visitor.follow(title)
    return visitor


def test_3_anybody_objects_and_the_district_answers(someone):
    visitor = published(someone, ROUND)
    visitor.sees(DEPARTURE, FUNDED, LEFT_OUT)
    resident = published(someone, FUNDED, phone=True)
    resident.sees("公示中，待确认")
    resident.follow("提出异议")
    resident.press("提交异议")
    resident.sees("请先改正以下问题")
    resident.fill("异议", "去年同类项目的台账没有公布。")
    resident.fill("姓名或单位名称", "甲居民")
    resident.fill("联系", "13900000000")
    resident.press("提交异议")
    assert resident.heading == "异议已收到"
    civil = someone("civil-jn")
    civil.task(FUNDED, "异议")
    civil.tick("不成立")
    civil.fill(re.compile("答复|核查"), "经核查，去年台账已在本平台公布，异议不成立。")
    civil.press("公布答复", sure=True)
    public = published(someone, FUNDED)
    public.sees("经核查，去年台账已在本平台公布")
    assert "甲居民" not in public.text


def test_4_after_the_notice_the_award_is_confirmed_and_the_agreement_signed(someone):
    approver = someone("approver-jn")
    approver.menu("成交结果")
    approver.follow(FUNDED)
    approver.sees("正在公示")
    until = re.search(r"公示到 (\d{4}-\d\d-\d\d \d\d:\d\d)", approver.text)[1]
    approver.move_clock_past(until, "下一个工作日")
    approver.page.reload()
    approver.press("确认结果", sure=True)

    clerk = someone("clerk-jn")
    clerk.task(FUNDED, "起草合同")
    clerk.press("生成合同草稿")
    clerk.fill("服务地点", "汤山街道所辖各社区")
    clerk.press("保存草稿")
    clerk.press("定稿并送签", sure=True)
    clerk.waits_for("下载待签的合同（PDF）")
    signer = sign(someone, FUNDED)
    signer.sees("下载已签署的合同（PDF）")
    clerk.menu("合同")
    clerk.follow(FUNDED, within="main")
    clerk.follow("节点、报告与验收")
    # The clock lists them within a minute; whoever cannot wait presses the button.
    if clerk.page.get_by_role("button", name="现在列出节点").count():
        clerk.press("现在列出节点")
    clerk.sees("启动报告", "中期评估", "末期评估")


def test_5_the_first_tranche_is_reported_and_falls_due(someone, tmp_path):
    someone().move_clock_past("2026-06-30 00:00", "下一个工作日")
    report(someone, tmp_path, FUNDED, "启动报告")
    cashier = someone("cashier-jn")
    cashier.task(BEST, "申请付款")
    cashier.press("申请付款", sure=True)
