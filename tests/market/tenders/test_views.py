"""The pages as their users walk them: clerk, second officer, stranger; with statement counts."""

from __future__ import annotations

import json
import re

import pytest

from market.kernel.permits import Role
from market.tenders import actions
from market.tenders.rules import SECTIONS
from market.tenders.states import TenderState
from tests.factories import budgets, catalogue
from tests.factories import needs as need_factory
from tests.factories import tenders as make
from tests.factories.people import give, person, sign_in
from tests.factories.places import street

YUAN = 100

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def office(session):
    return make.street_office()


@pytest.fixture
def clerk(office, visitors):
    return sign_in(visitors(), office.clerk)


@pytest.fixture
def approver(office, visitors):
    return sign_in(visitors(), office.approver)


def url(tender, rest=""):
    return f"/tenders/{tender.id}{rest}"


def autosave(visitor, tender, section, field, value, lot=1):
    page = visitor.get(url(tender, f"/draft/{section}?lot={lot}"))
    token = page.form(button="保存").values["csrf_token"][0]
    return visitor.post(
        url(tender, f"/draft/{section}/field?lot={lot}"),
        {"field": field, field: value},
        headers={"X-CSRFToken": token, "Accept": "application/json"},
    )


# --- a comparison in minutes -----------------------------------------------------------------------------------------


def test_from_a_catalogue_item_to_the_notice(office, clerk, approver, clock):
    item, line = catalogue.item(office.street.district), budgets.line(office.street)
    page = clerk.get("/tenders/new")
    page = clerk.submit(page, {"item": str(item.id), "line": str(line.id), "amount": "18万"}, button="建立草稿")
    assert page.heading == "东山街道2026年独居老人探访"
    assert "检查通过" in page.text
    assert "2026-04-07 09:30" in page.text
    page = clerk.submit(page, button="提交审核")
    assert "等待另一名审核人" in page.text
    tender_id = int(re.search(r"/tenders/(\d+)", page.url)[1])
    page = approver.get(f"/tenders/{tender_id}/review")
    assert "密钥已就绪" in page.text
    page = approver.submit(page, button="审核通过并发布公告")
    assert "公告中" in page.text
    assert "2026-04-07 09:30" in page.text
    assert make.whole(tender_id).state == TenderState.OPEN


def test_a_need_leads_to_a_draft_of_its_category(office, clerk):
    item = catalogue.item(office.street.district)
    demand = need_factory.demand(office.street)
    page = clerk.get(f"/tenders/new?demand={demand.id}")
    chosen = page.form(button="建立草稿").values
    assert chosen["demand"] == [str(demand.id)]
    assert chosen["item"] == [str(item.id)]
    assert chosen["title"] == [demand.title]


def test_a_need_chooses_its_street_and_leaves_the_choice_between_several_services(office, clerk):
    catalogue.item(office.street.district)
    catalogue.item(office.street.district)
    other = street("320115002")
    give(office.clerk, Role.STREET_CLERK, other.scope)
    demand = need_factory.demand(other)
    chosen = clerk.get(f"/tenders/new?demand={demand.id}").form(button="建立草稿").values
    assert chosen["demand"] == [str(demand.id)]
    assert chosen["item"] == [""]


def test_the_first_step_says_what_is_missing(office, clerk):
    catalogue.item(office.street.district)
    page = clerk.submit(clerk.get("/tenders/new"), {"amount": "十八万"}, button="建立草稿")
    assert page.status == 422
    assert "看不懂金额" in page.errors["amount"]
    assert page.form(button="建立草稿").values["amount"] == ["十八万"]


def test_a_range_is_said_as_it_is_typed(office, clerk):
    page = clerk.submit(clerk.get("/tenders/new"), {"amount": "0"}, button="建立草稿")
    assert "必须大于 0 元。" in page.errors["amount"]
    tender = make.draft(office)
    page = clerk.submit(clerk.get(url(tender, "/draft/milestones")), {"rows-0-share_bp": "300"}, button="保存")
    assert "必须大于 0，不超过 100%。" in page.errors["rows-0-share_bp"]
    typed = {"weight_self": "200", "from_excellent": "200"}
    page = clerk.submit(clerk.get(url(tender, "/draft/evaluation")), typed, button="保存")
    assert "请填写 0 到 100%。" in page.errors["weight_self"]
    assert "必须大于 0，不超过 100 分。" in page.errors["from_excellent"]


# --- sections --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", list(SECTIONS))
def test_each_section_saves_and_leads_to_the_next(office, clerk, section):
    tender = make.draft(office)
    before = [c.max_centi for c in tender.lots[0].criteria]
    page = clerk.get(url(tender, f"/draft/{section}"))
    buttons = [b.text_content().strip() for b in page.form(button="保存").buttons()]
    page = clerk.submit(page, button=buttons[0])
    order = [*SECTIONS, None]
    following = order[order.index(section) + 1]
    assert page.status == 200
    assert page.url.startswith(url(tender, f"/draft/{following}" if following else "/draft")), page.text[:400]
    after = make.whole(tender.id)
    assert after.typed == {}
    assert [c.max_centi for c in after.lots[0].criteria] == before


def test_rows_are_added_and_removed_on_the_page(office, clerk):
    tender = make.draft(office)
    before = [c.title for c in tender.lots[0].criteria]
    page = clerk.get(url(tender, "/draft/criteria"))
    n = len(before)
    typed = {"rows-0-max_centi": "26", "rows-1-title": "", f"rows-{n}-title": "应急能力", f"rows-{n}-max_centi": "10"}
    page = clerk.submit(page, typed, button="保存")
    titles = [c.title for c in make.whole(tender.id).lots[0].criteria]
    assert titles == [before[0], *before[2:], "应急能力"]
    assert "各评分项满分合计" in page.text


def test_a_wrong_sum_keeps_the_official_on_the_page(office, clerk):
    tender = make.draft(office)
    page = clerk.get(url(tender, "/draft/criteria"))
    page = clerk.submit(page, {"rows-0-max_centi": "30"}, button="保存并到下一部分")
    assert page.url.startswith(url(tender, "/draft/criteria"))
    assert "合计 93.00 分，应为 100.00 分，还差 7.00 分" in page.text
    overview = clerk.get(url(tender, "/draft"))
    assert "还有 1 处须改正" in overview.text
    assert not [f for f in overview.forms() if f.action.endswith("/submit")]


def test_nothing_typed_is_lost_when_a_section_cannot_be_read(office, clerk):
    tender = make.draft(office)
    page = clerk.get(url(tender, "/draft/milestones"))
    page = clerk.submit(page, {"rows-1-share_bp": "四成", "rows-0-title": "进场"}, button="保存")
    assert page.status == 422
    assert "百分数" in page.errors["rows-1-share_bp"]
    again = clerk.get(url(tender, "/draft/milestones"))
    shown = again.form(button="保存").values
    assert (shown["rows-1-share_bp"], shown["rows-0-title"]) == (["四成"], ["进场"])
    assert "须改正" in clerk.get(url(tender, "/draft")).text
    page = clerk.submit(again, {"rows-1-share_bp": "40"}, button="保存")
    assert page.status == 200
    assert make.whole(tender.id).lots[0].milestones[0].title == "进场"
    assert make.whole(tender.id).typed == {}


def test_one_field_is_saved_as_it_is_left(office, clerk):
    tender = make.draft(office)
    answer = autosave(clerk, tender, "basics", "title", "独居老人冬季探访")
    assert answer.status == 200
    assert answer.response.json["saved_at"].startswith("2026-03-31T01:00:00")
    assert make.whole(tender.id).title == "独居老人冬季探访"


def test_a_field_that_cannot_be_used_is_kept_and_says_why(office, clerk):
    tender = make.draft(office)
    answer = autosave(clerk, tender, "criteria", "rows-0-max_centi", "三十")
    assert answer.status == 422
    assert "请填写分数" in answer.response.json["detail"]
    page = clerk.get(url(tender, "/draft/criteria"))
    assert page.form(button="保存").values["rows-0-max_centi"] == ["三十"]
    assert autosave(clerk, tender, "criteria", "rows-0-max_centi", "36").status == 200
    assert make.whole(tender.id).typed == {}


def test_two_pages_of_one_section_lose_nothing(office, clerk):
    tender = make.draft(office)
    first, second = (clerk.get(url(tender, "/draft/basics?lot=1")) for _ in range(2))
    clerk.submit(first, {"requirement": "每周探访两次"}, button="保存")
    page = clerk.submit(second, {"title": "冬季探访"}, button="保存")
    assert page.status == 200
    after = make.whole(tender.id)
    assert (after.title, after.requirement) == ("冬季探访", "每周探访两次")


def test_a_box_that_two_people_changed_shows_both_and_is_saved_knowingly(office, clerk):
    tender = make.draft(office)
    first, second = (clerk.get(url(tender, "/draft/basics")) for _ in range(2))
    clerk.submit(first, {"requirement": "每周探访两次"}, button="保存")
    page = clerk.submit(second, {"requirement": "每周探访三次", "title": "冬季探访"}, button="保存")
    assert page.status == 422
    assert "有人保存了这一部分" in page.text
    assert "有人改过" in page.errors["requirement"]
    assert set(page.errors) == {"requirement"}
    assert page.words("//details/p") == ["每周探访两次"]
    sent = page.form(button="保存").values
    assert [sent["requirement"][0].strip(), sent["title"][0]] == ["每周探访三次", "冬季探访"]
    assert make.whole(tender.id).requirement == "每周探访两次"
    assert make.whole(tender.id).typed == {}
    assert clerk.submit(page, button="保存").status == 200
    after = make.whole(tender.id)
    assert (after.title, after.requirement) == ("冬季探访", "每周探访三次")


def test_a_list_that_grew_meanwhile_is_not_cut_unseen(office, clerk):
    tender = make.draft(office)
    n = len(tender.qualifications)
    first, second = (clerk.get(url(tender, "/draft/qualification")) for _ in range(2))
    new = {f"rows-{n}-title": "有固定服务场所", f"rows-{n}-evidence": "租赁合同"}
    clerk.submit(first, new, button="保存")
    page = clerk.submit(second, {"rows-0-evidence": "登记证书复印件"}, button="保存")
    assert page.status == 422
    assert "有固定服务场所" in page.text
    assert f"第 {n + 1} 项：资格条件" in page.text
    assert len(make.whole(tender.id).qualifications) == n + 1


def test_a_box_saved_as_it_is_left_does_not_write_over_another_s(office, clerk):
    tender = make.draft(office)
    first, second = (clerk.get(url(tender, "/draft/basics")) for _ in range(2))
    sent = second.form(button="保存").values
    shown, token = json.loads(sent["shown"][0]), sent["csrf_token"][0]

    def leave(value):
        body = {"field": "title", "title": value, "shown": shown["title"]}
        return clerk.post(url(tender, "/draft/basics/field"), body, headers={"X-CSRFToken": token})

    shown["title"] = leave("冬季探访").response.json["shown"]
    shown["title"] = leave("冬季上门探访").response.json["shown"]
    # One's own saving is no other's: the page goes on with what it has saved.
    values = sent | {"shown": json.dumps(shown), "title": "冬季上门"}
    assert clerk.post(url(tender, "/draft/basics"), values).status == 200
    assert make.whole(tender.id).title == "冬季上门"
    answer = leave("夏季探访")
    assert answer.status == 409
    assert "有人改过" in answer.response.json["detail"]
    assert make.whole(tender.id).title == "冬季上门"
    assert clerk.submit(first, {"title": "秋季探访"}, button="保存").status == 422


@pytest.mark.parametrize(
    ("section", "box", "typed", "stands"),
    [("criteria", "rows-0-max_centi", "36", "36.00"), ("money", "line_{line}", "12万", "120,000.00")],
)
def test_what_a_page_has_just_saved_by_itself_is_no_other_s_however_it_was_typed(
    office, clerk, section, box, typed, stands
):
    """Pressing the button straight from a box sends the box and the whole page, which was made before either."""
    tender = make.draft(office)
    box = box.format(line=tender.lots[0].funding[0].line_id)
    page = clerk.get(url(tender, f"/draft/{section}"))
    assert autosave(clerk, tender, section, box, typed).status == 200
    assert clerk.submit(page, {box: typed}, button="保存").status == 200
    assert clerk.get(url(tender, f"/draft/{section}")).form(button="保存").values[box] == [stands]


def test_a_number_that_another_has_changed_meanwhile_is_shown(office, clerk):
    tender = make.draft(office)
    page = clerk.get(url(tender, "/draft/criteria"))
    assert autosave(clerk, tender, "criteria", "rows-0-max_centi", "36").status == 200
    page = clerk.submit(page, {"rows-0-max_centi": "37"}, button="保存")
    assert page.status == 422
    assert page.words("//details/p") == ["36.00"]


def test_an_emptied_name_waits_for_the_whole_page(office, clerk):
    tender = make.draft(office)
    n = len(tender.lots[0].criteria)
    assert autosave(clerk, tender, "criteria", "rows-0-title", "").status == 200
    assert len(make.whole(tender.id).lots[0].criteria) == n


def test_a_new_row_grows_field_by_field(office, clerk):
    tender = make.draft(office)
    n = len(tender.qualifications)
    autosave(clerk, tender, "qualification", f"rows-{n}-title", "有固定服务场所")
    assert len(make.whole(tender.id).qualifications) == n
    autosave(clerk, tender, "qualification", f"rows-{n}-evidence", "产权证或租赁合同")
    assert make.whole(tender.id).qualifications[n].title == "有固定服务场所"


def test_money_from_several_lines_is_summed(office, clerk):
    tender = make.draft(office)
    line = tender.lots[0].funding[0].line_id
    page = clerk.submit(clerk.get(url(tender, "/draft/money")), {f"line_{line}": "25万"}, button="保存")
    assert "¥250,000.00" in page.text
    assert make.whole(tender.id).budget_fen == 250_000 * YUAN
    page = clerk.submit(page, {f"line_{line}": ""}, button="保存")
    assert page.status == 422
    assert "请至少从一项预算中安排资金" in page.text


def test_a_larger_budget_offers_open_tender_alone(office, clerk):
    tender = make.draft(office)
    line = tender.lots[0].funding[0].line_id
    clerk.submit(clerk.get(url(tender, "/draft/money")), {f"line_{line}": "50万"}, button="保存")
    page = clerk.get(url(tender, "/draft/timing"))
    assert "竞争性磋商" in page.text
    assert page.words("//label[contains(@for, 'method-')]") == ["公开招标"]
    page = clerk.submit(page, {"method": "open_tender"}, button="保存")
    assert make.whole(tender.id).method == "open_tender"
    assert "须先公开采购意向" in page.text
    page = clerk.submit(clerk.get(url(tender, "/draft")), button="公开采购意向")
    assert make.whole(tender.id).intention_at is not None


def test_an_intention_is_published_as_the_page_showed_it_or_not_at_all(office, clerk):
    tender = make.draft(office, amount_fen=500_000 * YUAN)
    clerk.submit(clerk.get(url(tender, "/draft/timing")), {"method": "open_tender"}, button="保存")
    page = clerk.get(url(tender, "/draft"))
    colleague = clerk.get(url(tender, "/draft/basics"))
    clerk.submit(colleague, {"title": "另一个名称"}, button="保存")
    refused = clerk.submit(page, button="公开采购意向")
    assert "内容已变化，请重新核对" in refused.text
    assert make.whole(tender.id).intention_at is None
    clerk.submit(refused, button="公开采购意向")
    assert make.whole(tender.id).intention_at is not None


def test_lots_are_added_and_taken_away_on_the_page(office, clerk):
    tender = make.draft(office)
    line = tender.lots[0].funding[0].line_id
    page = clerk.submit(clerk.get(url(tender, "/draft/money")), button="再加一个包")
    assert "第 2 包" in page.heading
    page = clerk.submit(page, {f"line_{line}": "5万"}, button="保存")
    assert make.whole(tender.id).budget_fen == 230_000 * YUAN
    assert "第 2 包" in clerk.get(url(tender, "/draft")).text
    clerk.submit(page, button="删除本包")
    assert len(make.whole(tender.id).lots) == 1


@pytest.mark.parametrize(
    ("typed", "kept", "said"),
    [("", 0, None), ("0", 0, None), ("10%", 10_00, None), ("10.01", 0, "不得超过合同金额的 10%，现为 10.01%。")],
)
def test_a_bond_is_none_or_at_most_what_the_law_allows(office, clerk, typed, kept, said):
    tender = make.draft(office)
    page = clerk.get(url(tender, "/draft/timing"))
    assert "最多为合同金额的 10%" in page.text
    page = clerk.submit(page, {"bond_bp": typed}, button="保存")
    assert make.whole(tender.id).bond_bp == kept
    assert page.errors.get("bond_bp") is None if said is None else said in page.errors["bond_bp"]
    if said:
        assert page.form(button="保存").values["bond_bp"] == [typed]


@pytest.mark.parametrize(
    ("share_bp", "lang", "said"),
    [
        (0, "zh", "履约保证金不收取"),
        (500, "zh", "履约保证金成交金额的 5%，以非现金形式提交"),
        (0, "en", "Performance bond None taken"),
        (500, "en", "Performance bond 5% of the award price, never in cash"),
    ],
)
def test_both_officers_read_whether_a_bond_is_asked_for(office, clerk, approver, clock, share_bp, lang, said):
    tender = make.draft(office)
    actions.save_tender(office.as_clerk(), tender.id, clock.now, section="timing", bond_bp=share_bp)
    actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    for visitor, path in ((clerk, ""), (approver, "/review")):
        visitor.client.set_cookie("lang", lang)
        assert "".join(said.split()) in "".join(visitor.get(url(tender, path)).text.split())


# --- the second officer ----------------------------------------------------------------------------------------------


def test_the_review_shows_flags_and_differences(office, clerk, approver, clock):
    tender = make.submitted(office)
    page = approver.get(url(tender, "/review"))
    page = approver.submit(page, {"reason": ""}, button="退回修改")
    assert page.status == 422
    page = approver.submit(page, {"reason": "请写明探访总次数"}, button="退回修改")
    assert "编制中" in page.text
    page = clerk.get(url(tender, "/draft"))
    assert "请写明探访总次数" in page.text
    text = make.whole(tender.id).requirement + "\n全年 1,200 人次"
    clerk.submit(clerk.get(url(tender, "/draft/basics")), {"requirement": text}, button="保存")
    clerk.submit(clerk.get(url(tender, "/draft")), button="提交审核")
    page = approver.get(url(tender, "/review"))
    assert page.words("//ins") == ["全年 1,200 人次"]


def test_a_refused_publication_says_why_on_the_review_page(session, visitors, clock):
    office = make.street_office(with_keys=False)
    tender = make.submitted(office)
    visitor = sign_in(visitors(), office.approver)
    page = visitor.submit(visitor.get(url(tender, "/review")), button="审核通过并发布公告")
    assert page.url == url(tender, "/review")
    assert "还缺 2 名" in page.text
    assert make.whole(tender.id).state == TenderState.REVIEW


def test_an_approver_publishes_only_what_the_page_showed(office, clerk, approver):
    tender = make.submitted(office, amount_fen=50_000 * YUAN)
    line = tender.lots[0].funding[0].line_id
    old, other = approver.get(url(tender, "/review")), approver.get(url(tender, "/review"))
    approver.submit(other, {"reason": "请核对金额"}, button="退回修改")
    clerk.submit(clerk.get(url(tender, "/draft/money")), {f"line_{line}": "20万"}, button="保存")
    clerk.submit(clerk.get(url(tender, "/draft")), button="提交审核")
    page = approver.submit(old, button="审核通过并发布公告")
    assert page.url == url(tender, "/review")
    assert "内容已变化，请重新核对。" in page.text
    assert "¥200,000.00" in page.text
    assert make.whole(tender.id).state == TenderState.REVIEW
    # Nor is it given back as if this content had been read, and the reason typed stays.
    page = approver.submit(old, {"reason": "请写明次数"}, button="退回修改")
    assert page.status == 422
    assert "内容已变化，请重新核对。" in page.text
    assert [text.strip() for text in page.form(button="退回修改").values["reason"]] == ["请写明次数"]
    assert make.whole(tender.id).state == TenderState.REVIEW
    page = approver.submit(page, button="审核通过并发布公告")
    assert "公告中" in page.text
    assert make.whole(tender.id).budget_fen == 200_000 * YUAN


def test_a_publication_that_does_not_say_what_was_seen_is_refused(office, approver):
    tender = make.submitted(office)
    token = approver.get(url(tender, "/review")).form(button="审核通过并发布公告").values["csrf_token"][0]
    assert "内容已变化" in approver.post(url(tender, "/publish"), {"csrf_token": token}).text
    assert make.whole(tender.id).state == TenderState.REVIEW


def test_the_calendar_is_said_in_words(office, clerk, clock):
    tender = make.published(office)
    page = clerk.get(url(tender))
    assert "2026 年：国务院公布的放假调休安排" in page.text
    assert tender.calendar_version not in page.text
    own = f"2015:x;2026:{office.street.district.code}-2026-2"
    tender.calendar_version, tender.deadline_at = own, tender.deadline_at.replace(year=2027)
    page = clerk.get(url(tender))
    assert "2026 年：本区录入的放假调休安排" in page.text
    assert "2027 年：放假安排尚未公布，暂按周一至周五计算" in page.text
    assert "2015" not in page.words("//dd")[-1]


def test_a_purchase_is_called_off_with_a_public_reason(office, approver):
    tender = make.published(office)
    page = approver.get(url(tender, "/cancel"))
    page = approver.submit(page, {"reason": ""}, button="取消采购")
    assert page.status == 422
    page = approver.submit(page, {"reason": "资金另有安排"}, button="取消采购")
    assert "已取消" in page.text
    assert "资金另有安排" in page.text


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_another_street_finds_nothing(office, visitors):
    tender = make.draft(office)
    other = make.street_office(street("320115002"))
    stranger = sign_in(visitors(), other.clerk)
    for rest in ("", "/draft", "/draft/basics"):
        assert stranger.get(url(tender, rest)).status == 404
    assert "没有符合条件的采购项目" in stranger.get("/tenders/").text


def test_an_opener_reads_and_does_not_write(office, visitors):
    tender = make.draft(office)
    opener = sign_in(visitors(), office.openers[0])
    assert opener.get(url(tender)).status == 200
    assert opener.get(url(tender, "/draft")).status == 403
    assert opener.get(url(tender, "/review")).status == 403


def test_a_published_draft_cannot_be_opened_for_writing(office, clerk):
    tender = make.published(office)
    assert clerk.get(url(tender, "/draft")).url == url(tender)
    assert clerk.get(url(tender, "/draft/basics")).url == url(tender)
    assert clerk.get(url(tender, "/draft/nonsense")).status == 404
    assert clerk.get("/tenders/999999").status == 404
    assert clerk.get("/tenders/99999999999999999999").status == 404  # more than a table's number can be


def test_what_one_person_saves_in_a_row_is_one_event_that_names_the_parts(office, clerk, visitors, clock):
    tender = make.draft(office)
    for section, typed in (("basics", {"title": "冬季探访"}), ("criteria", {}), ("basics", {"title": "春季探访"})):
        clerk.submit(clerk.get(url(tender, f"/draft/{section}")), typed, button="保存")
        clock.forward(minutes=20)
    other = sign_in(visitors(), person(Role.STREET_CLERK, office.street.scope, name="方圆"))
    other.submit(other.get(url(tender, "/draft/timing")), button="保存")
    page = clerk.get(url(tender))
    titles = page.words("//p[@class='timeline-title']")
    assert titles == ["修改", "修改", "新建"]
    said = page.words("//p[@class='timeline-text']")
    assert said == ["方式与时间", "项目概况、评审标准；2026-03-31 09:00 起共保存 3 次"]


def test_the_desk_names_what_waits(app, office, clock):
    from market.tenders.room import CARD
    from market.web.rooms import waiting_in
    from tests.factories.people import acting

    drafting, sent, opened = make.draft(office), make.submitted(office), make.published(office)
    at_clerk = {(w.verb, w.url) for w in waiting_in([CARD], acting(office.clerk), clock.now)}
    assert at_clerk == {
        ("完成编制并提交审核", url(drafting, "/draft")),
        ("公告中，关注截止时间", url(opened)),
    }
    assert [(w.verb, w.url) for w in waiting_in([CARD], acting(office.approver), clock.now)] == [
        ("审核并发布公告", url(sent, "/review"))
    ]
    assert waiting_in([CARD], acting(person(Role.EXPERT)), clock.now) == []


def test_a_demand_leaves_the_desk_when_its_draft_is_begun_and_the_draft_begins_with_its_words(office, clerk):
    asked, offered = need_factory.demand(office.street), "/needs/demands/"
    assert clerk.get("/desk").link("为需求安排采购") == f"{offered}{asked.id}"
    row = make.draft(office, demand_id=asked.id)
    assert row.requirement == f"{asked.description}\n{row.item.description}\n{row.item.requirements}"
    assert offered not in clerk.get("/desk").source
    # Bought in two parts it may still be: the page says that one is under way, and leads there.
    page = clerk.get(f"/tenders/new?demand={asked.id}")
    assert page.link(row.title) == url(row, "/draft")


def test_the_list_is_paged_by_key_and_searched(office, clerk, clock):
    for number in range(22):
        make.draft(office, title=f"第{number}批探访" if number else "梧桐巷助浴")
    page = clerk.get("/tenders/")
    assert len(page.all("//tbody/tr")) == 20
    page = clerk.get(page.link("下一页"))
    assert len(page.all("//tbody/tr")) == 2
    page = clerk.get("/tenders/?q=助浴")
    assert page.words("//tbody/tr/th") == ["梧桐巷助浴"]
    assert len(clerk.get("/tenders/?stage=open").all("//tbody/tr")) == 0


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("", 10), ("/draft", 10), ("/review", 10), ("/cancel", 10),
        *((f"/draft/{name}", 10) for name in SECTIONS),
    ],
)  # fmt: skip
def test_pages_stay_within_their_statements(office, clerk, approver, path, most):
    who = approver if path in {"/review", "/cancel"} else clerk
    maker = {"/review": make.submitted, "/cancel": make.published}.get(path, make.draft)
    tender = maker(office)
    assert who.get(url(tender, path), most=most).status == 200


def test_the_list_and_the_first_step_stay_within_their_statements(office, clerk):
    for _ in range(3):
        make.draft(office)
    assert clerk.get("/tenders/", most=8).status == 200
    assert clerk.get("/tenders/?q=探访", most=8).status == 200
    assert clerk.get("/tenders/new", most=10).status == 200
