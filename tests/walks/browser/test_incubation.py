"""A group on file is taken in and grows; an organisation graduates and is found; a worker's growth card is printed.

Each step is clicked by whom it belongs to; the clock of the demonstration stays where it is.
"""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-town")]

GROUP = "邻光楼道互助队"
GRADUATE = "吴兴区同舟救助服务中心"
TRAINING = "公开募捐与信息公开"
ROOM = "一号会议室"


def test_1_a_group_applies_and_is_taken_in(someone):
    group = someone("linguang-admin")
    group.menu("孵化网络")
    group.follow("天印社区社会组织服务站")
    group.follow("申请入驻")
    group.press("提交申请")
    group.sees("请先改正以下问题", "请填写“服务设想”。")
    group.tick("虚拟入驻")
    group.tick("网格培育")
    group.fill("需要工位", "0")
    group.fill("服务设想", "楼道长带着邻居照应高龄独居老人，每周两次敲门。")
    group.fill("希望得到的支持", "活动记录和安全培训")
    group.press("提交申请")
    group.sees("待初审")

    base = someone("incubator-jn")
    base.task(GROUP, "初审")
    base.press("初审通过", sure=True)
    civil = someone("civil-jn")
    civil.task(GROUP, "是否准予")
    civil.press("准予入驻", sure=True)
    base.task(GROUP, "送达")
    base.follow("送达孵化协议")
    base.press("确认并送达", sure=True)
    base.sees("协议待机构确认")

    group.task(GROUP, "确认孵化协议")
    group.follow("阅读并确认协议")
    group.sees("全文摘要", GROUP)
    group.press("确认协议", sure=True)
    group.sees("孵化中", "出壳条件", "法人登记期限")


def test_2_a_stage_is_reached_and_capacity_is_assessed_with_a_picture(someone):
    base = someone("incubator-jn")
    base.menu("入驻孵化")
    base.follow(GROUP)
    base.sees("还没有评估", "还没有参加培训")
    base.follow("登记入驻评估")
    base.press("登记评估", sure=True)
    base.sees("请先改正以下问题")
    for number, dimension in enumerate(base.page.locator("main fieldset").all()):
        dimension.get_by_role("radio").nth(number % 3).check()
    base.press("登记评估", sure=True)
    assert base.page.get_by_role("img", name=f"{GROUP} 的能力评估").is_visible()
    base.widen()
    table = base.page.get_by_role("table", name="能力评估").get_by_role("row").all_inner_texts()
    assert [row.split("\t")[1].strip() for row in table[1:4]] == ["1", "2", "3"], "the picture's figures as a table"
    base.follow("登记达标")
    base.fill("达标依据", "查阅章程和活动记录，到现场看了两次敲门。")
    base.press("登记达标", sure=True)
    base.sees("已达标")


def test_3_attendance_of_a_training_gives_certificates(someone):
    base = someone("incubator-jn")
    base.task(TRAINING)
    minutes = base.page.locator("main form").get_by_role("textbox").all()
    for box in minutes[1:]:
        box.fill("480")
    minutes[0].fill("60")
    base.press("办结培训", sure=True)
    base.widen()
    rows = base.page.get_by_role("table", name="参加人员").get_by_role("row").all_inner_texts()[1:]
    assert "1 小时" in rows[0]
    assert [row.rstrip().endswith("-\t-") for row in rows] == [True, *[False] * (len(rows) - 1)]


def test_4_a_room_that_is_taken_is_refused_with_a_sentence(someone):
    group = someone("linguang-admin")
    group.menu("孵化网络")
    group.follow("江宁区社会组织孵化基地")
    group.follow(ROOM)
    group.follow("预约", within=".page-actions")
    group.fill("日期", "2026-04-01")
    group.choose("开始时间", "09:30")
    group.choose("结束时间", "11:30")
    group.fill("连续预约", "3")
    group.fill("用途", "楼道长例会")
    group.press("预约")
    group.sees("请先改正以下问题", "2026-04-01 09:30 已被预约，请另选时间")
    group.choose("开始时间", "15:00")
    group.choose("结束时间", "16:00")
    group.press("预约")
    group.sees("15:00–16:00", "楼道长例会")
    group.press("取消这一次", sure=True)
    assert "楼道长例会" not in group.text
    group.follow("下一周")
    group.sees("楼道长例会")


def test_5_a_graduate_is_found_in_the_public_directory(someone):
    civil = someone("civil-wx")
    civil.menu("入驻孵化")
    civil.follow(GRADUATE)
    civil.follow("办理出壳")
    civil.tick("社会救助")
    civil.page.get_by_label("社会救助").uncheck()
    civil.press("准予出壳", sure=True)
    civil.sees("请先改正以下问题")
    civil.tick("社会救助")
    civil.press("准予出壳", sure=True)
    civil.sees("已出壳", "可承接")

    resident = someone(phone=True)
    resident.open("/")
    resident.menu("机构名录")
    resident.fill("机构名称或简介", "同舟")
    resident.press("查询")
    resident.follow(GRADUATE)
    resident.sees("社会救助", "吴兴区")
    assert "舟远航" not in resident.text, "nobody of an organisation is named in public"


def test_6_a_worker_s_growth_card_is_a_page_and_a_document(someone):
    admin = someone("heqiao-admin")
    admin.menu("社会工作者")
    admin.follow("程静姝", within="main")
    admin.sees("成长纪实卡", "继续教育", "督导记录", "任职经历")
    admin.press("生成纪实卡（PDF）")
    admin.waits_for("下载成长纪实卡（PDF）")
    assert admin.download("下载成长纪实卡（PDF）").startswith(b"%PDF-")

    civil = someone("civil-jn")
    civil.menu("社会工作者")
    civil.choose("所在机构", "江宁区同行助残服务社")
    civil.press("查看")
    civil.sees("江宁区同行助残服务社")
    assert "苏禾" not in civil.text
