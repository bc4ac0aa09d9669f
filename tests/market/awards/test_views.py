"""A proposed award as people meet it: the public form, the officer's answer, the street's decision, the desks."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from market.awards import queries
from market.awards.actions import lots
from market.awards.models import Award, BidderLetter, Objection
from market.awards.room import waiting
from market.db.session import commit, db
from market.evaluation.queries import report as find_report
from market.evaluation.queries import results
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Role, Scope
from market.kernel.workdays import add_working_days
from market.people.models import User
from market.places.queries import calendar_for
from market.records.models import Message
from market.records.rendering import render
from market.tenders.states import LotState
from tests.factories import evaluation as cases
from tests.factories.awards import DURING, UNTIL, answered, objected, proposed
from tests.factories.people import acting, person, sign_in
from tests.factories.places import street

DETAIL, LIST = 10, 8


@pytest.fixture
def deal(session, clock):
    clock.move_to(2026, 4, 8, 9, 0)
    return proposed()


def officer_of(deal):
    return db.session.get_one(User, deal.officer.user_id)


def desk(actor, at):
    return [(one.verb, one.url, one.urgent) for one in waiting(actor, at)]


def test_whoever_chooses_the_supplier_reads_until_when(session, visitor):
    case = cases.ranked()
    made = find_report(case.lot_id).made_at
    (one,) = [w for w in waiting(acting(case.office.approver), case.at) if w.url == f"/awards/lots/{case.lot_id}"]
    until = add_working_days(beijing_day(made), 5, calendar_for(case.lot.district_id)).day
    assert one.due_at == end_of_day(until)
    told = db.session.scalars(select(Message).filter_by(user_id=case.office.approver.id)).all()
    assert until.isoformat() in [one.params.get("until") for one in told]
    page = sign_in(visitor, case.office.approver).get(one.url, most=DETAIL)
    assert f"最迟确定 {until.isoformat()} 24:00" in page.text


def test_no_period_is_named_once_an_award_has_fallen(session):
    case = cases.ranked()
    lot = case.lot
    fallen = Award(
        subject_kind="lot",
        subject_id=lot.id,
        file_id=lot.file_id,
        district_id=lot.district_id,
        street_id=lot.street_id,
        organisation_id=case.bids[0].organisation_id,
        regime="comparison",
        title="放弃了的",
        rank=1,
        amount_fen=1,
        terms={},
        terms_digest="",
        state="annulled",
        reason="",
        decided_at=case.at,
        publicity_until=case.at,
        challenge_until=case.at,
        sign_by=beijing_day(case.at),
    )
    db.session.add(fallen)
    db.session.flush()
    (one,) = [w for w in waiting(acting(case.office.approver), case.at) if w.url == f"/awards/lots/{case.lot_id}"]
    assert one.due_at is None


def test_a_result_is_confirmed_for_whom_the_page_named_or_not_at_all(session, clock, visitors, monkeypatch):
    case = cases.ranked()
    clock.forward(seconds=(case.at - clock.now).total_seconds())
    first, second, *_rest = results(case.lot_id)
    visitor = sign_in(visitors(), case.office.approver)
    page = visitor.get(f"/awards/lots/{case.lot_id}")
    assert page.form(button="确定供应商并公布").values["seen"] == [str(first.organisation_id)]
    # Another officer has confirmed the first meanwhile, and the first has given it up: it is the second's turn.
    for place in (queries, lots):
        monkeypatch.setattr(place, "fallen_organisations", lambda *_subject: {first.organisation_id})
    refused = visitor.submit(page, {"reason": "按评审报告推荐顺序确定"}, button="确定供应商并公布")
    assert (refused.status, case.lot.state) == (422, LotState.RANKED)
    assert "内容已变化，请重新核对" in refused.text
    assert refused.form(button="确定供应商并公布").values["seen"] == [str(second.organisation_id)]
    assert "按评审报告推荐顺序确定" in refused.source, "nothing typed is lost"


def test_anybody_objects_without_an_account_from_the_public_page(deal, visitors):
    resident = visitors()
    page = resident.get(f"/purchases/{deal.file.ocid}")
    assert "公示中，待确认" in page.text
    page = resident.get(page.link("对这个公示结果提出异议"), most=DETAIL)
    assert deal.team.organisation.name in page.text
    page = resident.submit(page, {"text": "服务记录造假", "name": "王某某"}, button="提交异议")
    assert page.status == 422
    assert "contact" in page.errors
    assert "服务记录造假" in page.source
    page = resident.submit(page, {"contact": "13900000000"}, button="提交异议")
    assert page.heading == "异议已收到"
    row = db.session.scalars(select(Objection)).one()
    assert (row.name, row.filed_by, row.state) == ("王某某", None, "filed")
    own = f"/awards/{deal.award.id}/object"
    for path in (f"/purchases/{deal.file.ocid}", own, f"{own}ed"):
        source = resident.get(path).source
        assert "王某某" not in source
        assert "造假" not in source


def test_one_sender_waits_after_five_objections(deal, visitors):
    resident = visitors()
    for number in range(6):
        page = resident.get(f"/awards/{deal.award.id}/object")
        words = {"text": f"第 {number} 条意见", "name": "王某某", "contact": "13900000000"}
        page = resident.submit(page, words, button="提交异议")
    assert page.status == 422
    assert "尝试次数过多" in page.text
    assert len(db.session.scalars(select(Objection)).all()) == 5


def test_the_form_closes_with_the_notice_and_other_awards_have_none(deal, clock, visitors):
    assert "对这个公示结果提出异议" in visitors().get(f"/purchases/{deal.file.ocid}").text
    clock.move_to(2026, 4, 15, 0, 0)
    page = visitors().get(f"/awards/{deal.award.id}/object")
    assert "公示期已满" in page.text
    assert "提交异议" not in page.text
    page = visitors().get(f"/purchases/{deal.file.ocid}")
    assert "公示期已满，不再接收异议" in page.text
    assert "对这个公示结果提出异议" not in page.text
    assert visitors().get("/awards/999999/object").status == 404


def test_a_bidder_reads_in_the_own_language_why_the_bid_is_invalid(deal, visitors):
    reason = "内容与回执中的摘要不一致。"
    told = {"title": "养老服务", "number": deal.file.ocid, "bidder": "银龄", "winner": "暖邻", "own": None}
    told |= {"verdict": "invalid", "verdict_reason": reason, "price_fen": 1, "winner_price_fen": 1}
    row = BidderLetter(award_id=deal.award.id, organisation_id=deal.team.id, data=told)
    db.session.add(row)
    db.session.flush()
    reader = sign_in(visitors(), deal.team.editor)
    assert reason in reader.get(f"/awards/letters/{row.id}", most=DETAIL).text
    reader.client.set_cookie("lang", "en")
    page = reader.get(f"/awards/letters/{row.id}", most=DETAIL)
    assert reason not in page.text
    assert "receipt" in page.text


def test_a_letter_joins_reasons_without_a_stop_before_the_semicolon(deal):
    criterion = {"title": "方案", "max_centi": 1000, "centi": 800, "reasons": ["见投标文件。", "对照评分标准。"]}
    own = {"rank": 2, "quality_centi": 800, "price_centi": 0, "total_centi": 800, "criteria": [criterion]}
    told = {"title": "养老服务", "number": "1", "bidder": "银龄", "winner": "暖邻", "verdict": "valid", "own": own}
    told |= {"price_fen": 1, "winner_price_fen": 1, "winner_total_centi": 900}
    told |= {"challenge_until": DURING, "decided_at": DURING}
    assert "见投标文件；对照评分标准。" in render("pdf/awards_letter.html", data=told)


def test_the_officer_answers_and_the_answer_stands_on_the_public_page(deal, visitors):
    row = objected(deal)
    commit()
    officer, path = sign_in(visitors(), officer_of(deal)), f"/awards/objections/{row.id}"
    assert desk(deal.officer, DURING) == [("核查答复异议", path, False)]
    assert desk(deal.officer, UNTIL.replace(day=17)) == [("核查答复异议", path, True)]
    page = officer.get("/awards/objections", most=LIST)
    page = officer.get(page.link(deal.award.title), most=DETAIL)
    assert "王某某" in page.text
    page = officer.submit(page, {"ruling": "reject"}, button="公布答复")
    assert page.status == 422
    assert "reply" in page.errors
    page = officer.submit(page, {"reply": "经核查，记录真实。"}, button="公布答复")
    assert "异议不成立" in page.text
    assert desk(deal.officer, DURING) == []
    page = visitors().get(f"/purchases/{deal.file.ocid}")
    assert "经核查，记录真实。" in page.text
    assert "异议不成立" in page.text


def test_objections_of_another_district_and_to_other_people_do_not_exist(deal, visitors):
    row = objected(deal)
    commit()
    elsewhere = person(Role.DISTRICT_CIVIL, Scope(street("330502001").district_id))
    for who, status in ((elsewhere, 404), (deal.approver, 403), (deal.team.editor, 403)):
        visitor = sign_in(visitors(), who)
        assert visitor.get(f"/awards/objections/{row.id}").status == status
    assert "没有等待答复的异议" in sign_in(visitors(), elsewhere).get("/awards/objections", most=LIST).text


def test_the_street_confirms_after_the_notice(deal, clock, visitors):
    approver, path = sign_in(visitors(), deal.approver), f"/awards/{deal.award.id}"
    page = approver.get(path, most=DETAIL)
    assert "公示期还没有结束" in page.text
    assert "确认结果" not in page.text
    assert desk(deal.approve, DURING) == []
    clock.move_to(2026, 4, 15, 9, 0)
    approver = sign_in(visitors(), deal.approver)  # a week has ended the session
    assert desk(deal.approve, clock.now) == [("处理公示期满的结果", path, False)]
    page = approver.submit(approver.get(path, most=DETAIL), button="确认结果")
    assert "已确认资助" in page.text
    assert desk(deal.approve, clock.now) == []
    assert "没有收到异议" in page.text
    assert "承办单位" in page.text
    assert "供应商" not in page.text
    assert "已确认资助" in approver.get("/awards", most=LIST).text


def test_the_street_refuses_with_a_reason_that_is_published(deal, visitors):
    answered(deal, objected(deal), upheld=True)
    commit()
    approver, path = sign_in(visitors(), deal.approver), f"/awards/{deal.award.id}"
    assert desk(deal.approve, DURING) == [("处理公示期满的结果", path, False)]
    page = approver.get(path, most=DETAIL)
    assert "有异议成立" in page.text
    page = approver.get(page.link("不予确认"), most=DETAIL)
    page = approver.submit(page, {"reason": ""}, button="不予确认并公布")
    assert page.status == 422
    page = approver.submit(page, {"reason": "异议成立"}, button="不予确认并公布")
    assert "已不再有效" in page.text
    assert "未成交" in visitors().get(f"/purchases/{deal.file.ocid}").text


def test_the_supplier_sees_its_proposal_and_the_clerk_may_not_decide(deal, visitors):
    page = sign_in(visitors(), deal.team.editor).get(f"/awards/{deal.award.id}", most=DETAIL)
    assert "正在公示" in page.text
    clerk = sign_in(visitors(), db.session.get_one(User, deal.clerk.user_id))
    assert clerk.get(f"/awards/{deal.award.id}/refuse").status == 403
