"""One purchase from the year's budget to the money that arrived, told as it goes into the minutes; and three that end
differently.
"""

from __future__ import annotations

import json
import re
from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy import select

from contracts.agreements.queries import stored
from contracts.agreements.states import Party
from contracts.delivery import actions as delivery
from contracts.outcomes import actions as outcomes
from contracts.payouts import actions as payouts
from contracts.payouts.providers import pain001
from market.awards import actions as awards
from market.awards.models import BidderLetter
from market.bids import actions as bids
from market.bids.models import BidDraft, LateAttempt, OpenedBid
from market.bids.queries import receipt
from market.bids.rules import TooLate
from market.budgets import actions as budgets
from market.db.session import db
from market.evaluation import actions as evaluation
from market.kernel.canonical import sha256_hex
from market.kernel.clock import instant
from market.kernel.errors import Forbidden, NotFound, Refused, Stale
from market.kernel.money import format_centi
from market.kernel.permits import Role
from market.organisations import actions as organisations
from market.panels.queries import panel_for, scores_if_final
from market.records.files import content_of
from market.records.keys import authority, receipt_public
from market.records.signing import verify_pdf, verify_receipt
from market.tenders import actions as tenders
from tests.factories import organisations as organisation_factory
from tests.factories.bids import token
from tests.factories.people import PASSPHRASE, acting, give, person
from tests.walks.figures import known_of, strange, text_of
from tests.walks.stories import LINES, TOP_UP, Town, audit, fresh, orders, refused

pytestmark = pytest.mark.usefixtures("session")
APPROPRIATED = 1_900_000_00


@pytest.fixture
def town(app, session, clock):
    return Town.found(app, clock)


def test_one_street_buys_one_service_from_budget_to_payout(town):
    # Tuesday 31 March 2026, nine o'clock. The clerk's plan for the year is 100,000 yuan below the floor.
    clerk, approver, finance = town.as_("clerk"), town.as_("approver"), town.as_("finance")
    year = budgets.open_year(clerk, town.street, 2026, None, town.now)
    for facts in LINES:
        budgets.add_line(clerk, year.id, facts, town.now)
    with refused(Refused, match=r"还差 ¥100,000\.00"):
        budgets.propose(clerk, year.id, town.now)
    budgets.add_line(clerk, year.id, TOP_UP, town.now)
    budgets.propose(clerk, year.id, town.now)
    with refused(Forbidden):
        budgets.close_year(clerk, year.id, town.now)
    assert town.purse() == {}
    budgets.close_year(finance, year.id, town.now)
    assert town.purse() == {"unspent": APPROPRIATED}

    # 9:20. An organisation mistypes its credit code; then it registers, and waits to be confirmed.
    right = organisation_factory.facts("江宁区暖邻社会工作服务中心")
    slip = organisation_factory.facts(right.name, uscc=right.uscc[:-1] + ("0" if right.uscc[-1] != "0" else "1"))
    with refused(Refused) as refusal:
        organisations.register(acting(person(name="苏禾")), town.street.district_id, slip, town.now)
    assert refusal.value.field == "uscc"
    warm = town.firm("暖邻", confirmed=False)

    # 9:40. Two needs become a demand item; it becomes a tender. Whoever drafted it may not approve it.
    town.later(minutes=40)
    demand = town.demand()
    assert (demand.people_affected, demand.state) == (105, "open")
    tender = town.draft(demand)
    assert (tender.method, tender.budget_fen) == ("comparison", 180_000_00)
    tenders.submit_tender(clerk, tender.id, town.now)
    with refused(Forbidden):
        tenders.publish_tender(clerk, tender.id, town.now)
    give(town.people["clerk"], Role.STREET_APPROVER, town.street.scope)
    with refused(Forbidden, match="编制人不得审核"):
        tenders.publish_tender(town.as_("clerk"), tender.id, town.now)
    assert town.board() == []
    assert town.purse() == {"unspent": APPROPRIATED}

    # 10:00. The second officer publishes: the money is reserved in the same act, the deadline is fixed by rule.
    town.later(minutes=20)
    tenders.publish_tender(approver, tender.id, town.now)
    tender = town.tender
    assert town.purse() == {"unspent": 1_720_000_00, "reserved": 180_000_00}
    assert tender.deadline_at == instant(date(2026, 4, 7), 9, 30)
    assert demand.state == "planned"
    (notice,) = town.board()
    assert notice["tag"] == ["tender"]
    assert notice["tender"]["value"] == {"amount": 180_000, "currency": "CNY"}
    assert notice["tender"]["tenderPeriod"]["endDate"] == "2026-04-07T01:30:00Z"
    assert [part["amount"]["amount"] for part in notice["planning"]["budget"]["budgetBreakdown"]] == [
        120_000.33,
        59_999.67,
    ]
    (lot,) = notice["tender"]["lots"]
    assert lot["publicKey"] == town.lot.public_key.hex()
    assert sum(c["maxCenti"] for c in lot["awardCriteria"]["criteria"]) == 100_00
    assert "林晓禾" not in json.dumps(notice, ensure_ascii=False)

    # 1 April. An organisation may write before it is confirmed, and submit once it is; later it replaces its bid.
    town.on(2026, 4, 1, 13, 0)
    town.write(warm, 175_000_00)
    with refused(Refused):
        bids.submit_bid(acting(warm.signatory), town.lot_id, warm.id, token(), town.now)
    organisations.submit(acting(warm.admin), fresh(warm.organisation), town.now)
    with refused(Forbidden):
        organisations.confirm(clerk, fresh(warm.organisation), town.now)
    organisations.confirm(town.as_("civil"), fresh(warm.organisation), town.now)
    town.later(hours=1)
    first = bids.submit_bid(acting(warm.signatory), town.lot_id, warm.id, token(), town.now)
    town.later(minutes=30)
    second = town.submit(warm, 170_000_01)

    # The same day two others submit, and a fourth writes and forgets to.
    assert (first.receipt_number != second.receipt_number, first.lot_id) == (True, second.lot_id)
    town.submit(town.firm("银龄"), 165_000_00)
    town.submit(town.firm("同行"), 160_000_33)
    town.write(town.firm("忘交"), 150_000_00)
    handed = receipt(second.receipt_number)
    assert verify_receipt(receipt_public(), handed.payload)
    assert handed.payload["payload"]["root"] == second.root
    assert handed.payload["payload"]["envelope"]["sha256"] == sha256_hex(second.envelope)
    assert handed.payload["payload"]["at"].startswith("2026-04-01T06:30:00")
    # What was submitted is left in no draft; nobody is told how many bids there are.
    emptied = select(BidDraft.ciphertext).where(BidDraft.organisation_id != town.firms["忘交"].id)
    assert set(db.session.scalars(emptied)) == {None}
    assert "bids" not in json.dumps(town.board())
    assert "投标尚未递交：%(title)s" not in town.told(town.firms["忘交"].editor)

    # 5 April. Whoever has written but not submitted hears of it, three days ahead.
    town.on(2026, 4, 5, 9, 0)
    reminded = town.told(town.firms["忘交"].editor)
    assert reminded
    assert reminded[-1] not in town.told(town.firms["暖邻"].editor)

    # 7 April, 9:30 sharp. The server's clock refuses the fourth, and that it tried is written down. Nobody opens yet.
    town.on(2026, 4, 7, 9, 30)
    late = town.firms["忘交"]
    with refused(TooLate):
        bids.submit_bid(acting(late.signatory), town.lot_id, late.id, token(), town.now)
    bids.note_late_attempt(acting(late.signatory), town.lot_id, late.id, town.now)
    opener1, opener2 = town.as_("opener1"), town.as_("opener2")
    with refused(Refused, match="满 60 秒"):
        bids.peel_lot(opener1, town.lot_id, PASSPHRASE, town.now)

    # 9:35. Two officers open, each with an own passphrase; one alone cannot, and the clerk not at all.
    town.on(2026, 4, 7, 9, 35)
    with refused(NotFound):
        bids.peel_lot(clerk, town.lot_id, PASSPHRASE, town.now)
    bids.peel_lot(opener1, town.lot_id, PASSPHRASE, town.now)
    with refused(Refused, match="还没有另一位开标人"):
        bids.open_with_passphrase(opener1, town.lot_id, PASSPHRASE, town.now)
    assert db.session.scalar(select(OpenedBid.id)) is None
    bids.open_with_passphrase(opener2, town.lot_id, PASSPHRASE, town.now)
    town.work()
    assert [(b.number, b.price_fen, b.root_ok) for b in town.bids] == [
        (1, 170_000_01, True),
        (2, 165_000_00, True),
        (3, 160_000_33, True),
    ]
    opening = town.board()[-1]
    assert opening["tag"] == ["tenderUpdate"]
    assert [line["value"]["amount"] for line in opening["bids"]["details"]] == [170_000.01, 165_000, 160_000.33]
    assert opening["bids"]["details"][0]["root"] == second.root
    assert opening["tender"]["lots"][0]["opening"]["lateAttempts"] == 1
    assert "社工三名" not in json.dumps(town.board(), ensure_ascii=False)
    assert db.session.scalars(select(LateAttempt.organisation_id)).all() == [late.id]

    # 10:00. Every condition of every bid is checked; three stay. A panel of three is drawn by the announced secret.
    town.later(minutes=25)
    assert town.qualify() == 3
    town.draw()
    assert panel_for("lot", town.lot_id).size == 3
    with refused(Stale):
        evaluation.draw_panel(clerk, town.lot_id, town.now, size=3, expert_seats=3)

    # 8 April. Nobody sees content before declaring; nobody sees a colleague's score before all are final.
    town.on(2026, 4, 8, 9, 0)
    shares = {"暖邻": 95, "银龄": 80, "同行": 60}
    seat, *others = town.seats
    criterion = next(c for c in town.lot.criteria if c.kind == "quality")
    with refused(Refused):
        evaluation.put_score(town.member(seat), seat.id, town.bids[0].id, criterion.id, town.now, score_centi=1)
    town.declare()
    town.score(seat, shares)
    assert scores_if_final(panel_for("lot", town.lot_id)) is None
    with refused(Refused, match="没有提交评分"):
        evaluation.rank_lot(clerk, town.lot_id, town.now)
    with refused(NotFound):
        evaluation.put_score(town.member(others[0]), seat.id, town.bids[0].id, criterion.id, town.now, score_centi=1)
    for other in others:
        town.score(other, shares)
    report = evaluation.rank_lot(clerk, town.lot_id, town.now)
    # 90 points for quality, 10 for the price: lowest over own, by the formula, rounded half up to hundredths.
    ranking = [(r["rank"], r["quality_centi"], r["price_centi"], r["total_centi"]) for r in report.data["results"]]
    assert ranking == [(1, 85_50, 9_41, 94_91), (2, 72_00, 9_70, 81_70), (3, 54_00, 10_00, 64_00)]
    town.work()
    assert report.pdf_file_id is not None or db.session.get(type(report), report.id).pdf_file_id is not None
    assert town.board()[-1]["tag"] == ["tenderUpdate"], "the ranking is not public before the result"

    # 9 April. The purchaser confirms the first in rank: result notice, letters, windows. The clerk may not.
    town.on(2026, 4, 9, 10, 0)
    with refused(Forbidden):
        awards.award_lot(person_only_clerk(town), town.lot_id, "按排名", town.now)
    town.confirm()
    town.work()
    assert (town.award().rank, town.award().amount_fen) == (1, 170_000_01)
    assert town.award().publicity_until == instant(date(2026, 4, 11))
    assert town.award().challenge_until == instant(date(2026, 4, 22))
    result = town.board()[-1]
    assert result["tag"] == ["award"]
    assert [line["totalCenti"] for line in result["awards"][0]["linliScoring"]["ranking"]] == [94_91, 81_70, 64_00]
    assert len(result["awards"][0]["linliScoring"]["experts"]) == 3
    # The report's and the letters' documents show the figures that were published, and the report all of the ranking.
    known = known_of(town.board())
    made = db.session.get(type(report), report.id).pdf_file_id
    papers = [made, *db.session.scalars(select(BidderLetter.pdf_file_id))]
    texts = [text_of(content_of(stored(one))) for one in papers]
    assert [strange(text, known) for text in texts] == [[]] * 4
    for line in result["awards"][0]["linliScoring"]["ranking"]:
        assert {format_centi(line[name]) for name in ("totalCenti", "qualityCenti", "priceCenti")} <= set(
            re.findall(r"[0-9]+\.[0-9]{2}", texts[0])
        )
    letters = {row.organisation_id: row.data for row in db.session.scalars(select(BidderLetter))}
    assert set(letters) == {town.firms[name].id for name in shares}
    own = letters[town.firms["同行"].id]
    assert (own["own"]["rank"], own["own"]["total_centi"], own["winner_total_centi"]) == (3, 64_00, 94_91)
    assert own["own"]["criteria"][0]["reasons"] == ["措施具体，可行。"] * 3
    assert "银龄" not in json.dumps(own, ensure_ascii=False), "a letter says nothing of the third"
    assert town.purse() == {"unspent": 1_720_000_00, "reserved": 180_000_00}
    audit()

    # 10 April. The contract is drafted from the award; nobody signs while the result notice or the window runs.
    town.on(2026, 4, 10, 9, 0)
    contract = town.issue()
    assert (contract.amount_fen, contract.data["terms_digest"]) == (170_000_01, town.award().terms_digest)
    assert (town.award().terms["bond_bp"], contract.data["options"]["bond_fen"]) == (500, 8_500_00)
    frozen = contract.digest
    with refused(Refused, match="结果公告期和质疑期还没有结束"):
        town.sign(Party.SUPPLIER)
    town.on(2026, 4, 21, 23, 59)
    with refused(Refused, match="质疑期还没有结束"):
        town.sign(Party.SUPPLIER)

    # 22 April. Both sign, each with an own key; reserved becomes committed and the saving goes back, line by line.
    town.on(2026, 4, 22, 9, 0)
    with refused(Refused):
        town.sign(Party.BUYER)
    town.sign(Party.SUPPLIER)
    assert town.purse() == {"unspent": 1_720_000_00, "reserved": 180_000_00}
    town.later(minutes=30)
    town.sign(Party.BUYER)
    contract = town.agreement
    assert (contract.state, contract.digest) == ("in_force", frozen)
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 170_000_01}
    # 170,000.01 shared as the reservation was, 120,000.33 to 59,999.67, by largest remainder.
    assert [town.balance(line)["committed"] for line in town.lines] == [113_333_65, 56_666_36]
    signatures = verify_pdf(content_of(stored(contract.signed_pdf_id)), authority().certificate)
    assert [(found.field, found.good) for found in signatures] == [("supplier", True), ("buyer", True)]
    published = town.board()[-1]
    assert published["tag"] == ["contract"]
    assert published["contracts"][0]["value"]["amount"] == 170_000.01
    assert published["contracts"][0]["linliDigest"] == frozen
    assert [m["linliValue"]["amount"] for m in published["contracts"][0]["milestones"]] == [68_000, 102_000.01]
    assert "周怀远" not in json.dumps(published, ensure_ascii=False)
    audit()

    # 31 July. The organisation reports the first milestone, not without evidence; it may not accept it itself.
    town.on(2026, 7, 31, 10, 0)
    milestone = town.milestone(1)
    words = delivery.ReportFacts("按计划完成探访。", 105, 840)
    with refused(Refused, match="证明材料"):
        delivery.report_milestone(acting(town.winner.editor), milestone.id, words, token(), town.now)
    town.report(1)
    facts = delivery.AcceptanceFacts("好", 1, 1, "好")
    with refused(Forbidden):
        delivery.accept_milestone(acting(town.winner.editor), milestone.id, facts, town.now)
    town.on(2026, 8, 3, 9, 0)
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 170_000_01}
    town.accept(1)
    town.knock()
    # 40 % of 170,000.01 yuan, rounded down: the last milestone takes the rest.
    first, second = town.payments
    assert first.amount_fen + second.amount_fen == 68_000_00
    assert {first.pay_by, second.pay_by} == {date(2026, 9, 2)}
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 102_000_01, "payable": 68_000_00}
    assert town.board()[-1]["contracts"][0]["implementation"]["milestones"][0]["status"] == "met"

    # 4 August. The cashier asks, another person approves, the bank gets one file; it reports both as paid.
    town.on(2026, 8, 4, 9, 0)
    cashier, checker = town.as_("cashier"), town.as_("checker")
    with refused(Refused, match="收款账户"):
        payouts.request_payment(cashier, first.id, town.now)
    organisation_factory.bank_account(town.winner)
    with refused(Refused, match="付款账户"):
        payouts.request_payment(cashier, first.id, town.now)
    town.accounts()
    payouts.request_payment(cashier, first.id, town.now)
    give(town.people["cashier"], Role.STREET_CHECKER, town.street.scope)
    with refused(Forbidden, match="申请付款的人不得审批"):
        payouts.approve_payment(town.as_("cashier"), first.id, town.now)
    with refused(Refused):
        payouts.order_batch(cashier, town.street.id, [first.id], town.now)
    payouts.approve_payment(checker, first.id, town.now)
    payouts.request_payment(cashier, second.id, town.now)
    payouts.approve_payment(checker, second.id, town.now)
    batch = payouts.order_batch(cashier, town.street.id, [first.id, second.id], town.now)
    given = orders(batch)
    assert (batch.count, batch.total_fen) == (2, 68_000_00)
    control = pain001.read_control(content_of(stored(batch.xml_file_id)))
    assert (control.count, control.total_fen) == (2, 68_000_00)
    assert town.purse()["payable"] == 68_000_00, "an order is not a payment"
    town.on(2026, 8, 5, 16, 0)
    town.bank_says("成功", given)
    assert [row.state for row in town.payments] == ["paid", "paid"]
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 102_000_01, "paid": 68_000_00}
    paid = [r["contracts"][0]["implementation"]["transactions"][0] for r in town.board()[-2:]]
    assert sum(Fraction(str(one["value"]["amount"])) for one in paid) == 68_000
    again = town.bank_says("成功", given)
    assert again.repeated
    assert town.purse()["paid"] == 68_000_00
    with refused(Forbidden):
        payouts.confirm_receipt(cashier, first.id, town.now)
    for row in town.payments:
        payouts.confirm_receipt(acting(town.winner.admin), row.id, town.now)
    assert [row.state for row in town.payments] == ["confirmed", "confirmed"]
    audit()

    # 30 September. The last milestone is reported and accepted; nothing is due before it has been evaluated.
    town.on(2026, 9, 30, 10, 0)
    town.report(2)
    town.on(2026, 10, 9, 9, 0)
    town.accept(2)
    town.knock()
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 102_000_01, "paid": 68_000_00}
    assert town.outcome.state == "collecting"

    # 12 October. Four sources rate, each once and apart; whoever serves may not judge, and nobody closes early.
    town.on(2026, 10, 12, 9, 0)
    for name in ("乐龄", "友邻"):
        town.firm(name)
    town.invite(("乐龄", "友邻", "忘交"))
    with refused(Refused):
        outcomes.invite_organisation(clerk, town.outcome.id, town.winner.id, town.now)
    with refused(Refused, match="应当回避"):
        outcomes.invite_organisation(clerk, town.outcome.id, town.firms["银龄"].id, town.now)
    with refused(Refused, match="还没有结束"):
        outcomes.close_evaluation(clerk, town.outcome.id, town.now)
    town.rate(own=90, mutual=70, third=66, level=1)
    with refused(Refused, match="不能重复提交"):
        outcomes.rate_self(acting(town.winner.editor), town.outcome.id, *town.marks(100), "", town.now)
    outcomes.close_evaluation(clerk, town.outcome.id, town.now)
    # 10 % of 90, 15 % of 70, 30 % of 80 and 45 % of 66 make 73.20: a pass, which pays nine tenths.
    assert (town.outcome.grade, town.outcome.share_bp) == ("pass", 9000)
    evaluated = town.board()[-1]["contracts"][0]["implementation"]["milestones"][0]["linliEvaluation"]
    assert (evaluated["scoreExact"], evaluated["shareBp"]) == ([7320, 1], 9000)
    assert (evaluated["earned"]["amount"], evaluated["withheld"]["amount"]) == (91_800.01, 10_200)
    assert sum(len(rows) for rows in evaluated["inputs"]["commitments"].values()) == 15
    assert "台账可查" not in json.dumps(town.board(), ensure_ascii=False)

    # The clock raises what was earned; what was not goes back to the street at once.
    town.knock()
    assert town.purse() == {"unspent": 1_740_199_99, "payable": 91_800_01, "paid": 68_000_00}
    given = town.order([row for row in town.payments if row.state == "due"])
    town.on(2026, 10, 14, 15, 0)
    town.bank_says("成功", given)
    for row in town.payments[2:]:
        payouts.confirm_receipt(acting(town.winner.admin), row.id, town.now)
    assert town.purse() == {"unspent": 1_740_199_99, "paid": 159_800_01}
    assert {row.state for row in town.payments} == {"confirmed"}
    payouts.complete_contract(clerk, town.agreement_id, town.now)
    assert town.agreement.state == "completed"
    assert town.board()[-1]["tag"] == ["contractTermination"]
    assert sum(town.purse().values()) == APPROPRIATED
    dates = [release["date"] for release in town.board()]
    assert dates == sorted(set(dates)), "merge tools sort releases by their date"
    audit()


def person_only_clerk(town):
    """Somebody who is nothing but a clerk of this street."""
    return acting(person(Role.STREET_CLERK, town.street.scope))
