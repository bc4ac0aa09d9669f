"""Delivery pages: evidence and report by the organisation, return and acceptance by the street."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from contracts.delivery import actions, queries
from contracts.delivery.actions import ReportFacts
from contracts.delivery.room import CARD
from contracts.delivery.rules import SOON_DAYS
from contracts.delivery.states import MILESTONE_MACHINE, MilestoneState
from contracts.delivery.views import STORY
from market.awards.states import AwardState
from market.db.session import db
from market.kernel.clock import end_of_day
from market.kernel.permits import Role
from market.people.models import User
from market.web.rooms import waiting_in
from tests.factories import agreements as contract
from tests.factories import delivery as make
from tests.factories import payouts
from tests.factories.agreements import SIGNING
from tests.factories.delivery import PDF
from tests.factories.people import person, sign_in
from tests.factories.places import street

DETAIL, LIST = 10, 8


@pytest.fixture
def deal(session, clock):
    clock.move_to(2026, 5, 12, 10, 0)
    return contract.awarded()


@pytest.fixture
def clerk(deal, visitors):
    return sign_in(visitors(), db.session.get_one(User, deal.clerk.user_id))


@pytest.fixture
def editor(deal, visitors):
    return sign_in(visitors(), deal.team.editor)


def test_a_milestone_from_report_to_acceptance_by_clicking(deal, clerk, editor):
    row = contract.in_force(deal)
    page = clerk.get(f"/delivery/agreements/{row.id}", most=DETAIL)
    page = clerk.submit(page, button="现在列出节点")
    assert list(page.words("//table//th[@scope='row']")) == ["启动与建档", "中期服务", "全年服务与总结"]
    first = queries.milestones_of(row.id)[0]

    page = editor.get(editor.get(f"/delivery/milestones/{first.id}", most=DETAIL).link("报告完成"), most=DETAIL)
    page = editor.submit(
        page, {"text": "建档 120 户", "people_served": "120", "sessions_held": "二百"}, button="提交报告"
    )
    assert page.status == 422
    assert page.errors["sessions_held"]
    assert "建档 120 户" in page.source
    page = editor.submit(page, {"sessions_held": "240"}, button="提交报告")
    assert "请至少上传一份证明材料" in page.text
    page = editor.submit(page, {"document": (io.BytesIO(b"MZ\x00\x01"), "程序.exe")}, button="上传")
    assert page.status == 422
    assert "不是可接受的文件类型" in page.errors["document"]
    page = editor.submit(page, {"document": (io.BytesIO(PDF), "签到表.pdf")}, button="上传")
    assert "已保存 1 份" in page.text
    assert "建档 120 户" in page.source
    page = editor.submit(page, {"document": (io.BytesIO(PDF), "签到表.pdf")}, button="上传")
    assert "已保存 1 份" in page.text
    page = editor.submit(page, button="移除 签到表.pdf")
    assert "还没有材料" in page.text
    page = editor.submit(page, {"document": (io.BytesIO(PDF), "签到表.pdf")}, button="上传")
    typed = {"text": "建档 120 户", "people_served": "120", "sessions_held": "240"}
    page = editor.submit(page, typed, button="提交报告")
    assert "已报告，待验收" in page.text
    assert editor.client.get(page.link("签到表.pdf")).data == PDF

    page = clerk.get(f"/delivery/milestones/{first.id}", most=DETAIL)
    page = clerk.submit(clerk.get(page.link("退回补正")), {"opinion": "缺少第三周签到"}, button="退回补正")
    assert "缺少第三周签到" in page.text
    page = editor.get(f"/delivery/milestones/{first.id}/report")
    assert "缺少第三周签到" in page.text
    page = editor.submit(page, {"document": (io.BytesIO(PDF + b"3"), "第三周.pdf")}, button="上传")
    editor.submit(page, typed, button="提交报告")

    page = clerk.get(f"/delivery/milestones/{first.id}/accept", most=DETAIL)
    assert clerk.client.get(page.link("第三周.pdf")).status_code == 200
    page = clerk.submit(
        page,
        {"opinion": "抽查属实", "users_invited": "0", "users_satisfied": "0", "users_opinion": "无"},
        button="验收合格",
    )
    assert "应当邀请服务对象" in page.errors["users_invited"]
    page = clerk.submit(page, {"users_invited": "12", "users_satisfied": "11"}, button="验收合格")
    assert "验收人 经办人" in page.text
    assert "12 人，满意 11 人" in page.text


def test_a_report_goes_with_the_evidence_its_page_showed_or_not_at_all(deal, editor):
    first = make.planned(contract.in_force(deal))[0]
    make.with_evidence(deal.editor, first)
    page = editor.get(f"/delivery/milestones/{first.id}/report")
    make.with_evidence(deal.editor, first, name="内部名单.pdf")
    typed = {"text": "建档 120 户", "people_served": "120", "sessions_held": "240"}
    page = editor.submit(page, typed, button="提交报告")
    assert (page.status, make.again(first).state) == (422, MilestoneState.PLANNED)
    assert "内容已变化，请重新核对" in page.text
    assert "内部名单.pdf" in page.text
    assert "建档 120 户" in page.source, "nothing typed is lost"
    assert "已报告，待验收" in editor.submit(page, button="提交报告").text


def test_a_report_that_took_the_place_of_the_one_shown_is_neither_accepted_nor_returned(deal, clerk):
    first = make.planned(contract.in_force(deal))[0]
    make.reported(deal, first)
    accepting = clerk.get(f"/delivery/milestones/{first.id}/accept")
    returning = clerk.get(f"/delivery/milestones/{first.id}/return")
    actions.return_report(deal.clerk, first.id, "缺少签到", SIGNING)
    make.reported(deal, first, facts=ReportFacts("只建档 20 户。", 20, 20))
    typed = {"opinion": "抽查属实", "users_invited": "12", "users_satisfied": "11", "users_opinion": "无"}
    page = clerk.submit(accepting, typed, button="验收合格")
    assert (page.status, make.again(first).state) == (422, MilestoneState.REPORTED)
    assert "内容已变化，请重新核对" in page.text
    assert "只建档 20 户。" in page.text
    assert "抽查属实" in page.source, "nothing typed is lost"
    refused = clerk.submit(returning, {"opinion": "缺少签到"}, button="退回补正")
    assert (refused.status, make.again(first).state) == (422, MilestoneState.REPORTED)
    assert "验收人 经办人" in clerk.submit(page, button="验收合格").text


def test_the_page_says_in_words_what_was_determined(session, clock, visitors):
    clock.move_to(2026, 6, 1, 9, 0)
    desk = payouts.office()
    deal, last = desk.deal, 3
    payouts.accept(desk, last)
    browser = sign_in(visitors(), db.session.get_one(User, deal.clerk.user_id))
    path = f"/delivery/milestones/{payouts.milestone(desk, last).id}"
    assert "由四方评估的结果决定" in browser.get(path, most=DETAIL).text
    payouts.evaluate(desk, last, 9_000)
    payouts.raised(desk)
    page = browser.get(path, most=DETAIL)
    assert "核定应付金额" in page.text
    assert "earn" not in page.text
    assert "由四方评估的结果决定" not in page.text
    assert "应付金额已核定为 ¥" in page.text


def test_every_move_of_a_milestone_has_its_words(deal):
    assert {move.verb.value for move in MILESTONE_MACHINE.moves} <= set(STORY)


def test_the_desk_reminds_of_near_and_waiting_milestones(deal):
    rows = make.planned(contract.in_force(deal))
    day_before, first_day = (contract.instant(deal.terms.starts_on - timedelta(days=ago), 9) for ago in (1, 0))
    assert waiting_in([CARD], deal.editor, day_before) == []
    (next_one,) = waiting_in([CARD], deal.editor, first_day)
    assert rows[0].due_on - deal.terms.starts_on > timedelta(days=SOON_DAYS)
    assert (next_one.verb, next_one.urgent) == ("报告履约节点", False)
    assert next_one.url == f"/delivery/milestones/{rows[0].id}/report"
    assert next_one.due_at == end_of_day(rows[0].due_on)
    soon = contract.instant(rows[0].due_on - timedelta(days=10), 9)
    assert [(w.verb, w.urgent) for w in waiting_in([CARD], deal.editor, soon)] == [("报告履约节点", False)]
    late = contract.instant(rows[0].due_on + timedelta(days=1), 9)
    assert [w.urgent for w in waiting_in([CARD], deal.editor, late)] == [True]
    make.reported(deal, rows[0])
    assert [w.url for w in waiting_in([CARD], deal.editor, late)] == [f"/delivery/milestones/{rows[1].id}/report"]
    assert [w.verb for w in waiting_in([CARD], deal.clerk, late)] == ["验收履约节点"]


def test_a_fallen_award_is_told_at_acceptance(deal, clerk):
    row = make.reported(deal, make.planned(contract.in_force(deal))[0])
    page = clerk.get(f"/delivery/milestones/{row.id}/accept")
    contract.set_award(deal.award, AwardState.ANNULLED)
    page = clerk.submit(
        page,
        {"opinion": "合格", "users_invited": "3", "users_satisfied": "3", "users_opinion": "无"},
        button="验收合格",
    )
    assert "没有验收" in page.text
    assert "合同暂停履行" in page.text
    assert make.again(row).state == MilestoneState.REPORTED


def test_others_see_nothing(deal, visitor):
    row = make.reported(deal, make.planned(contract.in_force(deal))[0])
    file_id = queries.evidence([row.reports[0].id])[row.reports[0].id][0].id
    sign_in(visitor, person(Role.STREET_CLERK, street("320115002").scope))
    for url in (f"milestones/{row.id}", f"milestones/{row.id}/accept", f"evidence/{file_id}", "agreements/1"):
        assert visitor.get(f"/delivery/{url}").status == 404
    assert visitor.get(f"/delivery/milestones/{row.id}/report").status == 403
    assert "没有未完成的节点" in visitor.get("/delivery").text


def test_lists_cost_the_same_for_many_rows(deal, clerk):
    row = make.planned(contract.in_force(deal))[0]
    few = len(clerk.get("/delivery", most=LIST).statements)
    values = {c.name: getattr(row, c.name) for c in make.Milestone.__table__.columns if c.name != "id"}
    db.session.add_all(make.Milestone(**values | {"number": number}) for number in range(10, 40))
    db.session.flush()
    page = clerk.get("/delivery", most=LIST)
    assert len(page.statements) == few
    assert len(page.all("//tbody/tr")) == 20
    second = clerk.get(page.link("下一页"), most=LIST)
    assert len(second.all("//tbody/tr")) == 13
    assert clerk.get("/delivery?all=1&after_day=nonsense&after=1").status == 200
