"""From what was earned to what was received: by two people, one bank file, and the bank's own word."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from contracts.agreements.states import AgreementState
from contracts.payouts import actions, queries
from contracts.payouts.actions import AccountFacts
from contracts.payouts.models import Earning, Payment
from contracts.payouts.providers import pain001
from contracts.payouts.states import AccountVerb, PaymentState, RowNote
from market.awards.states import AwardState
from market.budgets.states import FundSource
from market.db.session import db
from market.kernel.canonical import digest
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Role
from market.ledger.models import Transfer
from market.records.files import content_of
from market.records.models import AuditEntry, Notice, StoredFile
from tests.factories.agreements import set_award
from tests.factories.payouts import (
    ACCEPTED,
    RAISED,
    accept,
    again,
    approved,
    change_account,
    evaluate,
    milestone,
    newest,
    office,
    one,
    ordered,
    places,
    raised,
    requested,
    result_file,
    stripe_chosen,
    total,
)
from tests.factories.people import acting, person
from tests.factories.places import street

pytestmark = pytest.mark.usefixtures("session")
JUNE_5 = ACCEPTED + timedelta(days=4)


def paid_file(rows, what="成功", day="2026-06-05"):
    return result_file(*((row.key, row.amount_fen, what, f"YH{row.key}", day) for row in rows))


def states(rows):
    return [row.state for row in again(row.id for row in rows)]


# --- raising ----------------------------------------------------------------------------------------------------------


def test_an_accepted_milestone_becomes_one_payment_for_each_line():
    desk = office()
    before = total(desk)
    assert raised(desk) == []
    accept(desk, 1)
    rows = raised(desk)
    # 129,600 yuan over lines that bear 270,000 and 162,000 of the contract.
    assert [row.amount_fen for row in rows] == [8_100_000, 4_860_000]
    assert [row.line_id for row in rows] == [line.id for line in desk.deal.lines]
    assert {row.pay_by for row in rows} == {date(2026, 7, 1)}
    assert rows[0].number != rows[1].number
    after = total(desk)
    assert (before["committed"] - after["committed"], after["payable"]) == (12_960_000, 12_960_000)
    assert sum(after.values()) == sum(before.values())


def test_raising_again_raises_nothing():
    desk = office()
    accept(desk, 1)
    rows = raised(desk)
    assert actions.raise_payments(RAISED) == 0
    assert len(raised(desk)) == len(rows)


def test_row_71_what_the_evaluation_did_not_earn_goes_back_at_once():
    desk = office()
    accept(desk, 3)
    assert raised(desk) == []
    evaluate(desk, 3, 9_500, "pass")
    before = places(desk)
    rows = raised(desk)
    # 129,600 x 95 % = 123,120; 6,480 withheld, shared 5 to 3 over the lines.
    assert sum(row.amount_fen for row in rows) == 12_312_000
    assert [row.basis["line_freed_fen"] for row in rows] == [405_000, 243_000]
    for old, new in zip(before, places(desk), strict=True):
        assert new["unspent"] - old["unspent"] in {405_000, 243_000}
        assert old["committed"] - new["committed"] == new["payable"] + new["unspent"] - old["unspent"]
    assert rows[0].basis["share_bp"] == 9_500
    assert rows[0].basis["score"] == [8870, 1]


def test_an_evaluation_that_still_collects_pays_nothing():
    desk = office()
    accept(desk, 3)
    found = evaluate(desk, 3, 10_000)
    found.state, found.share_bp, found.grade = "collecting", None, None
    assert raised(desk) == []


def test_a_fail_waits_for_its_second_round_and_then_pays_what_that_gives():
    desk = office()
    accept(desk, 3)
    evaluate(desk, 3, 0, "fail")
    assert raised(desk, RAISED + timedelta(days=29)) == []
    evaluate(desk, 3, 9_000, "pass", ACCEPTED + timedelta(days=25), rounds=2)
    rows = raised(desk, RAISED + timedelta(days=29))
    assert sum(row.amount_fen for row in rows) == 11_664_000


def test_a_fail_that_was_not_put_right_frees_everything_and_is_not_raised_twice():
    desk = office()
    before = total(desk)
    accept(desk, 3)
    evaluate(desk, 3, 0, "fail")
    late = RAISED + timedelta(days=31)
    assert raised(desk, late) == []
    after = total(desk)
    assert after["unspent"] - before["unspent"] == 12_960_000
    assert after["payable"] == 0
    assert db.session.scalar(db.select(Earning.due_fen).filter_by(milestone_id=milestone(desk, 3).id)) == 0
    assert actions.raise_payments(late) == 0


@pytest.mark.parametrize("state", [AwardState.SUSPENDED, AwardState.ANNULLED])
def test_nothing_is_raised_on_an_award_that_fell(state):
    desk = office()
    accept(desk, 1)
    set_award(desk.deal.award, state)
    assert raised(desk) == []
    set_award(desk.deal.award, AwardState.ACTIVE)
    assert len(raised(desk)) == 2


def test_a_contract_whose_books_do_not_fit_does_not_stop_the_others():
    broken, whole = office(), office(place=street("320115002"))
    for desk in (broken, whole):
        accept(desk, 1)
    milestone(broken, 1)
    data = {**broken.agreement.data}
    data["milestones"] = [{**data["milestones"][0], "amount_fen": 10**13, "funding": [
        {"line_id": broken.deal.lines[0].id, "amount_fen": 10**13}]}, *data["milestones"][1:]]  # fmt: skip
    broken.agreement.data = data
    db.session.flush()
    assert raised(broken) == []
    assert len(raised(whole)) == 2


# --- two people -------------------------------------------------------------------------------------------------------


def test_whoever_asks_does_not_approve():
    desk = office()
    accept(desk, 1)
    rows = raised(desk)
    both = acting(person(Role.STREET_CASHIER, desk.deal.street.scope, also=(Role.STREET_CHECKER,)))
    actions.request_payment(both, rows[0].id, RAISED)
    with pytest.raises(Forbidden):
        actions.approve_payment(both, rows[0].id, RAISED)
    actions.approve_payment(desk.checker, rows[0].id, RAISED)
    assert one(rows[0].id).state == PaymentState.APPROVED


def test_whoever_approved_does_not_ask_again():
    desk = office()
    accept(desk, 1)
    rows = raised(desk)[:1]
    both = acting(person(Role.STREET_CASHIER, desk.deal.street.scope, also=(Role.STREET_CHECKER,)))
    requested(desk, rows)
    actions.approve_payment(both, rows[0].id, RAISED)
    actions.send_back(both, rows[0].id, "金额有误", RAISED)
    with pytest.raises(Forbidden):
        actions.request_payment(both, rows[0].id, RAISED)


def test_sent_back_with_its_reason():
    desk = office()
    accept(desk, 1)
    row = raised(desk)[0]
    requested(desk, [row])
    with pytest.raises(Refused) as refusal:
        actions.send_back(desk.checker, row.id, "  ", RAISED)
    assert refusal.value.field == "reason"
    actions.send_back(desk.checker, row.id, "缺少发票", RAISED)
    assert (one(row.id).state, one(row.id).problem) == (PaymentState.DUE, "缺少发票")
    requested(desk, [row])
    assert one(row.id).problem == ""


def test_people_of_another_street_and_the_payee_may_do_nothing_here():
    desk = office()
    accept(desk, 1)
    row = raised(desk)[0]
    stranger = acting(person(Role.STREET_CASHIER, street("320115002").scope))
    for actor in (stranger, desk.payee):
        with pytest.raises(Forbidden):
            actions.request_payment(actor, row.id, RAISED)


def test_no_request_without_a_paying_account():
    desk = office(accounts=False)
    accept(desk, 1)
    with pytest.raises(Refused, match="付款账户"):
        actions.request_payment(desk.cashier, raised(desk)[0].id, RAISED)


def test_every_step_asks_whether_the_award_stands():
    desk = office()
    accept(desk, 1)
    first, second = raised(desk)
    set_award(desk.deal.award, AwardState.SUSPENDED)
    with pytest.raises(Refused, match="成交结果"):
        actions.request_payment(desk.cashier, first.id, RAISED)
    set_award(desk.deal.award, AwardState.ACTIVE)
    approved(desk, [first, second])
    set_award(desk.deal.award, AwardState.SUSPENDED)
    with pytest.raises(Refused, match="成交结果"):
        actions.order_batch(desk.cashier, desk.street_id, [first.id], RAISED)


# --- the bank's file --------------------------------------------------------------------------------------------------


def test_a_batch_holds_three_files_of_the_same_orders():
    desk = office()
    accept(desk, 1)
    accept(desk, 2)
    rows = raised(desk)
    batch = ordered(desk, rows)
    assert states(rows) == [PaymentState.ORDERED] * 4
    assert (batch.count, batch.total_fen) == (4, 12_960_000 + 17_280_000)
    assert batch.execution_on == date(2026, 6, 1)
    xml = content_of(db.session.get_one(StoredFile, batch.xml_file_id))
    assert pain001.read_control(xml) == pain001.Control(4, 30_240_000)
    pain001.validate(xml)
    # One group for each source and account: fiscal and lottery money never mix.
    assert xml.count(b"<PmtInf>") == 2
    for row in rows:
        assert f"<EndToEndId>{row.number}-1</EndToEndId>".encode() in xml
    sheet = content_of(db.session.get_one(StoredFile, batch.csv_file_id)).decode("utf-8-sig")
    assert sheet.count("\r\n") == 5
    assert content_of(db.session.get_one(StoredFile, batch.xlsx_file_id))[:2] == b"PK"


def test_only_approved_payments_of_this_street_go_into_a_file():
    desk, other = office(), office(place=street("320115002"))
    accept(desk, 1)
    accept(other, 1)
    first, second = raised(desk)
    foreign = raised(other)[0]
    approved(desk, [first])
    with pytest.raises(Refused, match="至少选择一笔"):
        actions.order_batch(desk.cashier, desk.street_id, [], RAISED)
    with pytest.raises(Refused, match=second.number):
        actions.order_batch(desk.cashier, desk.street_id, [first.id, second.id], RAISED)
    with pytest.raises(NotFound):
        actions.order_batch(desk.cashier, desk.street_id, [first.id, foreign.id], RAISED)


def test_the_same_form_twice_makes_one_batch():
    desk = office()
    accept(desk, 1)
    rows = raised(desk)
    approved(desk, rows)
    ids = [row.id for row in rows]
    made = [actions.order_batch(desk.cashier, desk.street_id, ids, RAISED, form_token="ab" * 16) for _ in range(2)]
    assert made[0].id == made[1].id
    assert [len(row.attempts) for row in again(ids)] == [1, 1]


# --- the bank's word --------------------------------------------------------------------------------------------------


def test_paid_is_booked_published_and_received():
    desk = office()
    accept(desk, 1)
    rows = raised(desk)
    orders = ordered(desk, rows).attempts
    done = actions.import_statement(desk.cashier, desk.street_id, paid_file(orders), "结果.csv", JUNE_5)
    assert [row.note for row in done.statement.rows] == [None, None]
    assert states(rows) == [PaymentState.PAID] * 2
    assert {row.settled_on for row in again(row.id for row in rows)} == {date(2026, 6, 5)}
    assert (total(desk)["payable"], total(desk)["paid"]) == (0, 12_960_000)
    releases = db.session.scalars(db.select(Notice).filter_by(file_id=desk.agreement.file_id, tag="implementation"))
    assert len(list(releases)) == 2
    actions.confirm_receipt(desk.payee, rows[0].id, JUNE_5)
    assert states(rows) == [PaymentState.CONFIRMED, PaymentState.PAID]
    with pytest.raises(Forbidden):
        actions.confirm_receipt(desk.cashier, rows[1].id, JUNE_5)


def test_the_same_file_twice_changes_nothing():
    desk = office()
    accept(desk, 1)
    orders = ordered(desk, raised(desk)).attempts
    content = paid_file(orders)
    first = actions.import_statement(desk.cashier, desk.street_id, content, "结果.csv", JUNE_5)
    booked = db.session.scalar(db.select(db.func.count(Transfer.id)))
    # Saved again by a spreadsheet: other bytes, the same results.
    other = content.decode().replace("\r\n", "\n").encode("gbk")
    again_ = actions.import_statement(desk.cashier, desk.street_id, other, "结果2.csv", JUNE_5 + timedelta(days=1))
    assert (again_.repeated, again_.statement.id) == (True, first.statement.id)
    assert db.session.scalar(db.select(db.func.count(Transfer.id))) == booked


def test_a_later_file_that_repeats_earlier_lines_applies_only_the_new_ones():
    desk = office()
    accept(desk, 1)
    orders = ordered(desk, raised(desk)).attempts
    actions.import_statement(desk.cashier, desk.street_id, paid_file(orders[:1]), "1.csv", JUNE_5)
    done = actions.import_statement(desk.cashier, desk.street_id, paid_file(orders), "2.csv", JUNE_5)
    assert [row.note for row in done.statement.rows] == [RowNote.REPEATED, None]
    assert total(desk)["paid"] == 12_960_000


def test_wrong_amounts_and_unknown_numbers_are_noted_and_not_applied():
    desk, other = office(), office(place=street("320115002"))
    accept(desk, 1)
    accept(other, 1)
    first, second = ordered(desk, raised(desk)).attempts
    foreign = ordered(other, raised(other)).attempts[0]
    content = result_file(
        (first.key, first.amount_fen + 1, "成功", "YH1", "2026-06-05"),
        ("ZF-2026-999999-1", 100, "成功", "YH2", "2026-06-05"),
        (foreign.key, foreign.amount_fen, "成功", "YH3", "2026-06-05"),
        (second.key, second.amount_fen, "失败", "", "2026-06-05"),
        ("乱码", 100, "成功", "YH5", "2026-06-05"),
    )
    done = actions.import_statement(desk.cashier, desk.street_id, content, "结果.csv", JUNE_5)
    notes = {row.attempt_key: row.note for row in done.statement.rows}
    assert notes == {
        first.key: RowNote.AMOUNT,
        "ZF-2026-999999-1": RowNote.UNKNOWN,
        foreign.key: RowNote.UNKNOWN,
        second.key: None,
    }
    assert [(e.line, e.column) for e in done.errors] == [(6, "付款单号")]
    assert done.statement.errors[0]["line"] == 6
    assert newest(first.payment_id).outcome is None
    assert one(second.payment_id).state == PaymentState.FAILED
    assert total(desk)["payable"] == 12_960_000
    assert foreign.outcome is None


def test_an_unreadable_file_is_not_kept():
    desk = office()
    done = actions.import_statement(desk.cashier, desk.street_id, b"\x00\x01nothing", "结果.csv", JUNE_5)
    assert done.statement is None
    assert done.errors


def test_returned_without_a_line_that_it_was_paid_books_both():
    desk = office()
    accept(desk, 1)
    orders = ordered(desk, raised(desk)).attempts
    actions.import_statement(desk.cashier, desk.street_id, paid_file(orders[:1], "退票"), "1.csv", JUNE_5)
    row = one(orders[0].payment_id)
    assert (row.state, row.settled_on) == (PaymentState.RETURNED, date(2026, 6, 5))
    assert [m.reason for m in queries.movements(row)] == ["owe", "pay", "bounce"]
    assert total(desk)["payable"] == 12_960_000
    last = db.session.scalars(db.select(Notice).filter_by(tag="implementation").order_by(Notice.id.desc())).first()
    assert b'"amount":-81000' in last.body
    assert f'"id":"{orders[0].key}-R"'.encode() in last.body


def test_returned_after_it_was_received():
    desk = office()
    accept(desk, 1)
    orders = ordered(desk, raised(desk)).attempts
    actions.import_statement(desk.cashier, desk.street_id, paid_file(orders), "1.csv", JUNE_5)
    actions.confirm_receipt(desk.payee, orders[0].payment_id, JUNE_5)
    actions.import_statement(
        desk.cashier, desk.street_id, paid_file(orders[:1], "退票", "2026-06-08"), "2.csv", JUNE_5 + timedelta(days=3)
    )
    assert one(orders[0].payment_id).state == PaymentState.RETURNED
    assert total(desk)["paid"] == orders[1].amount_fen


def test_a_second_try_is_a_new_order_to_the_account_as_it_is_then():
    desk = office()
    accept(desk, 1)
    rows = raised(desk)[:1]
    first = ordered(desk, rows).attempts[0]
    actions.import_statement(desk.cashier, desk.street_id, paid_file([first], "失败"), "1.csv", JUNE_5)
    change_account(desk, "6222021009998887776")
    actions.request_again(desk.cashier, rows[0].id, JUNE_5)
    actions.approve_payment(desk.checker, rows[0].id, JUNE_5)
    second = actions.order_batch(desk.cashier, desk.street_id, [rows[0].id], JUNE_5).attempts[0]
    assert (first.key, second.key) == (f"{rows[0].number}-1", f"{rows[0].number}-2")
    assert first.instruction["account_no"] == "6222021001112223334"
    assert second.instruction["account_no"] == "6222021009998887776"
    # The bank changes its mind about the first order: a person must look, nothing is booked.
    done = actions.import_statement(desk.cashier, desk.street_id, paid_file([first]), "2.csv", JUNE_5)
    assert [row.note for row in done.statement.rows] == [RowNote.SUPERSEDED]
    done = actions.import_statement(desk.cashier, desk.street_id, paid_file([second]), "3.csv", JUNE_5)
    assert [row.note for row in done.statement.rows] == [None]
    assert total(desk)["paid"] == rows[0].amount_fen


def test_an_approval_holds_for_the_accounts_that_were_looked_at_and_no_others():
    desk = office()
    accept(desk, 1)
    row = raised(desk)[0]
    approved(desk, [row])
    change_account(desk, "6222021009998887776")
    with pytest.raises(Refused, match="复核之后"):
        actions.order_batch(desk.cashier, desk.street_id, [row.id], JUNE_5)
    assert one(row.id).state == PaymentState.APPROVED
    assert one(row.id).attempts == []
    actions.send_back(desk.checker, row.id, "账户有变", JUNE_5)
    approved(desk, [row], JUNE_5)
    order = actions.order_batch(desk.cashier, desk.street_id, [row.id], JUNE_5).attempts[0]
    assert order.instruction["account_no"] == "6222021009998887776"


def test_an_approval_from_before_accounts_were_kept_is_made_again():
    desk = office()
    accept(desk, 1)
    row = raised(desk)[0]
    approved(desk, [row])
    one(row.id).checked = None
    with pytest.raises(Refused, match="没有记下账户"):
        actions.order_batch(desk.cashier, desk.street_id, [row.id], JUNE_5)


def test_the_public_chain_has_no_digest_of_the_accounts():
    desk = office()
    accept(desk, 1)
    row = raised(desk)[0]
    approved(desk, [row])
    wanted = select(AuditEntry.header).filter_by(subject_kind="payment", subject_id=row.id, verb="approve")
    [header] = db.session.scalars(wanted)
    assert one(row.id).checked["payee"][1] == "6222021001112223334"
    assert digest(one(row.id).checked) not in header
    assert json.loads(header)["facts"]["amount_fen"] == row.amount_fen


def test_an_approval_for_the_bank_is_none_for_stripe():
    desk = office()
    accept(desk, 1)
    row = raised(desk)[0]
    approved(desk, [row])
    stripe_chosen(desk)
    with pytest.raises(Refused, match="复核之后"):
        actions.order_stripe(desk.cashier, [row.id], JUNE_5)


@pytest.mark.parametrize(("day", "word"), [("2035-03-31", "成功"), ("2020-01-01", "成功"), ("2026-06-06", "退票")])
def test_a_day_that_cannot_be_is_kept_and_not_booked(day, word):
    desk = office()
    accept(desk, 1)
    rows = raised(desk)[:1]
    orders = ordered(desk, rows).attempts
    done = actions.import_statement(desk.cashier, desk.street_id, paid_file(orders, word, day), "1.csv", JUNE_5)
    assert [row.note for row in done.statement.rows] == [RowNote.DATE]
    assert one(rows[0].id).state == PaymentState.ORDERED
    assert total(desk)["paid"] == 0
    # The file put right is another file.
    done = actions.import_statement(desk.cashier, desk.street_id, paid_file(orders), "2.csv", JUNE_5)
    assert [row.note for row in done.statement.rows] == [None]


def test_a_payment_never_has_two_orders_under_way():
    desk = office()
    accept(desk, 1)
    row = raised(desk)[0]
    ordered(desk, [row])
    with pytest.raises(Refused):
        actions.order_batch(desk.cashier, desk.street_id, [row.id], RAISED)


# --- paying accounts and closing --------------------------------------------------------------------------------------


def test_a_paying_account_needs_two_people_and_replaces_the_live_one():
    desk = office()
    both = acting(person(Role.STREET_CASHIER, desk.deal.street.scope, also=(Role.STREET_CHECKER,)))
    facts = AccountFacts(FundSource.FISCAL, desk.deal.street.office, "3201 0020 0000 9999", "江苏银行", "313301000011")
    row = actions.propose_account(both, desk.deal.street, facts, RAISED)
    assert row.account_no == "3201002000009999"
    with pytest.raises(Forbidden):
        actions.decide_account(both, row.id, AccountVerb.CONFIRM, RAISED)
    actions.decide_account(desk.checker, row.id, AccountVerb.CONFIRM, RAISED)
    assert queries.live_accounts(desk.street_id)["fiscal"].id == row.id
    assert [r.state for r in queries.street_accounts(desk.street_id) if r.source == "fiscal"] == ["live", "retired"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("holder", {"holder": ""}),
        ("account_no", {"account_no": "账号"}),
        ("bank_name", {"bank_name": ""}),
        ("cnaps", {"cnaps": "123"}),
    ],
)
def test_a_bad_account_is_refused_at_its_field(field, changes):
    desk = office(accounts=False)
    facts = {"source": FundSource.FISCAL, "holder": "街道", "account_no": "1", "bank_name": "行"}
    facts["cnaps"] = "313301000011"
    with pytest.raises(Refused) as refusal:
        actions.propose_account(desk.cashier, desk.deal.street, AccountFacts(**{**facts, **changes}), RAISED)
    assert refusal.value.field == field


def test_a_contract_closes_when_everything_is_settled():
    desk = office()
    for number in (1, 2, 3):
        accept(desk, number)
    evaluate(desk, 3, 9_500, "pass")
    with pytest.raises(Refused, match="没有验收"):
        actions.complete_contract(desk.deal.clerk, desk.agreement.id, JUNE_5)
    rows = raised(desk)
    orders = ordered(desk, rows).attempts
    actions.import_statement(desk.cashier, desk.street_id, paid_file(orders), "1.csv", JUNE_5)
    with pytest.raises(Refused, match="确认收款"):
        actions.complete_contract(desk.deal.clerk, desk.agreement.id, JUNE_5)
    for row in rows:
        actions.confirm_receipt(desk.payee, row.id, JUNE_5)
    done = actions.complete_contract(desk.deal.clerk, desk.agreement.id, JUNE_5)
    assert done.state == AgreementState.COMPLETED
    left = total(desk)
    assert (left["reserved"], left["committed"], left["payable"], left["paid"]) == (0, 0, 0, 42_552_000)


def test_the_number_of_a_payment_is_its_own_in_the_year():
    desk = office()
    accept(desk, 1)
    numbers = [row.number for row in raised(desk)]
    assert all(number.startswith("ZF-2026-") for number in numbers)
    assert len(set(numbers)) == db.session.scalar(db.select(db.func.count(Payment.id)))
