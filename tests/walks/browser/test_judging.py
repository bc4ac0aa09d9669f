"""A round as long as it is judged: an application written, the last sheets, a resident's vote on a phone.

The clock of the demonstration stays where it is; `test_round_ends` goes on when it has moved.
"""

from __future__ import annotations

import pytest

from market.demo.cast import EXPERTS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-town")]

OPEN = "秣陵街道2026年助残公益创投"
ROUND = "汤山街道2026年社区公益创投"
PROJECT = "推着轮椅看秋天"


def test_1_an_applicant_writes_and_hands_in_once(someone):
    admin = someone("tongxing-admin")
    admin.menu("项目申报")
    admin.follow("以“江宁区同行助残服务社”申报", within=admin.page.locator("main .panel").filter(has_text=OPEN))
    admin.sees("这是草稿，尚未提交")
    admin.fill("项目名称", PROJECT)
    admin.choose("申报方向", "残疾人走出家门")
    for number in range(2):
        admin.page.get_by_text("已保存").nth(number).wait_for()
    admin.page.reload()
    assert admin.page.get_by_label("项目名称").input_value() == PROJECT, "what was left is kept"
    assert admin.page.get_by_label("申报方向").input_value() == "disability"
    admin.follow("检查并提交")
    admin.sees("还没有填好", "实施方案")
    admin.follow("返回草稿")
    for label, words in (
        ("项目简介", "每月两次结伴出行，由志愿者和家属陪同。"),
        ("需求分析", "入户走访四十户，三十一户半年没有出过小区。"),
        ("实施方案", "先踏勘路线，再结对，每次出行后记录并改进。"),
        ("团队和分工", "社工两名，志愿者二十名。"),
        ("受益人数", "40"),
        ("项目总预算", "5万"),
        ("自筹", "2万"),
        ("申请额", "3万"),
        ("最近一次年检报告报送日", "2025-05-20"),
    ):
        admin.fill(label, words)
    admin.page.locator("#goal_1").fill("结伴出行")
    admin.fill("目标一的数量", "24次")
    admin.press("保存草稿")
    admin.sees("内容齐全，可以提交")

    signatory = someone("tongxing-sign")
    signatory.task(OPEN, "提交申报")
    signatory.follow("检查并提交")
    signatory.press("提交申报")
    signatory.sees("请先改正以下问题")
    signatory.tick("我单位承诺所填内容真实")
    sheet = signatory.page.url
    signatory.press("提交申报")
    signatory.sees("申报已提交", "回执编号", "内容摘要")
    signatory.open(sheet)
    assert signatory.heading == PROJECT, "what is handed in is not handed in again"
    signatory.follow("核对回执")
    signatory.sees("相符")

    clerk = someone("clerk-jn")
    clerk.menu("资助轮次")
    clerk.follow(OPEN)
    clerk.sees("申报截止之前，街道看不到申报单位和内容")
    assert PROJECT not in clerk.text


def last_juror(someone) -> str:
    """Login of the juror who has not finished, found on the clerk's page."""
    clerk = someone("clerk-jn")
    clerk.task(ROUND, "组织评审")
    clerk.follow("评委名单")
    rows = clerk.page.get_by_role("table", name="成员").get_by_role("row").all_inner_texts()
    (name,) = [judge for judge in EXPERTS if any(judge.name in row and "换人" in row for row in rows)]
    return name.login


def test_2_the_last_juror_scores_what_is_left(someone):
    juror = someone(last_juror(someone))
    juror.task(ROUND, "评审打分")
    juror.tick("我已核对，确认办理")
    juror.press("提交评分")
    juror.sees("请先改正以下问题")
    juror.follow("打分", within=juror.page.get_by_role("row").filter(has_text="0 / 4 项").first)
    juror.fill("“需求”得分", "31")
    juror.press("保存，看下一个")
    juror.sees("“需求”得分：满分 30.00 分，请填写 0 到 30.00。")
    for project in range(2):
        for criterion, most in (("需求", 30), ("方案设计", 30), ("团队", 20), ("社区融合与成效", 20)):
            juror.fill(f"“{criterion}”得分", str(most * 3 // 4))
            juror.fill(f"“{criterion}”打分理由", "目标清楚，居民参与的安排可以更细。")
        juror.press("保存，看下一个" if project == 0 else "保存，回到总览")
    juror.tick("我已核对，确认办理")
    juror.press("提交评分")
    juror.sees("您已提交评分")


def test_3_a_resident_votes_on_a_phone_with_a_code_of_paper(someone):
    clerk = someone("clerk-jn")
    clerk.task(ROUND, "组织评审")
    clerk.sees("已提交评分 5 / 5 人")
    clerk.follow("居民投票", within="main .panel")
    clerk.fill("生成投票码", "2")
    clerk.press("生成并显示")
    codes = [code.strip() for code in clerk.page.locator(".slip-code").all_inner_texts()]
    assert len(set(codes)) == 2

    resident = someone(phone=True)
    resident.open("/")
    resident.menu("居民投票")
    resident.fill("投票码", "AAAA-BBBB-CCCC")
    resident.press("开始投票")
    resident.sees("请先改正以下问题")
    resident.fill("投票码", codes[0])
    resident.press("开始投票")
    resident.press("提交选票")
    resident.sees("请至少选择一个项目。")
    resident.tick("老邻居饭桌")
    resident.tick("手语邻居")
    resident.press("提交选票")
    assert resident.heading == "选票已提交"
    resident.menu("居民投票")
    resident.fill("投票码", codes[0])
    resident.press("开始投票")
    resident.sees("请先改正以下问题")
