"""Amounts, points, eligibility and dates of rounds: each row of the domain's rule table as a line to check."""

from datetime import date
from fractions import Fraction

import pytest

from market.kernel.clock import instant
from market.kernel.rulebook import load
from market.venture.rules.eligibility import (
    Applicant,
    Conditions,
    last_due_year,
    money_findings,
    report_overdue,
    troubles,
)
from market.venture.rules.grants import (
    GrantRule,
    barred_until,
    break_even_fen,
    gap_fen,
    graded_fen,
    grant_most_fen,
    tranches,
    within_pool,
)
from market.venture.rules.scores import ScoreRule, jury_centi, pointed_centi, public_centi, totals, weighted_centi
from market.venture.rules.timetable import source_fields, timetable
from tests.market.kernel.calendars import TEST_2026

YUAN = 100
DAY = date(2026, 3, 31)
GUANGZHOU, ZHONGSHAN, JIANGNING = "440106", "442000", "320115"


def rules(regime="venture", place=JIANGNING, day=DAY):
    return load().at(place, regime, day)


@pytest.mark.parametrize(
    ("total", "own", "grant", "gap"),
    [
        (900_000, 380_000, 500_000, 20_000),
        (300_000, 120_000, 180_000, 0),
        (300_000, 200_000, 100_000, 0),
        (100_000, 0, 60_000, 40_000),
        (100_000, 100_000, 0, 0),
    ],
)
def test_row_57_guangzhou_grant(total, own, grant, gap):
    rule = GrantRule.from_rules(rules(place=GUANGZHOU))
    found = grant_most_fen(total * YUAN, own * YUAN, rule)
    assert (found // YUAN, gap_fen(total * YUAN, own * YUAN, found) // YUAN) == (grant, gap)


def test_row_57_the_cap_was_lower_before():
    assert GrantRule.from_rules(rules(place=GUANGZHOU, day=date(2021, 5, 1))).cap_fen == 300_000 * YUAN


def test_row_58_break_even_of_the_cap():
    rule = GrantRule.from_rules(rules(place=GUANGZHOU))
    assert break_even_fen(rule) == Fraction(500_000 * YUAN * 10, 6)
    assert grant_most_fen(833_333_33, 0, rule) == 499_999_99
    assert grant_most_fen(833_333_34, 0, rule) == 500_000_00


def test_row_59_zhongshan_score():
    book = rules(place=ZHONGSHAN)
    assert ScoreRule.from_rules(book).model == "points"
    assert pointed_centi(8240, 3000, 1000, book) == 12_240
    assert pointed_centi(8240, 0, 0, book) == 8240
    for wrong in ((5001, 1000), (-1, 1000), (0, 499), (0, 2001)):
        with pytest.raises(ValueError, match="out of range"):
            pointed_centi(8240, *wrong, book)


def test_row_60_jury_and_residents():
    rule = ScoreRule.from_rules(rules())
    assert (rule.jury_bp, rule.public_bp) == (7000, 3000)
    assert weighted_centi(8600, 7200, rule.jury_bp, rule.public_bp) == 8180
    assert weighted_centi(8600, None, rule.jury_bp, rule.public_bp) == 8600, "without enough ballots the jury decides"


def test_row_61_awards_stay_within_the_pool():
    assert within_pool([100_000 * YUAN] * 24, 2_400_000 * YUAN)
    assert not within_pool([100_000 * YUAN] * 24, 2_400_000 * YUAN - 1)


def test_row_62_debarment():
    assert barred_until(date(2026, 9, 1), rules()) == date(2029, 9, 1)
    one = Applicant("social_group", True, date(2029, 9, 1), date(2015, 1, 1))
    conditions = Conditions(("social_group",))
    assert [f.code for f in troubles(one, conditions, date(2029, 8, 31))] == ["barred"]
    assert troubles(one, conditions, date(2029, 9, 1)) == []


def test_row_78_annual_report():
    last = rules()["provider.annual_report_registrar"]
    assert not report_overdue(2026, None, date(2027, 5, 31), last)
    assert report_overdue(2026, None, date(2027, 6, 1), last), "FY2026 not filed by 31 May 2027"
    assert not report_overdue(2026, date(2027, 5, 31), date(2027, 9, 1), last)
    assert report_overdue(2026, date(2027, 6, 2), date(2027, 9, 1), last)
    assert (last_due_year(date(2026, 5, 31), last), last_due_year(date(2026, 6, 1), last)) == (2024, 2025)


def test_row_74_each_source_pays_only_for_its_purpose():
    fields = ("elder_care", "disability", "legal_aid")
    book = rules()
    assert source_fields("fiscal", "elder_care", fields, book) == {"elder_care"}
    assert source_fields("lottery", "legal_aid", fields, book) == frozenset(), "no lottery purpose"
    assert source_fields("street_fund", "social_relief", fields, book) == set(fields)


# --- points -----------------------------------------------------------------------------------------------------------


def test_the_jurys_mean_is_rounded_half_up_once():
    assert jury_centi([{1: 3000, 2: 5000}, {1: 2999, 2: 5000}]) == 8000
    assert jury_centi([{1: 1}, {1: 1}, {1: 2}]) == 1
    with pytest.raises(ValueError, match="no sheet"):
        jury_centi([])


def test_the_most_voted_has_a_hundred_and_too_few_ballots_do_not_count():
    assert [public_centi(votes, 8) for votes in (8, 4, 3, 0)] == [10_000, 5000, 3750, 0]
    rule, book = ScoreRule.from_rules(rules()), rules()
    few = totals({1: 8000, 2: 9000}, [[1]] * 9, {}, rule, book)
    assert [(one.key, one.total, one.public) for one in few] == [(2, 9000, None), (1, 8000, None)]
    enough = totals({1: 8000, 2: 9000}, [[1]] * 10, {}, rule, book)
    assert [(one.key, one.total, one.rank) for one in enough] == [(1, 8600, 1), (2, 6300, 2)]


def test_equal_totals_share_a_rank():
    rule, book = ScoreRule.from_rules(rules("subsidy")), rules("subsidy")
    assert [one.rank for one in totals({1: 8000, 2: 8000, 3: 7000}, [], {}, rule, book)] == [1, 1, 3]


# --- money ------------------------------------------------------------------------------------------------------------


def test_tranches_sum_to_the_grant_with_the_rest_on_the_last():
    parts = tranches(100_000_01, date(2026, 7, 1), date(2027, 4, 30), rules())
    assert [part.amount_fen for part in parts] == [50_000_00, 30_000_00, 20_000_01]
    assert [part.base for part in parts] == ["acceptance", "evaluation", "evaluation"]
    assert [part.due_on for part in parts] == [date(2026, 7, 16), date(2026, 11, 29), date(2027, 4, 30)]
    assert [len(tranches(10_000_00, date(2026, 7, 1), date(2026, 8, 1), rules(r))) for r in ("subsidy", "reward")] == [
        2,
        1,
    ]


@pytest.mark.parametrize(("points", "yuan"), [(9000, 50_000), (8999, 30_000), (7000, 10_000), (6999, 0)])
def test_a_reward_follows_its_grade(points, yuan):
    assert graded_fen(points, GrantRule.from_rules(rules("reward"))) == yuan * YUAN


def test_a_round_may_set_a_lower_cap_never_a_higher_one():
    assert GrantRule.from_rules(rules(), 100_000 * YUAN).cap_fen == 100_000 * YUAN
    assert GrantRule.from_rules(rules(), 900_000 * YUAN).cap_fen == 500_000 * YUAN


def test_what_is_wrong_with_an_applications_money():
    codes = [one.code for one in money_findings(100, 50, 60, 40, 2000)]
    assert codes == ["sum", "asked"]
    assert [one.code for one in money_findings(100, 19, 60, 60, 2000)] == ["own"]


# --- who and when -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"kind": "enterprise"}, ["kind"]),
        ({"confirmed": False}, ["unconfirmed"]),
        ({"registered_on": date(2025, 6, 1)}, ["months"]),
        ({"group": True}, ["host"]),
        ({"group": True, "kind": "community_group", "confirmed": False, "registered_on": None}, ["host"]),
        ({"group": True, "hosted": True}, []),
        ({"group": True, "hosted": True, "registered_on": date(2025, 6, 1)}, ["months"]),
        ({"operates": True}, ["operates"]),
        ({"supported": ("甲",)}, ["supported"]),
    ],
)
def test_who_may_apply(changes, codes):
    facts = {"kind": "social_group", "confirmed": True, "barred_until": None, "registered_on": date(2020, 1, 1)}
    found = troubles(Applicant(**(facts | changes)), Conditions(("social_group",), months=12), DAY)
    assert [one.code for one in found] == codes


def test_the_deadline_is_the_end_of_the_last_whole_day():
    term = (date(2026, 7, 1), date(2027, 4, 30))
    table = timetable(instant(date(2026, 3, 31), 9), 30, term, rules(), TEST_2026)
    assert table.deadline_at == instant(date(2026, 5, 1))
    # Five working days after 30 April: the holiday of May and the make-up day of the 9th are counted.
    assert table.screened_by == date(2026, 5, 11)
    assert [line.key for line in table.lines] == ["notice", "deadline", "screening", "starts", "ends"]
