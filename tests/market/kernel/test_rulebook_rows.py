"""The shipped numbers, put through the kernel's own arithmetic, give the worked examples.

Rules that weigh facts of a room (committees, prices, conflicts) are tested in that room; here stand those that are only
a number of the rulebook and a count of days or fen.
"""

from datetime import date, timedelta
from fractions import Fraction
from math import ceil

import pytest

from market.kernel.money import share_fen, split_fen
from market.kernel.rulebook import MissingRule, load
from market.kernel.workdays import add_months, add_working_days, add_years, working_days_between
from tests.market.kernel.calendars import TEST_2026

DAY = date(2026, 3, 2)
YUAN = 100


def rules(regime="open_tender", place="320115", day=DAY):
    return load().at(place, regime, day)


def d(month, day, year=2026):
    return date(year, month, day)


def after(day, key, regime="open_tender"):
    """The day a number of calendar or working days of the rulebook leads to."""
    n = rules(regime)[key]
    if rules(regime).rule(key).unit == "working_days":
        return add_working_days(day, n, TEST_2026).day
    return day + timedelta(days=n)


def test_row_6_barred_providers():
    assert rules()["provider.barred_kinds"] == ("public_institution_class_1", "guaranteed_mass_group")
    assert "12" in rules()["provider.contracting_prefixes"], "class II institutions may provide"
    assert not {"11", "13"} & set(rules()["provider.contracting_prefixes"])


def test_row_9_street_floor():
    floor = rules()["budget.street_floor_fen"]
    assert floor - 1_850_000 * YUAN == 150_000 * YUAN
    assert 10 * floor == 20_000_000 * YUAN
    assert not rules().rule("budget.street_floor_fen").assumed
    assert rules(place="510115").rule("budget.street_floor_fen").assumed


def test_row_10_share_of_social_organisations():
    share = Fraction(640_000, 2_000_000)
    assert share == Fraction(32, 100)
    assert share >= Fraction(rules()["budget.social_organisation_share_min_bp"], 10_000)


def test_row_11_thresholds_differ_by_place_and_date():
    zhejiang = rules(place="330502")["threshold.services_fen"]
    assert 180_000 * YUAN < zhejiang <= 200_000 * YUAN
    assert [rules(place=place)["threshold.services_fen"] for place in ("320115", "510115")] == [300_000 * YUAN] * 2
    assert rules()["threshold.open_tender_fen"] == 2_000_000 * YUAN
    with pytest.raises(MissingRule):
        rules(place="110101")["threshold.services_fen"]


def test_row_13_intention_lead_time():
    assert d(3, 31) - timedelta(days=rules()["plan.intention_lead_days"]) == d(3, 1)


def test_row_14_bid_period():
    last = after(d(3, 2), "tender.bid_period_days")
    assert (last, last.weekday()) == (d(3, 22), 6)
    assert after(last, "tender.bid_period_safety_days") == d(3, 23)


def test_row_15_clarification():
    assert max(d(3, 23), after(d(3, 12), "tender.clarification_days")) == d(3, 27)


def test_row_16_documents_on_offer():
    assert after(d(3, 2), "tender.documents_working_days") == d(3, 9)
    assert after(d(3, 2), "tender.notice_working_days") == d(3, 9)
    assert after(d(3, 2), "tender.notice_working_days", "comparison") == d(3, 5)


def test_row_17_consultation_period():
    assert after(d(3, 2), "tender.bid_period_days", "consultation") == d(3, 12)


def test_row_18_consultation_clarification():
    assert max(d(3, 13), after(d(3, 10), "tender.clarification_days", "consultation")) == d(3, 15)


def test_row_19_minimum_of_bidders():
    assert 2 < rules()["tender.min_bidders"] == rules()["evaluation.min_qualified"] == 3
    assert rules("comparison")["tender.min_bidders"] == 3


def test_row_20_consultation_with_two_suppliers():
    assert 1 < rules("consultation")["evaluation.min_qualified"] == 2


def test_row_22_group_of_three():
    size = rules("consultation")["panel.size_min"]
    part, whole = rules("consultation")["panel.expert_share_min"]
    assert (size, ceil(Fraction(size * part, whole))) == (3, 2)


def test_row_28_price_weight_in_consultation():
    low, high = (rules("consultation")[f"evaluation.price_weight_{end}_centi"] for end in ("min", "max"))
    assert (low, high) == (1000, 3000)
    assert not low <= 3500 <= high


def test_row_30_deductions_rose_in_july_2022():
    before, now = rules(day=date(2022, 6, 30)), rules(day=date(2022, 7, 1))
    assert [before[f"sme.price_deduction_{end}_bp"] for end in ("min", "max")] == [600, 1000]
    assert [now[f"sme.price_deduction_{end}_bp"] for end in ("min", "max")] == [1000, 2000]
    assert rules("comparison")["sme.price_deduction_max_bp"] == 0


def test_row_38_low_price_rates_began_in_february_2026():
    assert rules(day=date(2026, 1, 31))["low_price.ceiling_bp"] == 0
    assert share_fen(500_000 * YUAN, rules(day=date(2026, 2, 1))["low_price.ceiling_bp"]) == 225_000 * YUAN


def test_row_41_bid_security():
    assert share_fen(480_000 * YUAN, rules()["security.bid_max_bp"]) == 9_600 * YUAN


def test_row_42_refund_of_losers():
    assert after(d(4, 7), "security.bid_refund_losers_working_days") == d(4, 14)


def test_row_43_award_clock():
    report = after(d(3, 24), "award.report_working_days")
    choice = after(report, "award.choose_working_days")
    assert (report, choice, after(choice, "award.publish_working_days")) == (d(3, 26), d(4, 2), d(4, 7))


def test_row_44_sign_within_thirty_days():
    assert after(d(4, 7), "contract.sign_days") == d(5, 7)


def test_row_45_publish_copy_and_refund():
    keys = (
        "contract.publish_working_days",
        "contract.file_copy_working_days",
        "security.bid_refund_winner_working_days",
    )
    assert [after(d(4, 20), key) for key in keys] == [d(4, 22), d(4, 29), d(4, 27)]


def test_row_46_performance_bond():
    assert share_fen(432_000 * YUAN, rules()["security.performance_max_bp"]) == 43_200 * YUAN


def test_row_47_additions():
    cap = share_fen(432_000 * YUAN, rules()["contract.additions_max_bp"])
    assert 30_000 * YUAN <= cap < (30_000 + 15_000) * YUAN
    assert "contract.emergency_additions_max_bp" not in rules()
    assert rules(day=d(10, 1))["contract.emergency_additions_max_bp"] == 3000


def test_row_48_term():
    longest = add_months(d(5, 1), rules()["contract.term_max_assured_months"]) - timedelta(days=1)
    assert longest == d(4, 30, 2029)
    assert len(rules()["contract.term_conditions"]) == 4


def test_row_49_challenge_deadline():
    notice_ends = after(d(3, 2), "award.result_notice_working_days")
    assert (notice_ends, after(notice_ends, "challenge.file_working_days")) == (d(3, 3), d(3, 12))
    assert after(d(3, 31), "challenge.file_working_days") == d(4, 10)


def test_row_50_reply_complaint_decision():
    reply = after(d(3, 12), "challenge.reply_working_days")
    complaint = after(reply, "complaint.file_working_days")
    assert (reply, complaint, after(complaint, "complaint.decide_working_days")) == (d(3, 23), d(4, 14), d(5, 28))


def test_row_51_inquiry_reply():
    assert after(d(3, 3), "tender.inquiry_reply_working_days") == d(3, 6)


def test_row_52_single_source_notice():
    assert after(d(3, 2), "single_source.notice_working_days", "single_source") == d(3, 9)


@pytest.mark.parametrize(("suppliers", "out"), [(4, 1), (6, 2), (11, 3)])
def test_row_53_framework_drop(suppliers, out):
    framework = rules("framework")
    share = Fraction(framework["framework.drop_min_bp"], 10_000)
    assert max(framework["framework.drop_min_count"], ceil(suppliers * share)) == out


def test_row_54_retention():
    assert add_years(d(5, 10), rules()["archive.retention_years"]) == d(5, 10, 2041)


def test_row_63_default_weights():
    weights = {name: rules()[f"outcome.weight_{name}_bp"] for name in ("self", "mutual", "public", "third")}
    scores = {"self": 9200, "mutual": 8800, "public": 9500, "third": 8400}
    assert sum(weights.values()) == rules()["outcome.weight_sum_bp"]
    assert Fraction(sum(weights[name] * scores[name] for name in weights), 10_000) == 8870
    assert weights["self"] <= rules()["outcome.weight_self_max_bp"]
    assert weights["third"] >= rules()["outcome.weight_third_min_bp"]


def test_row_66_output_ratio_points():
    ratio = Fraction(1_020, 1_200) * 10_000
    assert next((points for line, points in rules()["outcome.output_points"] if ratio >= line), 0) == 2


def test_row_67_public_sample():
    z, margin = Fraction(rules()["outcome.sample_z_centi"], 100), Fraction(rules()["outcome.sample_margin_bp"], 10_000)
    endless = z**2 / 4 / margin**2
    assert endless == Fraction("384.16")
    assert ceil(endless / (1 + (endless - 1) / 1_200)) == 292


def test_row_68_spot_check():
    assert ceil(Fraction(17 * rules()["outcome.spot_check_min_bp"], 10_000)) == 6


def test_row_69_final_evaluation():
    assert add_months(d(4, 30, 2027), -rules()["outcome.final_window_months"]) == d(3, 30, 2027)


def test_row_70_default_milestones():
    split = rules()["payment.milestones_default_bp"]
    assert split_fen(432_000 * YUAN, split) == [129_600 * YUAN, 172_800 * YUAN, 129_600 * YUAN]
    assert rules()["payment.split_rest"] == "last"


def test_row_71_default_payout_falls_with_the_grade():
    shares = [rules()[f"outcome.payout_{grade}_bp"] for grade in ("excellent", "good", "pass", "fail")]
    assert shares == [10_000, 10_000, 9_000, 0]
    tail = share_fen(432_000 * YUAN, rules()["payment.tail_default_bp"])
    assert (tail, share_fen(tail, 9_500)) == (129_600 * YUAN, 123_120 * YUAN)


def test_row_72_payment_clock():
    assert after(d(6, 1), "payment.sme_days") == d(7, 1)
    assert after(d(6, 1), "payment.sme_max_days") == d(7, 31)


def test_row_73_late_interest():
    day_rate = Fraction(rules()["payment.late_interest_day_bp"], 10_000)
    assert 129_600 * YUAN * day_rate * 20 == 1_296 * YUAN


@pytest.mark.parametrize("source", ["fiscal", "lottery", "street_fund", "donation"])
def test_row_74_no_head_is_both_allowed_and_barred(source):
    allowed, barred = (set(rules()[f"fund.{source}.{which}_heads"]) for which in ("allowed", "barred"))
    assert allowed
    assert not allowed & barred


def test_row_74_lottery_pays_no_reception():
    lottery = rules()["fund.lottery.allowed_heads"]
    assert "reception" in rules()["fund.lottery.barred_heads"]
    assert "reception" not in lottery
    assert "legal_aid" not in lottery, "the lottery's purposes are elders, disabled people, orphans and people in need"


def test_make_up_days_count_in_every_period():
    assert working_days_between(d(5, 6), d(5, 9), TEST_2026) == 3
