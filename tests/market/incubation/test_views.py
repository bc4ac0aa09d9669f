"""The network through its pages: as a district, as staff, as an organisation, as a stranger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from market.incubation import actions, queries
from market.incubation.rules import HOSTING_TERMS, Series
from market.incubation.states import NodeLevel
from market.kernel.clock import beijing_day, system_now
from market.kernel.permits import Role, Scope
from tests.factories import incubation as factory
from tests.factories.organisations import Team, organisation
from tests.factories.people import acting, give, person, sign_in
from tests.factories.places import district, street
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Page, Visitor, chinese

Browsers = Callable[[], Visitor]


def test_a_district_builds_its_tree_step_by_step(visitors: Browsers, session: Session) -> None:
    street()
    civil = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(district().id)))
    page = civil.get("/incubation", most=8)
    assert "还没有孵化节点" in page.text
    page = civil.get(page.link("开通节点"))
    typed = {"name": "江宁区社会组织孵化基地", "address": "天元东路8号", "area": "1200", "workstations": "20"}
    page = civil.submit(page, {"level": "street", **typed}, button="保存并公布")
    assert page.status == 422
    assert "须选择所在街道" in page.errors["street"]
    assert page.form(button="保存并公布").values["name"] == ["江宁区社会组织孵化基地"]
    page = civil.submit(page, {"level": "district", "operator": "没有这家"}, button="保存并公布")
    assert "没有找到" in page.errors["operator"]
    page = civil.submit(page, {"operator": ""}, button="保存并公布")
    assert page.heading == "江宁区社会组织孵化基地"
    page = civil.get(page.link("登记场地"))
    page = civil.submit(page, {"name": "多功能厅", "seats": "30"}, button="登记")
    assert "08:00–22:00" in page.text
    page = civil.get(page.link("修改节点"))
    page = civil.submit(page, {"earlier": "626"}, button="保存并公布")
    assert "累计孵化626 家" in civil.get("/incubation", most=8).text


def test_an_application_goes_through_every_hand(visitors: Browsers, session: Session) -> None:
    net, team = factory.network(), organisation("江宁区暖邻社会工作服务中心")
    admin, staff = sign_in(visitors(), team.admin), sign_in(visitors(), net.staff_user)
    civil = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(district().id)))
    page = admin.get(admin.get(f"/incubation/nodes/{net.base.id}", most=10).link("申请入驻"))
    assert "5 个工作日" in page.text
    page = admin.submit(page, {"workstations": "2"}, button="提交申请")
    assert set(page.errors) == {"purpose", "support_wanted"}
    assert "请选择“入驻方式”。" in page.text
    typed = {"mode": "virtual", "track": "grid", "purpose": "社区助餐", "support_wanted": "财务"}
    page = admin.submit(page, typed, button="提交申请")
    assert "虚拟入驻不占用工位" in page.errors["workstations"]
    page = admin.submit(page, {"mode": "physical"}, button="提交申请")
    url = page.url
    assert "待初审" in page.text
    assert "初审入驻申请" in staff.get("/desk").text
    shown = staff.get(url, most=10)
    page = staff.get(shown.link("退回补正"))
    staff.submit(page, {"reason": "缺少章程"}, button="退回补正")
    assert "补正入驻申请" in admin.get("/desk").text
    page = admin.get(admin.get(url).link("补正申请"))
    assert "缺少章程" in page.text
    admin.submit(page, {"purpose": "社区助餐，附章程"}, button="提交申请")
    refused = staff.submit(shown, button="初审通过")
    assert "内容已变化，请重新核对" in refused.text, "the page was about the application before it was put right"
    staff.submit(staff.get(url), button="初审通过")
    assert "决定是否准予入驻" in civil.get("/desk").text
    civil.submit(civil.get(url, most=10), button="准予入驻")
    page = staff.get(staff.get(url).link("送达孵化协议"))
    assert "15 个工作日" in page.form(button="确认并送达").values["text"][0]
    staff.submit(page, button="确认并送达")
    page = admin.get(admin.get(url).link("阅读并确认协议"))
    page = admin.submit(page, button="确认协议")
    assert "孵化中" in page.text
    assert "2026-03-31 至 2027-03-30" in page.text
    grown_up(staff, civil, url)


def grown_up(staff: Visitor, civil: Visitor, url: str) -> None:
    """The second half: assessments, stages, hours, graduation, handing back."""
    page = staff.get(staff.get(url, most=10).link("登记入驻评估"))
    page = staff.submit(page, {"team": "2"}, button="登记评估")
    assert page.status == 422
    assert page.form(button="登记评估").values["team"] == ["2"]
    keys = ("governance", "team", "finance", "service", "resources", "guidance")
    form = page.url
    page = staff.submit(page, dict.fromkeys(keys, "2"), button="登记评估")
    # Opened again, the form leads to what was recorded.
    assert staff.get(form, follow=False).status == 303
    page = staff.get(form)
    assert "这次评估已经登记" in page.text
    assert not page.all("//main//input[@type='radio']")
    for _ in range(4):
        page = staff.get(page.link("登记达标"))
        page = staff.submit(page, {"evidence": "查阅台账和制度"}, button="登记达标")
    for _ in range(2):
        page = staff.get(page.link("登记辅导"))
        page = staff.submit(page, {"mentor": "石守业", "minutes": "360", "topic": "项目设计"}, button="登记")
    assert "导师辅导 12 小时，要求 12 小时" in page.text
    assert "尚未全部满足" not in civil.get(civil.get(url).link("办理出壳")).text
    assert "条件全部满足后" in civil.get(civil.get(url).link("办理出壳")).text
    page = staff.get(page.link("登记出壳评估"))
    page = staff.submit(page, dict.fromkeys(keys, "4"), button="登记评估")
    assert len(page.all("//*[local-name()='polygon'][contains(@class, 'radar-shape')]")) == 2
    assert page.words("//table[.//th[text()='变化']]//tbody/tr[1]/*") == ["内部治理", "2", "4", "+2"]


def test_a_running_term_lies_on_the_desks_as_its_days_come_near(
    visitors: Browsers, session: Session, clock: StandingClock
) -> None:
    net, group = factory.network(), factory.group("河滨邻里互助队")
    factory.residency(net, group, until="incubating")
    civil = person(Role.DISTRICT_CIVIL, Scope(net.district.id))

    def desks() -> list[bool]:
        hands = ((net.staff_user, "跟进阶段达标"), (civil, "孵化期将满"), (group.admin, "办理法人登记"))
        return [words in sign_in(visitors(), who).get("/desk").text for who, words in hands]

    assert desks() == [False, False, False]
    clock.move_to(2026, 5, 1, 9, 0)
    assert desks() == [True, False, False]
    clock.move_to(2027, 3, 1, 9, 0)
    assert desks() == [True, True, True]


def test_an_own_duty_past_its_day_reads_overdue_and_a_public_deadline_closed(
    visitors: Browsers, session: Session, clock: StandingClock
) -> None:
    net, group = factory.network(), factory.group("河滨邻里互助队")
    factory.residency(net, group, until="incubating")
    clock.move_to(2026, 8, 1, 9, 0)
    page = sign_in(visitors(), net.staff_user).get("/desk")
    assert page.all("//td[@data-label='期限']//span/@data-over") == ["逾期"]
    assert page.all("//*[@id='linli-texts']/@data-over") == ["已截止"]


def test_training_from_announcement_to_certificate(visitors: Browsers, session: Session, clock: StandingClock) -> None:
    net, team = factory.network(), organisation()
    room = factory.meeting_room(net)
    staff, admin = sign_in(visitors(), net.staff_user), sign_in(visitors(), team.admin)
    page = staff.get(staff.get(f"/incubation/nodes/{net.base.id}").link("安排培训"))
    typed = {"title": "财务规范", "content": "凭证和账目", "teacher": "叶清和", "room": str(room.id), "seats": "31"}
    times = {"starts_at": "2026-04-01T09:00", "ends_at": "2026-04-01T17:00"}
    page = staff.submit(page, {**typed, **times}, button="发布培训")
    assert "只有 30 座" in page.errors["seats"]
    page = staff.submit(page, {"seats": "1"}, button="发布培训")
    url = page.url
    assert "09:00–17:00" in staff.get(f"/incubation/rooms/{room.id}?week=2026-04-01", most=10).text
    page = admin.get(url, most=10)
    page = admin.submit(page, {"attendee": "苏禾"}, button="报名")
    assert "1/1 人" in page.text
    assert "参加培训" in admin.get("/desk").text
    page = admin.submit(page, button="取消报名")
    page = admin.submit(page, {"attendee": "桥亦安"}, button="报名")
    clock.move_to(2026, 4, 1, 18, 0)
    sign_in(staff, net.staff_user), sign_in(admin, team.admin)
    assert "登记培训签到" in staff.get("/desk").text
    page = staff.get(staff.get(url).link("登记签到"))
    (name,) = [n for n in page.form(button="办结培训").values if n.startswith("seat-")]
    page = staff.submit(page, {name: "481"}, button="办结培训")
    assert "0 到 480 分钟之间" in page.errors[name]
    page = staff.submit(page, {name: "400"}, button="办结培训")
    assert "PX320115-2026-" in page.text
    assert "PX320115-2026-" in admin.get(url).text
    # What was typed in minutes is read in hours, as everywhere.
    assert "8 小时" in admin.get(url).text
    assert admin.get(url).words("//td[@data-label='时长']") == ["6 小时 40 分"]


def test_booking_a_room_by_page(visitors: Browsers, session: Session) -> None:
    net, team, other = factory.network(), organisation("江宁区暖邻中心"), organisation("江宁区银龄中心")
    room = factory.meeting_room(net)
    for one in (team, other):
        factory.residency(net, one, until="incubating")
    editor, rival = sign_in(visitors(), team.editor), sign_in(visitors(), other.editor)
    page = editor.get(editor.get(f"/incubation/rooms/{room.id}").link("预约"))
    typed = {"day": "2026-04-01", "from_slot": "18", "until_slot": "20", "weeks": "2", "purpose": "项目例会"}
    page = editor.submit(page, typed, button="预约")
    assert "项目例会" in page.text
    page = rival.get(f"/incubation/rooms/{room.id}?week=2026-04-08", most=10)
    assert "09:00–10:00" in page.text
    assert "项目例会" not in page.text
    page = rival.get(f"/incubation/rooms/{room.id}/book?day=2026-04-08")
    page = rival.submit(page, {**typed, "day": "2026-04-08", "weeks": "1"}, button="预约")
    assert page.status == 422
    assert "已被预约" in page.errors["from_slot"]
    assert page.form(button="预约").values["purpose"] == ["项目例会"]
    page = editor.get("/incubation/bookings", most=8)
    page = editor.submit(page, button="取消全部")
    assert "项目例会" not in page.text


def test_a_host_agrees_on_its_page(visitors: Browsers, session: Session) -> None:
    group, host = factory.group("河滨邻里互助队"), organisation("江宁区暖邻中心")
    asking, asked = sign_in(visitors(), group.admin), sign_in(visitors(), host.signatory)
    page = asking.get(asking.get("/incubation/hostings", most=8).link("请机构支持"))
    page = asking.submit(page, {"host": "河滨邻里互助队"}, button="送支持机构")
    assert "没有找到" in page.errors["host"]
    page = asking.submit(page, {"host": "江宁区暖邻中心", "ends_on": "2030-01-01"}, button="送支持机构")
    assert "24 个月" in page.errors["ends_on"]
    page = asking.submit(page, {"ends_on": "2027-03-30"}, button="送支持机构")
    assert "待支持机构同意" in page.text
    assert "答复支持关系" in asked.get("/desk").text
    page = asked.submit(asked.get(page.url, most=10), button="同意支持")
    assert "有效" in page.text
    page = asked.get(page.link("终止支持"))
    page = asked.submit(page, {"reason": "人员变动"}, button="终止支持")
    assert "已终止" in page.text


def test_a_new_edition_of_the_plan_by_page(visitors: Browsers, session: Session) -> None:
    net = factory.network()
    civil = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(net.district.id)))
    page = civil.get(f"/incubation/districts/{net.district.id}/scheme", most=10)
    assert "平台默认方案" in page.text
    typed = {"stages-4-title": "跟踪回访", "stages-4-by_month": "3"}
    page = civil.submit(page, typed, button="保存为新的一版")
    assert page.status == 422
    assert "由早到晚" in page.text
    page = civil.submit(page, {"stages-4-by_month": "15"}, button="保存为新的一版")
    assert "第 1 版" in page.text
    plan = queries.plan_of(queries.scheme(net.district.id))
    assert [one["title"] for one in plan.stages][-1] == "跟踪回访"
    assert plan.dimensions[0]["key"] == "governance"


def test_staff_are_appointed_by_page(visitors: Browsers, session: Session) -> None:
    net = factory.network()
    person(login="newcomer-1", name="江小白")
    civil = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(net.district.id)))
    page = civil.get(civil.get(f"/incubation/nodes/{net.centre.id}").link("工作人员"))
    page = civil.submit(page, {"login": "nobody"}, button="授予")
    assert "没有这个登录名" in page.errors["login"]
    page = civil.submit(page, {"login": "newcomer-1"}, button="授予")
    assert "江小白" in page.text


# --- strangers --------------------------------------------------------------------------------------------------------


def pages_of_a_case(residency_id: int) -> list[str]:
    verbs = ("", "/agreement", "/offer", "/extend", "/graduate", "/mentoring", "/assess/before", "/stages/1", "/edit")
    return [f"/incubation/residencies/{residency_id}{verb}" for verb in verbs]


@pytest.mark.parametrize("who", ["other organisation", "other district", "other staff"])
def test_a_stranger_sees_nothing_of_a_case(visitors: Browsers, session: Session, who: str) -> None:
    net, team = factory.network(), organisation()
    row = factory.residency(net, team, until="incubating")
    far = street("330502001")
    stranger = {
        "other organisation": lambda: organisation().admin,
        "other district": lambda: person(Role.DISTRICT_CIVIL, Scope(far.district_id)),
        "other staff": lambda: person(Role.INCUBATOR, Scope(far.district_id)),
    }[who]()
    browser = sign_in(visitors(), stranger)
    for url in pages_of_a_case(row.id):
        assert browser.get(url).status in {403, 404}, url
    assert team.organisation.name not in browser.get("/incubation/residencies").text


def test_staff_of_one_node_see_its_cases_only(visitors: Browsers, session: Session) -> None:
    operator = organisation("江宁区邻聚支持中心")
    net = factory.network()
    facts = factory.node_facts(NodeLevel.COMMUNITY, net.station.name, net.centre, net.street, operator_id=operator.id)
    actions.save_node(net.civil, net.station, facts, system_now())
    here, there = organisation("江宁区甲"), organisation("江宁区乙")
    mine = factory.residency(net, here, node=net.station)
    factory.residency(net, there)
    somebody = person()
    give(somebody, Role.INCUBATOR, net.station.scope)
    browser = sign_in(visitors(), somebody)
    page = browser.get("/incubation/residencies", most=8)
    assert "江宁区甲" in page.text
    assert "江宁区乙" not in page.text
    page = browser.submit(browser.get(f"/incubation/residencies/{mine.id}", most=10), button="初审通过")
    assert "待评审决定" in page.text


# --- lists ------------------------------------------------------------------------------------------------------------


def test_lists_page_by_key_with_the_same_statements(visitors: Browsers, session: Session) -> None:
    net = factory.network()
    for number in range(23):
        factory.residency(net, organisation(f"江宁区第{number:02d}中心"))
        factory.training(net, system_now() + timedelta(days=1))
    staff = sign_in(visitors(), net.staff_user)
    for url in ("/incubation/residencies", "/incubation/trainings"):
        page = staff.get(url, most=8)
        assert len(page.words("//tbody/tr")) == 20
        second = staff.get(page.link("下一页"), most=8)
        assert len(second.words("//tbody/tr")) == 3
        assert len(page.statements) == len(second.statements)


def full_case(net: factory.Network) -> tuple[Team, list[str]]:
    team = organisation("江宁区暖邻中心")
    row = factory.residency(net, team, until="grown")
    room = factory.meeting_room(net)
    booking = actions.book(
        acting(team.editor),
        room,
        team.id,
        Series(beijing_day(system_now()) + timedelta(days=1), 18, 20),
        "例会",
        system_now(),
    )
    assert booking.id
    event = factory.training(net, system_now() + timedelta(days=9))
    actions.sign_up(acting(team.admin), event, team.organisation, "苏禾", system_now())
    group = factory.group("河滨邻里互助队")
    day = beijing_day(system_now())
    hosting = actions.propose_hosting(
        acting(group.admin),
        group.organisation,
        team.organisation,
        HOSTING_TERMS,
        (day, day + timedelta(days=90)),
        "0" * 32,
        system_now(),
    )
    base = "/incubation"
    return team, [
        base,
        f"{base}/nodes/{net.base.id}",
        f"{base}/nodes/{net.base.id}/apply",
        f"{base}/rooms/{room.id}",
        f"{base}/rooms/{room.id}/book",
        f"{base}/bookings",
        f"{base}/residencies",
        f"{base}/residencies/{row.id}",
        f"{base}/residencies/{row.id}/agreement",
        f"{base}/residencies/{row.id}/because/give_notice",
        f"{base}/trainings",
        f"{base}/trainings/{event.id}",
        f"{base}/hostings",
        f"{base}/hostings/{hosting.id}",
        f"{base}/hostings/{hosting.id}/because/decline",
    ]


NAMES = {
    "江宁区社会组织孵化基地",
    "东山街道孵化中心",
    "河滨社区站",
    "江宁区",
    "东山街道",
    "江宁区暖邻中心",
    "河滨邻里互助队",
}


def left_in_chinese(page: Page) -> set[str]:
    """What is neither a name nor something that was typed."""
    typed = "多功能厅投影音响例会项目设计工作坊从需求到书温如玉基地为社区老人提供助餐和陪伴财务规范查阅台账"
    typed += "石守业苏禾天元东路号共享办公区会议室路演厅孵化协议全文孵化专员测试"
    known = set(typed + HOSTING_TERMS) | set("".join(NAMES))
    return {run for run in chinese(page) if not set(run) <= known}


def test_english(visitors: Browsers, session: Session) -> None:
    net = factory.network()
    team, urls = full_case(net)
    browser = sign_in(visitors(), team.admin)
    browser.client.set_cookie("lang", "en")
    left = {url: found for url in urls if (found := left_in_chinese(browser.get(url)))}
    assert left == {}
    civil = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(net.district.id)))
    civil.client.set_cookie("lang", "en")
    for url in (
        f"/incubation/districts/{net.district.id}/nodes/new",
        f"/incubation/nodes/{net.base.id}/edit",
        f"/incubation/nodes/{net.base.id}/staff",
        f"/incubation/nodes/{net.base.id}/rooms/new",
    ):
        assert left_in_chinese(civil.get(url)) == set(), url
