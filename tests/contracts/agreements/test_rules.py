"""Dates, limits, the split over lines and the text of contracts."""

from __future__ import annotations

import itertools
import json
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.agreements.rules import (
    Options,
    check_addition,
    check_bond,
    check_options,
    check_term,
    contract_data,
    contract_digest,
    contract_number,
    duty_dates,
    limit_fen,
    line_parts,
    line_shares,
    series_of,
    spread,
)
from contracts.agreements.rules.basis import opening_words
from contracts.agreements.rules.wording import ordinal
from market.awards.rules import sign_by
from market.kernel.errors import Refused
from market.kernel.money import capital_yuan
from tests.factories.terms import make_terms, rule_facts
from tests.market.kernel.calendars import TEST_2026

CONDITIONS = ("content_stable", "continuous", "funding_stable", "price_stable")


def test_row_44_sign_within_30_days_of_the_notice():
    assert sign_by(date(2026, 4, 7), 30, TEST_2026).day == date(2026, 5, 7)


def test_row_44_a_limit_that_ends_on_a_holiday_rolls_forward():
    assert sign_by(date(2026, 4, 1), 30, TEST_2026).day == date(2026, 5, 6)


def test_row_45_publish_and_copy_dates_after_signing():
    found = duty_dates(date(2026, 4, 20), rule_facts(), TEST_2026)
    assert (found.publish_by, found.file_copy_by) == (date(2026, 4, 22), date(2026, 4, 29))
    assert not found.provisional


def test_row_46_performance_bond_of_at_most_a_tenth():
    check_bond(43_200_000, 4_320_000, 1000)
    with pytest.raises(Refused, match=r"¥43,200.00.*¥43,200.01") as refusal:
        check_bond(43_200_000, 4_320_001, 1000)
    assert refusal.value.field == "bond_fen"


def test_a_contract_asks_for_no_larger_bond_than_its_purchase_announced():
    announced = make_terms(bond_bp=500)
    check_options(announced, Options(bond_fen=2_160_000))
    with pytest.raises(Refused, match=r"最多 ¥21,600.00（采购文件写明的合同金额的 5%）") as refusal:
        check_options(announced, Options(bond_fen=2_160_001))
    assert refusal.value.field == "bond_fen"
    check_options(make_terms(), Options())
    with pytest.raises(Refused, match="采购文件没有要求提交履约保证金") as refusal:
        check_options(make_terms(), Options(bond_fen=1))
    assert refusal.value.field == "bond_fen"
    with pytest.raises(Refused, match=r"¥43,200.00"):
        check_options(make_terms(bond_bp=2_000), Options(bond_fen=4_320_001))


def test_row_47_additions_of_at_most_a_tenth_in_total():
    check_addition(43_200_000, 0, 3_000_000, 1000)
    with pytest.raises(Refused, match=r"超出 ¥1,800.00"):
        check_addition(43_200_000, 3_000_000, 1_500_000, 1000)


@pytest.mark.parametrize(
    ("ends_on", "conditions", "budget", "field"),
    [
        (date(2027, 4, 30), (), False, None),
        (date(2027, 5, 1), (), True, "conditions"),
        (date(2029, 4, 30), CONDITIONS, True, None),
        (date(2029, 4, 30), CONDITIONS[:3], True, "conditions"),
        (date(2029, 4, 30), CONDITIONS, False, "budget_assured"),
        (date(2029, 5, 1), CONDITIONS, True, "conditions"),
    ],
)
def test_row_48_term_of_a_year_or_of_three_with_four_conditions(ends_on, conditions, budget, field):
    if field is None:
        check_term(date(2026, 5, 1), ends_on, conditions, budget, rule_facts())
        return
    with pytest.raises(Refused) as refusal:
        check_term(date(2026, 5, 1), ends_on, conditions, budget, rule_facts())
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(due_days=60), None),
        (Options(due_days=61), "due_days"),
        (Options(due_days=0), "due_days"),
        (Options(dispute="arbitration"), "arbitration_body"),
        (Options(bond_fen=4_320_001), "bond_fen"),
    ],
)
def test_row_72_payment_days_and_the_other_choices_of_the_draft(options, field):
    if field is None:
        check_options(make_terms(), options)
        return
    with pytest.raises(Refused) as refusal:
        check_options(make_terms(), options)
    assert refusal.value.field == field


# --- money ------------------------------------------------------------------------------------------------------------


def test_the_price_is_shared_over_lines_and_the_saving_is_what_is_left():
    shares = line_shares(43_200_000, [(7, 30_000_000), (8, 18_000_000)])
    assert [(s.line_id, s.amount_fen, s.saving_fen) for s in shares] == [
        (7, 27_000_000, 3_000_000),
        (8, 16_200_000, 1_800_000),
    ]


amounts = st.lists(st.integers(1, 10**10), min_size=1, max_size=5)


@given(reserved=amounts, share=st.fractions(min_value=Fraction(1, 10**6), max_value=1))
def test_no_line_bears_more_than_it_reserved(reserved, share):
    price = max(1, int(sum(reserved) * share))
    shares = line_shares(price, list(enumerate(reserved)))
    assert sum(s.amount_fen for s in shares) == price
    assert all(
        0 <= s.amount_fen <= have and s.amount_fen + s.saving_fen == have
        for s, have in zip(shares, reserved, strict=True)
    )


@given(milestones=amounts, cuts=st.lists(st.integers(0, 10**11), max_size=3), earned=st.data())
def test_milestones_and_lines_both_come_out_whole_and_no_share_exceeds_its_part(milestones, cuts, earned):
    total = sum(milestones)
    edges = [0, *sorted(min(cut, total) for cut in cuts), total]
    lines = [(number, b - a) for number, (a, b) in enumerate(itertools.pairwise(edges)) if b > a]
    table = spread(milestones, lines)
    assert [sum(part for _, part in row) for row in table] == milestones
    for line, whole in lines:
        assert sum(part for row in table for number, part in row if number == line) == whole
    for amount, row in zip(milestones, table, strict=True):
        milestone = {"funding": [{"line_id": line, "amount_fen": fen} for line, fen in row]}
        paid = earned.draw(st.integers(0, amount))
        parts = dict(line_parts(milestone, paid))
        assert sum(parts.values()) == paid
        assert all(parts.get(line, 0) <= fen for line, fen in row)


# --- the contract's data ----------------------------------------------------------------------------------------------


def make_data(options: Options | None = None, **changes):
    return contract_data(
        make_terms(**changes),
        options or Options(),
        number="江宁东山街〔2026〕购字第001号",
        ocid="ocds-linli0-1",
        award="award-1",
        drafted_on=date(2026, 4, 20),
        last_day=date(2026, 5, 7),
    )


def all_text(data) -> str:
    return "\n".join(p for clause in data["clauses"] for p in [clause["title"], *clause["paragraphs"]])


def test_the_data_say_everything_the_payout_needs():
    data = make_data()
    assert json.loads(json.dumps(data)) == data
    assert data["price"] == {"amount_fen": 43_200_000, "capital": capital_yuan(43_200_000), "currency": "CNY"}
    assert [m["amount_fen"] for m in data["milestones"]] == [12_960_000, 17_280_000, 12_960_000]
    assert sum(part["amount_fen"] for m in data["milestones"] for part in m["funding"]) == 43_200_000
    assert data["evaluation"]["weights_bp"] == {"self": 1000, "mutual": 1500, "public": 3000, "third": 4500}
    assert [b["from_centi"] for b in data["evaluation"]["bands"]] == [9000, 8000, 6000, 0]
    assert data["payout"]["evaluation"]["missing"] == "renormalise"
    assert data["additions_max_fen"] == 4_320_000


def test_the_text_says_price_dates_and_rules_in_words():
    text = all_text(make_data())
    for piece in (
        "¥432,000.00", "肆拾叁万贰仟元整", "2026年5月1日起至2027年4月30日止",
        "自评10%、互评15%、群众评30%、第三方评45%",
        "很满意100分、满意80分、一般60分、不满意30分、很不满意0分", "其权重按其余各方原权重的比例", "每日万分之五",
        "30日内", "¥43,200.00", "本合同不收取履约保证金", "2026年5月7日前（含当日）签署", "至少保存15年",
    ):  # fmt: skip
        assert piece in text, piece


def test_the_text_follows_the_choices():
    text = all_text(
        make_data(
            Options(
                bond_fen=2_160_000,
                dispute="arbitration",
                arbitration_body="南京仲裁委员会",
                late_interest_day_bp=0,
                supplement="服务人员须持证上岗。",
                due_days=15,
            )
        )
    )
    assert "¥21,600.00" in text
    assert "约占合同金额的5%" in text
    assert "提交南京仲裁委员会仲裁" in text
    assert "逾期利息" not in text.replace("付款期限与逾期利息", "")
    assert "第十六条　补充约定" in text
    assert "服务人员须持证上岗。" in text
    assert "15日内，按国库" in text


@pytest.mark.parametrize("regime", ["comparison", "venture", "subsidy", "reward"])
def test_the_procurement_law_is_not_cited_where_it_does_not_apply(regime):
    text = opening_words(regime, "ocds-1") + all_text(make_data(regime=regime))
    assert "政府采购法" not in text
    assert "《中华人民共和国民法典》" in text
    assert "不超过原合同金额的10%，即¥43,200.00，以本合同约定为准。" in text
    assert ("内部控制制度" in text) is (regime == "comparison")
    assert ("资助公告" in text) is (regime != "comparison")
    assert ("甲方向乙方购买" in text) is (regime == "comparison")
    assert ("投标" in text) is (regime == "comparison")


def test_a_purchase_under_the_procurement_law_cites_it():
    text = opening_words("open_tender", "ocds-1") + all_text(make_data(regime="open_tender"))
    for piece in (
        "《中华人民共和国政府采购法》及其实施条例",
        *(f"《政府采购法》第四十{n}条" for n in "二八九"),
        "第四十五条",
    ):
        assert piece in text, piece


def test_a_term_of_several_years_names_the_order_on_buying_services_only_for_purchases():
    words = {}
    for regime in ("open_tender", "comparison", "venture"):
        text = all_text(make_data(regime=regime, ends_on=date(2029, 4, 30)))
        words[regime] = [
            word for word in ("依照《政府购买服务管理办法》", "参照《政府购买服务管理办法》") if word in text
        ]
    assert words == {
        "open_tender": ["依照《政府购买服务管理办法》"],
        "comparison": ["参照《政府购买服务管理办法》"],
        "venture": [],
    }


def test_a_fen_or_a_word_more_is_another_digest():
    data = make_data()
    assert contract_digest(data) == contract_digest(json.loads(json.dumps(data)))
    assert contract_digest(data) != contract_digest(make_data(Options(supplement="另")))
    assert contract_digest(data) != contract_digest(make_data(amount_fen=43_200_001))


def test_numbers_of_contracts():
    assert series_of("江宁区", "东山街道", 2026) == "江宁东山街〔2026〕购字"
    assert series_of("吴兴", "织里镇", 2027) == "吴兴织里镇〔2027〕购字"
    assert contract_number("江宁东山街〔2026〕购字", 7) == "江宁东山街〔2026〕购字第007号"


@pytest.mark.parametrize(
    ("number", "text"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (21, "二十一"), (99, "九十九")]
)
def test_clauses_are_numbered_in_chinese(number, text):
    assert ordinal(number) == text


@given(st.integers(0, 10**13), st.integers(0, 10_000))
def test_a_limit_is_never_passed_by_a_fen(amount, share):
    assert Fraction(limit_fen(amount, share)) <= Fraction(amount * share, 10_000) < limit_fen(amount, share) + 1
