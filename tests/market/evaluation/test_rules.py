"""Price and quality points, the legal order, abnormally low prices: worked examples, and what must always hold."""

import hashlib
from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.evaluation import rules as r
from market.evaluation.rules import Candidate, Entry, Finding, LowRates, LowTest, Tie
from market.kernel.errors import Refused
from market.kernel.rulebook import Override, load

YUAN = 100
DAY = date(2026, 3, 31)
SEED = "5e" * 32
PRICES = (432_000, 456_000, 468_000)


def rules(regime="open_tender", day=DAY, overrides=()):
    return load().at("320115", regime, day, overrides)


def price_points(weight, *deductions, prices=PRICES):
    """Price points in hundredths for the three bids of the worked examples, in their order."""
    deductions = deductions or (0,) * len(prices)
    entries = [
        Entry(str(i), price * YUAN, 0, deduction)
        for i, (price, deduction) in enumerate(zip(prices, deductions, strict=True))
    ]
    found = {line.key: line.price_centi for line in r.rank(entries, weight * 100, seed=SEED)}
    return [found[str(i)] for i in range(len(prices))]


def test_row_5_deduction_only_for_bodies_that_can_be_small():
    prefixes = rules()["sme.eligible_prefixes"]
    assert r.deduction_bp(True, "91320115MA1ABCDE8N", 1000, prefixes) == 1000
    assert r.deduction_bp(True, "92320115MA1ABCDE8N", 1000, prefixes) == 1000
    assert r.deduction_bp(True, "52320115MJ1234561N", 1000, prefixes) == 0, "a service agency is no small enterprise"
    assert r.deduction_bp(False, "91320115MA1ABCDE8N", 1000, prefixes) == 0, "nobody gets what was not claimed"
    assert r.deduction_bp(True, None, 1000, prefixes) == 0


def test_row_19_too_few_valid_bids():
    least = rules()["evaluation.min_qualified"]
    assert not r.enough(2, least)
    assert r.enough(3, least)


def test_row_20_consultation_goes_on_with_two():
    least = rules("consultation")["evaluation.min_qualified"]
    assert r.enough(2, least)
    assert not r.enough(1, least)


def candidate(number, *, price=400_000, may_bid=True):
    return Candidate(number, number * 10, price * YUAN, may_bid)


def test_row_26_designer_cannot_bid():
    barred = rules()["bids.barred_roles"]
    roles = {20: "incubation", 30: "audience"}
    assert r.designer_cannot_bid(20, roles, barred)
    assert not r.designer_cannot_bid(30, roles, barred), "a role the law does not name"
    assert not r.designer_cannot_bid(10, roles, barred)
    found = r.findings([candidate(1), candidate(2)], 10**9, roles, barred)
    assert found == {1: [], 2: [Finding.DESIGNER]}


def test_what_the_system_finds_by_itself():
    bids = [candidate(1, price=500_000), candidate(2, price=500_001), candidate(3, may_bid=False)]
    found = r.findings(bids, 500_000 * YUAN, {}, ())
    assert found == {1: [], 2: [Finding.OVER_CEILING], 3: [Finding.MAY_NOT_BID]}, "the ceiling itself is allowed"


def test_row_29_price_score_without_deduction():
    assert price_points(10) == [1000, 947, 923]


def test_row_30_price_score_with_ten_percent_deduction():
    assert price_points(10, 0, 1000, 0) == [950, 1000, 877]
    assert r.adjusted_price(456_000 * YUAN, 1000) == 410_400 * YUAN


def test_row_31_price_score_with_twenty_percent_deduction():
    assert price_points(10, 0, 2000, 0) == [844, 1000, 779]
    assert r.adjusted_price(456_000 * YUAN, 2000) == 364_800 * YUAN


def test_row_32_price_weight_twenty_with_deduction():
    assert price_points(20, 0, 1000, 0) == [1900, 2000, 1754]


def test_row_33_total_and_rank():
    quality = (7950, 7820, 8100)
    lines = r.rank(
        [
            Entry(str(i), price * YUAN, points, 1000 if i == 1 else 0)
            for i, (price, points) in enumerate(zip(PRICES, quality, strict=True))
        ],
        1000,
        seed=SEED,
    )
    assert [(line.key, line.total_centi) for line in lines] == [("2", 8977), ("0", 8900), ("1", 8820)]
    assert lines[0].price_fen == 468_000 * YUAN, "the contract price stays the raw price"
    assert lines[2].price_fen == 456_000 * YUAN
    assert lines[2].adjusted_price_fen == 410_400 * YUAN


def test_row_34_consultation_with_two_bids():
    assert price_points(30, prices=(238_000, 252_000)) == [3000, 2833]


def test_row_35_tie():
    # Quality makes up for the dearer price, so that both totals are 88.50.
    base, weight = 428_000 * YUAN, 1000
    dear = r.price_score_centi(Fraction(base), Fraction(430_000 * YUAN), weight)
    lines = r.rank(
        [Entry("first", 430_000 * YUAN, 8850 - dear), Entry("second", base, 8850 - weight)], weight, seed=SEED
    )
    assert [line.total_centi for line in lines] == [8850, 8850]
    assert [line.key for line in lines] == ["second", "first"], "equal totals: the lower price goes first"
    assert {line.tie for line in lines} == {Tie.PRICE}

    both = [Entry("bid-1", 430_000 * YUAN, 7850), Entry("bid-2", 430_000 * YUAN, 7850)]
    lines = r.rank(both, weight, seed=SEED)
    assert {line.tie for line in lines} == {Tie.DRAW}
    # The lot as anyone repeats it from the logged seed and the published totals.
    facts = "bid-1:8850:43000000\nbid-2:8850:43000000"
    seed = hashlib.sha256((SEED + hashlib.sha256(facts.encode()).hexdigest()).encode()).hexdigest()
    assert r.tie_seed(SEED, [("bid-1", 8850, 43_000_000), ("bid-2", 8850, 43_000_000)]) == seed
    assert [line.key for line in lines] == sorted(
        ["bid-1", "bid-2"], key=lambda key: hashlib.sha256((seed + key).encode()).hexdigest()
    )
    with pytest.raises(ValueError, match="no seed"):
        r.rank(both, weight)


def test_a_consultation_asks_for_quality_before_the_lot():
    # Deductions let the same price and total come with different quality points.
    entries = [Entry("a", 100_00, 5_000, 0), Entry("b", 100_00, 4_900, 2000), Entry("c", 200_00, 0, 0)]
    order = rules("consultation")["evaluation.tie_order"]
    assert order == ("total", "price", "quality", "draw")
    lines = r.rank(entries, 500, order, SEED)
    assert [line.total_centi for line in lines[:2]] == [5400, 5400]
    assert [(line.key, line.tie) for line in lines[:2]] == [("a", Tie.QUALITY), ("b", Tie.QUALITY)]
    by_lot = r.rank(entries, 500, rules()["evaluation.tie_order"], SEED)
    assert {line.tie for line in by_lot[:2]} == {Tie.DRAW}


def test_three_equal_totals_are_parted_by_price_first():
    entries = [Entry("a", 400_00, 5_000), Entry("b", 500_00, 5_200), Entry("c", 500_00, 5_200)]
    lines = r.rank(entries, 1000, seed=SEED)
    assert [line.total_centi for line in lines] == [6000, 6000, 6000]
    assert lines[0].key == "a"
    assert [line.tie for line in lines] == [Tie.PRICE, Tie.DRAW, Tie.DRAW]


def low_hits(prices, price, ceiling=10_000_000, rates=None):
    book = rules()
    rates = rates or r.low_rates(book, book)
    lines = r.low_price_lines([p * YUAN for p in prices], ceiling * YUAN, rates)
    return {hit.test: hit.line for hit in r.low_price_hits(price * YUAN, lines)}


def test_row_36_low_price_average():
    lines = r.low_price_lines([480_000_00, 470_000_00, 200_000_00], 10, LowRates(5000, 0, 0))
    assert lines[0].against == Fraction(38333333_33, 100) + Fraction(1, 300), "383,333.33 and a third"
    assert round(lines[0].line) == 191_666_67
    assert low_hits([480_000, 470_000, 200_000], 200_000, rates=LowRates(5000, 0, 0)) == {}
    assert LowTest.AVERAGE in low_hits([480_000, 470_000, 190_000], 190_000, rates=LowRates(5100, 0, 0))


def test_row_37_low_price_second_lowest():
    hits = low_hits([480_000, 470_000, 200_000], 200_000, ceiling=1)
    assert hits == {LowTest.SECOND: Fraction(235_000 * YUAN)}
    assert low_hits([480_000, 470_000, 235_000], 235_000, ceiling=1) == {}, "strictly below"


def test_row_38_low_price_ceiling():
    assert low_hits([200_000], 200_000, ceiling=500_000) == {LowTest.CEILING: Fraction(225_000 * YUAN)}
    assert low_hits([225_000], 225_000, ceiling=500_000) == {}, "exactly on the line is no hit"


def test_low_price_tests_begin_in_february_2026():
    before = rules(day=date(2026, 1, 31))
    assert r.low_price_lines([1, 100, 100], 100, r.low_rates(before, before)) == []


def test_row_39_low_price_rates():
    def changed(rate):
        override = Override("low_price.average_bp", rate, "320115", "本区从严", date(2026, 2, 1))
        return r.low_rates(rules(overrides=[override]), rules())

    assert changed(6000).average_bp == 6000
    assert changed(6500).average_bp == 6500
    with pytest.raises(Refused, match="不能高于"):
        changed(7000)
    with pytest.raises(Refused, match="不能低于"):
        changed(4000)


def test_row_40_explain_window():
    least = rules()["low_price.explain_minutes"]
    nine = datetime(2026, 3, 31, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    with pytest.raises(Refused, match="不少于 30 分钟") as refused:
        r.explain_until(nine, 29, least)
    assert refused.value.field == "minutes"
    assert r.explain_until(nine, 30, least) == nine + timedelta(minutes=30)
    assert r.explain_until(nine, 10_080, least) == nine + timedelta(days=7)
    for typed in (10_081, 99_999_999, 99_999_999_999):
        with pytest.raises(Refused, match="不超过 10080 分钟") as refused:
            r.explain_until(nine, typed, least)
        assert refused.value.field == "minutes"


def test_a_criterion_is_the_mean_of_all_members_rounded_once():
    assert r.average_centi([900, 850, 875]) == 875
    assert r.average_centi([100, 101]) == 101, "half a hundredth goes up"
    assert r.average_centi([100, 100, 101]) == 100
    assert r.quality_points([(1, 7, 900), (1, 7, 850), (1, 8, 300), (1, 8, 301), (2, 7, 0), (2, 7, 0)]) == {
        1: {7: 875, 8: 301},
        2: {7: 0},
    }
    with pytest.raises(ValueError, match="at least one"):
        r.average_centi([])


# --- what always holds ----------------------------------------------------------------------------------------------

bids = st.lists(
    st.builds(
        Entry,
        key=st.just(""),
        price_fen=st.integers(1, 10**12) | st.integers(1, 5),
        quality_centi=st.integers(0, 9000) | st.integers(0, 3),
        deduction_bp=st.sampled_from([0, 0, 1000, 2000]),
    ),
    min_size=1,
    max_size=40,
).map(lambda entries: [e._replace(key=f"bid-{i}") for i, e in enumerate(entries, 1)])
orders = st.sampled_from([("total", "price", "draw"), ("total", "price", "quality", "draw")])


@given(bids, st.sampled_from([0, 1000, 3000]), orders)
def test_the_order_is_a_permutation_and_every_tie_is_legal(entries, weight, order):
    lines = r.rank(entries, weight, order, SEED)
    assert [line.rank for line in lines] == list(range(1, len(entries) + 1))
    assert Counter(line.key for line in lines) == Counter(e.key for e in entries)
    drawing = r.tie_seed(SEED, [(line.key, line.total_centi, line.price_fen) for line in lines])
    for earlier, later in pairwise(lines):
        legal = [(-earlier.total_centi, earlier.price_fen), (-later.total_centi, later.price_fen)]
        assert legal[0] <= legal[1]
        if legal[0] == legal[1]:
            if "quality" in order and earlier.quality_centi != later.quality_centi:
                assert earlier.quality_centi > later.quality_centi
            else:
                assert (earlier.tie, later.tie) == (Tie.DRAW, Tie.DRAW)
                assert r.lot_of(drawing, earlier.key) < r.lot_of(drawing, later.key)
    for line in lines:
        alone = sum(1 for other in lines if other.total_centi == line.total_centi) == 1
        assert (line.tie is Tie.NONE) is alone


@given(bids, st.integers(1, 9000))
def test_the_lowest_adjusted_price_gets_the_full_weight(entries, weight):
    lines = r.rank(entries, weight, seed=SEED)
    adjusted = {line.key: r.adjusted_price(line.price_fen, line.deduction_bp) for line in lines}
    base = min(adjusted.values())
    for line in lines:
        assert 0 <= line.price_centi <= weight
        assert line.price_centi == r.price_score_centi(base, adjusted[line.key], weight)
        assert line.total_centi == line.quality_centi + line.price_centi
        if adjusted[line.key] == base:
            assert line.price_centi == weight


@given(bids, st.randoms(use_true_random=False))
def test_the_order_of_opening_changes_nothing_and_no_float_appears(entries, random):
    shuffled = list(entries)
    random.shuffle(shuffled)
    lines = r.rank(entries, 1000, seed=SEED)
    assert r.rank(shuffled, 1000, seed=SEED) == lines
    assert not any(isinstance(value, float) for line in lines for value in line)


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=30), st.integers(1, 10**13))
def test_no_price_at_or_above_half_of_the_others_is_ever_asked(prices, ceiling):
    lines = r.low_price_lines(prices, ceiling, LowRates(5000, 5000, 4500))
    top = max(line.line for line in lines)
    for price in prices:
        hits = r.low_price_hits(price, lines)
        assert bool(hits) is (price < top)
        assert all(isinstance(hit.line, Fraction) for hit in hits)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=9))
def test_an_average_is_the_nearest_hundredth(scores):
    exact = Fraction(sum(scores), len(scores))
    assert abs(r.average_centi(scores) - exact) <= Fraction(1, 2)
    assert min(scores) <= r.average_centi(scores) <= max(scores)


def test_ten_thousand_bids_are_ranked_in_a_moment():
    entries = [Entry(f"bid-{i}", 40_000_000 + i * 7919 % 99_991, i * 31 % 8_000) for i in range(10_000)]
    began = process_time()
    assert len(r.rank(entries, 1000, seed=SEED)) == 10_000
    assert process_time() - began < 2


def test_a_panel_accepts_an_explanation_by_majority_once_every_member_has_spoken():
    assert r.panel_accepts([True, False, True], 3) is True, "2 to 1"
    assert r.panel_accepts([True, False, False, True, False], 5) is False, "2 to 3"
    assert r.panel_accepts([True, True], 3) is None, "a majority already, and yet one is missing"
    assert r.panel_accepts([], 0) is None, "no panel has been drawn"


def test_an_explanation_is_judged_once_it_is_there_or_the_window_has_ended():
    asked = datetime(2026, 3, 31, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    until = asked + timedelta(minutes=30)
    assert r.may_be_judged(asked, until, asked)
    assert not r.may_be_judged(None, until, until - timedelta(seconds=1))
    assert r.may_be_judged(None, until, until)
