from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.errors import Refused
from market.kernel.money import (
    capital_yuan,
    format_bp,
    format_centi,
    format_score,
    format_wan,
    format_yuan,
    largest_remainder,
    parse_centi,
    parse_yuan,
    round_half_up,
    share_fen,
    split_fen,
)


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("1,234.50", 123_450),
        ("1234.5", 123_450),
        ("0", 0),
        ("0.01", 1),
        ("¥ 1,286,400.00", 128_640_000),
        ("￥１，２３４．５０元", 123_450),
        ("200万", 200_000_000),
        ("128.64 万元", 128_640_000),
        ("0.000001万", 1),
        ("人民币500元", 50_000),
        ("1,000,000,000,000.00", 10**14),
    ],
)
def test_amounts_as_people_type_them(typed, fen):
    assert parse_yuan(typed) == fen


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("", "请填写金额"),
        ("  ", "请填写金额"),
        ("-5", "负数"),
        ("¥-5", "负数"),
        ("\u2212 5", "负数"),
        ("1.005", "最多精确到分"),
        ("1.000", "最多精确到分"),
        ("0.0000001万", "最多精确到分"),
        ("1,5", "看不懂"),
        ("12,34.00", "看不懂"),
        ("1e5", "看不懂"),
        ("五百", "看不懂"),
        ("1.2.3", "看不懂"),
        ("٣٤", "看不懂"),
        ("1000000000000.01", "太大"),
        ("9" * 400, "太大"),
    ],
)
def test_amounts_that_are_refused_say_why(typed, part):
    with pytest.raises(Refused) as refusal:
        parse_yuan(typed, field="ceiling_yuan")
    assert part in refusal.value.text
    assert refusal.value.field == "ceiling_yuan"


@given(st.integers(0, 10**14))
def test_printed_amounts_read_back_to_the_same_fen(fen):
    assert parse_yuan(format_yuan(fen)) == fen
    assert parse_yuan(format_wan(fen)) == fen


def test_printing():
    assert format_yuan(128_640_000) == "¥1,286,400.00"
    assert format_yuan(-5, symbol="") == "-0.05"
    assert format_wan(128_640_000) == "128.64万元"
    assert format_wan(200_000_000) == "200万元"
    assert format_wan(1) == "0.000001万元"
    assert format_centi(8870) == "88.70"
    assert format_centi(123_456) == "1234.56"
    assert [format_score(Fraction(*n)) for n in ((8870, 1), (174_397, 20))] == ["88.70", "≈ 87.20"]
    assert [format_bp(bp) for bp in (1000, 1250, 5, 10_000)] == ["10%", "12.5%", "0.05%", "100%"]


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (128_640_000, "壹佰贰拾捌万陆仟肆佰元整"),
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角整"),
        (105, "壹元零伍分"),
        (140_950, "壹仟肆佰零玖元伍角整"),
        (600_714, "陆仟零柒元壹角肆分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (32_504, "叁佰贰拾伍元零肆分"),
        (168_032, "壹仟陆佰捌拾元叁角贰分"),
        (10_700_053, "壹拾万柒仟元伍角叁分"),
        (1_000, "壹拾元整"),
        (10_001_000, "壹拾万零壹拾元整"),
        (1_000_500_000, "壹仟万伍仟元整"),
        (10_000_500_000, "壹亿零伍仟元整"),
        (10_005_000_000, "壹亿零伍万元整"),
        (200_000_000, "贰佰万元整"),
        (1_000_000_000_001, "壹佰亿元零壹分"),
        (10_000_000_000_000, "壹仟亿元整"),
        (100_000_000_000_000, "壹万亿元整"),
        (2_005_000_100, "贰仟零伍万零壹元整"),
    ],
)
def test_capital_numerals(fen, words):
    assert capital_yuan(fen) == words


def test_capital_numerals_refuse_negative_amounts():
    with pytest.raises(ValueError, match="negative"):
        capital_yuan(-1)


def _read_capitals(words):
    """An independent reader of capital numerals."""
    digits = {word: i for i, word in enumerate("零壹贰叁肆伍陆柒捌玖")}
    places = {"拾": 10, "佰": 100, "仟": 1000}
    yuan, _, rest = words.rpartition("元")
    total = section = digit = 0
    for word in yuan:
        if word in digits:
            digit = digits[word]
        elif word in places:
            section, digit = section + digit * places[word], 0
        elif word == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        elif word == "亿":
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    fen = (total + section + digit) * 100
    for word, following in pairwise(rest):
        fen += digits.get(word, 0) * {"角": 10, "分": 1}.get(following, 0)
    return fen


@given(st.integers(0, 10**14 - 1))
def test_capital_numerals_read_back(fen):
    words = capital_yuan(fen)
    assert _read_capitals(words) == fen
    assert "零零" not in words
    assert "零元" not in words or fen < 100


def test_rounding_half_goes_up():
    assert [round_half_up(Fraction(n, 2)) for n in (1, 3, 5, -1, -3)] == [1, 2, 3, 0, -1]
    assert round_half_up(Fraction(249, 100)) == 2
    assert share_fen(101, 5000) == 51
    assert share_fen(12_960_000, 9500) == 12_312_000


def test_row_70_milestone_split_puts_the_rest_on_the_last():
    assert split_fen(43_200_000, [3000, 4000, 3000]) == [12_960_000, 17_280_000, 12_960_000]
    assert split_fen(10_000_001, [30, 40, 30]) == [3_000_000, 4_000_000, 3_000_001]


def test_largest_remainder_serves_the_largest_remainders_first():
    assert largest_remainder(100, [1, 1, 1]) == [34, 33, 33]
    assert largest_remainder(10, [15, 25, 60]) == [2, 2, 6]
    assert largest_remainder(7, [0, 1]) == [0, 7]


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_splits_lose_no_fen_and_are_never_negative(total, weights):
    for split in (split_fen, largest_remainder):
        parts = split(total, weights)
        assert sum(parts) == total
        assert min(parts) >= 0
    whole = sum(weights)
    assert all(
        abs(Fraction(total * weight, whole) - part) < 1
        for weight, part in zip(weights, largest_remainder(total, weights), strict=True)
    )


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_splits_refuse_impossible_weights(total, weights):
    for split in (split_fen, largest_remainder):
        with pytest.raises(ValueError, match="split"):
            split(total, weights)


def test_scores_are_read_in_hundredths():
    assert [parse_centi(text) for text in ("88.7", "９５", "0", "100.00")] == [8870, 9500, 0, 10_000]
    for text in ("", "-1", "88.123", "ninety", "1,000"):
        with pytest.raises(Refused):
            parse_centi(text)
