"""Floor, growth, purpose of a source, budget first, share of social organisations."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from market.budgets.rules import (
    check_floor,
    check_growth,
    check_social_share,
    floor_gap_fen,
    growth,
    head_allowed,
    shortfall_fen,
    shown_bp,
    social_share,
    social_share_bp,
)
from market.kernel.rulebook import RuleSet, load

YUAN = 100


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    """江宁 on the day the demonstration begins."""
    return load().at("320115", "any", date(2026, 3, 31))


def test_row_8_a_line_of_500_000_with_460_000_committed_is_20_000_short_of_60_000_more() -> None:
    assert shortfall_fen(500_000 * YUAN, 460_000 * YUAN, 60_000 * YUAN) == 20_000 * YUAN
    assert shortfall_fen(500_000 * YUAN, 460_000 * YUAN, 40_000 * YUAN) == 0


def test_row_9_a_plan_of_1_850_000_falls_150_000_short_of_the_floor(rules: RuleSet) -> None:
    floor_fen = rules["budget.street_floor_fen"]
    finding = check_floor(1_850_000 * YUAN, floor_fen)
    assert (finding.ok, finding.blocks) == (False, True)
    assert finding.params == {"floor": "¥2,000,000.00", "gap": "¥150,000.00"}
    assert "还差" in finding.message


def test_row_9_ten_streets_need_twenty_million(rules: RuleSet) -> None:
    assert 10 * floor_gap_fen(0, rules["budget.street_floor_fen"]) == 20_000_000 * YUAN


@pytest.mark.parametrize(("total_yuan", "ok"), [(1_999_999, False), (2_000_000, True), (2_000_001, True)])
def test_row_9_the_floor_itself_is_enough(rules: RuleSet, total_yuan: int, ok: bool) -> None:
    assert check_floor(total_yuan * YUAN, rules["budget.street_floor_fen"]).ok is ok


@pytest.mark.parametrize(
    ("total", "previous", "minimum_bp", "shown"),
    [
        (110, 100, 0, 1000),
        (240, 270, 0, -1111),
        (2_703_700, 2_700_000, 0, 14),
        (20_037, 20_000, 0, 19),
        (104_999, 100_000, 500, 499),
        (105, 100, 500, 500),
        (1_999_999, 2_000_000, 0, -1),
    ],
)
def test_a_share_is_shown_rounded_half_up_but_never_as_reaching_what_it_falls_short_of(
    total: int, previous: int, minimum_bp: int, shown: int
) -> None:
    grown = growth(total, previous)
    assert grown is not None
    assert shown_bp(grown, minimum_bp) == shown
    assert check_growth(total, previous, minimum_bp).ok is (grown >= Fraction(minimum_bp, 10_000))


def test_row_9_growth_is_not_judged_without_last_year() -> None:
    finding = check_growth(100, None, 500)
    assert (finding.ok, finding.blocks) == (True, False)


def test_row_9_less_growth_than_asked_for_stops_the_plan() -> None:
    finding = check_growth(104, 100, 500)
    assert (finding.ok, finding.blocks) == (False, True)
    assert finding.params == {"growth": "4%", "minimum": "5%"}


def test_row_10_640_000_of_2_000_000_is_thirty_two_per_cent(rules: RuleSet) -> None:
    spent = {"52": 400_000 * YUAN, "51": 240_000 * YUAN, "91": 1_360_000 * YUAN}
    social = rules["budget.social_organisation_prefixes"]
    minimum = rules["budget.social_organisation_share_min_bp"]
    assert social_share(spent, social) == Fraction(32, 100)
    assert social_share_bp(spent, social, minimum) == 3200
    assert check_social_share(spent, social, minimum)


def test_row_10_one_fen_below_thirty_per_cent_is_not_enough(rules: RuleSet) -> None:
    social = rules["budget.social_organisation_prefixes"]
    minimum = rules["budget.social_organisation_share_min_bp"]
    assert check_social_share({"52": 300, "91": 700}, social, minimum)
    assert not check_social_share({"52": 299, "91": 701}, social, minimum)
    assert social_share_bp({"52": 29_999, "93": 70_001}, social, minimum) == 2999


def test_row_10_a_cooperative_is_no_social_organisation(rules: RuleSet) -> None:
    assert social_share({"93": 100, "N2": 100}, rules["budget.social_organisation_prefixes"]) == 0


def test_row_10_without_contracts_there_is_no_share() -> None:
    assert social_share_bp({}, ["51"], 3000) is None


def test_row_74_lottery_money_may_not_pay_for_legal_aid(rules: RuleSet) -> None:
    allowed, barred = rules["fund.lottery.allowed_heads"], rules["fund.lottery.barred_heads"]
    assert head_allowed("elder_care", allowed, barred)
    assert not head_allowed("legal_aid", allowed, barred)
    assert not head_allowed("reception", allowed, barred)


def test_row_74_fiscal_money_pays_for_everything_but_the_negative_list(rules: RuleSet) -> None:
    allowed, barred = rules["fund.fiscal.allowed_heads"], rules["fund.fiscal.barred_heads"]
    assert head_allowed("legal_aid", allowed, barred)
    assert not head_allowed("financing", allowed, barred)
