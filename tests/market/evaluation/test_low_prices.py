"""Abnormally low prices by clicking: asked, answered, judged by the panel, concluded."""

from __future__ import annotations

import io

from market.evaluation import actions, queries
from tests.factories import evaluation as cases
from tests.factories.panels import user_of
from tests.fixtures.visitor import on_desk


def test_a_low_price_is_asked_answered_judged_and_concluded(go, clock):
    case = cases.declared(cases.LOW)
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/lots/{case.lot_id}")
    assert "有 1 个报价触发审查" in page.text
    page = clerk.get(page.link("查看报价审查"), most=12)
    assert "¥81,000.00" in page.text, "45 % of the ceiling"
    page = clerk.submit(page, {"ask-minutes": "20", "ask-sure": "y"}, button="要求说明")
    assert page.errors == {"ask-minutes": "错误：说明时间不少于 30 分钟。"}
    assert "30 至 10080 分钟（7 天）" in page.text
    page = clerk.submit(page, {"ask-minutes": "99999999999", "ask-sure": "y"}, button="要求说明")
    assert page.errors == {"ask-minutes": "错误：说明时间不超过 10080 分钟（7 天）。"}
    page = clerk.submit(page, {"ask-minutes": "30", "ask-sure": "y"}, button="要求说明")
    (inquiry,) = queries.inquiries(case.lot_id)
    bidder = go(case, case.teams[3].signatory)
    answer = bidder.get(f"/evaluation/inquiries/{inquiry.id}", most=12)
    answer = bidder.submit(
        answer,
        {"reply": "志愿者为主", "evidence": (io.BytesIO(b"%PDF-1.7 x"), "成本.pdf"), "sure": "y"},
        button="提交说明",
    )
    assert "成本.pdf" in answer.text
    assert "提交说明" not in [b.text_content().strip() for b in answer.all("//button")]
    # Each member judges on a page of their own, reached from the desk, and sees no colleague before all have.
    name = case.teams[3].organisation.name
    opinions = (("unmet", "证明不足。"), ("met", "人工由志愿者承担"), ("unmet", "证明不足"))
    for place, (verdict, reason) in enumerate(opinions):
        member = go(case, user_of(case.seats[place]))
        assert "判断报价说明" in on_desk(member)
        page = member.get(f"/evaluation/seats/{case.seats[place].id}", most=12)
        page = member.get(page.link(f"提出意见 {name}"), most=12)
        assert "志愿者为主" in page.text
        assert "¥180,000.00 × 45% = ¥81,000.00" in page.text, "the numbers to judge by"
        assert not any(said in page.text for _verdict, said in opinions)
        assert member.get(page.link("成本.pdf")).response.data == b"%PDF-1.7 x"
        page = member.submit(page, {"accepted": verdict, "sure": "y"}, button="提交意见")
        assert page.errors == {"reason": "错误：请填写“理由”。"}
        clerks = clerk.get(f"/evaluation/inquiries/{inquiry.id}")
        assert f"3 名成员中有 {place} 名已提出意见" in clerks.text
        assert not clerks.all("//form[contains(@action, '/decision')]")
        assert "证明不足" not in clerks.source
        page = member.submit(page, {"reason": reason}, button="提交意见")
        assert "意见已提交" in page.text
        assert "判断报价说明" not in on_desk(member)
    assert "人工由志愿者承担" in page.text, "all are in: the members see one another's opinions"
    assert "等待经办人记录结论" in page.text
    assert "不接受，投标无效（2 比 1）" in page.text
    assert "×" not in bidder.get(f"/evaluation/inquiries/{inquiry.id}").text, "a bidder reads no other's price"
    page = clerk.get(f"/evaluation/lots/{case.lot_id}/prices")
    assert "评审组意见 3 / 3" in page.text
    page = clerk.get(page.link(f"记录结论 {name}"), most=12)
    assert "不接受，投标无效（2 比 1）" in page.text
    assert page.words("//textarea[@name='reason']") == ["证明不足。"]
    page = clerk.submit(page, {"sure": "y"}, button="记录结论")
    assert "不接受" in page.text
    assert case.bids[3].verdict == "invalid"
    answer = bidder.get(f"/evaluation/inquiries/{inquiry.id}")
    assert "证明不足" in answer.text
    assert "志愿者承担" not in answer.text, "who thought what stays inside"


def test_after_the_window_the_bidder_cannot_answer_and_the_panel_judges(go, clock):
    case = cases.declared(cases.LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    bidder = go(case, case.teams[3].signatory)
    page = bidder.get(f"/evaluation/inquiries/{inquiry.id}")
    clock.forward(minutes=30)
    late = bidder.submit(page, {"reply": "晚了一步", "sure": "y"}, button="提交说明")
    assert late.status == 422
    assert "说明时间已于" in late.text
    case.at = clock.now
    member = go(case, user_of(case.seats[0]))
    page = member.get(f"/evaluation/inquiries/{inquiry.id}")
    assert "投标人没有提交说明" in page.text
    assert member.submit(page, {"accepted": "unmet", "reason": "未说明", "sure": "y"}, button="提交意见").status == 200


def test_scores_of_a_bid_refused_for_its_price_count_no_longer_and_the_report_names_it(go):
    case = cases.scored(cases.LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    cases.conclude(case, inquiry, False, False, True, at=case.tick(minutes=31), reason="未说明")
    clerk = go(case, case.office.clerk)
    board = clerk.get(f"/evaluation/lots/{case.lot_id}", most=14)
    assert "12 / 12 项" in board.text
    assert "16 / 12 项" not in board.text
    actions.rank_lot(case.clerk, case.lot_id, case.tick())
    page = go(case, case.office.clerk).get(f"/evaluation/lots/{case.lot_id}/report", most=10)
    assert f"4. {case.teams[3].organisation.name}" in page.text
    assert "报价明显偏低，且未能说明其合理性：未说明" in page.text
    assert page.text.count("低价说明不成立") == 1
    assert "评审组对 4 号投标报价说明的意见" in page.text


def test_the_report_says_of_an_accepted_low_price_that_it_was_explained_and_how(go):
    case = cases.scored(cases.LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    cases.conclude(case, inquiry, True, at=case.tick(minutes=31))
    actions.rank_lot(case.clerk, case.lot_id, case.tick())
    page = go(case, case.office.clerk).get(f"/evaluation/lots/{case.lot_id}/report", most=10)
    rows = page.words("//table[.//*[contains(., '资格审查和低价审查的结论')]]/tbody/tr")
    assert [("低价说明成立" in row, "人工成本有协议为证" in row) for row in rows] == [(False, False)] * 3 + [
        (True, True)
    ]


def test_before_the_panel_is_drawn_nobody_can_conclude(go, clock):
    case = cases.qualified(cases.LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    case.at = inquiry.until
    page = go(case, case.office.clerk).get(f"/evaluation/inquiries/{inquiry.id}")
    assert "还没有抽取评审组" in page.text
    assert page.all("//main//form") == []


def test_a_member_who_owes_an_opinion_can_be_replaced_after_scoring(go, clock):
    case = cases.scored(cases.LOW)
    clerk = go(case, case.office.clerk)
    url = f"/evaluation/lots/{case.lot_id}/panel"
    assert "缺席，换人" not in clerk.get(url).text
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    case.at = inquiry.until
    page = go(case, case.office.clerk).get(url)
    assert page.text.count("缺席，换人") == 3


def test_the_panel_asks_by_judgement(go):
    case = cases.qualified()
    clerk = go(case, case.office.clerk)
    page = clerk.get(f"/evaluation/lots/{case.lot_id}/prices")
    typed = {"bid": str(case.bids[1].id), "reason": "人员数与报价不相称", "sure": "y"}
    page = clerk.submit(page, typed, button="要求该投标人说明")
    assert "待结论" in page.text
