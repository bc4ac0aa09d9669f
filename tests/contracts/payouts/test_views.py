"""The cashier, the checker and the payee do their steps on pages; each sees only what is theirs."""

from __future__ import annotations

import io
from datetime import timedelta
from fractions import Fraction

import pytest

from contracts.payouts import actions, queries
from contracts.payouts.models import Payment
from contracts.payouts.providers.statement import parse
from contracts.payouts.states import PaymentState
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.permits import Role
from market.people.models import User
from market.records import queue
from tests.factories.organisations import organisation
from tests.factories.payouts import (
    RAISED,
    Office,
    accept,
    again,
    approved,
    change_account,
    evaluate,
    office,
    one,
    ordered,
    raised,
    requested,
    result_file,
    stripe_asked,
)
from tests.factories.people import give, person, sign_in
from tests.factories.places import street
from tests.fixtures.visitor import Page, Visitor

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def desk(session, clock) -> Office:
    clock.move_to(2026, 6, 1, 9, 30)
    found = office()
    accept(found, 1)
    return found


def as_(visitor: Visitor, user: User) -> Visitor:
    return sign_in(visitor, user)


def results(orders, word="成功", after=0):
    """A file of the bank with results of the day of the order, or some days after."""
    return result_file(
        *(
            (o.key, o.amount_fen, word, f"YH{o.key}", f"{beijing_day(o.ordered_at) + timedelta(days=after)}")
            for o in orders
        )
    )


def upload(visitor: Visitor, page: Page, content: bytes, name: str = "结果.csv") -> Page:
    return visitor.submit(page, {"file": (io.BytesIO(content), name)}, action="/statement", most=200)


# --- the way of a payment ---------------------------------------------------------------------------------------------


def test_from_the_desk_to_the_received_money_by_clicking(desk, visitor, clock):
    raised(desk)
    cashier, checker, payee = desk.cashier_user, desk.checker_user, desk.deal.team.admin
    page = as_(visitor, cashier).get("/desk")
    assert "申请付款" in page.text
    assert "ZF-2026-" in page.text
    ids = [row.id for row in queries.payments_of(desk.agreement.id)]
    for payment_id in ids:
        page = visitor.get(f"/payments/{payment_id}")
        visitor.submit(page, button="申请付款")
    page = as_(visitor, checker).get("/desk")
    assert page.text.count("复核付款") >= 2
    for payment_id in ids:
        page = visitor.get(f"/payments/{payment_id}/check")
        assert "6222021001112223334" in page.text
        visitor.submit(page, button="复核通过")
    page = as_(visitor, cashier).get(f"/payments/streets/{desk.street_id}/batch")
    page = visitor.submit(page, button="生成付款文件", most=120)
    assert page.heading.startswith("付款文件 PL-2026-")
    assert "壹拾贰万玖仟陆佰元整" in page.text
    downloads = (
        ("pain.001 付款文件（XML）", b"<?xml"),
        ("批量付款表（CSV）", b"\xef\xbb\xbf"),
        ("批量付款表（Excel）", b"PK"),
    )
    for name, head in downloads:
        got = visitor.get(page.link(name))
        assert got.response.data.startswith(head)
        assert "attachment" in got.response.headers["Content-Disposition"]
    orders = [one(payment_id).attempts[-1] for payment_id in ids]
    page = upload(visitor, visitor.get(f"/payments/streets/{desk.street_id}/statement"), results(orders))
    assert page.text.count("已登记") >= 2
    page = as_(visitor, payee).get("/desk")
    assert "确认收款" in page.text
    page = visitor.get(f"/payments/{ids[0]}")
    page = visitor.submit(page, button="确认已经收到")
    assert "收款已确认" in page.text
    assert "已付" in page.text


def test_an_account_that_changed_while_it_was_looked_at_is_not_approved(desk, visitor):
    row = raised(desk)[0]
    requested(desk, [row])
    page = as_(visitor, desk.checker_user).get(f"/payments/{row.id}/check")
    change_account(desk, "6222021009998887776")
    refused = visitor.submit(page, button="复核通过")
    assert "重新核对" in refused.text
    page = visitor.get(f"/payments/{row.id}/check")
    assert "6222021009998887776" in page.text
    visitor.submit(page, button="复核通过")
    assert one(row.id).state == PaymentState.APPROVED


def test_an_account_that_changed_after_the_approval_is_said_to_both(desk, visitor):
    row = raised(desk)[0]
    approved(desk, [row])
    change_account(desk, "6222021009998887776")
    for user in (desk.cashier_user, desk.checker_user):
        assert "需要重新复核" in as_(visitor, user).get(f"/payments/{row.id}").text


def test_the_checker_sees_what_became_of_earlier_orders_and_that_the_account_is_the_same(desk, visitor):
    row = raised(desk)[0]
    order = ordered(desk, [row]).attempts[0]
    content = result_file((order.key, order.amount_fen, "失败", "", f"{beijing_day(order.ordered_at)}"))
    day = order.ordered_at + timedelta(days=1)
    actions.import_statement(desk.cashier, desk.street_id, content, "1.csv", day)
    actions.request_again(desk.cashier, row.id, day)
    page = as_(visitor, desk.checker_user).get(f"/payments/{row.id}/check")
    assert "账户没有更正" in page.text
    assert order.key in page.text
    change_account(desk, "6222021009998887776")
    assert "账户没有更正" not in visitor.get(f"/payments/{row.id}/check").text


def test_the_arithmetic_is_shown_step_by_step(desk, visitor):
    accept(desk, 3)
    evaluate(desk, 3, 9_500, "pass", score=Fraction(174_397, 20))
    row = next(row for row in raised(desk) if row.milestone.number == 3)
    page = as_(visitor, desk.cashier_user).get(f"/payments/{row.id}")
    for piece in ("¥129,600.00", "95%", "≈ 87.20", "¥123,120.00", "¥6,480.00", "最大余数法", "合同结余，退回"):
        assert piece in page.text, piece
    assert page.text.count("¥76,950.00") >= 2  # 5/8 of 123,120


def test_a_late_payment_says_by_how_much_and_what_it_costs(desk, visitor, clock):
    row = raised(desk)[0]
    clock.move_to(2026, 7, 21, 10, 0)
    page = as_(visitor, desk.cashier_user).get("/payments")
    assert "逾期 20 天" in page.text
    page = visitor.get(f"/payments/{row.id}")
    # 81,000 yuan, 0.05 % a day, 20 days.
    assert "¥810.00" in page.text


def test_the_board_counts_what_was_paid_in_time(desk, visitor, clock):
    orders = ordered(desk, raised(desk)).attempts
    content = results(orders, after=4)
    actions.import_statement(desk.cashier, desk.street_id, content, "1.csv", RAISED + timedelta(days=4))
    clock.move_to(2026, 6, 8, 10, 0)
    page = as_(visitor, desk.cashier_user).get("/payments?group=paid")
    assert "100%" in page.text
    assert "4 天" in page.text
    page = as_(visitor, desk.deal.team.admin).get("/payments")
    assert page.heading == "我的收款"
    assert "按期付款" in page.text


# --- refusals beside the field ----------------------------------------------------------------------------------------


def test_sending_back_needs_a_reason_and_keeps_the_page(desk, visitor):
    row = raised(desk)[0]
    requested(desk, [row])
    page = as_(visitor, desk.checker_user).get(f"/payments/{row.id}/check")
    page = visitor.submit(page, {"reason": "  "}, button="退回给出纳")
    assert page.status == 422
    assert "原因" in page.errors["reason"]
    page = visitor.submit(page, {"reason": "缺少发票"}, button="退回给出纳")
    assert "退回" in page.text
    page = as_(visitor, desk.cashier_user).get(f"/payments/{row.id}")
    assert "缺少发票" in page.text


def test_an_empty_choice_is_refused_at_the_list(desk, visitor):
    approved(desk, raised(desk))
    page = as_(visitor, desk.cashier_user).get(f"/payments/streets/{desk.street_id}/batch")
    page = visitor.submit(page, {"payments": None}, button="生成付款文件")
    assert page.status == 422
    assert "付款单" in page.text
    assert db.session.scalar(db.select(db.func.count(Payment.id)).filter_by(state="ordered")) == 0


def test_a_file_nobody_can_read_says_which_line_and_column(desk, visitor):
    content = "付款单号,金额,结果,银行流水号,日期\r\nZF-1,abc,成功,YH1,2026-06-05\r\n".encode()
    as_(visitor, desk.cashier_user)
    page = upload(visitor, visitor.get(f"/payments/streets/{desk.street_id}/statement"), content)
    assert page.status == 422
    assert "第 2 行" in page.text
    assert "看不懂金额" in page.text
    page = upload(visitor, page, b"%PDF-1.4 nothing", "结果.pdf")
    assert page.status == 422


def test_the_sample_is_a_file_that_can_be_read(desk, visitor):
    page = as_(visitor, desk.cashier_user).get(f"/payments/streets/{desk.street_id}/statement")
    answer = visitor.client.get(page.link("下载样表（CSV）"))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    found = parse(answer.data, "1.csv")
    assert ([row.result.value for row in found.rows], found.errors) == (["paid", "failed", "returned"], ())


def test_the_same_file_again_leads_to_the_first_result(desk, visitor):
    orders = ordered(desk, raised(desk)).attempts
    here = f"/payments/streets/{desk.street_id}/statement"
    as_(visitor, desk.cashier_user)
    first = upload(visitor, visitor.get(here), results(orders))
    second = upload(visitor, visitor.get(here), results(orders), "再来一次.csv")
    assert "没有任何变化" in second.text
    assert first.heading == second.heading


def test_a_bad_paying_account_is_refused_at_its_field_and_nothing_typed_is_lost(desk, visitor):
    page = as_(visitor, desk.cashier_user).get(f"/payments/accounts/{desk.street_id}")
    typed = {
        "source": "donation",
        "holder": "江宁区东山街道办事处",
        "account_no": "3201 0020 0000 3333",
        "bank_name": "江苏银行",
        "cnaps": "123",
    }
    page = visitor.submit(page, typed, button="登记，送另一人复核")
    assert page.status == 422
    assert "12 位" in page.errors["cnaps"]
    assert 'value="3201 0020 0000 3333"' in page.source
    page = visitor.submit(page, {"cnaps": "313301000011"}, button="登记，送另一人复核")
    assert "等另一人复核" in page.text
    page = as_(visitor, desk.checker_user).get("/desk")
    assert "复核付款账户" in page.text
    page = visitor.submit(visitor.get(f"/payments/accounts/{desk.street_id}"), button="复核通过")
    assert queries.live_accounts(desk.street_id)["donation"].cnaps == "313301000011"


# --- who sees what ----------------------------------------------------------------------------------------------------


def test_others_find_nothing(desk, visitor):
    row = raised(desk)[0]
    batch = ordered(desk, raised(desk))
    done = actions.import_statement(desk.cashier, desk.street_id, results(batch.attempts), "1.csv", RAISED)
    pages = (
        f"/payments/{row.id}",
        f"/payments/batches/{batch.id}",
        f"/payments/batches/{batch.id}/xml",
        f"/payments/statements/{done.statement.id}",
        f"/payments/streets/{desk.street_id}/batch",
        f"/payments/streets/{desk.street_id}/statement",
        f"/payments/accounts/{desk.street_id}",
        f"/payments/contracts/{desk.agreement.id}",
    )
    stranger = person(Role.STREET_CASHIER, street("320115002").scope)
    give(stranger, Role.STREET_CHECKER, street("320115002").scope)
    as_(visitor, stranger)
    assert [visitor.get(url).status for url in pages] == [404] * len(pages)
    rival = organisation("江宁区另一社会工作服务中心").admin
    as_(visitor, rival)
    assert [visitor.get(url).status for url in pages] == [404, 404, 403, 404, 403, 403, 403, 404]


def test_the_payee_sees_its_payments_and_not_the_streets_files(desk, visitor):
    rows = raised(desk)
    batch = ordered(desk, rows)
    as_(visitor, desk.deal.team.admin)
    page = visitor.get("/payments/mine?group=all")
    assert all(row.number in page.text for row in rows)
    page = visitor.get(f"/payments/{rows[0].id}")
    assert page.status == 200
    assert not page.all("//main//a[contains(@href, '/batches')]"), "no link to what this reader would not find"
    assert visitor.get(f"/payments/batches/{batch.id}").status == 404
    assert visitor.get("/payments/batches").text.count("PL-2026") == 0


def test_a_clerk_sees_payments_but_no_account_numbers(desk, visitor):
    rows = raised(desk)
    ordered(desk, rows)
    clerk = person(Role.STREET_CLERK, desk.deal.street.scope)
    page = as_(visitor, clerk).get(f"/payments/{rows[0].id}")
    assert page.status == 200
    assert "6222021001112223334" not in page.text
    page = as_(visitor, desk.cashier_user).get(f"/payments/{rows[0].id}")
    assert "6222021001112223334" in page.text


@pytest.mark.parametrize("many", [2, 24])
def test_pages_need_as_few_statements_for_many_rows_as_for_few(session, clock, visitor, many):
    clock.move_to(2026, 6, 1, 9, 30)
    desk = office(shares_bp=(10_000 // 16,) * 16)
    for number in range(1, many // 2 + 1):
        accept(desk, number)
    rows = raised(desk)
    assert len(rows) == many
    batch = ordered(desk, rows)
    done = actions.import_statement(desk.cashier, desk.street_id, results(batch.attempts), "1.csv", RAISED)
    as_(visitor, desk.cashier_user)
    visitor.get("/payments?group=all", most=8)
    visitor.get(f"/payments/batches/{batch.id}", most=8)
    visitor.get(f"/payments/statements/{done.statement.id}", most=8)
    visitor.get(f"/payments/{rows[0].id}", most=10)
    visitor.get(f"/payments/contracts/{desk.agreement.id}", most=10)
    as_(visitor, desk.deal.team.admin)
    visitor.get("/payments/mine?group=all", most=8)


def test_lists_turn_their_pages_by_key(session, clock, visitor):
    clock.move_to(2026, 6, 1, 9, 30)
    desk = office(shares_bp=(10_000 // 20,) * 20)
    for number in range(1, 20):
        accept(desk, number)
    rows = raised(desk)
    assert len(rows) == 38
    as_(visitor, desk.cashier_user)
    for group in ("open", "all"):
        first = visitor.get(f"/payments?group={group}")
        second = visitor.get(first.link("下一页"))
        shown = [row.number for row in rows if row.number in first.text] + [
            row.number for row in rows if row.number in second.text
        ]
        assert sorted(shown) == sorted(row.number for row in rows)


# --- Stripe -----------------------------------------------------------------------------------------------------------


def test_an_organisation_opens_its_stripe_account_and_is_paid_through_it(app, desk, visitor, stripe_fake):
    admin = desk.deal.team.admin
    as_(visitor, admin)
    page = visitor.get("/payments/route")
    page = visitor.submit(page, button="开通 Stripe 账户")
    link = page.link("前往 Stripe 填写")
    assert "/onboard/" in link
    back = stripe_fake.complete_onboarding(link.rpartition("/")[2])
    page = visitor.get(back.partition("8000")[2])
    assert "账户已开通" in page.text
    page = visitor.submit(page, button="记录并选择收款方式")
    page = visitor.submit(page, {"route": "stripe"}, button="保存")
    assert "请机构的另一人复核；复核前仍由银行账户收款" in page.text
    assert "复核收款方式" not in visitor.get("/desk").text, "whoever asked does not check"
    bank = f"/organisations/{desk.deal.team.id}/bank"
    assert not visitor.get(bank).all(f"//form[contains(@action, '/organisations/{desk.deal.team.id}/route')]")
    signatory = as_(visitor, desk.deal.team.signatory)
    page = signatory.get(signatory.get("/desk").link("复核收款方式"))
    page = visitor.submit(page, action=f"/organisations/{desk.deal.team.id}/route/confirm")
    assert "今后由 Stripe 账户收款" in page.text
    row = raised(desk)[0]
    approved(desk, [row])
    page = as_(visitor, desk.cashier_user).get(f"/payments/{row.id}")
    page = visitor.submit(page, button="通过 Stripe 付款")
    assert "等待结果" in page.text
    db.session.commit()
    queue.run_pending(app)
    db.session.expire_all()
    page = visitor.get(f"/payments/{row.id}")
    assert "已付款" in page.text
    page = visitor.get(page.link("撤回这笔付款"))
    page = visitor.submit(page, {"reason": "重复付款"}, button="撤回这笔付款")
    db.session.commit()
    queue.run_pending(app)
    assert one(row.id).state == PaymentState.RETURNED


def test_a_return_before_everything_is_filled_in_says_so(desk, visitor, stripe_fake):
    as_(visitor, desk.deal.team.admin)
    page = visitor.submit(visitor.get("/payments/route"), button="开通 Stripe 账户")
    page = visitor.get(f"/payments/route/{desk.deal.team.id}/stripe/return")
    assert "1 项资料没有填写" in page.text
    page = visitor.submit(page, button="继续填写资料")
    assert page.link("前往 Stripe 填写")
    assert len(stripe_fake.state["accounts"]) == 1


def test_a_stripe_that_does_not_answer_is_said_in_words(desk, visitor, stripe_fake):
    as_(visitor, desk.deal.team.admin)
    stripe_fake.fail_next("lost_answer")
    page = visitor.submit(visitor.get("/payments/route"), button="开通 Stripe 账户")
    assert "没有回应" in page.text
    # The account that was made all the same is found again by its key.
    visitor.submit(visitor.get("/payments/route"), button="开通 Stripe 账户")
    assert len(stripe_fake.state["accounts"]) == 1


def test_the_other_route_only_for_a_ready_account(desk, visitor, stripe_fake):
    as_(visitor, desk.deal.team.admin)
    page = visitor.submit(visitor.get("/payments/route"), {"route": "stripe"}, button="保存")
    assert page.status == 422
    assert "尚未开通" in page.text


def test_a_route_turned_down_or_taken_back_leaves_the_bank_account(desk, visitor):
    stripe_asked(desk)
    team = desk.deal.team
    as_(visitor, team.signatory)
    bank, route = f"/organisations/{team.id}/bank", f"/organisations/{team.id}/route"
    page = visitor.submit(visitor.get(bank), action=f"{route}/reject")
    assert "已否决，仍由银行账户收款" in page.text
    token = page.all("//input[@name='csrf_token']")[0].get("value")
    late = visitor.post(f"{route}/confirm", {"csrf_token": token})
    assert "没有等待复核的收款方式" in late.text
    stripe_asked(desk)
    as_(visitor, team.admin)
    page = visitor.get("/payments/route")
    assert "等机构的另一人复核" in page.text
    page = visitor.submit(page, {"route": "bank"}, button="保存")
    assert "收款方式已保存" in page.text
    assert "等机构的另一人复核" not in page.text


def test_a_contract_is_closed_on_its_page(desk, visitor):
    for number in (2, 3):
        accept(desk, number)
    evaluate(desk, 3, 10_000)
    orders = ordered(desk, raised(desk)).attempts
    actions.import_statement(desk.cashier, desk.street_id, results(orders), "1.csv", RAISED)
    clerk = person(Role.STREET_CLERK, desk.deal.street.scope)
    as_(visitor, clerk)
    page = visitor.get(f"/payments/contracts/{desk.agreement.id}")
    assert "还有款项没有付清或收款机构没有确认收款" in page.text
    assert not page.all("//main//form"), "what would be refused is not offered"
    for row in again(o.payment_id for o in orders):
        actions.confirm_receipt(desk.payee, row.id, RAISED)
    assert "结清合同" in visitor.get("/desk").text
    page = visitor.submit(visitor.get(f"/payments/contracts/{desk.agreement.id}"), button="结清合同")
    assert "已结清" in page.text


def test_every_page_speaks_english(desk, visitor):
    approved(desk, raised(desk))
    english = Visitor(visitor.app, **{"Accept-Language": "en"})
    english.client.set_cookie("lang", "en")
    as_(english, desk.cashier_user)
    for url in ("/payments", f"/payments/streets/{desk.street_id}/batch", f"/payments/accounts/{desk.street_id}"):
        assert english.get(url).response.headers["Content-Language"] == "en"


