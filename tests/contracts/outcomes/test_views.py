"""Evaluation pages: organising, declaring and rating, residents on a phone, the result, trying scores out."""

from __future__ import annotations

import re

import pytest

from contracts.delivery.queries import evidence as evidence_of
from contracts.outcomes import actions, queries
from contracts.outcomes.room import CARD
from market.db.engine import begin_writing
from market.db.session import db
from market.kernel.permits import Role
from market.people.models import User
from market.web.rooms import waiting_in
from tests.factories import agreements as contract
from tests.factories import delivery
from tests.factories import outcomes as make
from tests.factories.agreements import SIGNING
from tests.factories.outcomes import GROUNDS, points
from tests.factories.people import person, sign_in
from tests.factories.places import street

DETAIL, LIST = 10, 8
HAPPY = {f"question_{number}": "0" for number in range(4)}


@pytest.fixture
def deal(session, clock):
    clock.move_to(2026, 4, 20, 10, 0)
    return contract.awarded()


@pytest.fixture
def clerk(deal, visitors):
    return sign_in(visitors(), db.session.get_one(User, deal.clerk.user_id))


def rating(total):
    given = {f"points_{code}": f"{value // 100}.{value % 100:02d}" for code, value in points(total).items()}
    return given | {f"findings_{code}": why for code, why in GROUNDS.items()}


def test_an_evaluation_from_opening_to_result_by_clicking(deal, clerk, visitors, clock):
    milestone = make.evaluated_milestone(deal)
    page = clerk.get(clerk.get(f"/delivery/milestones/{milestone.id}").link("打开评估"), most=DETAIL)
    page = clerk.submit(page, button="现在启动评估")
    assert "收集进度" in page.text
    row = queries.rounds_of(milestone.id)[0]

    teams, third = make.raters(3), make.evaluator(deal, "评估员甲")
    invite = clerk.get(page.link("邀请评分方"), most=DETAIL)
    for team in teams:
        invite = clerk.submit(invite, {"firm-organisation": str(team.id)}, button="邀请互评")
    assert "已邀请" in invite.text
    invite = clerk.submit(invite, {"firm-organisation": str(teams[0].id)}, button="邀请互评")
    assert "已经邀请过" in invite.text
    invite = clerk.submit(invite, {"person-evaluator": str(third.id)}, button="邀请评估")
    slips = clerk.submit(clerk.get(f"/outcomes/{row.id}/codes", most=DETAIL), {"number": "10"}, button="生成并显示")
    codes = slips.words("//p[@class='slip-code']")
    assert len(set(codes)) == 10
    assert len(slips.all("//img[starts-with(@src, 'data:image/svg')]")) == 10

    editor = sign_in(visitors(), deal.team.editor)
    page = editor.get(f"/outcomes/{row.id}/self", most=DETAIL)
    page = editor.submit(page, rating(9200) | {"points_A1": "41"}, button="提交评分")
    assert "0 到 40 分" in page.errors["points_A1"]
    page = editor.submit(page, rating(9200), button="提交评分")
    assert "自评已提交" in page.text
    assert "92.00" not in page.text

    for user, total in [(t.admin, 8800) for t in teams] + [(third, 8400)]:
        rater = sign_in(visitors(), user)
        link = next(w.url for w in waiting_in([CARD], contract.acting(user), SIGNING))
        page = rater.get(link, most=DETAIL)
        assert "先声明有无利害关系" in page.heading
        page = rater.submit(page, button="声明并开始评分")
        assert "请勾选" in page.text
        page = rater.submit(page, {"agree": "y"}, button="声明并开始评分")
        page = rater.submit(page, rating(total), button="提交评分")
        assert "您的评分已提交" in page.text

    assert "暂无" not in clerk.get(f"/outcomes/{row.id}", most=DETAIL).text
    for code in codes:
        phone = visitors()
        page = phone.get(f"/outcomes/rate?code={code}", most=DETAIL)
        page = phone.submit(page, {**HAPPY, "question_3": "1"}, button="提交评价")
        assert "匿名提交" in page.text

    page = clerk.get(f"/outcomes/{row.id}", most=DETAIL)
    page = clerk.submit(page, button="汇总并确认结果")
    # 0.10 x 92 + 0.15 x 88 + 0.30 x 95 + 0.45 x 84
    assert "88.70" in page.text
    assert "良好" in page.text
    assert "¥129,600.00" in page.text
    assert "整改后复评" not in page.text
    page = clerk.get("/outcomes", most=LIST)
    assert "良好" in page.text


def test_a_resident_with_a_wrong_or_used_code_is_told_what_to_do(deal, visitors):
    row = make.opened(deal)
    (code,) = actions.make_codes(deal.clerk, row.id, 1, SIGNING)
    phone = visitors()
    page = phone.get("/outcomes/rate")
    assert (page.status, page.errors) == (200, {})
    page = phone.submit(page, {"code": " "}, button="开始评价")
    assert page.status == 422
    assert "请填写评价码" in page.errors["code"]
    page = phone.submit(page, {"code": "AAAA-BBBB-CCCC"}, button="开始评价")
    assert (page.status, page.url) == (422, "/outcomes/rate")
    assert "无效、已使用或已过期" in page.errors["code"]
    assert "AAAA-BBBB-CCCC" in page.source
    page = phone.get(f"/outcomes/rate?code={code}")
    assert page.url == "/outcomes/rate", "the code does not stay in the address"
    assert "评价：" in phone.get("/outcomes/rate").heading, "nor is it lost when the page is loaded again"
    page = phone.submit(page, {"question_0": "0", "comment": "很好"}, button="提交评价")
    assert page.status == 422
    assert page.text.count("请选择") >= 3
    assert "很好" in page.source
    page = phone.submit(page, {**HAPPY, "comment": "请打 138-1234-5678 找我"}, button="提交评价")
    assert "手机号码，请删去" in page.errors["comment"]
    assert "请打 138-1234-5678 找我" in page.source
    page = phone.submit(page, {**HAPPY, "comment": "很好"}, button="提交评价")
    assert "评价已提交" in page.heading
    assert "已使用" in phone.get(f"/outcomes/rate?code={code}").text


def test_a_page_that_made_its_codes_makes_no_second_batch(deal, clerk):
    row = make.opened(deal)
    page = clerk.get(f"/outcomes/{row.id}/codes", most=DETAIL)
    assert len(clerk.submit(page, {"number": "12"}, button="生成并显示").words("//p[@class='slip-code']")) == 12
    again = clerk.submit(page, {"number": "12"}, button="生成并显示")
    assert again.status == 422
    assert "已经生成过，没有再生成" in again.errors["number"]
    assert queries.codes_of(row.id).issued == 12
    # Slips that never reached the printer are made anew by a deliberate press.
    assert len(clerk.submit(again, {"number": "3"}, button="生成并显示").words("//p[@class='slip-code']")) == 3
    assert queries.codes_of(row.id).issued == 15


def test_whoever_has_a_tie_declines_on_the_page(deal, visitors):
    row, who = make.opened(deal), make.evaluator(deal)
    found = actions.invite_evaluator(deal.clerk, row.id, who.id, SIGNING)
    rater = sign_in(visitors(), who)
    page = rater.get(f"/outcomes/invitations/{found.id}")
    page = rater.submit(page, {"reason": ""}, button="回避")
    assert page.status == 422
    page = rater.submit(page, {"reason": "曾在该机构任职"}, button="回避")
    assert "您已回避" in page.text
    assert sign_in(visitors(), make.evaluator(deal)).get(f"/outcomes/invitations/{found.id}").status == 404


def test_whoever_declared_reads_the_evidence_until_the_rating(deal, visitors):
    row, who = make.opened(deal), make.evaluator(deal)
    team = make.raters(1)[0]
    found = actions.invite_evaluator(deal.clerk, row.id, who.id, SIGNING)
    peers = make.invited(deal, row, team)
    (stored,) = evidence_of([delivery.again(row.milestone).reports[-1].id]).popitem()[1]
    url = f"/outcomes/invitations/{found.id}/evidence/{stored.id}"
    rater, mutual, third = (sign_in(visitors(), one) for one in (who, team.admin, make.evaluator(deal)))
    page = rater.get(f"/outcomes/invitations/{found.id}", most=DETAIL)
    assert stored.name not in page.text
    assert rater.get(url).status == 404, "nothing before the declaration"
    rater.submit(page, {"agree": "y"}, button="声明并开始评分")
    page = rater.get(f"/outcomes/invitations/{found.id}", most=DETAIL)
    assert "只能用于本次评估" in page.text
    assert page.link(stored.name) == url
    assert rater.client.get(url).data.startswith(delivery.PDF)
    assert page.link("查看采购需求和合同（公开页面）") == f"/purchases/{row.milestone.agreement.file.ocid}"
    assert rater.get(page.link("查看采购需求和合同（公开页面）")).status == 200

    page = mutual.get(f"/outcomes/invitations/{peers.id}", most=DETAIL)
    assert mutual.client.get(page.link(stored.name)).status_code == 200
    assert mutual.get(url).status == 404, "another's invitation"
    assert third.get(url).status == 404

    rater.submit(rater.get(f"/outcomes/invitations/{found.id}"), rating(8400), button="提交评分")
    assert rater.get(url).status == 404, "nothing after the rating"


def test_a_rater_reads_no_evidence_but_that_of_the_milestone_and_only_while_it_is_collected(deal, visitors):
    row = make.opened(deal)
    other = delivery.reported(deal, delivery.planned(row.milestone.agreement)[0])
    team = make.raters(1)[0]
    asked = make.invited(deal, row, team)
    mutual = sign_in(visitors(), team.admin)
    own, foreign = (evidence_of([one.reports[-1].id]).popitem()[1][0] for one in (delivery.again(row.milestone), other))
    url = f"/outcomes/invitations/{asked.id}/evidence"
    assert mutual.client.get(f"{url}/{own.id}").status_code == 200
    assert mutual.get(f"{url}/{foreign.id}").status == 404
    begin_writing(db.session)
    asked.declined = "曾在该机构任职"
    db.session.flush()
    assert mutual.get(f"{url}/{own.id}").status == 404, "declined after all"
    begin_writing(db.session)
    asked.declined, row.collect_until = "", SIGNING
    db.session.flush()
    assert mutual.get(f"{url}/{own.id}").status == 404, "collected no more"


def test_the_last_day_ends_at_24_hours_as_everywhere(deal, clerk):
    page = clerk.get(f"/outcomes/{make.opened(deal).id}", most=DETAIL)
    (shown,) = page.words("//div[dt='收集截止']/dd//time")
    assert shown.endswith(" 24:00")


def test_no_score_is_shown_before_the_result(deal, clerk):
    row = make.opened(deal)
    make.rate_self(deal, row, 9312)
    make.rate_third(deal, row, 8123)
    page = clerk.get(f"/outcomes/{row.id}", most=DETAIL)
    assert not re.search(r"93\.12|81\.23", page.source)


def test_the_collection_is_prolonged_when_a_source_is_missing(deal, visitors, clock):
    row = make.opened(deal)
    make.rate_self(deal, row, 9000)
    clock.move_to(2026, 5, 10, 10, 0)
    late = sign_in(visitors(), db.session.get_one(User, deal.clerk.user_id))
    page = late.get(f"/outcomes/{row.id}")
    # Without the third party there is no result: nothing irreversible is offered, and the page says who has to act.
    assert "按合同处理缺失后汇总" not in page.text
    assert "第三方评还没有提交" in page.text
    assert "由第三方评估员在新的期限内评分" in page.text
    page = late.submit(page, button="延长收集")
    assert "2026-05-25 24:00" in page.text


def test_closing_is_offered_only_while_the_contract_is_in_force(deal, clerk):
    row = make.opened(deal)
    make.rate_third(deal, row, 8000)
    row.collect_until = SIGNING
    db.session.flush()
    page = clerk.get(f"/outcomes/{row.id}", most=DETAIL)
    assert "按合同处理缺失后汇总" in page.text
    make.again(row).milestone.agreement.state = "suspended"
    db.session.flush()
    page = clerk.get(f"/outcomes/{row.id}", most=DETAIL)
    assert "按合同处理缺失后汇总" not in page.text
    assert "合同不在履行中，暂不能汇总" in page.text


def test_a_fail_offers_one_re_evaluation(deal, clerk):
    row = make.opened(deal)
    make.rate_self(deal, row, 5000)
    make.rate_third(deal, row, 4000)
    row.collect_until = SIGNING
    db.session.flush()
    page = clerk.submit(clerk.get(f"/outcomes/{row.id}"), button="按合同处理缺失后汇总")
    assert "评估不合格" in page.text
    page = clerk.submit(page, button="整改后复评")
    assert "复评" in page.text
    assert len(queries.rounds_of(row.milestone_id)) == 2


def test_trying_scores_out_pays_by_the_contract(deal, clerk):
    contract_row = contract.in_force(deal)
    url = f"/outcomes/agreements/{contract_row.id}/what-if"
    page = clerk.get(f"{url}?self_score=92&mutual_score=88&public_score=95&third_score=84", most=DETAIL)
    assert "88.70" in page.text
    assert "¥432,000.00" in page.text
    page = clerk.get(f"{url}?self_score=92&mutual_score=&public_score=95&third_score=84")
    assert "≈ 88.82" in page.text
    page = clerk.get(f"{url}?third_score=65")
    assert "¥116,640.00" in page.text
    assert "第三方评还没有提交" in clerk.get(f"{url}?self_score=92").text
    assert clerk.get(f"{url}?third_score=abc").status == 422
    for most, status in (("100", 200), ("100.01", 422), ("101", 422)):
        page = clerk.get(f"{url}?self_score={most}&third_score=50")
        assert (page.status, list(page.errors)) == (status, ["self_score"] if status == 422 else [])
    assert "0 到 100" in page.errors["self_score"]
    assert "试算结果" not in page.text


def test_each_desk_shows_what_is_owed(deal):
    milestone = make.evaluated_milestone(deal)
    assert [w.verb for w in waiting_in([CARD], deal.clerk, SIGNING)] == ["启动四方评估"]
    row = actions.open_evaluation(deal.clerk, milestone.id, SIGNING)
    assert [w.verb for w in waiting_in([CARD], deal.editor, SIGNING)] == ["提交自评"]
    assert [w.verb for w in waiting_in([CARD], deal.clerk, SIGNING)] == ["组织四方评估"]
    make.rate_self(deal, row, 9000)
    assert waiting_in([CARD], deal.editor, SIGNING) == []
    assert [(w.verb, w.urgent) for w in waiting_in([CARD], deal.clerk, row.collect_until)] == [("汇总评估结果", True)]


def test_others_see_nothing(deal, visitor):
    row = make.opened(deal)
    sign_in(visitor, person(Role.STREET_CLERK, street("320115002").scope))
    for url in (f"{row.id}", f"{row.id}/codes", f"{row.id}/invite", f"milestones/{row.milestone_id}"):
        assert visitor.get(f"/outcomes/{url}").status == 404
    assert "还没有评估" in visitor.get("/outcomes").text


def test_a_milestone_paid_on_acceptance_says_so(deal, clerk):
    first = delivery.planned(contract.in_force(deal))[0]
    assert "不需要评估" in clerk.get(f"/outcomes/milestones/{first.id}").text
