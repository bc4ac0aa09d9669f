"""Rounds from the call to the last fen: venture with a failure cured and one clawed back; a subsidy; a reward."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from contracts.endings import actions as endings
from contracts.endings.queries import termination_of
from contracts.outcomes import actions as outcomes
from contracts.payouts import actions as payouts
from market.awards import actions as awards
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.venture import actions
from market.venture.states import RoundRegime
from tests.factories.people import acting
from tests.fixtures.clock import StandingClock
from tests.fixtures.ground import replayed
from tests.walks.granted import Granting, Project
from tests.walks.stories import audit, refused

pytestmark = pytest.mark.usefixtures("session")
APPROPRIATED = 1_900_000_00
POOL = (130_000_33, 69_999_67)
GRANT = 60_000_00


@pytest.fixture
def town(app, session, clock):
    return funded(app, clock)


@replayed
def funded(app: Flask, clock: StandingClock) -> Granting:
    """1 April 2026, the year's money is there, and three organisations that apply and three that rate them."""
    found = Granting.found(app, clock)
    assert isinstance(found, Granting)
    found.on(2026, 4, 1, 9, 0)
    found.fund()
    for name in ("暖邻", "银龄", "同行", "甲邻", "乙邻", "丙邻"):
        found.firm(name)
    return found


def fail(project: Project, percent: int) -> None:
    """The mid-term fails once; in the thirty days after it the project is evaluated again."""
    project.deliver(2)
    assert project.evaluate(40).grade == "fail"
    project.later(days=20)
    outcomes.open_evaluation(project.as_("clerk"), project.milestone(2).id, project.now)
    project.evaluate(percent)
    project.knock()


def test_a_venture_round_with_a_failure_cured_and_one_clawed_back(town):
    town.call(RoundRegime.VENTURE, POOL)
    assert town.purse() == {"unspent": APPROPRIATED - sum(POOL), "reserved": sum(POOL)}

    # Five write, four hand in; one presses too late by the server's clock.
    for name in ("暖邻", "银龄", "同行", "友邻"):
        town.later(minutes=5)
        town.apply(name)
    late = town.firm("晚到")
    actions.save_fields(acting(late.editor), town.round_id, late.id, {"title": "晚到项目"}, 0, town.now)
    town.close()
    with refused(actions.TooLate):
        actions.submit_application(acting(late.signatory), town.round_id, late.id, town.now)
    assert "申报未提交：%(title)s" in town.told(late.editor)
    assert town.round.state == "screening"

    # Checked, judged by five drawn experts (70 %) and twelve residents (30 %).
    assert town.check() == 4
    town.jury({"暖邻": 90, "银龄": 86, "同行": 84, "友邻": 80})
    town.vote([["暖邻", "友邻"]] * 8 + [["银龄"]] * 4)
    assert town.rank() == ["暖邻", "银龄", "友邻"], "the residents carried 友邻 over 同行"
    totals = {name: town.application(name).scores["total"] for name in town.numbers}
    assert totals == {"暖邻": 9300, "银龄": 7520, "同行": 5880, "友邻": 8600}
    words = [why["text"] % why["params"] for why in town.application("同行").verdict]
    assert words == ["总分 58.80 分，低于入选线 60.00 分。"]
    assert "请决定拟资助项目" in town.told(town.people["approver"])

    # The approver follows; three awards are public for five working days, 友邻's is objected to with success.
    town.decide_on(["暖邻", "银龄", "友邻"])
    assert town.purse() == {"unspent": APPROPRIATED - sum(POOL), "reserved": sum(POOL)}
    objected = town.project("友邻").award()
    row = awards.object_to_award(objected.id, "钱某某", "13900000000", "去年的项目没有做完。", town.now)
    awards.answer_objection(town.as_("civil"), row.id, True, "经核查，异议成立。", town.now)
    with refused(Refused):
        awards.confirm_award(town.as_("approver"), objected.id, town.now)
    awards.refuse_award(town.as_("approver"), objected.id, "异议成立。", town.now)
    town.confirm_all()
    assert town.round.state == "finished"
    assert town.application("友邻").state == "fallen"
    assert town.purse() == {"unspent": APPROPRIATED - 2 * GRANT, "reserved": 2 * GRANT}
    audit()

    # Contracts, tranches and evaluations as for any purchase; the others rate as fellow organisations.
    cured, failed = town.project("暖邻"), town.project("银龄")
    for project in (cured, failed):
        project.sign_both()
    town.on(2026, 7, 16, 9, 0)
    for project in (cured, failed):
        project.deliver(1)
        assert project.pay() == GRANT // 2
    assert town.purse() == {"unspent": APPROPRIATED - 2 * GRANT, "committed": GRANT, "paid": GRANT}
    town.on(2026, 11, 30, 9, 0)
    fail(cured, 90)
    assert cured.agreement.state == "in_force"
    assert cured.pay() == GRANT * 3 // 10
    fail(failed, 50)
    assert failed.agreement.state == "terminated"

    # The last tranche falls and all that was paid is claimed back; cashier and checker write the return down.
    ending = termination_of(failed.agreement_id)
    assert ending is not None
    assert ending.claim is not None
    assert ending.claim.amount_fen == GRANT // 2
    facts = endings.ReceiptFacts(GRANT // 2, "HK20261230", beijing_day(town.now))
    receipt = endings.enter_receipt(town.as_("cashier"), ending.claim.id, facts, town.now)
    endings.confirm_receipt(town.as_("checker"), receipt.id, town.now)
    town.on(2027, 4, 30, 9, 0)
    cured.deliver(3)
    cured.evaluate(90)
    cured.knock()
    assert cured.pay() == GRANT * 2 // 10
    for payment in cured.payments:
        payouts.confirm_receipt(acting(cured.winner.admin), payment.id, town.now)
    payouts.complete_contract(town.as_("clerk"), cured.agreement_id, town.now)
    assert town.purse() == {"unspent": APPROPRIATED - GRANT, "paid": GRANT}
    audit()


def test_a_subsidy_pays_half_of_a_projects_cost_in_two_parts(town):
    town.call(RoundRegime.SUBSIDY, POOL, starts_on=date(2026, 6, 1), ends_on=date(2026, 9, 30))
    ask = {"total_fen": 80_000_00, "own_fen": 40_000_00, "asked_fen": 40_000_00}
    town.apply("暖邻", **ask)
    town.apply("银龄", **{**ask, "total_fen": 90_000_00})
    town.close()
    town.check()
    town.jury({"暖邻": 85, "银龄": 55})
    with refused(Refused, "不设居民投票"):
        actions.open_vote(town.as_("clerk"), town.round_id, town.now + timedelta(days=1), town.now)
    assert town.rank() == ["暖邻"]
    town.decide_on(["暖邻"])
    town.confirm_all()
    project = town.project("暖邻")
    project.sign_both()
    assert town.purse() == {"unspent": APPROPRIATED - 40_000_00, "committed": 40_000_00}
    project.on(2026, 6, 16, 9, 0)
    project.deliver(1)
    assert project.pay() == 24_000_00
    project.on(2026, 9, 30, 9, 0)
    project.deliver(2)
    assert project.evaluate(85).grade == "good"
    project.knock()
    assert project.pay() == 16_000_00
    assert town.purse() == {"unspent": APPROPRIATED - 40_000_00, "paid": 40_000_00}
    audit()


def test_a_reward_follows_the_grade_and_is_paid_at_once(town):
    town.call(RoundRegime.REWARD, POOL, starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 30))
    nothing = {"total_fen": None, "own_fen": None, "asked_fen": None}
    for name in ("暖邻", "银龄", "同行"):
        town.apply(name, **nothing)
    town.close()
    town.check()
    town.jury({"暖邻": 92, "银龄": 84, "同行": 65})
    assert town.rank() == ["暖邻", "银龄"]
    assert [town.application(name).granted_fen for name in town.numbers] == [50_000_00, 30_000_00, 0]
    town.decide_on(["暖邻"], "银龄的材料与去年已奖励的项目相同。")
    town.confirm_all()
    assert town.purse() == {"unspent": APPROPRIATED - 50_000_00, "reserved": 50_000_00}
    project = town.project("暖邻")
    project.sign_both()
    project.on(2026, 6, 30, 9, 0)
    project.deliver(1)
    assert project.pay() == 50_000_00
    assert town.purse() == {"unspent": APPROPRIATED - 50_000_00, "paid": 50_000_00}
    body = town.board(town.round.file_id)
    assert [release["tag"] for release in body] == [["tender"], ["tenderUpdate"], ["tenderUpdate"], ["tenderUpdate"]]
    assert body[2]["tender"]["linliRound"]["portfolio"]["departure"] == "银龄的材料与去年已奖励的项目相同。"
    audit()
