"""The pages, by the people who use them: clerk, member, bidder, approver, strangers."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from market.db.session import db
from market.evaluation import actions, queries
from market.evaluation.actions.qualifying import Tick
from market.kernel.permits import Role
from market.panels.queries import draws, own_scores
from market.records.audit import history
from market.tenders.states import LotState
from tests.factories import evaluation as cases
from tests.factories.panels import expert, user_of
from tests.factories.people import acting, person
from tests.factories.places import street
from tests.factories.tenders import published, street_office
from tests.fixtures.visitor import on_desk


def sitting(case, number=0):
    seat = case.seats[number]
    return seat, user_of(seat)


# --- the qualification desk -------------------------------------------------------------------------------------------


def test_the_clerk_checks_saves_and_finishes(go):
    case = cases.opened()
    clerk = go(case, case.office.clerk)
    page = clerk.get("/evaluation")
    page = clerk.get(page.link(case.lot.tender.title))
    page = clerk.get(page.link("办理资格审查"), most=10)
    bids, items = case.bids, case.lot.tender.qualifications
    # One press fills in what has no mark yet; nothing is stored before it was looked at and saved.
    page = clerk.submit(page, {f"mark-{bids[2].id}-{items[0].id}": "unmet"}, button="所有投标人全部符合")
    marked = {n: v for n, v in page.form(button="保存").values.items() if n.startswith("mark-")}
    assert sorted(v[0] for v in marked.values()) == ["met"] * (len(bids) * len(items) - 1) + ["unmet"]
    assert queries.checks(case.lot_id) == {}
    assert "完成资格审查" not in [button.text for button in page.all("//button")]
    page = clerk.submit(page, {}, button="保存")
    # Saved as a draft, and what is still missing is marked where it is to be written: now and at the end.
    reason = f"reason-{bids[2].id}-{items[0].id}"
    assert "已保存。还有 1 项“不符合”没有写理由" in page.text
    assert list(page.errors) == [reason]
    assert len(queries.checks(case.lot_id)) == len(bids) * len(items)
    page = clerk.submit(clerk.get(page.url), {"sure": "y"}, button="完成资格审查")
    assert page.status == 422
    assert list(page.errors) == [reason]
    assert page.errors[reason].count("请写明理由") == 1
    assert page.all(f"//*[@class='error-summary']//a[@href='#{reason}']")
    assert page.form(button="保存").values[f"mark-{bids[2].id}-{items[0].id}"] == ["unmet"]
    assert case.lot.state == LotState.OPENED
    page = clerk.submit(page, {f"reason-{bids[2].id}-{items[0].id}": "证书已过期"}, button="保存")
    assert clerk.submit(page, {f"mark-{bids[2].id}-{items[0].id}": "met"}, button="保存").status == 200
    page = clerk.get(f"/evaluation/lots/{case.lot_id}/qualification")
    page = clerk.submit(page, {}, button="完成资格审查")
    assert "请先勾选确认" in page.text
    page = clerk.submit(page, {"sure": "y"}, button="完成资格审查")
    assert page.heading == case.lot.tender.title
    assert "所审查的投标全部通过" in page.text
    assert "未通过的投标人" not in page.text, "nobody failed"
    assert case.lot.state == LotState.QUALIFIED


def test_the_page_says_before_and_after_that_too_few_valid_bids_end_the_lot(go):
    case = cases.opened()
    clerk = go(case, case.office.clerk)
    url, item = f"/evaluation/lots/{case.lot_id}/qualification", case.lot.tender.qualifications[0]
    page = clerk.submit(clerk.submit(clerk.get(url), button="所有投标人全部符合"), button="保存")
    assert "完成后将废标" not in page.text
    bid = case.bids[0]
    cell = f"{bid.id}-{item.id}"
    page = clerk.submit(page, {f"mark-{cell}": "unmet", f"reason-{cell}": "过期"}, button="保存")
    assert "有效投标只有 2 家，少于规定的 3 家" in page.text
    assert "立即废标，不能撤回" in page.form(button="完成资格审查").node.get("data-confirm")
    page = clerk.submit(page, {"sure": "y"}, button="完成资格审查")
    assert "有效投标只有 2 家，本采购包已按规定废标" in page.text
    assert case.lot.state == LotState.FAILED


def test_the_check_is_finished_as_the_page_showed_it_or_not_at_all(go):
    case = cases.opened(cases.LOW)
    cases.check_all(case)
    colleague = person(Role.STREET_CLERK, case.office.street.scope)
    visitor = go(case, colleague)
    page = visitor.get(f"/evaluation/lots/{case.lot_id}/qualification")
    first, item = case.bids[0], case.lot.tender.qualifications[0]
    actions.check_bids(case.clerk, case.lot_id, [Tick(first.id, item.id, False, "证书已过期")], case.tick())
    page = visitor.submit(page, {"sure": "y"}, button="完成资格审查")
    assert (page.status, case.lot.state) == (422, LotState.OPENED)
    assert "内容已变化，请重新核对" in page.text
    assert "证书已过期" in page.source
    assert not page.all("//input[@name='sure'][@checked]"), "the tick was for something else"
    # What the person's own page has saved meanwhile, cell by cell, is known to that person.
    actions.check_bids(acting(colleague), case.lot_id, [Tick(first.id, item.id, False, "证书过期一年")], case.tick())
    visitor.submit(page, {"sure": "y"}, button="完成资格审查")
    assert case.lot.state == LotState.QUALIFIED


def test_a_cell_is_saved_as_it_is_left(go):
    case = cases.opened()
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/lots/{case.lot_id}/qualification")
    token = page.all("//input[@name='csrf_token']")[0].get("value")
    item, bid = case.lot.tender.qualifications[0], case.bids[0]
    url = f"/evaluation/lots/{case.lot_id}/qualification/field"
    for name, value in ((f"reason-{bid.id}-{item.id}", "待核"), (f"mark-{bid.id}-{item.id}", "unmet")):
        answer = clerk.post(
            url, {"field": name, name: value}, headers={"X-CSRFToken": token, "Accept": "application/json"}, most=12
        )
        assert json.loads(answer.source)["saved_at"]
    row = queries.checks(case.lot_id)[bid.id, item.id]
    assert (row.passed, row.reason) == (False, "待核")
    wrong = clerk.post(
        url, {"field": "mark-9-999", "mark-9-999": "met"}, headers={"X-CSRFToken": token, "Accept": "application/json"}
    )
    assert wrong.status == 404


def test_a_helper_is_noted_and_its_bid_shown_as_invalid(go):
    case = cases.opened()
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/lots/{case.lot_id}/qualification")
    page = clerk.submit(page, {"helper": str(case.teams[0].id), "role": "incubation"}, button="登记")
    assert "已登记为参与过本项目的机构，投标将按无效处理" in page.text
    assert "系统发现" not in page.text, "a person said so"
    assert "孵化支持" in page.text
    # It is asked first, and what was a mistake can be taken back with a reason.
    name = case.teams[0].organisation.name
    assert "按无效处理" in page.form(button="登记").node.get("data-confirm")
    page = clerk.get(page.link(f"取消登记{name}"), most=10)
    page = clerk.submit(page, button="取消登记")
    assert page.errors == {"reason": "错误：请填写“理由”。"}
    page = clerk.submit(page, {"reason": "选错了机构"}, button="取消登记")
    assert page.heading == "资格审查"
    assert "已登记为参与过本项目的机构" not in page.text
    assert queries.helpers(case.lot.tender_id) == []
    gone = clerk.get(f"/evaluation/lots/{case.lot_id}/helpers/{case.teams[0].id}/withdraw")
    assert gone.heading == "资格审查"


def test_officers_read_a_bid_and_every_file_read_is_written_down(go):
    case = cases.opened()
    bid = case.bids[0]
    file_id = cases.with_file(case, bid, b"%PDF-1.7 licence", "登记证书.pdf")
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/bids/{bid.id}", most=10)
    assert "商业秘密" in page.text
    answer = clerk.submit(page, button="登记证书.pdf")
    assert answer.response.data == b"%PDF-1.7 licence"
    assert "attachment" in answer.response.headers["Content-Disposition"]
    assert history("lot", case.lot_id)[-1].verb == "read"
    assert clerk.get(f"/evaluation/bids/{bid.id}/files/{file_id}").status == 405


def test_strangers_find_nothing(go):
    case = cases.declared(cases.LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    seat = case.seats[0]
    bid = case.bids[0]
    pages = [
        f"/evaluation/lots/{case.lot_id}",
        f"/evaluation/lots/{case.lot_id}/qualification",
        f"/evaluation/lots/{case.lot_id}/panel",
        f"/evaluation/lots/{case.lot_id}/prices",
        f"/evaluation/lots/{case.lot_id}/report",
        f"/evaluation/bids/{bid.id}",
        f"/evaluation/seats/{seat.id}",
        f"/evaluation/seats/{seat.id}/bids/{bid.id}",
        f"/evaluation/inquiries/{inquiry.id}",
    ]
    outsiders = [
        person(Role.STREET_CLERK, street("320115002").scope),
        case.teams[0].signatory,
        person(Role.EXPERT),
    ]
    for user in outsiders:
        browser = go(case, user)
        assert {url: browser.get(url).status for url in pages if browser.get(url).status not in {403, 404}} == {}
    member = go(case, user_of(case.seats[1]))
    assert member.get(f"/evaluation/seats/{seat.id}").status == 404, "nor does a colleague's seat exist"


def test_before_the_opening_there_is_no_page(go, clock):
    office = street_office()
    lot = published(office).lots[0]
    clerk = go(cases.Case(office, lot.id, [], [], clock.now), office.clerk)
    for page in ("", "/qualification", "/panel", "/prices", "/report"):
        assert clerk.get(f"/evaluation/lots/{lot.id}{page}").status == 404


# --- the panel --------------------------------------------------------------------------------------------------------


def test_the_clerk_draws_and_sees_the_record_without_the_seed(go):
    case = cases.qualified()
    tied = expert(employer=case.teams[0].organisation.name)
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/lots/{case.lot_id}/panel", most=18)
    assert tied.name in page.text
    assert "与投标人有利害关系" in page.text
    page = clerk.submit(page, {"size": "4"}, button="抽取评审组")
    assert page.status == 422
    assert "没有可以担任采购人代表的人员" in page.text
    page = clerk.submit(page, {"size": "3", "expert_seats": "2", "sure": "y"}, button="抽取评审组")
    assert "请把专家改为至少 3 人" in page.errors["expert_seats"]
    page = clerk.submit(page, {"size": "3", "expert_seats": "3", "sure": "y"}, button="抽取评审组")
    assert page.heading == "评审组与抽取记录"
    (drawn,) = draws(case.panel.id)
    assert drawn.commitment in page.source
    assert drawn.seed not in page.source, "the seed is shown with the result"
    assert drawn.secret not in page.source


def test_the_clerk_replaces_somebody_who_does_not_come(go):
    case = cases.drawn()
    seat, _user = sitting(case)
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/lots/{case.lot_id}/panel")
    page = clerk.get(page.link("缺席，换人"))
    page = clerk.submit(page, {"reason": "", "sure": "y"}, button="换人")
    assert page.status == 422
    page = clerk.submit(page, {"reason": "未按时到场", "sure": "y"}, button="换人")
    assert "已由递补人员接替" in page.text
    assert seat.id not in {one.id for one in case.seats}
    assert "第 2 次抽取" in page.text


def test_a_vacant_seat_is_refilled_once_there_is_an_expert(go):
    case = cases.drawn(pool=3)
    seat = case.seats[0]
    actions.recuse(case.member(seat), seat.id, "生病", case.tick())
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/lots/{case.lot_id}/panel")
    page = clerk.submit(page, {"reason": "补抽", "sure": "y"}, button="补抽")
    assert "专家库中没有可以递补的专家" in page.text
    expert(at=case.at)
    page = clerk.submit(page, {"reason": "补抽", "sure": "y"}, button="补抽")
    assert "空缺席位已补抽" in page.text
    assert len(case.seats) == 3


# --- a member's seat --------------------------------------------------------------------------------------------------


def test_a_member_declares_scores_and_finishes(go):
    case = cases.drawn()
    seat, user = sitting(case)
    member = go(case, user)
    page = member.get("/evaluation")
    page = member.get(page.link(case.lot.tender.title))
    assert page.heading == "声明利害关系"
    assert "每周入户" not in page.source, "no content before the declaration"
    bidders = [str(team.id) for team in case.teams]
    page = member.submit(page, {"confirmed": bidders[:2]}, button="声明并开始评审")
    assert "请逐一确认" in page.text
    page = member.submit(page, {"confirmed": bidders}, button="声明并开始评审")
    assert "已完成 0 / 3 家" in page.text
    assert "已打分并写理由" in page.text
    page = member.submit(page, {"sure": "y"}, button="提交评分")
    assert "还有 12 项没有打分" in page.text
    criteria = queries.quality_criteria(case.lot)
    page = member.get(f"/evaluation/seats/{seat.id}/bids/{case.bids[0].id}", most=12)
    assert "每周入户" in page.text
    assert page.text.count("没有写理由的不算打分，不能提交") == len(criteria)
    assert page.text.count("（必填）") == 2 * len(criteria), "points and reason are marked alike"
    over = {f"score-{criteria[0].id}": "99", f"reason-{criteria[0].id}": "很好"}
    page = member.submit(page, over, button="保存，看下一家")
    assert page.errors == {f"score-{criteria[0].id}": "错误：满分 37.00 分，请填写 0 到 37.00。"}
    assert "很好" in page.source, "nothing typed is lost"
    for place, bid in enumerate(case.bids):
        page = member.get(f"/evaluation/seats/{seat.id}/bids/{bid.id}")
        typed = {f"score-{c.id}": "10.5" for c in criteria} | {f"reason-{c.id}": "可行" for c in criteria}
        page = member.submit(page, typed, button="保存，看下一家" if place < 2 else "保存，回到总览", most=20)
    assert "已完成 3 / 3 家" in page.text
    page = member.submit(page, {"dissent": "无", "sure": "y"}, button="提交评分")
    assert "评分已提交" in page.text
    page = member.get(f"/evaluation/seats/{seat.id}/bids/{case.bids[0].id}")
    assert page.heading == case.lot.tender.title, "a final sheet is not opened for writing again"


def test_a_score_is_saved_as_it_is_left_and_refused_beside_its_field(go):
    case = cases.declared()
    seat, user = sitting(case)
    member, bid, criterion = go(case, user), case.bids[0], queries.quality_criteria(case.lot)[0]
    page = member.get(f"/evaluation/seats/{seat.id}/bids/{bid.id}")
    token = page.all("//input[@name='csrf_token']")[0].get("value")
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    url = f"/evaluation/seats/{seat.id}/bids/{bid.id}/field"

    def leave(name, value):
        return member.post(url, {"field": name, name: value}, headers=headers, most=12)

    assert leave(f"score-{criterion.id}", "36.25").status == 200
    assert leave(f"reason-{criterion.id}", "目标明确").status == 200
    (score,) = _scores(case, seat)
    assert (score.score_centi, score.reason) == (3_625, "目标明确")
    refused = leave(f"score-{criterion.id}", "37.01")
    assert refused.status == 422
    assert "满分 37.00 分" in json.loads(refused.source)["detail"]
    assert leave(f"score-{criterion.id}", "abc").status == 422
    assert leave(f"score-{criterion.id}", "").status == 200
    (score,) = _scores(case, seat)
    assert score.score_centi is None


def _scores(case, seat):
    db.session.expire_all()
    return own_scores(case.member(seat), case.seats[0])


def test_two_tabs_of_one_sheet_lose_nothing(go):
    case = cases.declared()
    seat, user = sitting(case)
    member, bid = go(case, user), case.bids[0]
    first, second = queries.quality_criteria(case.lot)[:2]
    url, save = f"/evaluation/seats/{seat.id}/bids/{bid.id}", "保存，看下一家"
    score, reason = f"score-{first.id}", f"reason-{first.id}"
    member.submit(member.get(url), {score: "20", reason: "一般"}, button=save)
    here, there = member.get(url), member.get(url)
    member.submit(here, {score: "31", reason: "目标明确"}, button=save)

    # What was not touched in the other tab stays as it has been saved meanwhile.
    page = member.submit(there, {f"score-{second.id}": "9", f"reason-{second.id}": "可行"}, button=save)
    assert page.status == 200
    found = {row.criterion_id: (row.score_centi, row.reason) for row in _scores(case, seat)}
    assert (found[first.id], found[second.id]) == ((3_100, "目标明确"), (900, "可行"))

    # What was changed in both is marked, with what is saved beside what was typed; a second press decides.
    page = member.submit(there, {reason: "目标不清", f"score-{second.id}": "abc"}, button=save)
    assert page.status == 422
    assert "您在另一个页面改过这一项" in page.errors[score]
    assert "得分：31.00" in page.text
    assert "理由：目标明确" in page.text
    assert page.words(f"//textarea[@name='{reason}']") == ["目标不清"]
    assert [row.reason for row in _scores(case, seat) if row.criterion_id == first.id] == ["目标明确"]
    page = member.submit(page, {f"score-{second.id}": "9", f"reason-{second.id}": "可行"}, button=save)
    assert page.status == 200
    found = {row.criterion_id: (row.score_centi, row.reason) for row in _scores(case, seat)}
    assert (found[first.id], found[second.id]) == ((2_000, "目标不清"), (900, "可行"))


def test_a_field_left_in_one_tab_does_not_overwrite_the_other_tab(go):
    case = cases.declared()
    seat, user = sitting(case)
    member, bid, criterion = go(case, user), case.bids[0], queries.quality_criteria(case.lot)[0]
    page = member.get(f"/evaluation/seats/{seat.id}/bids/{bid.id}")
    form = page.form(action=f"/bids/{bid.id}")
    name = f"score-{criterion.id}"
    shown = json.loads(form.values["shown"][0])[name]
    headers = {"X-CSRFToken": form.values["csrf_token"][0], "Accept": "application/json"}

    def leave(value, seen):
        return member.post(f"{page.url}/field", {"field": name, name: value, "shown": seen}, headers=headers, most=12)

    answer = json.loads(leave("31", shown).source)
    other = leave("20", shown)
    assert (other.status, "另一个页面改过" in json.loads(other.source)["detail"]) == (422, True)
    assert [row.score_centi for row in _scores(case, seat)] == [3_100]
    # The tab that saved it knows what it saved.
    assert leave("32", answer["shown"]).status == 200
    assert [row.score_centi for row in _scores(case, seat)] == [3_200]
    assert member.submit(page, {name: "32"}, button="保存，看下一家").status == 200


def test_a_member_steps_down(go):
    case = cases.drawn()
    _seat, user = sitting(case)
    member = go(case, user)
    page = member.get("/evaluation")
    page = member.get(page.link(case.lot.tender.title))
    page = member.get(page.link("有利害关系，申请回避"))
    page = member.submit(page, {"reason": "曾任其理事", "sure": "y"}, button="回避")
    assert "已回避" in page.text
    assert user.id not in {seat.user_id for seat in case.seats}


def test_a_member_drawn_before_the_check_waits_for_it(go):
    case = cases.opened()
    actions.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)
    seat, user = sitting(case)
    actions.declare(case.member(seat), seat.id, [team.id for team in case.teams], case.tick())
    member = go(case, user)
    page = member.get(f"/evaluation/seats/{seat.id}")
    assert "资格审查完成后即可打分" in page.text
    assert not any(team.organisation.name in page.text for team in case.teams)


# --- the report -------------------------------------------------------------------------------------------------------


def test_the_clerk_ranks_and_the_approver_reads_the_report(go):
    case = cases.scored((160_000, 160_000, 170_000), shares={1: 80, 2: 80, 3: 60})
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/lots/{case.lot_id}", most=14)
    page = clerk.submit(page, {}, button="形成评审报告")
    assert page.status == 422
    page = clerk.submit(page, {"sure": "y"}, button="形成评审报告")
    assert page.heading == "评审报告"
    report = queries.report(case.lot_id)
    actions.keep_report_pdf(report.id, b"%PDF-1.7 report")
    approver = go(case, case.office.approver)
    page = approver.get(f"/evaluation/lots/{case.lot_id}/report", most=10)
    assert "按公布的种子抽签排序" in page.text
    assert report.digest in page.source
    pdf = approver.get(page.link("下载 PDF"))
    assert pdf.response.data.startswith(b"%PDF-")


def test_before_the_ranking_no_page_shows_a_score(go):
    case = cases.declared()
    for seat in case.seats[:2]:
        member = case.member(seat)
        for bid in case.bids:
            for criterion in queries.quality_criteria(case.lot):
                actions.put_score(member, seat.id, bid.id, criterion.id, case.at, score_centi=777, reason="特别的理由")
        actions.finish_sheet(member, seat.id, "", case.tick())
    clerk, last = go(case, case.office.clerk), go(case, user_of(case.seats[2]))
    board = clerk.get(f"/evaluation/lots/{case.lot_id}")
    assert "12 / 12 项" in board.text, "progress is shown"
    seen = [
        board,
        clerk.get(f"/evaluation/lots/{case.lot_id}/panel"),
        clerk.get(f"/evaluation/bids/{case.bids[0].id}"),
        last.get(f"/evaluation/seats/{case.seats[2].id}"),
        last.get(f"/evaluation/seats/{case.seats[2].id}/bids/{case.bids[0].id}"),
    ]
    assert not any("7.77" in page.source or "特别的理由" in page.source for page in seen)
    assert clerk.get(f"/evaluation/lots/{case.lot_id}/report").status == 404


# --- the desk ---------------------------------------------------------------------------------------------------------


def test_each_state_waits_on_somebodys_desk(go, clock):
    case = cases.opened(cases.LOW)
    clerk = go(case, case.office.clerk)
    assert "审查投标人资格" in on_desk(clerk)
    cases.check_all(case)
    actions.finish_qualification(case.clerk, case.lot_id, case.tick())
    assert "抽取评审组" in on_desk(clerk)
    actions.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)
    assert "要求说明异常低价" in on_desk(clerk)
    _seat, user = sitting(case)
    assert "声明利害关系" in on_desk(go(case, user))
    cases.declare_all(case)
    assert "评审打分" in on_desk(go(case, user))
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    assert "说明报价" in on_desk(go(case, case.teams[3].editor))
    assert not set(on_desk(clerk)) & {"要求说明异常低价", "记录低价说明的结论"}
    assert "判断报价说明" not in on_desk(go(case, user)), "the bidder may still answer"
    cases.score_all(case)
    assert "评审打分" not in on_desk(go(case, user))
    case.at = inquiry.until + timedelta(minutes=1)
    clerk = go(case, case.office.clerk)
    assert "记录低价说明的结论" not in on_desk(clerk), "the panel has not judged"
    assert "判断报价说明" in on_desk(go(case, user)), "also when the sheet is final"
    for one in case.seats:
        actions.give_opinion(case.member(one), inquiry.id, True, "合理", case.at)
    assert "判断报价说明" not in on_desk(go(case, user))
    assert "记录低价说明的结论" in on_desk(clerk)
    actions.decide_price(case.clerk, inquiry.id, "合理", case.at)
    assert "形成评审报告" in on_desk(clerk)
    actions.rank_lot(case.clerk, case.lot_id, case.tick())
    assert not any("评审" in verb for verb in on_desk(clerk))


@pytest.mark.parametrize("count", [3, 9])
def test_pages_ask_the_same_number_of_questions_however_many_bids_there_are(go, count):
    case = cases.ranked(tuple(170_000 - 500 * n for n in range(count)))
    clerk = go(case, case.office.clerk)
    asked = {
        name: len(clerk.get(f"/evaluation/lots/{case.lot_id}{name}", most=30).statements)
        for name in ("", "/qualification", "/panel", "/prices", "/report")
    }
    assert asked == {"": 9, "/qualification": 7, "/panel": 5, "/prices": 4, "/report": 3}
