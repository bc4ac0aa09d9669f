"""The early end of a contract by clicking: proposal, decision, claim, receipts, waiver; for each side and anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.agreements.queries import agreement as find_agreement
from contracts.endings.room import waiting
from market.db.session import commit, db
from market.kernel.permits import Role
from market.people.models import User
from tests.factories.endings import (
    FINAL,
    approved,
    claim_of,
    ended,
    entered,
    failed_office,
    finance_of,
    paid,
    proposed,
    received,
)
from tests.factories.payouts import accept, office
from tests.factories.people import person, sign_in
from tests.factories.places import street

DETAIL, LIST = 10, 8


@pytest.fixture
def now(session, clock):
    clock.move_to(2026, 7, 31, 9, 0)
    return clock


def user_of(actor) -> User:
    return db.session.get_one(User, actor.user_id)


def desk_of(actor, at=FINAL):
    return [(one.verb, one.url, one.urgent) for one in waiting(actor, at)]


def test_a_contract_is_ended_by_clerk_and_approver(now, visitors):
    desk = office()
    accept(desk, 3)
    commit()
    clerk = sign_in(visitors(), user_of(desk.deal.clerk))
    page = clerk.get(f"/agreements/{desk.agreement.id}", most=DETAIL)
    page = clerk.get(page.link("提出终止"), most=12)
    assert "432,000.00" in page.text
    page = clerk.submit(page, {"ground": "failed", "reason": "不合格", "settle_bp": "0"}, button="提出终止")
    assert page.status == 422
    assert "没有节点最终不合格" in page.text
    page = clerk.submit(page, {"settle_bp": "150"}, button="提出终止")
    assert "请填写 0 到 100%。" in page.errors["settle_bp"]
    page = clerk.submit(page, {"ground": "agreed", "reason": "双方商定终止。", "settle_bp": "80%"}, button="提出终止")
    assert "等待街道审核人批准" in page.text
    ((verb, path, _urgent),) = desk_of(desk.deal.buyer)
    assert verb == "批准终止合同"
    approver = sign_in(visitors(), desk.deal.approver)
    page = approver.get(path, most=12)
    page = approver.submit(page, {"answer": ""}, button="不予批准")
    assert page.status == 422
    assert "answer" in page.errors
    page = approver.submit(page, button="批准终止")
    assert "合同已终止" in page.text
    assert "103,680.00" in page.text
    assert desk_of(desk.deal.buyer) == []
    page = approver.get("/endings", most=LIST)
    assert desk.deal.award.title in page.text
    assert "双方商定终止。" in clerk.get(f"/agreements/{desk.agreement.id}", most=DETAIL).text
    page = visitors().get(f"/purchases/{desk.deal.file.ocid}")
    assert "提前终止" in page.text
    assert "双方协商一致" in page.text


def test_a_contract_is_not_ended_on_other_figures_than_those_shown(now, visitors):
    desk = office()
    accept(desk, 3)
    row = proposed(desk, settle_bp=8_000)
    commit()
    approver = sign_in(visitors(), desk.deal.approver)
    page = approver.get(f"/endings/{row.id}", most=12)
    paid(desk, 1)
    commit()
    refused = approver.submit(page, button="批准终止")
    assert "内容已变化，请重新核对" in refused.text
    page = approver.submit(approver.get(f"/endings/{row.id}"), button="批准终止")
    assert "合同已终止" in page.text


def test_a_proposal_is_sent_back_with_its_reason(now, visitors):
    desk = office()
    row = proposed(desk)
    commit()
    approver = sign_in(visitors(), desk.deal.approver)
    page = approver.submit(approver.get(f"/endings/{row.id}"), {"answer": "理由不充分。"}, button="不予批准")
    assert "理由不充分。" in page.text
    supplier = sign_in(visitors(), desk.deal.team.editor)
    assert "未批准" in supplier.get(f"/endings/{row.id}", most=DETAIL).text
    clerk = sign_in(visitors(), user_of(desk.deal.clerk))
    # It may be proposed again; while one waits, the page leads to it.
    page = clerk.get(f"/endings/new/{desk.agreement.id}")
    assert page.status == 200
    again = proposed(desk)
    commit()
    assert clerk.get(f"/endings/new/{desk.agreement.id}").url.endswith(f"/endings/{again.id}")


def test_money_comes_back_by_clicking_and_everybody_sees_it(now, visitors):
    desk = failed_office()
    claim = ended(desk)
    commit()
    path = f"/endings/claims/{claim.id}"
    assert desk_of(desk.payee) == [("退回款项", path, False)]
    assert desk_of(desk.cashier) == [("登记追回款到账", path, False)]
    assert desk_of(desk.cashier, FINAL + timedelta(days=40)) == [("登记追回款到账", path, True)]
    assert desk_of(desk.checker) == []
    payee = sign_in(visitors(), desk.deal.team.admin)
    page = payee.get("/endings/claims", most=LIST)
    page = payee.get(page.link(claim.number), most=DETAIL)
    assert "3201002000001001" in page.text
    assert "登记到账" not in page.text
    cashier = sign_in(visitors(), desk.cashier_user)
    page = cashier.get(path, most=DETAIL)
    page = cashier.submit(page, {"amount_fen": "10万", "bank_reference": "HK1"}, button="登记到账")
    assert page.status == 422
    assert "¥64,800.00" in page.errors["amount_fen"]
    page = cashier.submit(page, {"amount_fen": "60000"}, button="登记到账")
    assert "待复核" in page.text
    assert desk_of(desk.checker) == [("复核追回款到账", path, False)]
    checker = sign_in(visitors(), desk.checker_user)
    page = checker.submit(checker.get(path, most=DETAIL), button="确认到账")
    assert "已确认到账" in page.text
    assert "4,800.00" in page.text
    public = visitors().get(f"/purchases/{desk.deal.file.ocid}")
    assert "追回" in public.text
    assert claim.number in public.text
    assert "HK1" not in public.text
    received(desk, claim_of(desk), 480_000, "HK2")
    commit()
    assert "已全部收回" in payee.get(path, most=DETAIL).text
    assert "没有待退回的追回款" in payee.get("/endings/claims", most=LIST).text
    assert claim.number in payee.get("/endings/claims?all=1", most=LIST).text


def test_an_entry_is_sent_back_by_clicking(now, visitors):
    desk = failed_office()
    receipt = entered(desk, ended(desk), 1_000)
    commit()
    checker = sign_in(visitors(), desk.checker_user)
    page = checker.get(f"/endings/claims/{claim_of(desk).id}", most=DETAIL)
    page = checker.get(page.link("复核不通过"), most=DETAIL)
    page = checker.submit(page, {"answer": ""}, button="退回登记")
    assert page.status == 422
    page = checker.submit(page, {"answer": "与回单不符"}, button="退回登记")
    assert "与回单不符" in page.text
    assert "已经复核" in checker.get(f"/endings/receipts/{receipt.id}/reject", most=DETAIL).text


def test_the_district_waives_by_clicking(now, visitors):
    desk = failed_office()
    claim = ended(desk)
    finance = user_of(finance_of(desk))
    commit()
    visitor = sign_in(visitors(), finance)
    page = visitor.get(visitor.get("/endings/claims", most=LIST).link(claim.number), most=DETAIL)
    page = visitor.get(page.link("免予追回"), most=DETAIL)
    page = visitor.submit(page, {"reason": ""}, button="决定免予追回并公布")
    assert page.status == 422
    page = visitor.submit(page, {"reason": "机构已注销。"}, button="决定免予追回并公布")
    assert "已免予追回" in page.text
    assert "机构已注销。" in visitors().get(f"/purchases/{desk.deal.file.ocid}").text


def test_no_other_sum_is_waived_than_the_page_said(now, visitors):
    desk = failed_office()
    claim = ended(desk)
    visitor = sign_in(visitors(), user_of(finance_of(desk)))
    commit()
    page = visitor.get(f"/endings/claims/{claim.id}/waive")
    received(desk, claim, 1_000_00)
    commit()
    page = visitor.submit(page, {"reason": "机构已注销。"}, button="决定免予追回并公布")
    assert page.status == 422
    assert "内容已变化，请重新核对" in page.text
    assert "已免予追回" in visitor.submit(page, button="决定免予追回并公布").text


def test_others_find_nothing(now, visitors):
    desk = failed_office()
    claim = ended(desk)
    row = claim.termination_id
    elsewhere = person(Role.STREET_CLERK, street("320115002").scope)
    rival = person(Role.STREET_CASHIER, street("320115002").scope)
    expert = person(Role.EXPERT)
    commit()
    for who, path, status in (
        (elsewhere, f"/endings/{row}", 404),
        (elsewhere, f"/endings/new/{desk.agreement.id}", 404),
        (rival, f"/endings/claims/{claim.id}", 404),
        (expert, "/endings", 403),
        (expert, "/endings/claims", 403),
        (desk.cashier_user, f"/endings/claims/{claim.id}/waive", 403),
    ):
        assert sign_in(visitors(), who).get(path).status == status, path
    assert "没有提前终止的合同" in sign_in(visitors(), elsewhere).get("/endings", most=LIST).text


def test_the_contract_shows_its_recovery_terms_and_the_group_behind_it(now, visitors):
    desk = failed_office(on_behalf_of="东山街道邻里互助队")
    commit()
    page = sign_in(visitors(), desk.deal.team.editor).get(f"/agreements/{desk.agreement.id}", most=DETAIL)
    assert "提前终止与追回款项" in page.text
    assert "已付款项的50%" in page.text
    assert "东山街道邻里互助队" in page.text
    assert page.text.count("不具有法人资格") == 1


def test_the_list_of_open_milestones_leaves_out_a_contract_that_is_over(now, visitors):
    desk = office()
    commit()
    supplier = sign_in(visitors(), desk.deal.team.editor)
    assert "启动与建档" in supplier.get("/delivery", most=LIST).text
    approved(desk, proposed(desk))
    commit()
    assert "启动与建档" not in supplier.get("/delivery", most=LIST).text
    found = find_agreement(desk.agreement.id)
    assert found is not None
    assert found.state == "terminated"
