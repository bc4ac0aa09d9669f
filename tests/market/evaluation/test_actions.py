"""From the qualification check to the frozen report, as clerk, bidder and auditor meet it."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from hashlib import sha256

import pytest

from market.awards.notices import scoring_data
from market.db.session import db
from market.evaluation import actions, queries
from market.evaluation.actions.qualifying import Tick
from market.evaluation.actions.reading import open_file, reading
from market.evaluation.notices import public_part
from market.evaluation.rules import average_centi, tie_seed
from market.evaluation.states import Verdict
from market.kernel.canonical import canonical_bytes, digest
from market.kernel.errors import DomainError, Forbidden, NotFound, Refused
from market.kernel.permits import Role, Scope
from market.kernel.uscc import ProviderType
from market.ledger.queries import balances
from market.panels.queries import draws
from market.panels.rules import draw_holds
from market.people.queries import actor_of
from market.records.audit import history, verify_all
from market.records.files import files_of
from market.records.models import Message
from market.tenders.models import LotFunding
from market.tenders.states import LotState
from tests.factories import evaluation as cases
from tests.factories.evaluation import YUAN
from tests.factories.organisations import organisation
from tests.factories.people import acting, actor, give
from tests.factories.places import street
from tests.fixtures.desk import listed

pytestmark = pytest.mark.usefixtures("session")


def told(user):
    """What stands in somebody's inbox, newest last, filled in."""
    rows = db.session.scalars(db.select(Message).filter_by(user_id=user.id).order_by(Message.id))
    return [f"{row.subject % row.params} | {row.body % row.params}" for row in rows]


# --- the qualification check ------------------------------------------------------------------------------------------


def test_every_cell_is_needed_and_an_unmet_condition_needs_its_reason():
    case = cases.opened()
    items, bids = case.lot.tender.qualifications, case.bids
    with pytest.raises(Refused, match="还没有审查") as refused:
        actions.finish_qualification(case.clerk, case.lot_id, case.at)
    assert refused.value.field == f"mark-{bids[0].id}-{items[0].id}"
    cases.check_all(case)
    actions.check_bid(case.clerk, bids[1], items[2].id, case.at, passed=False)
    with pytest.raises(Refused, match="请写明理由") as refused:
        actions.finish_qualification(case.clerk, case.lot_id, case.at)
    assert refused.value.field == f"reason-{bids[1].id}-{items[2].id}"
    actions.check_bid(case.clerk, bids[1], items[2].id, case.at, passed=True)
    assert actions.finish_qualification(case.clerk, case.lot_id, case.at) == 3
    assert case.lot.state == LotState.QUALIFIED
    with pytest.raises(Refused, match="评审中"):
        actions.check_bid(case.clerk, bids[1], items[2].id, case.at, passed=False)


def test_cells_are_saved_one_part_at_a_time():
    case = cases.opened()
    item, bid = case.lot.tender.qualifications[0], case.bids[0]
    actions.check_bid(case.clerk, bid, item.id, case.at, reason="证书已过期")
    actions.check_bid(case.clerk, bid, item.id, case.at, passed=False)
    row = queries.checks(case.lot_id)[bid.id, item.id]
    assert (row.passed, row.reason, row.checked_by) == (False, "证书已过期", case.clerk.user_id)
    with pytest.raises(Refused, match="不符"):
        actions.check_bids(case.clerk, case.lot_id, [Tick(bid.id, 10**9, True)], case.at)


def test_an_invalid_bidder_is_told_at_once_and_nobody_else():
    case = cases.qualified((170_000, 165_000, 160_000, 168_000), failing={4: "未提交登记证书"})
    out, stays = case.teams[3], case.teams[0]
    assert [b.verdict for b in case.bids] == ["valid", "valid", "valid", "invalid"]
    assert any("投标无效" in words and "未提交登记证书" in words for words in told(out.signatory))
    assert not any("投标无效" in words for words in told(stays.signatory))


def test_row_19_too_few_qualified_bids_fail_the_lot_and_the_money_returns():
    case = cases.opened()
    (share,) = db.session.scalars(db.select(LotFunding).filter_by(lot_id=case.lot_id))
    before = balances([share.line_id])[share.line_id]
    assert before["reserved"] == share.amount_fen
    cases.check_all(case, {2: "未提交登记证书"})
    assert actions.finish_qualification(case.clerk, case.lot_id, case.tick()) == 2
    lot = case.lot
    assert lot.state == LotState.FAILED
    assert "2 家，少于规定的 3 家" in lot.failure_reason
    after = balances([share.line_id])[share.line_id]
    assert after["reserved"] == 0
    assert after["unspent"] == before["unspent"] + share.amount_fen
    for team in case.teams:
        assert any("废标" in words for words in told(team.signatory)), "every bidder is told why"
    assert verify_all()[1] is None


def test_row_26_a_helper_of_the_purchase_is_invalid_without_any_tick():
    case = cases.opened((170_000, 165_000, 160_000, 168_000))
    cases.check_all(case)
    helper = case.teams[3]
    with pytest.raises(Refused, match="参与的事项"):
        actions.note_helper(case.clerk, case.lot_id, helper.id, "audience", case.at)
    actions.note_helper(case.clerk, case.lot_id, helper.id, "incubation", case.at)
    assert actions.finish_qualification(case.clerk, case.lot_id, case.tick()) == 3
    bid = case.bids[3]
    assert bid.verdict == Verdict.INVALID
    assert "扶持过本轮投标人" in bid.verdict_reason


def test_a_helper_noted_by_mistake_is_taken_back_before_the_check_is_done():
    case = cases.opened((170_000, 165_000, 160_000, 168_000))
    cases.check_all(case)
    right, wrong = case.teams[3], case.teams[0]
    for helper in (right, wrong):
        actions.note_helper(case.clerk, case.lot_id, helper.id, "incubation", case.tick())
    with pytest.raises(Refused, match="写明理由"):
        actions.withdraw_helper(case.clerk, case.lot_id, wrong.id, " ", case.tick())
    actions.withdraw_helper(case.clerk, case.lot_id, wrong.id, "选错了机构", case.tick())
    with pytest.raises(Refused, match="已经取消"):
        actions.withdraw_helper(case.clerk, case.lot_id, wrong.id, "再取消一次", case.tick())
    entry = history("lot", case.lot_id)[-1]
    header = json.loads(entry.header)
    assert header["verb"] == "withdraw_helper"
    assert header["facts"] == {"organisation": wrong.id, "role": "incubation"}
    assert "选错了机构" not in entry.header, "committed to, public with the result alone"
    assert actions.finish_qualification(case.clerk, case.lot_id, case.tick()) == 3
    assert [bid.organisation_id for bid in case.bids if bid.verdict == Verdict.INVALID] == [right.id]
    with pytest.raises(Refused, match="标段现在的状态"):
        actions.withdraw_helper(case.clerk, case.lot_id, right.id, "太晚了", case.tick())
    assert verify_all()[1] is None


def test_a_barred_bidder_and_a_price_above_the_ceiling_are_invalid():
    case = cases.opened((170_000, 165_000, 160_000, 180_001, 166_000))
    case.teams[4].organisation.state = "barred"
    db.session.flush()
    cases.check_all(case)
    assert actions.finish_qualification(case.clerk, case.lot_id, case.tick()) == 3
    reasons = {b.number: b.verdict_reason for b in case.bids if b.verdict == Verdict.INVALID}
    assert set(reasons) == {4, 5}
    assert "超过最高限价" in reasons[4]
    assert "资格" in reasons[5]


def test_a_bid_found_invalid_at_the_opening_stays_so_and_needs_no_ticks():
    case = cases.opened((170_000, 165_000, 160_000, 168_000))
    bid = case.bids[3]
    bid.verdict, bid.verdict_reason = "invalid", "内容与回执中的摘要不一致。"
    items = case.lot.tender.qualifications
    ticks = [Tick(b.id, item.id, True) for b in case.bids[:3] for item in items]
    actions.check_bids(case.clerk, case.lot_id, ticks, case.at)
    assert actions.finish_qualification(case.clerk, case.lot_id, case.tick()) == 3
    assert case.bids[3].verdict_reason == "内容与回执中的摘要不一致。"


def test_nothing_is_decided_while_bids_are_still_being_decrypted():
    case = cases.opened()
    cases.check_all(case)
    queries.opening(case.lot_id).completed_at = None
    for act in (
        lambda: actions.finish_qualification(case.clerk, case.lot_id, case.at),
        lambda: actions.draw_panel(case.clerk, case.lot_id, case.at, size=3, expert_seats=3),
    ):
        with pytest.raises(Refused, match="还在解密"):
            act()


def test_only_the_streets_own_clerk_checks():
    case = cases.opened()
    stranger = actor(Role.STREET_CLERK, street("320115002").scope)
    for who in (stranger, case.office.as_approver()):
        with pytest.raises(Forbidden):
            actions.finish_qualification(who, case.lot_id, case.at)


# --- who may read -----------------------------------------------------------------------------------------------------


def test_a_member_reads_content_only_after_declaring():
    case = cases.drawn()
    seat, bid = case.seats[0], case.bids[0]
    member = case.member(seat)
    with pytest.raises(Refused, match="请先声明"):
        reading(member, bid.id)
    cases.declare_all(case)
    assert reading(member, bid.id).seat.id == seat.id
    assert reading(case.clerk, bid.id).seat is None
    for outsider in (acting(case.teams[1].signatory), actor(Role.EXPERT)):
        with pytest.raises(NotFound):
            reading(outsider, bid.id)


def test_a_member_who_stepped_down_reads_nothing_any_more():
    case = cases.declared()
    seat = case.seats[0]
    member = case.member(seat)
    actions.recuse(member, seat.id, "与投标人有业务往来", case.tick())
    with pytest.raises(NotFound):
        reading(member, case.bids[0].id)


def test_files_are_decrypted_for_readers_and_every_reading_is_written_down():
    case = cases.opened()
    bid = case.bids[0]
    file_id = cases.with_file(case, bid, b"%PDF-1.7 licence", "登记证书.pdf")
    found = open_file(case.clerk, bid.id, file_id)
    assert (found.name, found.media_type, found.content) == ("登记证书.pdf", "application/pdf", b"%PDF-1.7 licence")
    actions.note_reading(case.clerk, bid.id, file_id, case.at)
    entry = history("lot", case.lot_id)[-1]
    assert (entry.verb, entry.actor_id, entry.permit) == ("read", case.clerk.user_id, None)
    with pytest.raises(NotFound):
        open_file(case.clerk, case.bids[1].id, file_id)
    with pytest.raises(NotFound):
        open_file(acting(case.teams[0].signatory), bid.id, file_id)


# --- abnormally low prices --------------------------------------------------------------------------------------------

LOW = (170_000, 165_000, 168_000, 75_000)


def test_a_low_price_is_found_and_must_be_explained_before_the_ranking():
    case = cases.scored(LOW)
    with pytest.raises(Refused, match="异常低价审查"):
        actions.rank_lot(case.clerk, case.lot_id, case.at)
    asked_at = case.tick()
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, asked_at)
    assert inquiry.bid.number == 4
    assert inquiry.until - asked_at == timedelta(minutes=30)
    assert {hit["test"] for hit in inquiry.hits} == {"second", "ceiling"}, "75,000 lies above half the mean"
    assert any("请说明报价" in words for words in told(case.teams[3].signatory))
    with pytest.raises(Refused, match="没有结论"):
        actions.rank_lot(case.clerk, case.lot_id, case.at)
    with pytest.raises(Refused, match="说明时间内"):
        actions.give_opinion(case.member(case.seats[0]), inquiry.id, True, "合理", asked_at + timedelta(minutes=29))
    with pytest.raises(Refused, match="已经要求说明"):
        actions.ask_price(case.clerk, case.lot_id, case.at)


def test_row_40_the_window_is_half_an_hour_at_least():
    case = cases.qualified(LOW)
    with pytest.raises(Refused, match="不少于 30 分钟"):
        actions.ask_price(case.clerk, case.lot_id, case.at, minutes=29)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at, minutes=45)
    assert inquiry.until - case.at == timedelta(minutes=45)


def test_an_explanation_comes_in_time_from_the_bidder_itself_with_proof():
    case = cases.declared(LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    bidder, other = acting(case.teams[3].signatory), acting(case.teams[0].signatory)
    with pytest.raises(NotFound):
        actions.answer_price(other, inquiry.id, "冒充", case.at)
    with pytest.raises(Refused, match="成本构成"):
        actions.answer_price(bidder, inquiry.id, "  ", case.at)
    with pytest.raises(Refused, match="不能再提交"):
        actions.answer_price(bidder, inquiry.id, "晚了", inquiry.until)
    in_time = inquiry.until - timedelta(seconds=1)
    actions.answer_price(bidder, inquiry.id, "志愿者为主", in_time, evidence=[(io.BytesIO(b"%PDF-1.7 x"), "成本.pdf")])
    assert [f.name for f in files_of("price_inquiry", inquiry.id)] == ["成本.pdf"]
    with pytest.raises(Refused, match="已经提交"):
        actions.answer_price(bidder, inquiry.id, "再次", in_time)
    cases.conclude(case, inquiry, True, at=in_time)
    assert case.bids[3].verdict == Verdict.VALID
    assert any("报价说明成立" in words for words in told(case.teams[3].signatory)), "the bidder is told"


def test_a_price_that_is_not_accepted_makes_the_bid_invalid():
    case = cases.scored(LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    with pytest.raises(Refused, match="写明理由"):
        actions.give_opinion(case.member(case.seats[0]), inquiry.id, False, " ", inquiry.until)
    cases.conclude(case, inquiry, False, at=inquiry.until, reason="逾期未说明")
    assert case.bids[3].verdict == Verdict.INVALID
    assert "逾期未说明" in case.bids[3].verdict_reason
    assert any("投标无效" in words for words in told(case.teams[3].signatory))
    report = actions.rank_lot(case.clerk, case.lot_id, case.tick())
    assert sorted(line["bid"] for line in report.data["results"]) == [1, 2, 3]
    assert len(report.data["low_price"]["lines"]) == 3, "the refused price still stands in the lines it was judged by"


def test_too_few_bids_after_a_refused_price_fail_the_lot():
    case = cases.declared((170_000, 165_000, 75_000))
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    cases.conclude(case, inquiry, False, at=inquiry.until)
    assert case.lot.state == LotState.FAILED
    assert case.panel.closed_at == inquiry.until
    with pytest.raises(Refused):
        actions.finish_sheet(case.member(case.seats[0]), case.seats[0].id, "", case.tick())


def test_nobody_concludes_before_every_sitting_member_has_given_an_opinion():
    case = cases.qualified(LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    with pytest.raises(Refused, match="全部提出意见"):
        actions.decide_price(case.clerk, inquiry.id, "合理", inquiry.until)
    case.at = inquiry.until
    actions.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)
    first = case.member(case.seats[0])
    with pytest.raises(Refused, match="请先声明"):
        actions.give_opinion(first, inquiry.id, True, "合理", case.at)
    cases.declare_all(case)
    with pytest.raises(NotFound):
        actions.give_opinion(case.clerk, inquiry.id, True, "合理", case.at)
    actions.give_opinion(first, inquiry.id, True, "合理", case.at)
    with pytest.raises(Refused, match="已经提出过意见"):
        actions.give_opinion(first, inquiry.id, False, "改了", case.at)
    with pytest.raises(Refused, match="全部提出意见"):
        actions.decide_price(case.clerk, inquiry.id, "合理", case.at)


def test_the_majority_concludes_and_every_opinion_stands_in_chain_and_report():
    case = cases.scored(LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    assert all(any("请判断报价说明" in words for words in told(db.session.merge(s.user))) for s in case.seats)
    cases.conclude(case, inquiry, False, True, False, at=inquiry.until, reason="证明不足")
    assert case.bids[3].verdict == Verdict.INVALID
    entry = history("seat", case.seats[1].id)[-1]
    assert (entry.verb, entry.permit) == ("give_opinion", "panels:sheet:score")
    assert "证明不足" not in entry.header, "the reason is committed to, and private"
    case.at = inquiry.until
    report = actions.rank_lot(case.clerk, case.lot_id, case.tick())
    (asked,) = report.data["low_price"]["inquiries"]
    assert [(one["member"], one["accepted"]) for one in asked["opinions"]] == [(1, False), (2, True), (3, False)]
    assert "opinions" not in json.dumps(public_part(case.lot, report.data, report.digest))
    assert verify_all()[1] is None


def test_the_opinion_of_a_replaced_member_does_not_count():
    case = cases.declared((170_000, 165_000, 168_000, 75_000))
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    case.at = inquiry.until
    for seat in case.seats:
        actions.give_opinion(case.member(seat), inquiry.id, True, "合理", case.at)
    out = case.seats[0]
    with pytest.raises(Refused, match="不能换人"):
        actions.release(case.clerk, out.id, "换一个", case.tick())
    actions.recuse(case.member(out), out.id, "发现利害关系", case.tick())
    with pytest.raises(Refused, match="全部提出意见"):
        actions.decide_price(case.clerk, inquiry.id, "合理", case.tick())
    new = case.seats[-1]
    actions.declare(case.member(new), new.id, [team.id for team in case.teams], case.tick())
    actions.give_opinion(case.member(new), inquiry.id, False, "证明不足", case.tick())
    assert actions.decide_price(case.clerk, inquiry.id, "合理", case.tick()).accepted is True


def test_a_member_who_has_scored_and_gives_no_opinion_is_replaced():
    case = cases.scored(LOW)
    seat = case.seats[0]
    with pytest.raises(Refused, match="已提交评分"):
        actions.release(case.clerk, seat.id, "联系不上", case.tick())
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    case.at = inquiry.until
    (new,) = actions.release(case.clerk, seat.id, "联系不上", case.tick())
    assert {one.id for one in case.seats} >= {new.id}
    assert seat.id not in {one.id for one in case.seats}


def test_the_panel_may_ask_by_judgement_with_a_reason():
    case = cases.qualified()
    with pytest.raises(Refused, match="没有需要说明的报价"):
        actions.ask_price(case.clerk, case.lot_id, case.at)
    bid = case.bids[2]
    with pytest.raises(Refused, match="明显偏低的理由"):
        actions.ask_price(case.clerk, case.lot_id, case.at, bid_id=bid.id)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at, bid_id=bid.id, reason="人员数与报价不相称")
    assert inquiry.hits == [{"test": "judgement", "reason": "人员数与报价不相称"}]


# --- the ranking ------------------------------------------------------------------------------------------------------


def test_the_ranking_waits_for_every_sheet():
    case = cases.declared()
    with pytest.raises(Refused, match="没有提交评分"):
        actions.rank_lot(case.clerk, case.lot_id, case.at)


def test_the_ranking_waits_for_a_vacant_seat():
    case = cases.declared(pool=3)
    seat = case.seats[0]
    actions.recuse(case.member(seat), seat.id, "生病", case.tick())
    cases.score_all(case)
    with pytest.raises(Refused, match="没有提交评分"):
        actions.rank_lot(case.clerk, case.lot_id, case.at)


def test_the_ranking_in_figures():
    case = cases.ranked(shares={1: 90, 2: 80, 3: 70})
    first, second, third = queries.results(case.lot_id)
    assert [r.bid.number for r in _with_bids(case)] == [1, 2, 3]
    assert first.price_centi == 941, "160,000 / 170,000 x 10.00, half up"
    assert second.price_centi == 970
    assert third.price_centi == 1_000
    assert first.quality_centi == 9_000 * 90 // 100
    assert [r.total_centi for r in (first, second, third)] == [9_041, 8_170, 7_300]
    assert case.lot.state == LotState.RANKED
    assert case.panel.closed_at is not None
    assert any("评审报告" in words for words in told(case.office.approver))


def _with_bids(case):
    rows = queries.results(case.lot_id)
    for row in rows:
        db.session.refresh(row, ["bid"])
    return rows


def test_the_report_repeats_the_whole_arithmetic():
    case = cases.ranked(shares={1: 81, 2: 82, 3: 83})
    data = json.loads(json.dumps(case.report.data))
    assert digest(data) == case.report.digest
    weights = {c["id"]: c["max_centi"] for c in data["criteria"] if c["kind"] == "quality"}
    price_weight = next(c["max_centi"] for c in data["criteria"] if c["kind"] == "price")
    lowest = min(line["price_fen"] for line in data["results"])
    for line in data["results"]:
        for criterion in weights:
            given = [s["score_centi"] for s in data["scores"] if (s["bid"], s["criterion"]) == (line["bid"], criterion)]
            assert len(given) == 3
            assert line["per_criterion"][str(criterion)] == (2 * sum(given) + 3) // 6
        assert line["quality_centi"] == sum(line["per_criterion"].values())
        assert line["price_centi"] == (2 * lowest * price_weight + line["price_fen"]) // (2 * line["price_fen"])
        assert line["total_centi"] == line["quality_centi"] + line["price_centi"]
    assert [line["total_centi"] for line in data["results"]] == sorted(
        (line["total_centi"] for line in data["results"]), reverse=True
    )
    assert all(draw_holds(drawn) for drawn in data["draws"])
    assert {row["key"] for row in data["rules"]["used"]} >= {"evaluation.min_qualified", "low_price.ceiling_bp"}
    assert "float" not in {type(v).__name__ for v in _leaves(data)}


def _leaves(value):
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]


def test_row_35_equal_bids_are_drawn_by_the_logged_seed():
    case = cases.ranked((160_000, 160_000, 170_000), shares={1: 80, 2: 80, 3: 60})
    data = case.report.data
    seed = data["tie"]["seed"]
    assert seed == tie_seed(
        draws(case.panel.id)[0].seed,
        [(f"bid-{line['bid']}", line["total_centi"], line["price_fen"]) for line in data["results"]],
    )
    lots = {bid: sha256(f"{seed}bid-{bid}".encode()).hexdigest() for bid in (1, 2)}
    assert [line["bid"] for line in data["results"][:2]] == sorted(lots, key=lots.__getitem__)
    assert [line["tie"] for line in data["results"]] == ["draw", "draw", ""]


def test_row_5_a_deduction_is_given_to_claimers_who_can_be_small():
    teams = [
        organisation(),
        organisation(provider_type=ProviderType.ENTERPRISE, is_small=True),
        organisation(provider_type=ProviderType.ENTERPRISE),
    ]
    case = cases.scored((432_00, 456_00, 468_00), teams=teams, claims=[True, True, False])
    case.lot.tender.small_deduction_bp = 1_000
    for inquiry in actions.ask_price(case.clerk, case.lot_id, case.at):
        cases.conclude(case, inquiry, True, at=inquiry.until)
    case.at += timedelta(hours=1)
    report = actions.rank_lot(case.clerk, case.lot_id, case.tick())
    by_bid = {line["bid"]: line for line in report.data["results"]}
    assert [by_bid[n]["deduction_bp"] for n in (1, 2, 3)] == [0, 1_000, 0]
    assert [by_bid[n]["price_centi"] for n in (1, 2, 3)] == [950, 1_000, 877], "row 30"
    assert by_bid[2]["price_fen"] == 456_00 * YUAN, "the contract price stays the raw price"


def test_a_ranking_is_final():
    case = cases.ranked()
    seat = case.seats[0]
    for act in (
        lambda: actions.rank_lot(case.clerk, case.lot_id, case.at),
        lambda: actions.draw_panel(case.clerk, case.lot_id, case.at, size=3, expert_seats=3),
        lambda: actions.ask_price(case.clerk, case.lot_id, case.at, bid_id=case.bids[0].id, reason="低"),
        lambda: actions.recuse(case.member(seat), seat.id, "晚了", case.at),
    ):
        with pytest.raises(DomainError):
            act()
    assert verify_all()[1] is None


def test_a_dissent_stands_in_the_report():
    case = cases.declared()
    critic = case.seats[1]
    for seat in case.seats:
        member = case.member(seat)
        for bid in case.bids:
            for criterion in queries.quality_criteria(case.lot):
                actions.put_score(member, seat.id, bid.id, criterion.id, case.at, score_centi=100, reason="可行")
        actions.finish_sheet(member, seat.id, "团队偏弱" if seat is critic else "", case.tick())
    report = actions.rank_lot(case.clerk, case.lot_id, case.tick())
    assert [m["dissent"] for m in report.data["panel"]["members"]] == ["", "团队偏弱", ""]


def test_what_becomes_public_names_the_panel_and_leads_no_sheet_back_to_a_member():
    case = cases.ranked()
    lot = case.lot
    public = public_part(lot, case.report.data, case.report.digest)
    text = json.dumps(public, ensure_ascii=False)
    assert {one["name"] for one in public["panel"]["members"]} == {seat.user.name for seat in case.seats}
    assert all(draw_holds(one) for one in public["draws"])
    assert [one["key"] for one in public["panel"]["members"]] == public["draws"][0]["result"], (
        "drawn and seated are one"
    )
    others = {e.name for e in case.experts} - {seat.user.name for seat in case.seats}
    assert others
    assert not any(name in text for name in others), "experts who were not drawn are not named"
    assert "scores" not in public
    criteria, bids = queries.quality_criteria(lot), {str(bid.number) for bid in case.bids}
    assert len(public["sheets"]) == len(case.seats)
    assert all(set(sheet) == bids for sheet in public["sheets"]), "one member's sheet stays whole"
    assert public["sheets"] == sorted(public["sheets"], key=canonical_bytes)
    assert {type(v) for sheet in public["sheets"] for row in sheet.values() for v in row.values()} == {int}
    for line in public["results"]:
        given = {str(c.id): [sheet[str(line["bid"])][str(c.id)] for sheet in public["sheets"]] for c in criteria}
        assert {key: average_centi(all_of) for key, all_of in given.items()} == line["per_criterion"]
    assert "方案可行" not in text, "reasons of members stay inside"
    assert public["results"][0]["total_centi"] == case.report.data["results"][0]["total_centi"]


def test_where_prices_stay_secret_the_public_part_has_none():
    case = cases.ranked()
    lot = case.lot
    lot.tender.method = "consultation"
    public = public_part(lot, case.report.data, case.report.digest)
    # Nor does a price follow from anything: from its points, from a total, from a tie that it breaks.
    assert not {"price_fen", "price_centi", "total_centi", "tie"} & set(re.findall(r"\w+", json.dumps(public)))
    assert public["results"][0]["quality_centi"] > 0
    told = scoring_data(queries.results(lot.id), {t.id: t.organisation.name for t in case.teams}, [], "", prices=False)
    assert set(told["ranking"][0]) == {"rank", "bidder", "qualityCenti", "perCriterion"}


def test_a_bidder_learns_reasons_under_no_members_number_and_only_after_the_ranking():
    case = cases.scored()
    assert queries.feedback(case.bids[0].id) == []
    actions.rank_lot(case.clerk, case.lot_id, case.tick())
    found = queries.feedback(case.bids[0].id)
    assert len(found) == 3 * len(queries.quality_criteria(case.lot))
    assert {name for one in found for name in one} == {"criterion_id", "score_centi", "reason"}
    assert {one["reason"] for one in found} == {"方案可行，措施具体。"}


def test_inquiries_waiting_for_a_bidder():
    case = cases.qualified(LOW)
    (inquiry,) = actions.ask_price(case.clerk, case.lot_id, case.at)
    assert listed(queries.open_inquiries_for([case.teams[3].id], case.at)) == [inquiry.id]
    assert listed(queries.open_inquiries_for([case.teams[3].id], inquiry.until)) == []
    assert listed(queries.open_inquiries_for([case.teams[0].id], case.at)) == []


def test_somebody_of_a_bidder_cannot_declare_even_when_drawn():
    case = cases.drawn()
    seat = case.seats[0]
    give(db.session.merge(seat.user), Role.ORGANISATION_EDITOR, Scope(organisation_id=case.teams[0].id))
    with pytest.raises(Refused, match="应当回避"):
        actions.declare(actor_of(seat.user_id), seat.id, [team.id for team in case.teams], case.at)
