"""Contracts that end early: by two people, by their own terms, with accepted work settled and money claimed back."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from contracts.agreements.queries import agreement as find_agreement
from contracts.agreements.states import AgreementState
from contracts.delivery import actions as delivery
from contracts.endings import actions, queries
from contracts.endings.models import Claim, ClaimReceipt, Termination
from contracts.endings.states import Ground
from contracts.payouts import actions as payouts
from contracts.payouts.models import Payment
from contracts.payouts.queries import payments_of
from market.awards.rules import RecoveryTerms
from market.awards.states import AwardState
from market.cli.reconciling import comparisons
from market.db.session import db
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Role
from market.records.audit import verify_all
from market.records.models import Message, Notice, PurchaseCard
from tests.factories.agreements import set_award
from tests.factories.delivery import REPORT
from tests.factories.endings import (
    FINAL,
    RECOVERY,
    approved,
    claim_of,
    ended,
    entered,
    failed_office,
    finance_of,
    paid,
    proposed,
    received,
    total_paid,
)
from tests.factories.payouts import (
    ACCEPTED,
    accept,
    evaluate,
    milestone,
    office,
    places,
    raised,
    total,
)
from tests.factories.payouts import (
    approved as approved_payments,
)
from tests.factories.people import acting, give

pytestmark = pytest.mark.usefixtures("session")


def board(desk):
    query = select(Notice).filter_by(file_id=desk.deal.file.id).order_by(Notice.id).options(undefer(Notice.body))
    return [json.loads(row.body) for row in db.session.scalars(query)]


def told(actor):
    return list(db.session.scalars(select(Message.subject).filter_by(user_id=actor.user_id).order_by(Message.id)))


def contract(desk):
    db.session.expire_all()
    found = find_agreement(desk.agreement.id)
    assert found is not None
    return found


def books_agree():
    db.session.flush()
    db.session.expire_all()
    assert [line for line in comparisons() if not line.agrees] == []
    links, fault = verify_all()
    assert links
    assert fault is None


# --- what follows from a final failure --------------------------------------------------------------------------------


def test_a_final_failure_ends_the_contract_frees_the_rest_and_claims_its_share():
    desk = failed_office()
    before = total(desk)
    assert (before["committed"], before["paid"]) == (30_240_000, 12_960_000)
    claim = ended(desk)
    row = contract(desk)
    assert (row.state, "最终不合格" in row.termination_reason) == (AgreementState.TERMINATED, True)
    # 43.2 less 12.96 paid goes back, the saving of the signing with it; nothing is committed, nothing is payable.
    assert total(desk) == before | {"committed": 0, "unspent": before["unspent"] + 30_240_000}
    assert (claim.amount_fen, claim.state, claim.due_on) == (6_480_000, "claimed", date(2026, 8, 31))
    assert sum(part.amount_fen for part in claim.parts) == claim.amount_fen
    termination = queries.termination_of(row.id)
    assert termination is not None
    assert (termination.ground, termination.proposed_by, termination.freed_fen) == ("failed", None, 17_280_000)
    release = board(desk)[-1]
    entry = release["contracts"][0]
    assert release["tag"] == ["contractTermination"]
    assert (entry["status"], entry["linliState"]) == ("terminated", "terminated")
    assert entry["linliTermination"]["ground"] == "failed"
    (public,) = entry["linliClaims"]
    assert (public["value"]["amount"], public["shareBp"], public["received"]["amount"]) == (64_800, 5_000, 0)
    assert db.session.get_one(PurchaseCard, desk.deal.file.id).stage == "terminated"
    assert "追回款通知" in told(desk.payee)
    assert "有一笔款待追回" in told(desk.cashier)
    books_agree()
    # The clock may knock again.
    assert actions.terminate_failed(FINAL) == 0


def test_a_failure_that_can_still_be_cured_ends_nothing():
    desk = failed_office()
    early = ACCEPTED + timedelta(days=10)
    payouts.raise_payments(early)
    assert actions.terminate_failed(early) == 0
    evaluate(desk, 3, 9_000, "pass", early, rounds=2)
    payouts.raise_payments(FINAL)
    assert actions.terminate_failed(FINAL) == 0
    assert contract(desk).state == AgreementState.IN_FORCE
    assert queries.termination_of(desk.agreement.id) is None


def test_without_recovery_terms_or_without_stop_a_failure_ends_nothing_by_itself():
    desk = failed_office(RecoveryTerms(False, 5_000, 30))
    payouts.raise_payments(FINAL)
    assert actions.terminate_failed(FINAL) == 0
    # The street may: and then the claim follows.
    approved(desk, proposed(desk, Ground.FAILED))
    assert claim_of(desk).amount_fen == 6_480_000
    books_agree()


def test_a_purchase_without_recovery_terms_may_be_ended_for_a_failure_and_claims_nothing():
    desk = failed_office(None)
    payouts.raise_payments(FINAL)
    row = approved(desk, proposed(desk, Ground.FAILED))
    assert row.state == "approved"
    assert db.session.scalar(select(Claim.id)) is None
    books_agree()


def test_what_is_on_its_way_arrives_first_and_nothing_new_is_raised():
    desk = office(recovery=RECOVERY)
    accept(desk, 1)
    rows = raised(desk)
    accept(desk, 3)
    evaluate(desk, 3, 0, "fail")
    payouts.raise_payments(FINAL)
    # A milestone accepted after the failure earns nothing any more.
    accept(desk, 2, FINAL)
    payouts.raise_payments(FINAL)
    assert len(payments_of(desk.agreement.id)) == len(rows)
    assert actions.terminate_failed(FINAL) == 0
    with pytest.raises(Refused, match="付清后再终止"):
        proposed(desk, Ground.FAILED)
    for row in rows:
        row.state, row.settled_on = "paid", FINAL.date()
    db.session.flush()
    assert actions.terminate_failed(FINAL) == 1
    assert claim_of(desk).basis["paid_fen"] == sum(row.amount_fen for row in rows)
    assert payouts.raise_payments(FINAL) == 0


def test_nothing_paid_or_a_share_of_nothing_leaves_no_claim():
    desk = office(recovery=RECOVERY)
    accept(desk, 3)
    evaluate(desk, 3, 0, "fail")
    payouts.raise_payments(FINAL)
    assert actions.terminate_failed(FINAL) == 1
    assert contract(desk).state == AgreementState.TERMINATED
    assert db.session.scalar(select(Claim.id)) is None
    books_agree()


def test_a_share_of_nothing_claims_nothing():
    failed_office(RecoveryTerms(True, 0, 30))
    payouts.raise_payments(FINAL)
    assert actions.terminate_failed(FINAL) == 1
    assert db.session.scalar(select(Claim.id)) is None


# --- by the street ----------------------------------------------------------------------------------------------------


def test_the_street_ends_a_purchase_with_accepted_work_settled_by_two_people():
    desk = office()
    paid(desk, 1)
    accept(desk, 2, FINAL)
    accept(desk, 3, FINAL)
    row = proposed(desk, settle_bp=6_000)
    assert contract(desk).state == AgreementState.IN_FORCE
    assert "终止合同待批准" in told(desk.deal.buyer)
    approved(desk, row)
    found = queries.termination(row.id)
    assert found is not None
    # Milestone 2 in full (172,800), milestone 3 at the agreed 60 % of 129,600.
    assert (found.state, found.settled_fen, found.freed_fen) == ("approved", 17_280_000 + 7_776_000, 0)
    assert total(desk)["payable"] == 25_056_000
    assert total(desk)["committed"] == 0
    # What was settled is paid although the contract is over.
    later = [one for one in payments_of(desk.agreement.id) if one.state == "due"]
    assert {one.pay_by for one in later} == {date(2026, 8, 31)}
    approved_payments(desk, later, FINAL)
    books_agree()
    # Nothing more may be done under it.
    with pytest.raises(Refused):
        delivery.accept_milestone(desk.deal.clerk, milestone(desk, 2).id, None, FINAL)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        payouts.complete_contract(desk.deal.clerk, desk.agreement.id, FINAL)


def test_evaluated_work_is_settled_as_evaluated_and_unaccepted_work_not_at_all():
    desk = office()
    accept(desk, 3)
    evaluate(desk, 3, 9_000, "pass", FINAL)
    row = approved(desk, proposed(desk, settle_bp=1_000))
    assert row.settled_fen == 11_664_000
    assert row.freed_fen == 12_960_000 + 17_280_000
    books_agree()


def test_a_contract_whose_award_was_annulled_after_signing_is_ended_and_settled():
    desk = office()
    accept(desk, 1)
    set_award(desk.deal.award, AwardState.SUSPENDED)
    payouts.raise_payments(FINAL)
    from contracts.agreements.due import suspend_fallen

    assert suspend_fallen(FINAL) == 1
    with pytest.raises(Refused, match="质疑还在处理"):
        proposed(desk, Ground.AGREED)
    set_award(desk.deal.award, AwardState.ANNULLED)
    with pytest.raises(Refused, match="请选择这一项"):
        proposed(desk, Ground.AGREED)
    row = approved(desk, proposed(desk, Ground.ANNULLED))
    assert (row.settled_fen, contract(desk).state) == (12_960_000, AgreementState.TERMINATED)
    approved_payments(desk, payments_of(desk.agreement.id), FINAL)
    books_agree()


def test_only_the_second_person_decides_and_facts_are_asked_again():
    desk = office()
    row = proposed(desk)
    give(desk.deal.approver, Role.STREET_CLERK, desk.deal.street.scope)
    own = db.session.get_one(type(desk.deal.approver), desk.deal.clerk.user_id)
    give(own, Role.STREET_APPROVER, desk.deal.street.scope)
    with pytest.raises(Forbidden, match="不得批准终止"):
        actions.approve_termination(acting(own), row.id, FINAL)
    for who in (desk.cashier, desk.payee, finance_of(desk)):
        with pytest.raises(Forbidden):
            actions.approve_termination(who, row.id, FINAL)
    with pytest.raises(Refused, match="已经提出终止"):
        proposed(desk)
    set_award(desk.deal.award, AwardState.ANNULLED)
    with pytest.raises(Refused):
        approved(desk, row)


def test_a_proposal_sent_back_may_be_made_again():
    desk = office()
    row = proposed(desk)
    with pytest.raises(Refused) as refusal:
        actions.reject_termination(desk.deal.buyer, row.id, " ", FINAL)
    assert refusal.value.field == "answer"
    actions.reject_termination(desk.deal.buyer, row.id, "理由不充分。", FINAL)
    assert "终止合同未获批准" in told(desk.deal.clerk)
    assert contract(desk).state == AgreementState.IN_FORCE
    with pytest.raises(Refused):
        approved(desk, row)
    approved(desk, proposed(desk))
    assert contract(desk).state == AgreementState.TERMINATED
    with pytest.raises(Refused):
        proposed(desk)


@pytest.mark.parametrize(("reason", "settle_bp", "field"), [(" ", 0, "reason"), ("理由", 10_001, "settle_bp")])
def test_a_proposal_gives_its_reason_and_a_share(reason, settle_bp, field):
    desk = office()
    with pytest.raises(Refused) as refusal:
        proposed(desk, settle_bp=settle_bp, reason=reason)
    assert refusal.value.field == field


def test_the_clock_carries_out_a_waiting_proposal_on_the_same_ground_and_leaves_another():
    desk = failed_office()
    payouts.raise_payments(FINAL)
    other = proposed(desk, Ground.AGREED)
    assert actions.terminate_failed(FINAL) == 0
    actions.reject_termination(desk.deal.buyer, other.id, "按不合格办理。", FINAL)
    row = proposed(desk, Ground.FAILED)
    assert actions.terminate_failed(FINAL) == 1
    found = db.session.get_one(Termination, row.id)
    assert (found.state, found.proposed_by) == ("approved", desk.deal.clerk.user_id)


# --- money that comes back --------------------------------------------------------------------------------------------


def test_money_comes_back_in_parts_to_the_lines_that_paid_and_is_published():
    desk = failed_office()
    claim = ended(desk)
    before, lines = total(desk), places(desk)
    received(desk, claim, 1_000_001, "HK1")
    row = claim_of(desk)
    assert (row.received_fen, row.open_fen, row.state) == (1_000_001, 5_479_999, "claimed")
    received(desk, row, 5_479_999, "HK2")
    row = claim_of(desk)
    assert (row.open_fen, row.state) == (0, "received")
    assert total(desk) == before | {"paid": before["paid"] - 6_480_000, "unspent": before["unspent"] + 6_480_000}
    # Each line got its own part, to the fen.
    own = {part.line_id: part.amount_fen for part in row.parts}
    for line, was, now in zip(desk.deal.lines, lines, places(desk), strict=True):
        assert was["paid"] - now["paid"] == own[line.id]
    back = [
        one
        for release in board(desk)
        for one in release.get("contracts", [{}])[0].get("implementation", {}).get("transactions", ())
        if one.get("linliClaim") == row.number
    ]
    assert sum(round(one["value"]["amount"] * 100) for one in back) == -6_480_000
    assert board(desk)[-1]["contracts"][0]["linliClaims"][0]["state"] == "received"
    card = db.session.get_one(PurchaseCard, desk.deal.file.id)
    assert card.paid_fen == total_paid(desk) - 6_480_000
    assert told(desk.payee)[-1] == "退回的款项已到账"
    books_agree()


def test_two_people_confirm_what_came_back():
    desk = failed_office()
    claim = ended(desk)
    receipt = entered(desk, claim, 1_000_000)
    assert total(desk)["paid"] == 12_960_000
    give(desk.cashier_user, Role.STREET_CHECKER, desk.deal.street.scope)
    with pytest.raises(Forbidden):
        actions.confirm_receipt(acting(desk.cashier_user), receipt.id, FINAL)
    with pytest.raises(Forbidden):
        actions.confirm_receipt(desk.payee, receipt.id, FINAL)
    with pytest.raises(Forbidden):
        actions.enter_receipt(desk.checker, claim.id, actions.ReceiptFacts(1, "X", FINAL.date()), FINAL)
    actions.confirm_receipt(desk.checker, receipt.id, FINAL)
    with pytest.raises(Refused):
        actions.confirm_receipt(desk.checker, receipt.id, FINAL)
    assert total(desk)["paid"] == 11_960_000


def test_never_more_than_the_claim_and_no_reference_twice():
    desk = failed_office()
    claim = ended(desk)
    entered(desk, claim, 6_000_000, "HK1")
    with pytest.raises(Refused) as refusal:
        entered(desk, claim_of(desk), 480_001, "HK2")
    assert refusal.value.field == "amount_fen"
    with pytest.raises(Refused, match="已经登记过"):
        entered(desk, claim_of(desk), 1, "HK1")
    with pytest.raises(Refused) as refusal:
        entered(desk, claim_of(desk), 1, " ")
    assert refusal.value.field == "bank_reference"
    with pytest.raises(Refused) as refusal:
        entered(desk, claim_of(desk), 1, "HK3", day=FINAL.date() + timedelta(days=1))
    assert refusal.value.field == "received_on"


def test_an_entry_sent_back_is_entered_anew():
    desk = failed_office()
    claim = ended(desk)
    receipt = entered(desk, claim, 6_480_000, "HK1")
    with pytest.raises(Refused):
        actions.reject_receipt(desk.checker, receipt.id, "", FINAL)
    actions.reject_receipt(desk.checker, receipt.id, "金额与回单不符。", FINAL)
    assert told(desk.cashier)[-1] == "到账登记复核不通过"
    assert total(desk)["paid"] == 12_960_000
    received(desk, claim_of(desk), 6_480_000, "HK1")
    assert claim_of(desk).state == "received"
    books_agree()


def test_a_double_click_is_one_entry():
    desk = failed_office()
    claim = ended(desk)
    facts = actions.ReceiptFacts(1_000, "HK1", FINAL.date())
    first = actions.enter_receipt(desk.cashier, claim.id, facts, FINAL, token="1" * 32)
    assert actions.enter_receipt(desk.cashier, claim.id, facts, FINAL, token="1" * 32).id == first.id


def test_a_payment_that_bounces_after_the_claim_lowers_what_may_come_back():
    desk = failed_office()
    claim = ended(desk)
    bounced = db.session.scalars(select(Payment).filter_by(agreement_id=desk.agreement.id).order_by(Payment.id)).all()
    for row in bounced:
        row.state = "returned"
    db.session.flush()
    with pytest.raises(Refused) as refusal:
        entered(desk, claim, 1)
    assert refusal.value.field == "amount_fen"


def test_the_district_waives_the_rest_with_a_published_reason():
    desk = failed_office()
    claim = ended(desk)
    received(desk, claim, 480_000)
    finance = finance_of(desk)
    for who in (desk.cashier, desk.checker, desk.deal.clerk, desk.payee):
        with pytest.raises(Forbidden):
            actions.waive_claim(who, claim.id, "困难", FINAL)
    with pytest.raises(Refused) as refusal:
        actions.waive_claim(finance, claim.id, "", FINAL)
    assert refusal.value.field == "reason"
    waiting = entered(desk, claim_of(desk), 1_000, "HK9")
    with pytest.raises(Refused, match="等待复核"):
        actions.waive_claim(finance, claim.id, "机构已注销", FINAL)
    actions.reject_receipt(desk.checker, waiting.id, "重复", FINAL)
    actions.waive_claim(finance, claim.id, "机构已注销，无可执行财产。", FINAL)
    row = claim_of(desk)
    assert (row.state, row.waived_fen, row.open_fen) == ("waived", 6_000_000, 0)
    entry = board(desk)[-1]["contracts"][0]["linliClaims"][0]
    assert (entry["state"], entry["waived"]["amount"], entry["waiveReason"]) == (
        "waived",
        60_000,
        "机构已注销，无可执行财产。",
    )
    with pytest.raises(Refused):
        entered(desk, row, 1, "HK10")
    with pytest.raises(Refused):
        actions.waive_claim(finance, claim.id, "再来", FINAL)
    books_agree()


def test_what_does_not_exist_is_not_found():
    desk = office()
    for act in (
        lambda: actions.propose_termination(desk.deal.clerk, 0, Ground.AGREED, "理由", 0, FINAL),
        lambda: actions.approve_termination(desk.deal.buyer, 0, FINAL),
        lambda: actions.enter_receipt(desk.cashier, 0, actions.ReceiptFacts(1, "X", FINAL.date()), FINAL),
        lambda: actions.confirm_receipt(desk.checker, 0, FINAL),
        lambda: actions.waive_claim(finance_of(desk), 0, "理由", FINAL),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_database_itself_keeps_two_people_apart():
    desk = failed_office()
    receipt = entered(desk, ended(desk), 1_000)
    row = db.session.get_one(ClaimReceipt, receipt.id)
    row.state, row.decided_by, row.decided_at = "confirmed", row.entered_by, FINAL
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_a_report_is_refused_once_the_contract_is_over():
    desk = failed_office()
    ended(desk)
    with pytest.raises(Refused):
        delivery.report_milestone(desk.deal.editor, milestone(desk, 2).id, REPORT, "2" * 32, FINAL)
