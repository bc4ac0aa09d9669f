"""The four-source evaluation on both engines, from the accepted milestone to the published share."""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from contracts.agreements.actions import suspend_if_award_fell
from contracts.outcomes import actions, due, queries
from contracts.outcomes.models import Rating
from contracts.outcomes.rules import Outcome, earned
from contracts.outcomes.states import EvaluationState
from market.awards.models import BidderLetter
from market.awards.states import AwardState
from market.db.session import db
from market.kernel.commitments import commit, merkle_root
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import CLOCK, Role, Scope
from market.records.audit import history, verify_all
from market.records.models import AuditEntry, OneTimeCode
from market.records.notices import releases
from tests.factories import agreements as contract
from tests.factories import delivery
from tests.factories import outcomes as make
from tests.factories.agreements import SIGNING
from tests.factories.outcomes import GROUNDS, points
from tests.factories.people import acting, give, person

pytestmark = pytest.mark.usefixtures("session")
HAPPY = [(0, 0, 0, 0)] * 5 + [(0, 0, 0, 1)] * 5


@pytest.fixture
def deal():
    return contract.awarded()


def rate_all(deal, row, own=9200, mutual=(8600, 8800, 9000), public=HAPPY, third=8400):
    make.rate_self(deal, row, own)
    make.rate_mutual(deal, row, mutual)
    make.rate_public(deal, row, public)
    make.rate_third(deal, row, third)


# --- opening ----------------------------------------------------------------------------------------------------------


def test_the_clock_opens_the_evaluation_of_an_accepted_evaluated_milestone(deal):
    milestone = make.evaluated_milestone(deal)
    assert [m.id for m in queries.to_open()] == [milestone.id]
    assert due.open_accepted(SIGNING) == 1
    assert due.open_accepted(SIGNING) == 0
    (row,) = queries.rounds_of(milestone.id)
    assert row.state == EvaluationState.COLLECTING
    assert row.collect_until == contract.end_of(SIGNING.date() + timedelta(days=15))
    assert row.terms["evaluation"]["weights_bp"]["third"] == 4500


def test_a_milestone_paid_on_acceptance_is_not_evaluated(deal):
    first = delivery.accepted(deal, delivery.planned(contract.in_force(deal))[0])
    with pytest.raises(Refused, match="不需要评估"):
        actions.open_evaluation(deal.clerk, first.id, SIGNING)
    assert queries.to_open() == []


def test_opening_twice_is_one_evaluation(deal):
    row = make.opened(deal)
    assert actions.open_evaluation(deal.clerk, row.milestone_id, SIGNING).id == row.id
    with pytest.raises(Forbidden):
        actions.open_evaluation(deal.editor, row.milestone_id, SIGNING)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_organisations_with_a_tie_are_not_invited(deal):
    row = make.opened(deal)
    same_head = contract.organisation(bank=False)
    shared, rival = make.raters(2)
    db.session.add(BidderLetter(award_id=deal.award.id, organisation_id=rival.id, data={}))
    give(deal.team.editor, Role.ORGANISATION_EDITOR, Scope(organisation_id=shared.id))
    unconfirmed = contract.organisation(bank=False, confirmed=False, legal_representative="另一人")
    for team, why in (
        (deal.team, "自己"),
        (same_head, "同一人"),
        (shared, "共同的经办人员"),
        (unconfirmed, "还没有确认登记"),
        (rival, "参加过这个项目的竞争"),
    ):
        with pytest.raises(Refused, match=why) as refusal:
            actions.invite_organisation(deal.clerk, row.id, team.id, SIGNING)
        assert refusal.value.field == "organisation"
    assert {one.id for one in queries.candidates(row)}.isdisjoint({deal.team.id, rival.id}), "not even offered"


def test_evaluators_of_either_side_are_not_invited(deal):
    row = make.opened(deal)
    of_street = make.evaluator(deal)
    give(of_street, Role.STREET_CHECKER, deal.street.scope)
    of_provider = make.evaluator(deal)
    give(of_provider, Role.ORGANISATION_EDITOR, Scope(organisation_id=deal.team.id))
    nobody = person(Role.EXPERT)
    for who, why in ((of_street, "购买方街道"), (of_provider, "被评估机构"), (nobody, "不是本区")):
        with pytest.raises(Refused, match=why):
            actions.invite_evaluator(deal.clerk, row.id, who.id, SIGNING)


def test_nobody_is_invited_twice(deal):
    row = make.opened(deal)
    team, who = make.raters(1)[0], make.evaluator(deal)
    actions.invite_organisation(deal.clerk, row.id, team.id, SIGNING)
    actions.invite_evaluator(deal.clerk, row.id, who.id, SIGNING)
    with pytest.raises(Refused, match="已经邀请过"):
        actions.invite_organisation(deal.clerk, row.id, team.id, SIGNING)
    with pytest.raises(Refused, match="已经邀请过"):
        actions.invite_evaluator(deal.clerk, row.id, who.id, SIGNING)


def test_whoever_has_a_tie_declines_and_is_out(deal):
    row, who = make.opened(deal), make.evaluator(deal)
    found = actions.invite_evaluator(deal.clerk, row.id, who.id, SIGNING)
    with pytest.raises(Refused):
        actions.decline(acting(who), found.id, "", SIGNING)
    actions.decline(acting(who), found.id, "配偶在该机构任职", SIGNING)
    with pytest.raises(Refused, match="回避"):
        actions.declare(acting(who), found.id, SIGNING)
    assert "配偶" not in history("evaluation", row.id)[-1].header


# --- rating -----------------------------------------------------------------------------------------------------------


def test_no_rating_without_the_declaration(deal):
    row, who = make.opened(deal), make.evaluator(deal)
    found = actions.invite_evaluator(deal.clerk, row.id, who.id, SIGNING)
    with pytest.raises(Refused, match="请先声明"):
        actions.rate_third(acting(who), found.id, points(8400), GROUNDS, "", SIGNING)
    with pytest.raises(Forbidden):
        actions.declare(acting(make.evaluator(deal)), found.id, SIGNING)


def test_a_declaration_does_not_tell_who_gave_it(deal):
    row, who = make.opened(deal), make.evaluator(deal)
    found = actions.invite_evaluator(deal.clerk, row.id, who.id, SIGNING)
    actions.declare(acting(who), found.id, SIGNING)
    header = history("evaluation", row.id)[-1].header
    # All that the digest is over is public or a small number: it would be found by trying.
    assert found.declaration_digest not in header
    assert json.loads(header)["facts"] == {"source": "third"}


def test_each_source_rates_once_and_gives_grounds(deal):
    row = make.opened(deal)
    with pytest.raises(Refused, match="依据") as refusal:
        actions.rate_self(deal.editor, row.id, points(9000), {"A1": "台账", "A2": "记录"}, "", SIGNING)
    assert refusal.value.field == "findings_A3"
    make.rate_self(deal, row, 9200)
    with pytest.raises(Refused, match="已经提交"):
        make.rate_self(deal, row, 9900)
    team = make.raters(1)[0]
    found = make.invited(deal, row, team)
    actions.rate_mutual(acting(team.admin), found.id, points(8800), GROUNDS, "", SIGNING)
    with pytest.raises(Refused, match="已经提交"):
        actions.rate_mutual(acting(team.admin), found.id, points(9800), GROUNDS, "", SIGNING)
    with pytest.raises(NotFound):
        actions.rate_third(acting(team.admin), found.id, points(9800), GROUNDS, "", SIGNING)


def test_ratings_after_the_collection_are_refused(deal):
    row = make.opened(deal)
    with pytest.raises(Refused, match="已经结束"):
        make.rate_self(deal, row, 9200, row.collect_until)
    (code,) = actions.make_codes(deal.clerk, row.id, 1, SIGNING)
    with pytest.raises(Refused, match="已过期"):
        actions.rate_public(code, (0, 0, 0, 0), "", row.collect_until)


def test_a_code_works_once_and_for_its_own_evaluation(deal):
    row = make.opened(deal)
    (code,) = actions.make_codes(deal.clerk, row.id, 1, SIGNING)
    rating = actions.rate_public(code.lower(), (0, 1, 2, 3), "很好", SIGNING)
    assert rating.score_centi == 6750
    with pytest.raises(Refused) as refusal:
        actions.rate_public(code, (0, 0, 0, 0), "", SIGNING)
    assert refusal.value.field == "code"
    with pytest.raises(Refused):
        actions.rate_public("AAAA-BBBB-CCCC", (0, 0, 0, 0), "", SIGNING)
    with pytest.raises(Refused, match="1 到 500"):
        actions.make_codes(deal.clerk, row.id, 501, SIGNING)


def test_a_resident_leaves_no_trace_but_the_answer(deal, session):
    row = make.opened(deal)
    (code,) = actions.make_codes(deal.clerk, row.id, 1, SIGNING)
    rating = actions.rate_public(code, (0, 0, 0, 0), "", SIGNING + timedelta(hours=3, minutes=7))
    kept = session.scalar(select(OneTimeCode).where(OneTimeCode.purpose == queries.PURPOSE))
    midnight = contract.instant(contract.beijing_day(SIGNING))
    assert rating.at == kept.used_at == midnight
    assert rating.rater_key != kept.digest
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "rate")).one()
    assert entry.at == midnight
    assert entry.actor_id is None
    assert code.replace("-", "") not in entry.header


def test_each_rating_stands_behind_a_commitment_that_opens(deal):
    row = make.opened(deal)
    make.rate_self(deal, row, 9200)
    (rating,) = queries.ratings(row.id)
    value = {"source": "self", "score_centi": 9200, "answers": rating.answers, "comment": ""}
    assert commit("rating", value, rating.salt) == rating.commitment
    assert rating.commitment in history("evaluation", row.id)[-1].header


# --- closing ----------------------------------------------------------------------------------------------------------


def test_row_63_the_four_sources_decide_grade_share_and_money(deal):
    row = make.opened(deal)
    rate_all(deal, row)
    closed = actions.close_evaluation(deal.clerk, row.id, SIGNING)
    outcome = Outcome.from_data(closed.result["outcome"])
    public = Fraction(5 * 10_000 + 5 * 9500, 10)
    expected = (1000 * 9200 + 1500 * 8800 + 3000 * public + 4500 * 8400) / Fraction(10_000)
    assert outcome.score == expected
    assert (closed.grade, closed.share_bp) == ("good", 10_000)
    assert earned(closed.milestone.amount_fen, closed.share_bp).earned_fen == 12_960_000


def test_nobody_closes_early_while_somebody_has_not_answered(deal):
    row = make.opened(deal)
    rate_all(deal, row)
    actions.make_codes(deal.clerk, row.id, 1, SIGNING)
    with pytest.raises(Refused, match="还没有结束"):
        actions.close_evaluation(deal.clerk, row.id, SIGNING)
    assert actions.close_evaluation(deal.clerk, row.id, row.collect_until).grade == "good"


def test_row_64_a_missing_source_is_renormalised_and_without_the_third_there_is_no_result(deal):
    row = make.opened(deal)
    make.rate_self(deal, row, 9200)
    make.rate_public(deal, row, HAPPY)
    with pytest.raises(Refused, match="第三方评"):
        actions.close_evaluation(deal.clerk, row.id, row.collect_until)
    make.rate_third(deal, row, 8400)
    closed = actions.close_evaluation(deal.clerk, row.id, row.collect_until)
    assert closed.result["outcome"]["renormalised"] is True
    score = Fraction(*closed.result["outcome"]["score"])
    assert score == (1000 * 9200 + 3000 * 9750 + 4500 * 8400) / Fraction(8500)


def test_the_collection_is_prolonged_only_when_a_source_is_missing(deal):
    row = make.opened(deal)
    (code,) = actions.make_codes(deal.clerk, row.id, 1, SIGNING)
    with pytest.raises(Refused, match="还没有结束"):
        actions.extend_collection(deal.clerk, row.id, SIGNING)
    late = row.collect_until
    actions.extend_collection(deal.clerk, row.id, late)
    assert make.again(row).collect_until > late + timedelta(days=14)
    actions.rate_public(code, (0, 0, 0, 0), "", late + timedelta(days=1))


def test_the_result_is_published_with_totals_and_commitments_only(deal):
    row = make.opened(deal)
    rate_all(deal, row)
    closed = actions.close_evaluation(deal.clerk, row.id, SIGNING)
    release = json.loads(releases(deal.file.id)[-1].body)
    (milestone,) = release["contracts"][0]["milestones"]
    result = milestone["linliEvaluation"]
    assert (result["grade"], result["shareBp"], milestone["status"]) == ("good", 10_000, "met")
    assert Fraction(*result["scoreExact"]) == Fraction(*closed.result["outcome"]["score"])
    assert result["earned"] == {"amount": 129_600, "currency": "CNY"}
    metrics = {m["title"]: m["observations"][0] for m in release["contracts"][0]["implementation"]["metrics"]}
    assert (metrics["群众评"]["linliCount"], metrics["群众评"]["linliSumCenti"]) == (10, 97_500)
    commitments = [c for listed in result["inputs"]["commitments"].values() for c in listed]
    assert len(commitments) == 15
    assert result["inputs"]["root"] == merkle_root(sorted(commitments))
    assert "levels" not in releases(deal.file.id)[-1].body.decode()


def test_a_large_gap_between_self_and_third_party_is_flagged(deal):
    row = make.opened(deal)
    rate_all(deal, row, own=10_000, third=7000)
    closed = actions.close_evaluation(deal.clerk, row.id, SIGNING)
    assert closed.result["outcome"]["flagged"] is True


def test_row_71_a_fail_pays_nothing_and_may_be_put_right_once(deal):
    row = make.opened(deal)
    rate_all(deal, row, own=6000, mutual=(5000, 5000, 5000), public=[(3, 3, 3, 3)] * 10, third=5000)
    closed = actions.close_evaluation(deal.clerk, row.id, SIGNING)
    assert (closed.grade, closed.share_bp) == ("fail", 0)
    assert earned(closed.milestone.amount_fen, closed.share_bp).earned_fen == 0
    with pytest.raises(Refused):
        actions.open_evaluation(CLOCK, row.milestone_id, SIGNING)
    second = actions.open_evaluation(deal.clerk, row.milestone_id, SIGNING + timedelta(days=20))
    assert second.round == 2
    make.rate_third(deal, second, 7000, SIGNING + timedelta(days=20))
    actions.close_evaluation(deal.clerk, second.id, second.collect_until)
    money = earned(second.milestone.amount_fen, second.share_bp)
    assert (second.grade, money.earned_fen, money.withheld_fen) == ("pass", 11_664_000, 1_296_000)
    with pytest.raises(Refused, match="复评一次"):
        actions.open_evaluation(deal.clerk, row.milestone_id, SIGNING + timedelta(days=60))


def test_no_result_while_the_contract_is_suspended(deal):
    row = make.opened(deal)
    rate_all(deal, row)
    contract.set_award(deal.award, AwardState.SUSPENDED)
    assert suspend_if_award_fell(contract.again(make.again(row).milestone.agreement), SIGNING)
    with pytest.raises(Refused, match="不在履行中"):
        actions.close_evaluation(deal.clerk, row.id, SIGNING)


def test_a_closed_evaluation_takes_nothing_more(deal):
    row = make.opened(deal)
    rate_all(deal, row)
    actions.close_evaluation(deal.clerk, row.id, SIGNING)
    with pytest.raises(Refused):
        actions.close_evaluation(deal.clerk, row.id, SIGNING)
    with pytest.raises(Refused):
        actions.make_codes(deal.clerk, row.id, 1, SIGNING)
    assert len(queries.ratings(row.id)) == 15


def test_chains_hold(deal):
    row = make.opened(deal)
    rate_all(deal, row)
    actions.close_evaluation(deal.clerk, row.id, SIGNING)
    assert verify_all()[1] is None
    assert len(list(history("evaluation", row.id))) > 10
    assert Rating.__tablename__ == "rating"
