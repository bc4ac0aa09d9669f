"""The pages, by the people who use them: clerk, approver, applicant, juror, resident, strangers."""

from __future__ import annotations

import io
import json

from market.budgets.queries import lines_for
from market.db.session import db
from market.kernel.permits import Role
from market.panels.queries import own_scores, panel_for
from market.venture import actions, queries
from market.venture.models import Round
from market.venture.states import ApplicationState, RoundState
from tests.factories import rounds
from tests.factories.organisations import organisation
from tests.factories.panels import experts, user_of
from tests.factories.people import acting, person, sign_in
from tests.factories.places import street
from tests.fixtures.visitor import Visitor

LIST, DETAIL = 8, 10


# --- the office -------------------------------------------------------------------------------------------------------


def test_the_clerk_writes_a_round_and_the_approver_publishes_it(go):
    case = rounds.drafted()
    clerk, approver = go(case, case.clerk_user), go(case, case.approver_user)
    page = clerk.get("/rounds", most=LIST)
    page = clerk.get(page.link("新建一轮"))
    page = clerk.submit(
        page, {"street": str(case.street.id), "regime": "venture", "title": "新一轮"}, button="建立草稿"
    )
    assert page.heading == "编制征集方案"
    lines = {line.title: line.id for line, _left in lines_for(case.street.id, 2026)}
    line = f"line-{lines['养老服务']}"
    assert line in page.form("保存").values
    typed = {
        "purpose": "征集社区项目。",
        "use-elder_care": "y",
        "theme-elder_care": "关爱独居老人",
        "least-elder_care": "1",
        line: "十万",
    }
    page = clerk.submit(page, typed, button="保存", most=60)
    assert page.response.status_code == 422
    assert "关爱独居老人" in page.source, "nothing typed is lost"
    page = clerk.submit(page, typed | {line: "100000"}, button="保存")
    assert page.heading == "新一轮"
    row = db.session.scalar(db.select(Round).filter_by(title="新一轮"))
    page = clerk.get(f"/rounds/{row.id}", most=DETAIL)
    page = clerk.submit(page, button="提交审核")
    token = page.all("//input[@name='csrf_token']")[0].get("value")
    assert clerk.post(f"/rounds/{row.id}/publish", {"csrf_token": token}).response.status_code == 403
    page = approver.get(f"/rounds/{row.id}", most=DETAIL)
    page = approver.submit(page, button="发布征集公告")
    assert "征集公告已发布" in page.text
    assert db.session.get(Round, row.id).state == RoundState.OPEN


def test_a_round_of_another_street_does_not_exist(go):
    case = rounds.published()
    stranger = person(Role.STREET_CLERK, street("320115002").scope)
    visitor = go(case, stranger)
    for url in (f"/rounds/{case.round_id}", f"/rounds/{case.round_id}/edit", f"/rounds/{case.round_id}/result"):
        assert visitor.get(url).response.status_code == 404
    assert "还没有资助轮次" in visitor.get("/rounds", most=LIST).text


def test_officers_see_no_application_before_the_deadline(go):
    case = rounds.applied(({"title": "秘密的暖心"},))
    one = queries.application_of(case.round_id, case.teams[0].id)
    clerk = go(case, case.clerk_user)
    page = clerk.get(f"/rounds/{case.round_id}", most=DETAIL)
    assert "秘密的暖心" not in page.source
    assert case.teams[0].organisation.name not in page.source
    assert clerk.get(f"/rounds/applications/{one.id}").response.status_code == 404
    assert clerk.get(f"/rounds/applications/{one.id}/check").response.status_code == 404


# --- the applicant ----------------------------------------------------------------------------------------------------


def test_an_applicant_writes_checks_and_hands_in(go):
    case = rounds.published()
    team = organisation(bank=False)
    editor, signatory = go(case, team.editor), go(case, team.signatory)
    page = editor.get("/rounds/open", most=LIST)
    page = editor.get(page.link(f"以“{team.organisation.name}”申报"), most=DETAIL)
    values = {
        "title": "暖心陪伴", "field": "elder_care", "summary": "陪伴独居老人。", "need": "走访发现。",
        "plan": "每周上门。", "team": "社工三名。", "beneficiaries": "126", "goal_1": "上门陪伴",
        "target_1": "1,000人次", "total": "100000",
        "own": "40000", "asked": "70000",
    }  # fmt: skip
    page = editor.submit(page, values, button="保存草稿")
    assert "已保存" in page.text
    assert "最多可申请" in page.text
    page = editor.get(page.link("检查并提交"), most=DETAIL)
    assert "申请额最多 ¥60,000.00" in page.text
    saved = editor.post(
        f"/rounds/{case.round_id}/apply/{team.id}/field?v=1",
        {"field": "asked", "asked": "60000", "csrf_token": page_token(editor, case, team)},
        headers={"Accept": "application/json"},
    )
    assert saved.response.status_code == 200
    saved = editor.post(
        f"/rounds/{case.round_id}/apply/{team.id}/field?v=2",
        {"field": ["elder_care", "field"], "csrf_token": page_token(editor, case, team)},
        headers={"Accept": "application/json"},
    )
    assert saved.response.status_code == 200, "the box of the direction is called field as well"
    page = editor.get(f"/rounds/{case.round_id}/apply/{team.id}/submit")
    assert "请由" in page.text, "only a signatory hands in"
    page = signatory.get(f"/rounds/{case.round_id}/apply/{team.id}/submit", most=DETAIL)
    page = signatory.submit(page, {}, button="提交申报")
    assert page.response.status_code == 422
    page = signatory.submit(page, {"true": "y"}, button="提交申报")
    assert "申报已提交" in page.text
    assert "回执编号" in page.text
    page = signatory.get("/rounds/mine", most=LIST)
    assert "已提交" in page.text
    page = signatory.get(page.link(case.round.title), most=DETAIL)
    page = signatory.submit(page, button="撤回修改")
    assert "已撤回为草稿" in page.text


def test_the_round_s_public_page_leads_to_the_application_for_it(go, visitors):
    case, team = rounds.published(), organisation(bank=False)
    purchase = f"/purchases/{case.round.file.ocid}"
    editor = go(case, team.editor)
    page = editor.get(editor.get(purchase).link("办理本单位的申报"), most=10)
    assert page.url == f"/rounds/{case.round_id}/apply/{team.id}"
    # Whoever is not signed in comes to the same after the sign-in; an official has nothing to apply for.
    assert visitors().get(purchase).link("社会组织登录申报") == f"/rounds{purchase}"
    assert not go(case, case.clerk_user).get(purchase).all("//main//a[starts-with(@href, '/rounds')]")


def page_token(visitor, case, team):
    return visitor.get(f"/rounds/{case.round_id}/apply/{team.id}").form("保存草稿").values["csrf_token"][0]


def test_the_same_field_written_by_two_is_given_back_and_not_lost(go):
    case = rounds.published()
    team = organisation(bank=False)
    first, second = go(case, team.editor), go(case, team.signatory)
    url = f"/rounds/{case.round_id}/apply/{team.id}"
    stale = second.get(url)
    first.submit(first.get(url), {"title": "甲的题目"}, button="保存草稿")
    page = second.submit(stale, {"title": "乙的题目"}, button="保存草稿")
    assert page.response.status_code == 422
    assert "甲的题目" in page.source
    assert "乙的题目" in page.source


def test_what_changed_after_the_last_look_is_shown_anew_and_not_handed_in(go):
    case, team = rounds.published(), organisation(bank=False)
    editor, url = acting(team.editor), f"/rounds/{case.round_id}/apply/{team.id}/submit"
    actions.save_fields(editor, case.round_id, team.id, rounds.values(), 0, case.tick())
    signatory = go(case, team.signatory)
    page = signatory.get(url)
    actions.save_fields(editor, case.round_id, team.id, {"asked_fen": 50_000_00}, 99, case.tick())
    page = signatory.submit(page, {"true": "y"}, button="提交申报")
    assert (page.status, queries.application_of(case.round_id, team.id).state) == (422, ApplicationState.DRAFT)
    assert "内容已变化，请重新核对" in page.text
    assert "¥50,000.00" in page.text
    assert not page.all("//input[@name='true'][@checked]"), "the promise was about another sum: it is given anew"
    desk = actions.desk_for(editor, case.round_id, team.id, case.at)
    actions.attach_file(editor, desk, io.BytesIO(b"%PDF-1.7 "), "预算.pdf", case.tick())
    page = signatory.submit(page, {"true": "y"}, button="提交申报")
    assert (page.status, "预算.pdf" in page.text) == (422, True)
    page = signatory.submit(page, {"true": "y"}, button="提交申报")
    assert "申报已提交" in page.text


def test_who_sends_no_mark_of_a_page_hands_nothing_in(go):
    case, team = rounds.published(), organisation(bank=False)
    actions.save_fields(acting(team.editor), case.round_id, team.id, rounds.values(), 0, case.tick())
    signatory = go(case, team.signatory)
    form = signatory.get(f"/rounds/{case.round_id}/apply/{team.id}/submit").form("提交申报")
    unseen = {name: value for name, value in form.values.items() if name != "seen"}
    page = signatory.post(form.action, {**unseen, "true": "y"})
    assert (page.status, "内容已变化，请重新核对" in page.text) == (422, True)
    assert queries.application_of(case.round_id, team.id).state == ApplicationState.DRAFT


def test_a_late_press_is_refused_and_kept(go, clock):
    case = rounds.published()
    team = organisation(bank=False)
    actions.save_fields(acting(team.editor), case.round_id, team.id, rounds.values(), 0, case.at)
    signatory = go(case, team.signatory)
    page = signatory.get(f"/rounds/{case.round_id}/apply/{team.id}/submit")
    deadline = case.round.deadline_at
    clock.forward(seconds=(deadline - clock.now).total_seconds())
    sign_in(signatory, team.signatory)
    page = signatory.submit(signatory_page(signatory, case, team, page), {"true": "y"}, button="提交申报")
    assert page.response.status_code == 422
    assert "未能提交" in page.text


def signatory_page(visitor, case, team, page):
    """The page as it lay open before the deadline, with a token of the present session."""
    token = visitor.get(f"/rounds/{case.round_id}/apply/{team.id}").all("//input[@name='csrf_token']")[0].get("value")
    for field in page.all("//input[@name='csrf_token']"):
        field.set("value", token)
    return page


# --- check, jury, vote, decision --------------------------------------------------------------------------------------


def test_the_clerk_checks_draws_and_organises_the_vote(go):
    case = rounds.closed()
    experts(7, at=case.round.notice_at)
    clerk = go(case, case.clerk_user)
    page = clerk.get(f"/rounds/{case.round_id}", most=DETAIL + 4)
    rows = case.applications()
    page = clerk.get(f"/rounds/applications/{rows[0].id}/check", most=DETAIL)
    page = clerk.submit(page, {"reason": ""}, button="不予通过")
    assert page.response.status_code == 422
    page = clerk.submit(page, {"reason": "材料不齐"}, button="不予通过")
    for one in rows[1:]:
        page = clerk.submit(clerk.get(f"/rounds/applications/{one.id}/check"), {}, button="通过")
    page = clerk.submit(page, button="完成形式审查")
    assert "2 份申报进入评审" in page.text
    page = clerk.get(f"/rounds/{case.round_id}/jury", most=DETAIL + 4)
    page = clerk.submit(page, {"size": "4", "sure": "y"}, button="抽取评委")
    assert page.response.status_code == 422
    page = clerk.submit(page, {"size": "5", "sure": "y"}, button="抽取评委")
    assert "评委已抽取" in page.text
    page = clerk.get(f"/rounds/{case.round_id}/pitch", most=DETAIL)
    page = clerk.submit(page, {"pitch_at": "2026-06-01T09:00"}, button="确定时间和顺序")
    assert "8 分钟" in page.text
    page = clerk.get(f"/rounds/{case.round_id}/voting", most=DETAIL)
    page = clerk.submit(page, {"until": "2026-06-03T18:00"}, button="设定投票截止")
    page = clerk.submit(page, {"number": "3"}, button="生成并显示")
    assert page.heading == "投票码纸条：3 张"
    codes = page.words("//p[@class='slip-code']")
    resident = Visitor(clerk.client.application)
    page = resident.submit(resident.get("/rounds/vote"), {}, button="开始投票")
    assert "请填写投票码" in page.errors["code"]
    ballot = resident.submit(page, {"code": codes[0].lower()}, button="开始投票")
    assert ballot.heading == f"投票：{case.round.title}"
    ballot = resident.get(f"/rounds/vote?code={codes[0]}", most=DETAIL)
    assert ballot.url == "/rounds/vote", "the code of a slip's picture does not stay in the address"
    assert ballot.heading == f"投票：{case.round.title}"
    again = resident.submit(ballot, {}, button="提交选票")
    assert again.response.status_code == 422
    done = resident.submit(again, {"choices": [str(rows[1].id)]}, button="提交选票")
    assert done.heading == "选票已提交"
    assert "无效" in resident.get(f"/rounds/vote?code={codes[0]}").text


def test_a_juror_declares_scores_and_finishes(go):
    case = rounds.screened()
    experts(5, at=case.round.notice_at)
    actions.draw_jury(case.clerk, case.round_id, case.tick(), size=5, expert_seats=5)
    seat = case.seats[0]
    juror = go(case, user_of(seat))
    assert case.round.title in juror.get("/rounds/seats", most=LIST).text
    assert case.round.title in juror.get("/desk").text
    page = juror.get(f"/rounds/seats/{seat.id}", most=DETAIL)
    assert page.heading == "声明利害关系"
    page = juror.submit(page, {}, button="声明并开始评审")
    assert page.response.status_code == 422
    parties = [str(key) for key in queries.parties(case.applications())]
    page = juror.submit(page, {"confirmed": parties}, button="声明并开始评审")
    one = case.applications()[0]
    page = juror.get(f"/rounds/seats/{seat.id}/applications/{one.id}", most=DETAIL)
    page = juror.submit(page, {"score-1": "31", "reason-1": "具体"}, button="保存，看下一个")
    assert page.response.status_code == 422
    typed = {f"score-{n}": "28" for n in (1, 2, 3)} | {f"reason-{n}": "具体可行" for n in (1, 2, 3)}
    page = juror.submit(page, typed, button="保存，看下一个")
    page = juror.get(f"/rounds/seats/{seat.id}", most=DETAIL)
    page = juror.submit(page, {"sure": "y"}, button="提交评分")
    assert "没有打分" in page.text
    other = go(case, user_of(case.seats[1]))
    assert other.get(f"/rounds/seats/{seat.id}").response.status_code == 404


def test_two_tabs_of_one_sheet_lose_nothing(go):
    case = rounds.drawn()
    seat, one = case.seats[0], case.applications()[0]
    juror, url = go(case, user_of(seat)), f"/rounds/seats/{seat.id}/applications/{one.id}"
    save = "保存，看下一个"

    def scores():
        db.session.expire_all()
        rows = [row for row in own_scores(case.member(seat), seat) if row.scored_id == one.id]
        return {row.criterion_id: (row.score_centi, row.reason) for row in rows if row.reason}

    here, there = juror.get(url, most=DETAIL), juror.get(url, most=DETAIL)
    assert juror.submit(here, {"score-1": "28", "reason-1": "具体"}, button=save).status == 200

    # What was not touched in the other tab stays as it has been saved meanwhile.
    assert juror.submit(there, {"score-2": "20", "reason-2": "可行"}, button=save).status == 200
    assert scores() == {1: (2_800, "具体"), 2: (2_000, "可行")}

    # What was changed in both is marked, with what is saved beside what was typed; a second press decides.
    page = juror.submit(there, {"score-1": "9", "reason-1": "空泛", "score-2": "20", "reason-2": "可行"}, button=save)
    assert page.status == 422
    assert "您在另一个页面改过这一项" in page.errors["score-1"]
    assert "得分：28.00" in page.text
    assert "理由：具体" in page.text
    assert scores()[1] == (2_800, "具体")
    assert juror.submit(page, {}, button=save).status == 200
    assert scores() == {1: (900, "空泛"), 2: (2_000, "可行")}

    # A box that is left by itself does not overwrite the other tab either.
    form = here.form(action=f"/applications/{one.id}")
    headers = {"X-CSRFToken": form.values["csrf_token"][0], "Accept": "application/json"}
    shown = json.loads(form.values["shown"][0])["score-1"]
    left = juror.post(f"{url}/field", {"field": "score-1", "score-1": "30", "shown": shown}, headers=headers)
    assert (left.status, "另一个页面改过" in json.loads(left.source)["detail"]) == (422, True)
    assert scores()[1] == (900, "空泛")
    for name in ("csrf_token", "score-99", ""):
        assert juror.post(f"{url}/field", {"field": name, "shown": shown}, headers=headers).status == 404


def test_the_approver_decides_with_reasons_in_sight(go):
    asks = ({"title": "甲"}, {"title": "乙"}, {"title": "丙"}, {"title": "丁"})
    case = rounds.ranked(asks, (90, 85, 80, 75))
    approver = go(case, case.approver_user)
    page = approver.get(f"/rounds/{case.round_id}/result", most=DETAIL)
    assert "测算结果是精确的" in page.text
    assert "还差 ¥50,000.00" in page.text
    ids = [one.id for one in case.applications()]
    page = approver.submit(page, {"chosen": [str(ids[0])], "sure": "y"}, button="决定并公示")
    assert page.response.status_code == 422
    assert "请写明理由" in page.text
    page = approver.submit(page, {"chosen": [str(i) for i in ids[:3]], "sure": "y"}, button="决定并公示", most=400)
    assert "拟资助名单已公示" in page.text
    applicant = go(case, case.teams[3].editor)
    one = case.applications(ApplicationState.UNCHOSEN)[0]
    page = applicant.get(f"/rounds/applications/{one.id}", most=DETAIL)
    assert "替换" in page.text


def test_pages_speak_english_too(go):
    case = rounds.ranked()
    clerk = go(case, case.clerk_user)
    clerk.get("/language/en?next=/rounds")
    for url in (
        "/rounds",
        f"/rounds/{case.round_id}",
        f"/rounds/{case.round_id}/result",
        f"/rounds/{case.round_id}/jury",
    ):
        assert "资助轮次" not in clerk.get(url, most=20).text
    heads = clerk.get(f"/rounds/{case.round_id}", most=20).words("//main//th[@scope='col']")
    assert "Project" in heads
    assert "Item" not in heads


def test_row_59_bonus_points_are_written_down_where_the_rules_add_them(go):
    case = rounds.drawn(({"title": "甲"}, {"title": "乙"}), street=street("442000001"))
    first, second = case.applications()
    clerk, approver = go(case, case.clerk_user), go(case, case.approver_user)
    assert "登记加分" not in approver.get(f"/rounds/applications/{first.id}", most=DETAIL).text
    page = clerk.get(f"/rounds/applications/{first.id}", most=DETAIL)
    page = clerk.get(page.link("登记加分"), most=DETAIL)
    page = clerk.submit(page, {"fundraising": "30", "policy": "4"}, button="保存", most=DETAIL)
    assert page.response.status_code == 422
    assert "加分超出规则允许的范围" in page.text
    page = clerk.submit(page, {"fundraising": "30", "policy": "10"}, button="保存")
    assert "已登记加分" in page.text
    page = clerk.get(f"/rounds/applications/{first.id}", most=DETAIL)
    assert "筹款 30.00 分，政策 10.00 分" in page.text
    rounds.score(case, (80, 90))
    actions.rank_round(case.clerk, case.round_id, case.tick())
    by_id = {one.id: one.scores for one in case.applications()}
    assert (by_id[first.id]["jury"], by_id[first.id]["bonus"], by_id[first.id]["total"]) == (8000, 4000, 12_000)
    assert (by_id[first.id]["rank"], by_id[second.id]["rank"]) == (1, 2)
    other = rounds.drawn(({},), pool=0)
    plain = other.applications()[0]
    assert go(other, other.clerk_user).get(f"/rounds/applications/{plain.id}/bonus").response.status_code == 404


def test_calling_off_asks_for_a_reason_first(go):
    case = rounds.applied(({},))
    approver = go(case, case.approver_user)
    page = approver.get(f"/rounds/{case.round_id}/cancel", most=DETAIL)
    page = approver.submit(page, {"reason": ""}, button="取消本轮")
    assert page.response.status_code == 422
    page = approver.submit(page, {"reason": "资金安排调整", "sure": "y"}, button="取消本轮")
    assert "本轮已取消" in page.text


# --- what anyone may read ---------------------------------------------------------------------------------------------


def test_anyone_reads_the_call_and_after_the_decision_every_point_and_reason(app, session):
    asks = ({"title": "甲"}, {"title": "乙"}, {"title": "丙"}, {"title": "丁", "plan": "只给评委看的方案"})
    case = rounds.published()
    visitor = Visitor(app)
    url = f"/purchases/{case.round.file.ocid}"
    page = visitor.get(url)
    assert "社会组织发展专项" in page.text
    assert "评委占 70%，居民投票占 30%" in page.text.replace("70.00", "70").replace("30.00", "30")
    case = rounds.decided(asks, (90, 85, 80, 75))
    url = f"/purchases/{case.round.file.ocid}"
    page = visitor.get(url)
    assert "还差 ¥50,000.00" in page.text
    assert "只给评委看的方案" not in page.source
    assert all(seat.user.name in page.text for seat in rounds_panel(case))
    child = visitor.get(page.link("甲"))
    assert child.heading == "甲"
    assert "甲" in visitor.get("/purchases?method=venture").text


def rounds_panel(case):
    return list(panel_for("round", case.round_id).seats)
