"""The pages of the room, as an organisation, an officer and a stranger meet them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from market.bids import actions, queries
from market.kernel.permits import Role
from market.records.keys import receipt_public
from market.records.queue import run_pending
from market.records.signing import verify_receipt
from market.tenders import actions as tender_actions
from market.tenders.states import Method
from tests.factories import bids, tenders
from tests.factories.organisations import Team
from tests.factories.people import PASSPHRASE, acting, keys, person, sign_in
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Page, Visitor


def typed(page: Page, price: str = "165,000") -> dict[str, Any]:
    """A complete bid as a person types it."""
    answers = {node.get("name"): "逐项落实。" for node in page.all("//textarea[starts-with(@name, 'answer_')]")}
    return {
        "price": price,
        "team": "项目负责人一名，社工三名。",
        "schedule": "签约后十日内进场。",
        "declaration_ties": "无",
        **answers,
    }


def base(case: bids.Case, team: Team) -> str:
    return f"/bids/{case.lot_id}/{team.id}"


def test_an_organisation_finds_writes_checks_and_submits(
    visitor: Visitor, clock: StandingClock, visitors: Callable[[], Visitor]
) -> None:
    case, team = bids.sealed_lot(), bids.bidder("江宁区暖邻社会工作服务中心")
    sign_in(visitor, team.signatory)
    page = visitor.get("/bids/open", most=8)
    page = visitor.get(page.link(case.lot.tender.title))
    assert page.heading == case.lot.tender.title
    page = visitor.get(page.link("填写投标文件"), most=10)
    page = visitor.submit(page, typed(page), button="保存草稿", most=20)
    assert "壹拾陆万伍仟元整" in page.text
    page = visitor.get("/bids/", most=8)
    assert "没有回执，就是没有递交" in page.text
    page = visitor.get(page.link("检查并递交"), most=10)
    assert "必填内容齐全" in page.text
    page = visitor.get(page.link("去递交"), most=10)
    page = visitor.submit(page, {"sure": "y"}, button="递交投标")
    assert page.heading == "投标回执"
    assert "请下载并妥善保存" in page.text
    kept = visitor.get(page.link("下载回执文件"))
    receipt = json.loads(kept.source)
    assert verify_receipt(receipt_public(), receipt)
    assert receipt["payload"]["organisation"]["name"] == "江宁区暖邻社会工作服务中心"
    page = visitor.get("/bids/", most=8)
    assert "没有回执，就是没有递交" not in page.text
    assert page.words("//td//span[contains(@class, 'tag')]") == ["已递交"]


def test_the_purchase_s_public_page_leads_to_the_bid_for_it(
    visitor: Visitor, clock: StandingClock, visitors: Callable[[], Visitor]
) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.sealed_lot(case.office, title="另一个项目")
    purchase = f"/purchases/{case.lot.tender.file.ocid}"
    page = sign_in(visitor, team.editor).get(purchase)
    page = visitor.get(page.link("办理本单位的投标"), most=10)
    assert (page.url, page.heading) == (base(case, team), case.lot.tender.title)
    # Whoever is not signed in comes to the same after the sign-in; an official has no bid to go to.
    page = visitors().get(purchase)
    assert page.link("社会组织登录投标") == f"/bids{purchase}"
    assert not sign_in(visitors(), case.office.clerk).get(purchase).all("//main//a[starts-with(@href, '/bids')]")


def test_a_purchase_with_several_open_lots_leaves_the_choice(visitor: Visitor, clock: StandingClock) -> None:
    office, team = tenders.street_office(), bids.bidder()
    tender = tenders.draft(office, amount_fen=100_000_00)
    tender_actions.add_lot(office.as_clerk(), tender.id, {tender.lots[0].funding[0].line_id: 50_000_00}, clock.now)
    tender_actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    tender_actions.publish_tender(office.as_approver(), tender.id, clock.now)
    ocid = tenders.whole(tender.id).file.ocid
    page = sign_in(visitor, team.editor).get(f"/bids/purchases/{ocid}", most=8)
    assert (page.heading, len(page.all("//tbody/tr"))) == ("可投标项目", 2)


def write(visitor: Visitor, case: bids.Case, team: Team, price: str = "165,000") -> Page:
    """Fill the draft on its page."""
    page = visitor.get(f"{base(case, team)}/draft")
    return visitor.submit(page, typed(page, price), button="保存草稿")


def test_a_submission_takes_twelve_statements_with_many_criteria_and_files(
    visitor: Visitor, clock: StandingClock
) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    sign_in(visitor, team.signatory)
    bids.fill(case, team, files={"一.pdf": bids.PDF, "二.pdf": bids.PDF + b"2"})
    page = visitor.get(f"{base(case, team)}/submit")
    sent = visitor.submit(page, {"sure": "y"}, button="递交投标", follow=False)
    assert sent.status == 302
    assert len(sent.statements) <= 12, "\n".join(sent.statements)


def test_a_second_press_of_the_button_finds_the_first_receipt(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    sign_in(visitor, team.signatory)
    bids.fill(case, team)
    page = visitor.get(f"{base(case, team)}/submit")
    first = visitor.submit(page, {"sure": "y"}, button="递交投标")
    second = visitor.submit(page, {"sure": "y"}, button="递交投标")
    assert first.words("//p[@class='lead']") == second.words("//p[@class='lead']")
    assert queries.bid_count(case.lot_id) == 1


def test_a_late_press_is_refused_and_stays_in_the_books(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    clock.forward(seconds=(case.deadline - clock.now).total_seconds() - 1)
    page = sign_in(visitor, team.signatory).get(f"{base(case, team)}/submit")
    clock.forward(seconds=1)
    late = visitor.submit(page, {"sure": "y"}, button="递交投标")
    assert (late.status, late.heading) == (422, "已过截止时间，没有递交成功")
    assert queries.late_attempts(case.lot_id, team.id) == 1
    assert queries.bid_count(case.lot_id) == 0
    page = visitor.get(base(case, team))
    assert "已开始，未递交" in page.text
    assert "截止后的递交尝试：1 次" in page.text


def test_what_changed_after_the_last_look_is_shown_anew_and_not_submitted(
    visitor: Visitor, clock: StandingClock
) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team, 150_000_00)
    page = sign_in(visitor, team.signatory).get(f"{base(case, team)}/submit")
    actions.save_fields(bids.editor(team), case.lot_id, team.id, {"price_fen": 140_000_00}, 99, clock.now)
    refused = visitor.submit(page, {"sure": "y"}, button="递交投标")
    assert (refused.status, queries.bid_count(case.lot_id)) == (422, 0)
    assert "内容已变化，请重新核对" in refused.text
    assert "¥140,000.00" in refused.text
    # The tick was for the other price: it is given anew.
    assert not refused.all("//input[@name='sure'][@checked]")
    visitor.submit(refused, {"sure": "y"}, button="递交投标")
    assert queries.bid_count(case.lot_id) == 1


def test_who_sends_no_mark_of_a_page_submits_nothing(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    form = sign_in(visitor, team.signatory).get(f"{base(case, team)}/submit").form(action="/submit")
    unseen = {name: value for name, value in form.values.items() if name != "seen"}
    refused = visitor.post(form.action, {**unseen, "sure": "y"})
    assert (refused.status, "内容已变化，请重新核对" in refused.text) == (422, True)
    assert queries.bid_count(case.lot_id) == 0


def test_an_empty_draft_says_first_that_a_bid_was_submitted(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bid = bids.submit(case, team)
    page = sign_in(visitor, team.editor).get(f"{base(case, team)}/draft", most=10)
    assert f"已递交，回执 {bid.receipt_number}" in page.text
    assert "这份草稿只用于替换它" in page.text
    assert page.link("查看回执") == f"/bids/receipts/{bid.receipt_number}"
    assert "还差" not in page.text
    actions.save_fields(bids.editor(team), case.lot_id, team.id, {"team": "重写"}, 99, clock.now)
    page = visitor.get(f"{base(case, team)}/draft", most=10)
    assert ("这份草稿只用于替换它" in page.text, "还差" in page.text) == (True, True)


def test_each_box_that_saves_itself_tells_how_much_is_still_missing(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    page = sign_in(visitor, team.editor).get(f"{base(case, team)}/draft")
    token = page.form(button="保存草稿").values["csrf_token"][0]
    told = []
    for typed in ("", "150,000"):
        answer = visitor.post(
            f"{base(case, team)}/field?v=99",
            {"field": "price", "price": typed},
            headers={"X-CSRFToken": token, "Accept": "application/json"},
            most=12,
        )
        told.append(json.loads(answer.source)["missing"])
    assert told == [1, 0]


def test_a_complete_bid_of_an_unconfirmed_organisation_is_not_called_ready(
    visitor: Visitor, clock: StandingClock
) -> None:
    case, team = bids.sealed_lot(), bids.bidder(confirmed=False)
    bids.fill(case, team)
    page = sign_in(visitor, team.signatory).get(f"{base(case, team)}/submit")
    assert page.words("//main//p[@class='notice-title']")[-1:] == ["现在不能递交"]
    assert "递交投标" not in [button.text for button in page.all("//main//button")]
    page = visitor.get(page.link("返回检查"))
    assert page.words("//main//p[@class='notice-title']")[-2:] == ["现在不能递交", "内容齐全"]
    # One of the usual conditions is looked up by the buyer and wants no paper.
    assert "由采购人查询，不需提交" in page.text
    assert "其中要提交证明材料的，请确认都在附件中" in page.text


def test_the_tick_is_needed(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team)
    sign_in(visitor, team.signatory)
    page = visitor.submit(visitor.get(f"{base(case, team)}/submit"), button="递交投标")
    assert page.status == 422
    assert "请勾选" in page.errors["sure"]
    assert queries.bid_count(case.lot_id) == 0


def test_what_is_missing_is_listed_with_links_to_the_fields(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    sign_in(visitor, team.signatory)
    page = visitor.get(f"{base(case, team)}/draft")
    visitor.submit(page, {"price": "200,000", "team": "三名社工"}, button="保存草稿")
    page = visitor.get(f"{base(case, team)}/check")
    links = {node.get("href").partition("#")[2]: node.text for node in page.all("//ol//a[contains(@href, '#')]")}
    assert "高于最高限价" in links["price"]
    assert {"schedule", "declaration_ties"} <= set(links)
    assert "team" not in links
    draft = visitor.get(f"{base(case, team)}/draft")
    assert set(links) <= {node.get("id") for node in draft.all("//*[@id]")}
    assert visitor.get(f"{base(case, team)}/submit").heading == "递交前检查"


def test_an_unreadable_price_stays_in_its_box_and_the_rest_is_saved(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    sign_in(visitor, team.editor)
    page = visitor.get(f"{base(case, team)}/draft")
    page = visitor.submit(page, {"price": "十六万五", "team": "三名社工"}, button="保存草稿")
    assert page.status == 422
    assert "看不懂金额" in page.errors["price"]
    assert page.all("//input[@name='price']")[0].get("value") == "十六万五"
    page = visitor.get(f"{base(case, team)}/draft")
    assert page.words("//textarea[@name='team']") == ["三名社工"]


def autosave(visitor: Visitor, page: Page, name: str, value: str) -> Page:
    """What the script of the page sends when a field is left."""
    url = page.all(f"//*[@name='{name}']")[0].get("data-autosave")
    token = page.all("//main//input[@name='csrf_token']")[0].get("value")
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    return visitor.post(url, {name: value, "field": name}, headers=headers, most=16)


def test_each_field_saves_itself_as_it_is_left(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    sign_in(visitor, team.editor)
    page = visitor.get(f"{base(case, team)}/draft")
    answer = page.all("//textarea[starts-with(@name, 'answer_')]")[0].get("name")
    for name, value in (("price", "16.5万"), (answer, "入户探访"), ("secret", "team")):
        saved = autosave(visitor, page, name, value)
        assert (saved.status, json.loads(saved.source)["saved_at"]) == (200, "2026-03-31T01:00:00.000000Z")
    bad = autosave(visitor, page, "price", "很多")
    assert (bad.status, "看不懂金额" in json.loads(bad.source)["detail"]) == (422, True)
    assert autosave(visitor, page, "price", "").status == 200
    page = visitor.get(f"{base(case, team)}/draft")
    assert page.words(f"//textarea[@name='{answer}']") == ["入户探访"]
    marked = page.all("//input[@name='secret'][@checked]")
    assert [node.get("value") for node in marked] == ["team"]


def test_two_people_on_one_field_lose_nothing(
    visitor: Visitor, visitors: Callable[[], Visitor], clock: StandingClock
) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    mine, other = sign_in(visitor, team.editor), sign_in(visitors(), team.signatory)
    mine_page, other_page = (v.get(f"{base(case, team)}/draft") for v in (mine, other))
    other.submit(other_page, {"team": "签署人写的团队"}, button="保存草稿")
    refused = autosave(mine, mine_page, "team", "经办人写的团队")
    assert (refused.status, team.signatory.name in json.loads(refused.source)["detail"]) == (409, True)
    page = mine.submit(mine_page, {"team": "经办人写的团队", "schedule": "经办人的进度"}, button="保存草稿")
    assert page.status == 422
    assert "您填写的内容仍在框里" in page.errors["team"]
    assert page.words("//textarea[@name='team']") == ["经办人写的团队"]
    assert "签署人写的团队" in page.text
    page = mine.submit(page, button="保存草稿")
    assert page.words("//textarea[@name='team']") == ["经办人写的团队"]
    assert page.words("//textarea[@name='schedule']") == ["经办人的进度"]


def test_files_are_added_marked_and_removed_on_the_page(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    sign_in(visitor, team.editor)
    page = visitor.get(f"{base(case, team)}/draft")
    page = visitor.submit(
        page, {"uploads": (io.BytesIO(bids.PDF), "资质证书.pdf"), "team": "写了"}, button="上传所选文件"
    )
    assert "资质证书.pdf" in page.text
    assert page.words("//textarea[@name='team']") == ["写了"]
    got = visitor.get(page.link("资质证书.pdf"))
    assert got.response.data == bids.PDF
    page = visitor.get(f"{base(case, team)}/draft")
    page = visitor.submit(page, {"uploads": (io.BytesIO(b"MZ\x00program"), "程序.exe")}, button="上传所选文件")
    assert page.status == 422
    assert "“程序.exe”的内容不是可接受的文件类型" in page.text
    assert "资质证书.pdf" in page.text
    page = visitor.submit(visitor.get(f"{base(case, team)}/draft"), {"team": "又写"}, button="删除 资质证书.pdf")
    assert (page.heading, "确定删除“资质证书.pdf”吗？" in page.text) == ("删除附件", True)
    page = visitor.get(page.link("不删除，返回"))
    assert "资质证书.pdf" in page.text
    assert page.words("//textarea[@name='team']") == ["又写"]
    page = visitor.submit(visitor.submit(page, button="删除 资质证书.pdf"), button="删除附件")
    assert "附件已删除。" in page.text
    assert "资质证书.pdf" not in page.text


def test_the_enter_key_saves_and_removes_nothing(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team, files={"一.pdf": bids.PDF})
    page = sign_in(visitor, team.editor).get(f"{base(case, team)}/draft")
    first, *_ = page.form(action="/draft").buttons()
    assert (first.get("name"), first.text_content().strip()) == (None, "保存草稿")
    [button] = page.all("//button[@name='ask_remove']")
    assert "“一.pdf”" in button.get("data-confirm")
    assert button.get("data-confirmed-name") == "remove"


def test_a_file_that_a_colleague_removed_first_stops_no_save(
    visitor: Visitor, visitors: Callable[[], Visitor], clock: StandingClock
) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team, files={"一.pdf": bids.PDF})
    mine, other = sign_in(visitor, team.editor), sign_in(visitors(), team.signatory)
    page = mine.get(f"{base(case, team)}/draft")
    question = mine.submit(page, button="删除 一.pdf")
    gone = page.all("//button[@name='ask_remove']")[0].get("value")

    def answer(who: Visitor, shown: Page, **typed: str) -> Page:
        """Press the dialog's button."""
        form = shown.form(action="/draft")
        return who.post(form.action, {**form.values, **typed, "remove": gone})

    assert "一.pdf" not in answer(other, other.get(f"{base(case, team)}/draft")).text
    assert "附件已删除。" in mine.submit(question, button="删除附件").text
    # The dialog of the page that was opened before: the text typed with it is kept.
    page = answer(mine, page, team="四名社工")
    assert (page.status, page.words("//textarea[@name='team']")) == (200, ["四名社工"])
    assert mine.get(question.url).heading == "填写投标文件"


def test_replace_through_the_own_copy_and_withdraw(visitor: Visitor, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bid = bids.submit(case, team, 170_000_00)
    sign_in(visitor, team.signatory)
    page = visitor.get(f"/bids/receipts/{bid.receipt_number}/copy")
    wrong = visitor.submit(page, {"passphrase": "wrong words here"}, button="查看")
    assert "口令不正确" in wrong.errors["passphrase"]
    page = visitor.submit(page, {"passphrase": PASSPHRASE}, button="查看")
    assert "内容与回执中的摘要一致" in page.text
    assert "¥170,000.00" in page.text
    page = visitor.get(f"/bids/receipts/{bid.receipt_number}/copy")
    page = visitor.submit(page, {"passphrase": PASSPHRASE}, button="放回草稿修改")
    assert page.heading == "填写投标文件"
    assert page.all("//input[@name='price']")[0].get("value") == "170,000.00"
    assert "现在有效的仍是原来递交的那份" in page.text
    page = visitor.get(f"/bids/receipts/{bid.receipt_number}/withdraw")
    page = visitor.submit(page, {"sure": "y"}, button="撤回投标")
    assert page.heading == case.lot.tender.title
    assert page.words("//td[@data-label='状态']") == ["已撤回"]
    assert queries.bid_count(case.lot_id) == 0
    page = visitor.submit(visitor.get(f"{base(case, team)}/discard"), {"sure": "y"}, button="清空草稿")
    assert "草稿已清空" in page.text


def test_strangers_meet_a_missing_page(visitor: Visitor, clock: StandingClock) -> None:
    case, team, other = bids.sealed_lot(), bids.bidder(), bids.bidder()
    bid = bids.submit(case, team)
    sign_in(visitor, other.signatory)
    for url in (
        base(case, team),
        f"{base(case, team)}/draft",
        f"{base(case, team)}/check",
        f"{base(case, team)}/submit",
        f"/bids/receipts/{bid.receipt_number}",
        f"/bids/receipts/{bid.receipt_number}.json",
        f"/bids/receipts/{bid.receipt_number}/copy",
        f"/bids/opening/{case.lot_id}/record",
        f"/bids/lots/{case.lot_id + 1000}",
    ):
        status = visitor.get(url).status
        assert status == 404 or url.endswith(str(case.lot_id + 1000)), url
    assert visitor.get(f"/bids/opening/{case.lot_id}").status == 403
    sign_in(visitor, case.office.clerk)
    assert visitor.get(base(case, team)).status == 403


def test_before_the_deadline_the_opening_page_says_when_and_not_how_many(
    visitor: Visitor, clock: StandingClock
) -> None:
    case = bids.closed()
    sign_in(visitor, case.office.openers[0])
    page = visitor.get(f"/bids/opening/{case.lot_id}", most=10)
    assert "还不能开标" in page.text
    assert "份" not in page.text.partition("还不能开标")[2].partition("截止前收到")[0]
    assert not page.all("//input[@type='password']")
    page = visitor.get("/bids/opening", most=8)
    assert "等待截止" in page.text


def test_two_officers_open_on_their_pages(
    visitor: Visitor, visitors: Callable[[], Visitor], clock: StandingClock, app: Any
) -> None:
    case = bids.closed()
    one, two = visitor, visitors()
    clock.forward(seconds=(case.openable - clock.now).total_seconds())
    sign_in(one, case.office.openers[0])
    sign_in(two, case.office.openers[1])
    page = one.get(f"/bids/opening/{case.lot_id}", most=10)
    assert "3 份" in page.text
    wrong = one.submit(page, {"passphrase": "wrong words here"}, button="完成第一步")
    assert "口令不正确" in wrong.errors["passphrase"]
    page = one.submit(wrong, {"passphrase": PASSPHRASE}, button="完成第一步")
    assert "请另一位开标人登录" in page.text
    assert not page.all("//input[@type='password']")
    page = two.submit(two.get(f"/bids/opening/{case.lot_id}"), {"passphrase": PASSPHRASE}, button="开标")
    assert page.heading == "开标记录"
    assert "正在逐份解密：0 / 3" in page.text
    run_pending(app)
    page = two.get(f"/bids/opening/{case.lot_id}/record", most=10)
    assert "正在逐份解密" not in page.text
    assert page.words("//td[@data-label='报价']") == ["¥170,000.00", "¥165,000.00", "¥160,000.00"]
    assert page.text.count("与回执一致") == 3
    bidder = sign_in(visitors(), case.teams[1].editor)
    page = bidder.get(f"/bids/opening/{case.lot_id}/record")
    assert "本单位" in page.words("//td[@data-label='投标单位']")[1]
    assert case.office.openers[0].name not in page.text


def test_in_a_consultation_a_bidder_sees_the_own_line_only(
    visitor: Visitor, session: Any, clock: StandingClock
) -> None:
    case = bids.closed()
    case.lot.tender.method = Method.CONSULTATION.value
    session.flush()
    bids.open_bids(case)
    sign_in(visitor, case.teams[0].editor)
    page = visitor.get(f"/bids/opening/{case.lot_id}/record")
    assert page.words("//td[@data-label='报价']") == ["¥170,000.00", "不公开", "不公开"]
    for team in case.teams[1:]:
        assert team.organisation.name not in page.text
    sign_in(visitor, case.office.clerk)
    page = visitor.get(f"/bids/opening/{case.lot_id}/record")
    assert case.teams[2].organisation.name in page.text


def test_a_lost_key_is_replaced_on_the_page(
    visitor: Visitor, visitors: Callable[[], Visitor], clock: StandingClock
) -> None:
    case = bids.closed()
    lost, two = case.office.openers
    new = person(Role.STREET_OPENER, case.office.street.scope, name="接替人")
    keys(new)
    one = sign_in(visitor, case.office.escrow)
    page = one.get(f"/bids/opening/{case.lot_id}/replace", most=10)
    values = {"lost": str(lost.id), "replacement": str(new.id), "reason": "口令遗失", "passphrase": PASSPHRASE}
    page = one.submit(page, {**values, "reason": ""}, button="发起更换")
    assert "请填写“原因”" in page.errors["reason"]
    page = one.submit(page, values, button="发起更换")
    assert "等待第二位开标人" in page.text
    other = sign_in(visitors(), two)
    page = other.get(f"/bids/opening/{case.lot_id}/replace")
    page = other.submit(page, {"passphrase": "wrong words here"}, button="完成更换")
    assert "口令不正确" in page.text
    page = other.submit(page, {"passphrase": PASSPHRASE}, button="完成更换")
    assert "已为接替人重新封装" in page.text
    assert new.id in {w.first_user_id for w in queries.wraps_of(case.lot_id)}


def test_the_desk_names_what_is_written_and_not_submitted_and_what_is_to_be_opened(
    visitor: Visitor, clock: StandingClock
) -> None:
    case = bids.closed()
    idle = bids.bidder()
    bids.fill(case, idle)
    title = case.lot.tender.title
    page = sign_in(visitor, idle.signatory).get("/desk")
    assert "递交投标（已填写，尚未递交）" in page.text
    assert title in page.text
    clock.forward(seconds=(case.openable - clock.now).total_seconds())
    page = sign_in(visitor, case.office.openers[0]).get("/desk")
    assert "开标：第一步" in page.text
    actions.peel_lot(acting(case.office.openers[1]), case.lot_id, PASSPHRASE, case.openable)
    assert "开标：第二步" in visitor.get("/desk").text
