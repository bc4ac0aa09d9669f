"""Projects awarded by proposal: one fails at half-time and cures it, one fails for good and pays half of it back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from contracts.delivery import actions as delivery
from contracts.endings import actions as endings
from contracts.endings.queries import claim as find_claim
from contracts.endings.queries import termination_of
from contracts.endings.states import Ground
from contracts.outcomes import actions as outcomes
from contracts.payouts import actions as payouts
from market.awards import actions as awards
from market.awards.rules import RecoveryTerms
from market.kernel.clock import beijing_day
from market.kernel.errors import Forbidden, Refused
from tests.factories.bids import token
from tests.factories.people import acting
from tests.fixtures.clock import StandingClock
from tests.fixtures.ground import replayed
from tests.walks.stories import audit, refused
from tests.walks.supported import RECOVERY, RESERVED, Supported

pytestmark = pytest.mark.usefixtures("session")
APPROPRIATED = 1_900_000_00
PRICE = sum(RESERVED)
START, MIDDLE, END = 50_000_16, 30_000_09, 20_000_08


@pytest.fixture
def town(app, session, clock):
    return proposed(app, clock)


@replayed
def proposed(app: Flask, clock: StandingClock, recovery: RecoveryTerms | None = RECOVERY) -> Supported:
    """1 April 2026: the award is proposed, the money reserved."""
    found = Supported.found(app, clock)
    assert isinstance(found, Supported)
    found.on(2026, 4, 1, 9, 0)
    found.propose(recovery)
    return found


@replayed
def under_way(app: Flask, clock: StandingClock, recovery: RecoveryTerms | None = RECOVERY) -> Supported:
    """Nobody objects; confirmed, signed, the start accepted and paid: half of the price."""
    town = proposed(app, clock, recovery)
    town.on(2026, 4, 13, 9, 0)
    awards.confirm_award(town.as_("approver"), town.award().id, town.now)
    town.sign_both()
    assert town.purse() == {"unspent": APPROPRIATED - PRICE, "committed": PRICE}
    town.on(2026, 5, 29, 9, 0)
    town.deliver(1)
    assert town.pay() == START
    assert town.purse() == {"unspent": APPROPRIATED - PRICE, "committed": MIDDLE + END, "paid": START}
    return town


def test_a_neighbour_objects_and_the_award_waits_for_the_answer(town):
    # 8 April, inside the notice of five working days: Monday the 6th is a day off.
    award = town.award()
    assert beijing_day(award.publicity_until - timedelta(seconds=1)) == date(2026, 4, 9)
    town.on(2026, 4, 8, 20, 0)
    row = awards.object_to_award(award.id, "钱某某", "13900000000", "去年的服务没有做完。", town.now)
    assert "收到异议：%(title)s" in town.told(town.people["civil"])
    town.on(2026, 4, 11, 9, 0)
    with refused(Refused, "还有异议没有答复"):
        awards.confirm_award(town.as_("approver"), award.id, town.now)
    with refused(Forbidden):
        awards.answer_objection(town.as_("clerk"), row.id, False, "不成立", town.now)
    town.on(2026, 4, 13, 9, 0)
    awards.answer_objection(town.as_("civil"), row.id, False, "去年的项目已验收合格。", town.now)
    with refused(Refused, "公示期已满"):
        awards.object_to_award(award.id, "钱某某", "13900000000", "还有。", town.now)
    awards.confirm_award(town.as_("approver"), award.id, town.now)
    town.sign_both()
    assert town.agreement.state == "in_force"
    clauses = {one["key"]: "".join(one["paragraphs"]) for one in town.agreement.data["clauses"]}
    assert "已付款项的50%" in clauses["recovery"]
    assert "“邻里互助队”不具有法人资格" in clauses["subject"]
    audit()


def test_a_project_fails_at_half_time_cures_it_and_goes_on(app, clock):
    town = under_way(app, clock)
    town.on(2026, 7, 31, 9, 0)
    town.deliver(2)
    failed = town.evaluate(40)
    assert (failed.grade, failed.share_bp) == ("fail", 0)

    # Thirty days to put it right: nothing is decided, nothing is freed, nothing ends.
    town.on(2026, 8, 20, 9, 0)
    assert town.purse() == {"unspent": APPROPRIATED - PRICE, "committed": MIDDLE + END, "paid": START}
    outcomes.open_evaluation(town.as_("clerk"), town.milestone(2).id, town.now)
    assert town.evaluate(90).grade == "excellent"
    town.on(2026, 9, 10, 9, 0)
    assert town.agreement.state == "in_force"
    assert town.pay() == MIDDLE

    town.on(2026, 11, 30, 9, 0)
    town.deliver(3)
    town.evaluate(90)
    town.knock()
    assert town.pay() == END
    for row in town.payments:
        payouts.confirm_receipt(acting(town.winner.admin), row.id, town.now)
    payouts.complete_contract(town.as_("clerk"), town.agreement_id, town.now)
    assert town.agreement.state == "completed"
    assert town.purse() == {"unspent": APPROPRIATED - PRICE, "paid": PRICE}
    audit()


def test_a_project_fails_for_good_ends_and_half_of_what_was_paid_comes_back(app, clock):
    town = under_way(app, clock)
    town.on(2026, 7, 31, 9, 0)
    town.deliver(2)
    town.evaluate(40)
    town.on(2026, 8, 20, 9, 0)
    outcomes.open_evaluation(town.as_("clerk"), town.milestone(2).id, town.now)
    assert town.evaluate(50).grade == "fail"

    # The same night the clock ends the contract: what was not earned goes back, half of what was paid is claimed.
    town.knock()
    assert town.agreement.state == "terminated"
    assert town.purse() == {"unspent": APPROPRIATED - START, "paid": START}
    ending = termination_of(town.agreement_id)
    assert ending is not None
    assert (ending.ground, ending.freed_fen) == ("failed", END)
    assert ending.claim is not None
    claim_id = ending.claim.id
    claim = find_claim(claim_id)
    assert claim is not None
    assert (claim.amount_fen, claim.due_on) == (25_000_08, date(2026, 9, 21))  # 19 September is a Saturday
    released = town.board()[-1]
    assert released["tag"] == ["contractTermination"]
    assert released["contracts"][0]["linliClaims"][0]["value"]["amount"] == 25_000.08
    assert "合同提前终止" in town.told(town.winner.editor)
    assert "追回款通知" in town.told(town.winner.admin)
    audit()

    # Nothing more is reported, accepted, evaluated or paid under it.
    words = delivery.ReportFacts("按计划完成。", 10, 20)
    with refused(Refused):
        delivery.report_milestone(acting(town.winner.editor), town.milestone(3).id, words, token(), town.now)
    town.on(2026, 9, 1, 9, 0)
    assert {row.state for row in town.payments} == {"paid"}

    # The organisation returns it in two parts; cashier and checker write each down.
    cashier, checker = town.as_("cashier"), town.as_("checker")
    first = endings.ReceiptFacts(10_000_00, "HK20260901", beijing_day(town.now))
    row = endings.enter_receipt(cashier, claim_id, first, town.now)
    assert town.purse() == {"unspent": APPROPRIATED - START, "paid": START}
    with refused(Forbidden):
        endings.confirm_receipt(cashier, row.id, town.now)
    endings.confirm_receipt(checker, row.id, town.now)
    town.on(2026, 9, 18, 9, 0)
    with refused(Refused):
        endings.enter_receipt(cashier, claim_id, endings.ReceiptFacts(15_000_09, "HK2", date(2026, 9, 18)), town.now)
    rest = endings.enter_receipt(
        cashier, claim_id, endings.ReceiptFacts(15_000_08, "HK20260918", date(2026, 9, 18)), town.now
    )
    endings.confirm_receipt(checker, rest.id, town.now)
    assert town.purse() == {"unspent": APPROPRIATED - START + 25_000_08, "paid": START - 25_000_08}
    assert [town.balance(line)["paid"] for line in town.lines] == [15_000_08, 10_000_00]
    assert town.board()[-1]["contracts"][0]["linliClaims"][0]["state"] == "received"
    money = [
        round(one["value"]["amount"] * 100)
        for release in town.board()
        for one in release.get("contracts", [{}])[0].get("implementation", {}).get("transactions", ())
    ]
    assert sum(money) == START - 25_000_08
    audit()


def test_a_purchase_is_ended_by_agreement_and_accepted_work_is_paid(app, clock):
    town = under_way(app, clock, None)
    town.on(2026, 7, 31, 9, 0)
    town.deliver(2)
    row = endings.propose_termination(
        town.as_("clerk"), town.agreement_id, Ground.AGREED, "服务对象搬迁，双方商定终止。", 8_000, town.now
    )
    with refused(Forbidden):
        endings.approve_termination(town.as_("clerk"), row.id, town.now)
    endings.approve_termination(town.as_("approver"), row.id, town.now)
    # The middle at the agreed 80 %; what is left of it and the end go back.
    assert town.pay() == 24_000_07
    assert town.purse() == {"unspent": APPROPRIATED - START - 24_000_07, "paid": START + 24_000_07}
    with refused(Refused):
        town.evaluate(90)
    audit()
