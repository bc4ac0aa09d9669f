"""Pure decisions about bids: may they be judged, price and quality points, the order, abnormally low prices.

Whole numbers and exact fractions only. Where a fraction becomes hundredths of a point the docstring says so: a price
score is rounded half up once, a criterion's average over the members is rounded half up once, totals add rounded parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from typing import Any, NamedTuple

from market.kernel.canonical import sha256_hex
from market.kernel.clock import is_before
from market.kernel.errors import Refused
from market.kernel.money import BP, round_half_up
from market.kernel.text import N_
from market.kernel.workdays import Calendar, add_working_days

# --- may it be judged -----------------------------------------------------------------------------------------------


class Finding(StrEnum):
    """What the system finds by itself after the opening; each makes a bid invalid, whatever the officer ticks.

    A changed envelope and a shared head (row 25) are found at the opening already.
    """

    OVER_CEILING = "over_ceiling"
    DESIGNER = "designer"
    MAY_NOT_BID = "may_not_bid"


class Candidate(NamedTuple):
    """What the findings need to know of one opened bid. `may_bid`: the organisation is free to take part today."""

    number: int
    organisation_id: int
    price_fen: int
    may_bid: bool = True


def designer_cannot_bid(organisation_id: int, roles: Mapping[int, str], barred: Collection[str]) -> bool:
    """True when the organisation shaped the purchase in one of the `barred` roles (条例 art. 18; row 26).

    `roles` says who helped in what role, one of the rule `bids.barred_roles`.
    """
    return roles.get(organisation_id) in barred


def findings(
    candidates: Sequence[Candidate], ceiling_fen: int, roles: Mapping[int, str], barred: Collection[str]
) -> dict[int, list[Finding]]:
    """What the system holds against each bid, by bid number; an empty list is a clean bid."""
    return {
        c.number: [
            finding
            for finding, holds in (
                (Finding.OVER_CEILING, c.price_fen > ceiling_fen),
                (Finding.DESIGNER, designer_cannot_bid(c.organisation_id, roles, barred)),
                (Finding.MAY_NOT_BID, not c.may_bid),
            )
            if holds
        ]
        for c in candidates
    }


def enough(valid: int, least: int) -> bool:
    """True when enough bids are valid to go on: tender 3 (87号令 art. 44), consultation 2; rows 19, 20."""
    return valid >= least


# --- price ----------------------------------------------------------------------------------------------------------


def deduction_bp(claims_small: bool, uscc: str | None, offered_bp: int, eligible_prefixes: Collection[str]) -> int:
    """The price deduction a bidder gets: what the file offers, only to claimers who can lawfully be small (row 5)."""
    return offered_bp if claims_small and uscc is not None and uscc[:2] in eligible_prefixes else 0


def adjusted_price(price_fen: int, deduction: int) -> Fraction:
    """The price used for scoring alone, exact, in fen; the contract price stays the raw price."""
    return Fraction(price_fen * (BP - deduction), BP)


def price_score_centi(base: Fraction, adjusted: Fraction, weight_centi: int) -> int:
    """Points for one price: base / adjusted price x weight, half up to hundredths (87号令 art. 55; rows 29-32, 34)."""
    return round_half_up(base / adjusted * weight_centi)


# --- quality --------------------------------------------------------------------------------------------------------


def average_centi(scores: Sequence[int]) -> int:
    """One criterion's points: the exact mean over all members, half up to hundredths. No score is left out.

    Source: 87号令 art. 55 (no trimming).
    """
    if not scores:
        raise ValueError("an average needs at least one score")
    return (2 * sum(scores) + len(scores)) // (2 * len(scores))


def quality_points(marks: Iterable[tuple[int, int, int]]) -> dict[int, dict[int, int]]:
    """Averages per bid and criterion from every member's (bid, criterion, hundredths)."""
    collected: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for bid, criterion, centi in marks:
        collected[bid][criterion].append(centi)
    return {bid: {c: average_centi(scores) for c, scores in parts.items()} for bid, parts in collected.items()}


# --- order ----------------------------------------------------------------------------------------------------------

TIE_FORMULA = N_(
    "抽签种子 = SHA-256(抽取种子 ‖ 各投标的得分摘要)；每份投标的签值 = SHA-256(种子 ‖ 投标编号)，签值小者排前。"
)


class Tie(StrEnum):
    """What decided between equal totals."""

    NONE = ""
    PRICE = "price"
    QUALITY = "quality"
    DRAW = "draw"


class Entry(NamedTuple):
    """A valid bid to be ranked: a key that was fixed before the opening, raw price, deduction, quality points."""

    key: str
    price_fen: int
    quality_centi: int
    deduction_bp: int = 0


class Line(NamedTuple):
    """One line of the ranking, figures in fen and hundredths of a point."""

    key: str
    rank: int
    price_fen: int
    deduction_bp: int
    adjusted_price_fen: int
    quality_centi: int
    price_centi: int
    total_centi: int
    tie: Tie


def rank(
    entries: Sequence[Entry], weight_centi: int, order: Sequence[str] = ("total", "price", "draw"), seed: str = ""
) -> list[Line]:
    """The bids in their legal order, ranks 1 to n (rows 29-35).

    `order` is the regime's tie order: by total, then as it says by raw price, by quality; what is still equal is drawn
    by lot with `tie_seed(seed, …)`. O(n log n) on whole numbers. Raises ValueError when a draw has no seed.
    """
    if not entries:
        return []
    scaled = [e.price_fen * (BP - e.deduction_bp) for e in entries]
    base = min(scaled)
    lines = [
        Line(
            entry.key,
            0,
            entry.price_fen,
            entry.deduction_bp,
            (2 * price + BP) // (2 * BP),
            entry.quality_centi,
            points := (2 * base * weight_centi + price) // (2 * price),
            entry.quality_centi + points,
            Tie.NONE,
        )
        for entry, price in zip(entries, scaled, strict=True)
    ]
    steps = [_STEPS[name] for name in order if name in _STEPS]
    lines.sort(key=lambda line: tuple(value(line) for _, value in steps))
    drawn_with = tie_seed(seed, ((x.key, x.total_centi, x.price_fen) for x in lines)) if seed else ""
    ranked: list[Line] = []
    for _, same_total in groupby(lines, key=lambda line: line.total_centi):
        ranked += _settle(list(same_total), steps, drawn_with)
    return [line._replace(rank=number) for number, line in enumerate(ranked, start=1)]


_STEPS: dict[str, tuple[Tie, Any]] = {
    "total": (Tie.NONE, lambda line: -line.total_centi),
    "price": (Tie.PRICE, lambda line: line.price_fen),
    "quality": (Tie.QUALITY, lambda line: -line.quality_centi),
}


def _settle(group: list[Line], steps: Sequence[tuple[Tie, Any]], seed: str) -> list[Line]:
    """Order lines of one total and write down, for each, the step that first parts it from its neighbours."""
    if len(group) == 1:
        return group
    for tie, value in steps[1:]:
        parts = [list(part) for _, part in groupby(group, key=value)]
        if len(parts) > 1:
            rest = [step for step in steps if step[0] is not tie]
            return [
                line._replace(tie=tie) if len(part) == 1 else line
                for part in parts
                for line in _settle(part, rest, seed)
            ]
    if not seed:
        raise ValueError("equal bids are drawn by lot, and there is no seed")
    drawn = sorted(group, key=lambda line: (lot_of(seed, line.key), line.key))
    return [line._replace(tie=Tie.DRAW) for line in drawn]


def tie_seed(seed: str, results: Iterable[tuple[str, int, int]]) -> str:
    """Seed of the lots between equal bids: the panel's seed joined with a digest of all (key, total, price).

    The panel's seed alone is known to the officers while scores are still being given; this one is known to nobody
    before the last sheet is final. The digest is over `key:total:price` of all bids, sorted, joined by line feeds.
    """
    facts = "\n".join(sorted(f"{key}:{total_centi}:{price_fen}" for key, total_centi, price_fen in results))
    return sha256_hex((seed + sha256_hex(facts.encode())).encode())


def lot_of(seed: str, key: str) -> str:
    """The lot a bid draws: the smaller one goes first."""
    return sha256_hex((seed + key).encode())


# --- abnormally low prices ------------------------------------------------------------------------------------------


class LowTest(StrEnum):
    """Why a price has to be explained (财库〔2026〕2号)."""

    AVERAGE = "average"
    SECOND = "second"
    CEILING = "ceiling"
    JUDGEMENT = "judgement"


@dataclass(frozen=True)
class LowRates:
    """The three rates in ten-thousandths; 0 means that the test does not exist."""

    average_bp: int
    second_bp: int
    ceiling_bp: int


def rate_fault(rate_bp: int, base_bp: int, most_bp: int) -> str | None:
    """Why a rate is not allowed, or None: the file may raise it, up to the maximum (row 39)."""
    if rate_bp < base_bp:
        return N_("异常低价比例不能低于规定的基准。")
    return N_("异常低价比例不能高于规定的上限。") if rate_bp > most_bp else None


def low_rates(rules: Mapping[str, Any], base: Mapping[str, Any]) -> LowRates:
    """The rates in force for a purchase. `base` is the national set without a district's changes. Raises Refused."""
    for name in ("average", "second", "ceiling"):
        key = f"low_price.{name}_bp"
        if fault := rate_fault(rules[key], base[key], rules["low_price.rate_max_bp"]):
            raise Refused(fault)
    return LowRates(rules["low_price.average_bp"], rules["low_price.second_bp"], rules["low_price.ceiling_bp"])


@dataclass(frozen=True)
class Hit:
    """One test that a price fails: the line it is below, in fen, exact."""

    test: LowTest
    line: Fraction
    rate_bp: int
    against: Fraction

    def as_data(self) -> dict[str, object]:
        """For the record: fractions as numerator and denominator, so that nothing is lost."""
        return {
            "test": self.test.value,
            "rate_bp": self.rate_bp,
            "line": [self.line.numerator, self.line.denominator],
            "against": [self.against.numerator, self.against.denominator],
        }


def low_price_lines(prices: Sequence[int], ceiling_fen: int, rates: LowRates) -> list[Hit]:
    """The lines below which a price is abnormal, from raw prices of all conforming bids (rows 36-38)."""
    lines = []
    if prices:
        lines.append((LowTest.AVERAGE, rates.average_bp, Fraction(sum(prices), len(prices))))
    if len(prices) > 1:
        lines.append((LowTest.SECOND, rates.second_bp, Fraction(sorted(prices)[1])))
    lines.append((LowTest.CEILING, rates.ceiling_bp, Fraction(ceiling_fen)))
    return [Hit(test, against * rate / BP, rate, against) for test, rate, against in lines if rate]


def low_price_hits(price_fen: int, lines: Iterable[Hit]) -> list[Hit]:
    """The lines this raw price lies strictly below."""
    return [line for line in lines if price_fen < line.line]


def choose_by(reported_on: date, rules: Mapping[str, Any], calendar: Calendar) -> date:
    """Return the last day to choose the supplier: the purchaser has the report here as soon as it is made (row 43).

    Source: 条例 43, Order 87 art. 68.
    """
    return add_working_days(reported_on, rules["award.choose_working_days"], calendar).day


# No law: a week, so that a slip of the finger does not hold up a purchase for years; a window cannot be taken back.
MOST_EXPLAIN_DAYS = 7
MOST_EXPLAIN_MINUTES = MOST_EXPLAIN_DAYS * 24 * 60


def explain_until(asked_at: datetime, minutes: int, least_minutes: int) -> datetime:
    """End of the window to explain a price.

    Raises Refused for a shorter one than the rule's (row 40) and for one of more than `MOST_EXPLAIN_MINUTES`.
    """
    if minutes < least_minutes:
        raise Refused(N_("说明时间不少于 %(least)d 分钟。"), field="minutes", least=least_minutes)
    if minutes > MOST_EXPLAIN_MINUTES:
        raise Refused(
            N_("说明时间不超过 %(most)d 分钟（%(days)d 天）。"),
            field="minutes",
            most=MOST_EXPLAIN_MINUTES,
            days=MOST_EXPLAIN_DAYS,
        )
    return asked_at + timedelta(minutes=minutes)


def may_be_judged(replied_at: datetime | None, until: datetime, at: datetime) -> bool:
    """True once the bidder has explained its price or the window to do so has ended."""
    return replied_at is not None or not is_before(at, until)


def panel_accepts(opinions: Sequence[bool], size: int) -> bool | None:
    """Whether a panel of `size` accepts an explanation, by majority; None until every member has given an opinion.

    Panels are odd, so there is always a majority. Source: 87号令 art. 60 (the panel decides), art. 61 (by majority).
    """
    return 2 * sum(opinions) > size if size and len(opinions) == size else None
