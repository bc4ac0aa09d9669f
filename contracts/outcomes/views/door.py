"""What all pages of this room share."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flask import Blueprint

from contracts.outcomes.models import Evaluation
from contracts.outcomes.rules import Outcome, SourceResult
from contracts.outcomes.states import GRADE_LABELS, SOURCE_LABELS, EvaluationState, Grade, Source
from market.kernel.money import format_score, round_half_up
from market.web.filters import text

bp = Blueprint("outcomes", __name__, url_prefix="/outcomes")

TONES = {EvaluationState.COLLECTING: "wait", EvaluationState.CLOSED: "good"}
GRADE_TONES = {Grade.EXCELLENT: "good", Grade.GOOD: "good", Grade.PASS: "wait", Grade.FAIL: "bad"}


def shown(score: Fraction | None) -> str:
    """An exact score as readers see it, or that there is none."""
    return "-" if score is None else format_score(score)


def exact(score: Fraction) -> str:
    """The exact score as a fraction of points."""
    points = score / 100
    return f"{points.numerator} / {points.denominator}" if points.denominator != 1 else str(points.numerator)


def source_lines(sources: tuple[SourceResult, ...], *, open_: bool = True) -> list[dict[str, Any]]:
    """Return the sources for a table; scores only when `open_`."""
    return [
        {
            "label": text(SOURCE_LABELS[Source(one.source)]),
            "weight_bp": one.weight_bp,
            "count": one.count,
            "least": one.least,
            "mean": shown(one.mean) if open_ else "",
            "counted": one.counted,
            "mean_centi": round_half_up(one.mean) if open_ and one.mean is not None else 0,
        }
        for one in sources
        if one.weight_bp
    ]


def outcome_values(outcome: Outcome) -> dict[str, Any]:
    """Return a result as its templates need it."""
    grade = Grade(outcome.grade)
    return {
        "score": shown(outcome.score),
        "exact": exact(outcome.score),
        "grade": text(GRADE_LABELS[grade]),
        "grade_tone": GRADE_TONES[grade],
        "failed": grade is Grade.FAIL,
        "share_bp": outcome.share_bp,
        "renormalised": outcome.renormalised,
        "flagged": outcome.flagged,
        "gap": shown(outcome.gap),
        "sources": source_lines(outcome.sources),
    }


def heading(row: Evaluation) -> dict[str, Any]:
    """Return what every page of an evaluation says of its contract."""
    milestone = row.milestone
    return {"row": row, "milestone": milestone, "contract": milestone.agreement}
