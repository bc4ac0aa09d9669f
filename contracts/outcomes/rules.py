"""Pure arithmetic of the four-source evaluation: exact from the ratings to the grade, the share and the money.

One rating is rounded to hundredths of a point (a named point, written into the contract). From there everything is an
exact fraction; a grade is banded on the exact value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Any

from market.awards.rules import SOURCES, WHOLE_CENTI, EvaluationTerms, Indicator
from market.kernel.clock import is_before
from market.kernel.errors import Refused
from market.kernel.money import BP, round_half_up, share_fen
from market.kernel.text import N_

SELF, MUTUAL, PUBLIC, THIRD = SOURCES
FAIL = "fail"


# --- one rating -------------------------------------------------------------------------------------------------------


def rating_centi(points_centi: Mapping[str, int], indicators: Sequence[Indicator]) -> int:
    """One rating's score: points over the greatest points, times 100, rounded half up to hundredths.

    Raises Refused at the indicator that has no points or too many.
    """
    for one in indicators:
        if one.code not in points_centi:
            raise Refused(N_("请给“%(title)s”打分。"), field=f"points_{one.code}", title=one.title)
        if not 0 <= points_centi[one.code] <= one.max_centi:
            raise Refused(
                N_("“%(title)s”的得分应在 0 到 %(most)s 分之间。"),
                field=f"points_{one.code}",
                title=one.title,
                most=one.max_centi // 100
                if one.max_centi % 100 == 0
                else f"{one.max_centi // 100}.{one.max_centi % 100:02d}",
            )
    whole = sum(one.max_centi for one in indicators)
    return round_half_up(Fraction(sum(points_centi[one.code] for one in indicators) * WHOLE_CENTI, whole))


def answers_centi(levels: Sequence[int], scale_centi: Sequence[int], questions: int) -> int:
    """A resident's score: the mean points of the chosen levels (0 is the best), rounded half up to hundredths."""
    if len(levels) != questions or any(not 0 <= level < len(scale_centi) for level in levels):
        raise Refused(N_("请回答每一个问题。"))
    return round_half_up(Fraction(sum(scale_centi[level] for level in levels), questions))


# --- the four sources -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SourceResult:
    """One source: its weight, how many ratings there are and their sum; `counted` is False for a missing source."""

    source: str
    weight_bp: int
    count: int
    sum_centi: int
    least: int
    counted: bool

    @property
    def mean(self) -> Fraction | None:
        """The exact mean in hundredths of a point; None without ratings."""
        return Fraction(self.sum_centi, self.count) if self.count else None


@dataclass(frozen=True)
class Outcome:
    """The result of an evaluation, with everything it was computed from."""

    sources: tuple[SourceResult, ...]
    score: Fraction  # hundredths of a point, exact
    grade: str
    share_bp: int
    renormalised: bool
    gap: Fraction | None
    flagged: bool

    def as_data(self) -> dict[str, Any]:
        """Return plain JSON values; fractions as [numerator, denominator]."""
        return {
            "sources": [
                {
                    "source": one.source,
                    "weight_bp": one.weight_bp,
                    "count": one.count,
                    "sum_centi": one.sum_centi,
                    "least": one.least,
                    "counted": one.counted,
                }
                for one in self.sources
            ],
            "score": [self.score.numerator, self.score.denominator],
            "grade": self.grade,
            "share_bp": self.share_bp,
            "renormalised": self.renormalised,
            "gap": None if self.gap is None else [self.gap.numerator, self.gap.denominator],
            "flagged": self.flagged,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Outcome:
        """Read back what `as_data` wrote."""
        return cls(
            sources=tuple(SourceResult(**one) for one in data["sources"]),
            score=Fraction(*data["score"]),
            grade=data["grade"],
            share_bp=data["share_bp"],
            renormalised=data["renormalised"],
            gap=None if data["gap"] is None else Fraction(*data["gap"]),
            flagged=data["flagged"],
        )


def least_ratings(terms: EvaluationTerms, source: str) -> int:
    """How many ratings a source needs to count."""
    return {MUTUAL: terms.min_mutual, PUBLIC: terms.min_public}.get(source, 1)


def source_results(terms: EvaluationTerms, ratings: Mapping[str, Sequence[int]]) -> tuple[SourceResult, ...]:
    """Return the four sources in order; a source with too few ratings, or without weight, does not count."""
    found = []
    for source in SOURCES:
        given, least, weight = ratings.get(source, ()), least_ratings(terms, source), terms.weights_bp[source]
        counted = bool(weight) and len(given) >= max(least, 1)
        found.append(SourceResult(source, weight, len(given), sum(given), least, counted))
    return tuple(found)


def missing_sources(sources: Sequence[SourceResult]) -> list[SourceResult]:
    """Return the sources that have weight but too few ratings."""
    return [one for one in sources if one.weight_bp and not one.counted]


def sources_bar(terms: EvaluationTerms, sources: Sequence[SourceResult]) -> str | None:
    """Return why the contract does not allow a result without a missing source, or None.

    Without the third party's rating there never is one, where it has weight.
    """
    missing = missing_sources(sources)
    if not missing:
        return None
    if any(one.source == THIRD for one in missing):
        return N_("第三方评还没有提交；按合同约定，缺少第三方评不得汇总。")
    if not terms.renormalise:
        return N_("还有来源的评分不足；按合同约定，须补齐后才能汇总。")
    if len(missing) == sum(1 for one in sources if one.weight_bp):
        return N_("还没有任何有效评分，不能汇总。")
    return None


def check_sources(terms: EvaluationTerms, sources: Sequence[SourceResult]) -> None:
    """Raise Refused when the contract does not allow a result without a missing source (`sources_bar`)."""
    bar = sources_bar(terms, sources)
    if bar is not None:
        raise Refused(bar)


def weighted_score(sources: Sequence[SourceResult]) -> Fraction:
    """The exact score of the counted sources: weights times means over the sum of the weights (rows 63, 64)."""
    counted = [one for one in sources if one.counted]
    whole = sum(one.weight_bp for one in counted)
    return sum((one.weight_bp * (one.mean or Fraction(0)) for one in counted), Fraction(0)) / whole


def band_of(terms: EvaluationTerms, score: Fraction) -> tuple[str, int]:
    """Grade and share in ten-thousandths, banded on the exact score without any rounding (row 65)."""
    for band in terms.bands:
        if score >= band.from_centi:
            return band.grade, band.share_bp
    raise ValueError("a score below zero has no band")


def evaluate(terms: EvaluationTerms, ratings: Mapping[str, Sequence[int]], *, gap_flag_centi: int) -> Outcome:
    """Compute the result from the ratings in hundredths of a point per source. Raises Refused (`check_sources`)."""
    sources = source_results(terms, ratings)
    check_sources(terms, sources)
    score = weighted_score(sources)
    grade, share_bp = band_of(terms, score)
    means = {one.source: one.mean for one in sources}
    own, third = means[SELF], means[THIRD]
    gap = None if own is None or third is None else abs(own - third)
    return Outcome(
        sources=sources,
        score=score,
        grade=grade,
        share_bp=share_bp,
        renormalised=bool(missing_sources(sources)),
        gap=gap,
        flagged=gap is not None and gap >= gap_flag_centi,
    )


# --- money ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Earned:
    """What a milestone pays and what is withheld, in fen."""

    amount_fen: int
    share_bp: int
    earned_fen: int
    withheld_fen: int


def earned(amount_fen: int, share_bp: int) -> Earned:
    """The milestone's amount times the share, rounded half up to the fen; the rest is withheld (row 71)."""
    if not 0 <= share_bp <= BP:
        raise ValueError("a share lies between 0 and 10,000")
    paid = share_fen(amount_fen, share_bp)
    return Earned(amount_fen, share_bp, paid, amount_fen - paid)


# --- collecting -------------------------------------------------------------------------------------------------------


def may_rate(at: datetime, collect_until: datetime, *, collecting: bool) -> None:
    """Raise Refused when ratings are no longer taken."""
    if not collecting or not is_before(at, collect_until):
        raise Refused(N_("评分收集已经结束，不能再提交。"))


def check_close(at: datetime, collect_until: datetime, *, everybody_rated: bool) -> None:
    """Raise Refused before the collection ends, unless everyone who was asked has answered.

    Whoever organises the evaluation must not be able to stop it when the answers look right.
    """
    if is_before(at, collect_until) and not everybody_rated:
        raise Refused(N_("评分收集还没有结束，并且还有人没有提交；请等收集期满，或者全部提交后再汇总。"))


def may_reevaluate(grade: str | None, rounds: int, reevaluations_max: int) -> bool:
    """True when a fail may be put right once more: one re-evaluation after the first result."""
    return grade == FAIL and rounds <= reevaluations_max


# --- outputs and samples ----------------------------------------------------------------------------------------------


def output_points(done: int, planned: int, steps: Sequence[tuple[int, int]]) -> int:
    """Points for output against plan: those of the first step (ratio in ten-thousandths) that is reached (row 66)."""
    if planned <= 0 or done < 0:
        raise ValueError("a plan is positive and an output natural")
    return next((points for ratio_bp, points in steps if done * BP >= planned * ratio_bp), 0)


def sample_size(population: int, z_centi: int, margin_bp: int) -> int:
    """Answers needed for a finite population at one half, e.g. 95 % and 5 % (row 67); exact, rounded up."""
    if population < 1:
        raise ValueError("a population has somebody in it")
    endless = Fraction(z_centi, 100) ** 2 / 4 / Fraction(margin_bp, BP) ** 2
    return min(population, ceil(endless / (1 + (endless - 1) / population)))


def spot_checks(projects: int, share_bp: int) -> int:
    """How many of the longer projects are spot-checked in a year, at least the share, rounded up (row 68)."""
    return ceil(Fraction(projects * share_bp, BP))


# --- ties -------------------------------------------------------------------------------------------------------------


def organisation_tie(
    *, same: bool, same_head: bool, shared_people: bool, takes_part: bool, contended: bool
) -> str | None:
    """Return why an organisation may not rate another one, or None (mutual raters have no tie with the provider).

    Whoever `contended` for the same award was passed over for this provider, and may have challenged it.
    """
    if same:
        return N_("不能邀请被评估的机构自己互评。")
    if not takes_part:
        return N_("这家机构还没有确认登记，或者被禁止参加采购，不能互评。")
    if same_head:
        return N_("这家机构与被评估机构的法定代表人是同一人，不能互评。")
    if shared_people:
        return N_("这家机构与被评估机构有共同的经办人员，不能互评。")
    if contended:
        return N_("这家机构参加过这个项目的竞争，与结果有利害关系，应当回避，不能互评。")
    return None


def evaluator_tie(*, with_buyer: bool, with_provider: bool) -> str | None:
    """Return why a person may not evaluate as third party: independent of both sides (财预〔2021〕6号), or None."""
    if with_buyer:
        return N_("此人在购买方街道任职，不能担任第三方评估员。")
    if with_provider:
        return N_("此人在被评估机构任职，不能担任第三方评估员。")
    return None


def everybody_rated(sources: Sequence[SourceResult], *, invited_open: int, codes_unused: int) -> bool:
    """True when no weighted source is missing and nobody who was asked still has to answer."""
    return not missing_sources(sources) and invited_open == 0 and codes_unused == 0


def check_extension(at: datetime, collect_until: datetime, sources: Sequence[SourceResult]) -> None:
    """Raise Refused unless the collection has ended with a source missing: only then may it be prolonged."""
    if is_before(at, collect_until):
        raise Refused(N_("评分收集还没有结束，不需要延长。"))
    if not missing_sources(sources):
        raise Refused(N_("各方评分都已达到要求，不能延长收集，请直接汇总。"))
