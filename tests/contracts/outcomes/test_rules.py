"""The arithmetic of the evaluation, by the rows of the rule table."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outcomes.rules import (
    Outcome,
    answers_centi,
    band_of,
    check_close,
    earned,
    evaluate,
    may_rate,
    may_reevaluate,
    output_points,
    rating_centi,
    sample_size,
    spot_checks,
)
from market.awards.rules import EvaluationTerms, Indicator
from market.kernel.errors import Refused
from tests.factories.terms import EVALUATION, rule_facts

TERMS = EvaluationTerms.from_data(EVALUATION)
FULL = {"self": [9200], "mutual": [8600, 8800, 9000], "public": [9500] * 10, "third": [8400]}


def result(ratings=FULL, terms=TERMS) -> Outcome:
    return evaluate(terms, ratings, gap_flag_centi=2000)


def test_row_63_four_sources_make_88_70_and_good():
    found = result()
    assert found.score == Fraction(8870)
    assert (found.grade, found.share_bp) == ("good", 10_000)
    assert not found.renormalised


def test_row_64_a_missing_source_is_renormalised_when_the_contract_allows():
    found = result({**FULL, "mutual": []})
    assert found.score == Fraction(7550, 85) * 100
    assert round(found.score) == 8882
    assert found.renormalised
    assert [one.counted for one in found.sources] == [True, False, True, True]


def test_row_64_too_few_raters_are_a_missing_source():
    assert result({**FULL, "mutual": [8600, 8800]}).score == result({**FULL, "mutual": []}).score
    assert result({**FULL, "public": [10_000] * 9}).renormalised
    assert not result({**FULL, "public": [9500] * 10}).renormalised


def test_row_64_without_renormalising_a_missing_source_stops_the_result():
    with pytest.raises(Refused, match="须补齐"):
        result({**FULL, "mutual": []}, replace(TERMS, renormalise=False))


def test_row_64_without_the_third_party_there_is_no_result():
    with pytest.raises(Refused, match="第三方评"):
        result({**FULL, "third": []})


def test_row_64_nothing_at_all_is_no_result():
    terms = replace(TERMS, weights_bp={"self": 5000, "mutual": 0, "public": 5000, "third": 0})
    with pytest.raises(Refused, match="没有任何有效评分"):
        result({}, terms)


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        (Fraction(8950), "good"),
        (Fraction(79_999, 10), "pass"),
        (Fraction(5999), "fail"),
        (Fraction(9000), "excellent"),
        (Fraction(9000) - Fraction(1, 10**12), "good"),
        (Fraction(8000), "good"),
        (Fraction(6000), "pass"),
        (Fraction(0), "fail"),
        (Fraction(10_000), "excellent"),
    ],
)
def test_row_65_bands_on_the_exact_value(score, grade):
    assert band_of(TERMS, score)[0] == grade


@pytest.mark.parametrize(
    ("done", "points"), [(1200, 3), (1199, 2), (1020, 2), (960, 2), (959, 1), (720, 1), (719, 0), (0, 0)]
)
def test_row_66_output_ratio_points(done, points):
    assert output_points(done, 1200, rule_facts().output_points) == points


@pytest.mark.parametrize(("population", "size"), [(1200, 292), (1, 1), (50, 45), (10**9, 385)])
def test_row_67_public_sample(population, size):
    facts = rule_facts()
    assert sample_size(population, facts.sample_z_centi, facts.sample_margin_bp) == size


@pytest.mark.parametrize(("projects", "checks"), [(17, 6), (10, 3), (0, 0), (1, 1)])
def test_row_68_spot_checks(projects, checks):
    assert spot_checks(projects, 3000) == checks


def test_row_71_tail_by_grade():
    found = earned(12_960_000, 9500)
    assert (found.earned_fen, found.withheld_fen) == (12_312_000, 648_000)
    assert earned(12_960_000, 0).earned_fen == 0
    assert earned(3, 5000).earned_fen == 2


# --- more than the rows -----------------------------------------------------------------------------------------------


def test_a_large_gap_between_self_and_third_party_is_flagged():
    assert not result({**FULL, "self": [10_000], "third": [8001]}).flagged
    found = result({**FULL, "self": [10_000], "third": [8000]})
    assert found.flagged
    assert found.gap == 2000


def test_a_rating_is_points_over_the_greatest_points():
    indicators = [Indicator("A", "甲", "", 4000), Indicator("B", "乙", "", 2000)]
    assert rating_centi({"A": 4000, "B": 2000}, indicators) == 10_000
    assert rating_centi({"A": 3000, "B": 1000}, indicators) == 6667
    with pytest.raises(Refused, match="20 分") as refusal:
        rating_centi({"A": 1, "B": 2001}, indicators)
    assert refusal.value.field == "points_B"
    with pytest.raises(Refused, match="甲"):
        rating_centi({"B": 1}, indicators)


def test_a_resident_answers_every_question_on_five_levels():
    scale = rule_facts().public_levels_centi
    assert answers_centi([0, 0, 0, 0], scale, 4) == 10_000
    assert answers_centi([0, 1, 2, 3], scale, 4) == 6750
    with pytest.raises(Refused):
        answers_centi([0, 1, 2], scale, 4)
    with pytest.raises(Refused):
        answers_centi([0, 1, 2, 5], scale, 4)


def test_the_result_comes_back_from_json():
    found = result({**FULL, "mutual": []})
    assert Outcome.from_data(json.loads(json.dumps(found.as_data()))) == found


UNTIL = datetime(2026, 5, 15, 16, tzinfo=UTC)


def test_ratings_are_taken_strictly_before_the_end():
    may_rate(UNTIL - timedelta(seconds=1), UNTIL, collecting=True)
    with pytest.raises(Refused):
        may_rate(UNTIL, UNTIL, collecting=True)
    with pytest.raises(Refused):
        may_rate(UNTIL - timedelta(days=1), UNTIL, collecting=False)


def test_nobody_closes_early_while_somebody_has_not_answered():
    check_close(UNTIL, UNTIL, everybody_rated=False)
    check_close(UNTIL - timedelta(days=1), UNTIL, everybody_rated=True)
    with pytest.raises(Refused):
        check_close(UNTIL - timedelta(seconds=1), UNTIL, everybody_rated=False)


def test_one_re_evaluation_after_a_fail():
    assert may_reevaluate("fail", 1, 1)
    assert not may_reevaluate("fail", 2, 1)
    assert not may_reevaluate("pass", 1, 1)


scores = st.integers(0, 10_000)


@given(
    own=st.lists(scores, max_size=1),
    mutual=st.lists(scores, max_size=6),
    public=st.lists(scores, max_size=30),
    third=st.lists(scores, min_size=1, max_size=3),
    amount=st.integers(1, 10**12),
)
def test_the_share_never_exceeds_the_amount_and_the_score_lies_among_the_ratings(own, mutual, public, third, amount):
    found = result({"self": own, "mutual": mutual, "public": public, "third": third})
    counted = [s for s in found.sources if s.counted]
    means = [s.mean for s in counted if s.mean is not None]
    assert min(means) <= found.score <= max(means)
    money = earned(amount, found.share_bp)
    assert 0 <= money.earned_fen <= amount
    assert money.earned_fen + money.withheld_fen == amount


@given(score=st.fractions(min_value=0, max_value=10_000))
def test_a_better_score_never_pays_less(score):
    worse = score * Fraction(9, 10)
    assert band_of(TERMS, worse)[1] <= band_of(TERMS, score)[1]
