"""The verifier agrees with the product on any purchase, and finds every fault planted in the product's arithmetic."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.agreements import rules as agreement_rules
from contracts.outcomes import rules as outcome_rules
from contracts.payouts import rules as payout_rules
from market.awards import rules as award_rules
from market.evaluation import rules as evaluation_rules
from market.kernel import money, workdays
from market.panels import rules as panel_rules
from tests.factories.bundles import ENOUGH, Offer, Plan, published
from tests.factories.verifying import verify

CLASSES = (
    "drawn lots",
    "ties by price",
    "deductions",
    "low prices",
    "missing sources",
    "fails",
    "invalid bids",
    "part of the amount",
    "paid in full",
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Purchases near the edges: few prices, so that they are equal often; very low ones; sources that miss."""
    prices = st.sampled_from([90_000_00, 90_000_01, 100_000_00, 105_333_33, 119_999_99, 30_000_00, 17_31])
    points = st.sampled_from([(5000, 2000), (5000, 2001), (4999, 2001), (6000, 2500), (3333, 1)])
    offers = [
        Offer(draw(prices), draw(points), draw(st.booleans()), draw(st.integers(0, 2)), valid)
        for valid in draw(st.lists(st.just(True), min_size=3, max_size=5))
        + [draw(st.booleans())] * draw(st.integers(0, 1))
    ]
    mark = st.sampled_from([0, 5999, 6000, 7333, 8000, 8870, 9000, 10000])
    ratings = {
        "self": tuple(draw(st.lists(mark, min_size=0, max_size=1))),
        "mutual": tuple(draw(st.lists(mark, min_size=2, max_size=4))),
        "public": tuple(draw(st.lists(mark, min_size=9, max_size=12))),
        "third": (draw(mark),),
    }
    split = draw(st.sampled_from([(120_000_00,), (80_000_00, 40_000_00), (33_333_33, 86_666_67)]))
    day = draw(st.sampled_from([date(2026, 1, 6), date(2026, 2, 10), date(2026, 3, 3), date(2026, 4, 24)]))
    last = draw(st.sampled_from(["award", "sign", "deliver", "paid", "paid"]))
    method = draw(st.sampled_from(["comparison", "open_tender"]))
    bp = draw(st.sampled_from([0, 1000, 2000]))
    return Plan(tuple(offers), 120_000_00, split, bp, ratings, True, method, day, last)


def _classes(plan: Plan, text: str) -> list[str]:
    ratings = plan.ratings
    missing = len(ratings["mutual"]) < 3 or len(ratings["public"]) < 10 or not ratings["self"]
    done = plan.until in ("deliver", "paid")
    found = {
        "drawn lots": '"tie":"draw"' in text,
        "ties by price": '"tie":"price"' in text,
        "deductions": '"deduction_bp":1000' in text or '"deduction_bp":2000' in text,
        "low prices": '"inquiries":[{' in text,
        "missing sources": done and missing,
        "fails": '"grade":"fail","inputs"' in text,
        "invalid bids": '"verdict":"invalid"' in text,
        "part of the amount": '"grade":"pass","inputs"' in text,
        "paid in full": '"grade":"good","inputs"' in text and plan.until == "paid",
    }
    return [name for name, holds in found.items() if holds]


def test_the_verifier_agrees_on_five_hundred_purchases() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=500, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(plans())
    def agrees(plan: Plan) -> None:
        story = published(plan)
        report = verify(story.bundle())
        assert report.faults == [], plan
        seen.update(["purchases", *_classes(plan, b"".join(body for _, body in story.releases).decode())])

    agrees()
    print(dict(seen))
    assert seen["purchases"] >= 500
    assert all(seen[name] for name in CLASSES), seen


# A function of the package has the module's name.
tender_dates = sys.modules["market.tenders.rules.timetable"]

# --- planted faults ---------------------------------------------------------------------------------------------------

TIED = tuple(Offer(100_000_00, (5000, 2000)) for _ in range(3))
SMALL = (Offer(100_000_00, (5000, 2000), True, 0), Offer(95_000_00, (5000, 2000), True, 1), Offer(99_000_00, (5000, 1)))
LOW = (Offer(30_000_00, (5000, 2000)), Offer(100_000_00, (4000, 2000)), Offer(110_000_00, (4000, 1000)))
LATER = date(2026, 3, 3)


def _downwards(number: Fraction) -> int:
    return number.numerator // number.denominator


def _cut_off(scores: list[int]) -> int:
    return sum(scores) // len(scores)


def _ranked(change: Callable[[list[Any]], list[Any]]) -> Callable[..., list[Any]]:
    real = evaluation_rules.rank
    return lambda *given, **named: change(real(*given, **named))


def _price_down(lines: list[Any]) -> list[Any]:
    base = min(line.adjusted_price_fen for line in lines)
    return [
        line._replace(price_centi=points, total_centi=line.quality_centi + points)
        for line in lines
        if (points := base * 1500 // line.adjusted_price_fen) is not None
    ]


def _swapped(lines: list[Any]) -> list[Any]:
    first, second, *rest = lines
    return [second._replace(rank=1), first._replace(rank=2), *rest]


def _lines_by_median(prices: list[int], ceiling_fen: int, rates: Any) -> list[Any]:
    hit, against = evaluation_rules.Hit, Fraction(sorted(prices)[len(prices) // 2])
    return [hit(evaluation_rules.LowTest.AVERAGE, against * rates.average_bp / 10000, rates.average_bp, against)]


def _never_renormalised(sources: Any) -> Fraction:
    return sum((one.weight_bp * (one.mean or Fraction(0)) for one in sources if one.counted), Fraction(0)) / 10_000


def _band_above(terms: Any, score: Fraction) -> tuple[str, int]:
    return next((band.grade, band.share_bp) for band in terms.bands if score > band.from_centi or not band.from_centi)


def _rest_first(total: int, weights: list[int]) -> list[int]:
    parts = [total * weight // sum(weights) for weight in weights]
    return [parts[0] + total - sum(parts), *parts[1:]]


def _weekends_only(day: date, n: int, cal: Any) -> workdays.Counted:
    return workdays.add_working_days(day, n, workdays.WEEKENDS_ONLY)


def _unrolled(day: date, cal: Any) -> workdays.Counted:
    return workdays.Counted(day, False)


PASSED = {**ENOUGH, "self": (8000,), "mutual": (8000,) * 3, "public": (8000,) * 10, "third": (8000,)}
PARTLY = {**ENOUGH, "self": (7000,), "mutual": (7000,) * 3, "public": (7000,) * 10, "third": (7000,)}
ONE_MISSING = {**ENOUGH, "mutual": (8000,)}
ODD = (Offer(110_400_03, (5500, 2100)), *Plan().offers[1:])
CUT = (Offer(113_000_00, (5500, 2100)), *Plan().offers[1:])

# What is planted, where, in which purchase it shows, and a word of the line that finds it.
FAULTS: tuple[tuple[str, Any, str, Any, Plan, str], ...] = (
    ("price scores cut off", evaluation_rules, "rank", lambda: _ranked(_price_down), Plan(CUT), "价格分"),
    ("averages cut off", evaluation_rules, "average_centi", lambda: _cut_off, Plan(), "平均"),
    ("first and second changed", evaluation_rules, "rank", lambda: _ranked(_swapped), Plan(), "名次"),
    (
        "everybody gets the deduction",
        evaluation_rules,
        "deduction_bp",
        lambda: lambda s, u, bp, p: bp if s else 0,
        Plan(SMALL, deduction_bp=1000),
        "小微扣除",
    ),
    (
        "lots from the panel's seed alone",
        evaluation_rules,
        "tie_seed",
        lambda: lambda seed, facts: seed,
        Plan(TIED),
        "名次",
    ),
    (
        "low prices by the median",
        evaluation_rules,
        "low_price_lines",
        lambda: _lines_by_median,
        Plan(LOW, day=LATER),
        "异常低价线",
    ),
    ("experts in another order", panel_rules, "place", lambda: lambda seed, key: key.rjust(64, "0"), Plan(), "抽取"),
    (
        "missing source counted as nothing",
        outcome_rules,
        "weighted_score",
        lambda: _never_renormalised,
        Plan(ratings=ONE_MISSING),
        "总分",
    ),
    (
        "band only above its line",
        outcome_rules,
        "band_of",
        lambda: _band_above,
        Plan(ratings={**PASSED, "third": (8000,)}),
        "等次",
    ),
    ("earned amount cut off", money, "round_half_up", lambda: _downwards, Plan(ODD, ratings=PARTLY), "应得"),
    ("rest on the first milestone", award_rules, "split_fen", lambda: _rest_first, Plan(ODD), "金额"),
    (
        "lines share by order",
        agreement_rules,
        "largest_remainder",
        lambda: _rest_first,
        Plan(ODD, lines_fen=(33_333_33, 86_666_67)),
        "资金",
    ),
    (
        "limits end on holidays",
        payout_rules,
        "roll_forward",
        lambda: _unrolled,
        Plan(day=date(2026, 4, 14)),
        "付款期限",
    ),
    (
        "holidays are worked",
        award_rules,
        "add_working_days",
        lambda: _weekends_only,
        Plan(day=date(2026, 2, 2)),
        "期满",
    ),
    (
        "notices end early",
        tender_dates,
        "add_working_days",
        lambda: lambda day, n, cal: workdays.Counted(day + timedelta(days=n), False),
        Plan(day=date(2026, 1, 9)),
        "公告期满",
    ),
    (
        "thirty days less one",
        award_rules,
        "sign_by",
        lambda: lambda on, days, cal: workdays.roll_forward(on + timedelta(days=days - 2), cal),
        Plan(),
        "最后一日",
    ),
)


@pytest.mark.parametrize(("what", "module", "name", "make", "plan", "word"), FAULTS, ids=[one[0] for one in FAULTS])
def test_a_fault_in_the_products_arithmetic_is_found(
    monkeypatch: pytest.MonkeyPatch, what: str, module: Any, name: str, make: Any, plan: Plan, word: str
) -> None:
    assert verify(published(plan).bundle()).faults == []
    monkeypatch.setattr(module, name, make())
    report = verify(published(plan).bundle())
    assert report.faults, what
    assert word in report.faults[0]
    assert "应为" in report.faults[0]
    assert "文件中是" in report.faults[0]


def test_a_purchase_without_renormalising_agrees_too() -> None:
    plan = replace(Plan(), renormalise=False, method="open_tender")
    assert verify(published(plan).bundle()).faults == []
