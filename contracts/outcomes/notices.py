"""OCDS fragment of a closed evaluation: grade, share, totals per source and the digests of all ratings."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from contracts.agreements.models import Agreement
from contracts.agreements.notices import contract_id, milestone_entry, milestone_id
from contracts.delivery.models import Milestone
from contracts.outcomes.models import Evaluation
from contracts.outcomes.rules import FAIL, Earned, Outcome, SourceResult
from contracts.outcomes.states import EvaluationState, Grade
from market.kernel.money import format_centi, round_half_up
from market.records.notices import value, z

# OCDS 1.1 milestoneStatus by grade, and while there is none.
GRADE_STATUS = {Grade.EXCELLENT: "met", Grade.GOOD: "met", Grade.PASS: "met", Grade.FAIL: "notMet"}
STATE_STATUS = {EvaluationState.COLLECTING: "partiallyMet", EvaluationState.CLOSED: "met"}
_TITLES = {"self": "自评", "mutual": "互评", "public": "群众评", "third": "第三方评"}


def _shown(score: Fraction) -> str:
    """An exact score as readers see it: two decimals. The exact value stands beside it."""
    return format_centi(round_half_up(score))


def _metric(row: Evaluation, one: SourceResult) -> dict[str, Any]:
    key = f"{milestone_id(row.agreement_id, row.milestone.number)}-round-{row.round}-{one.source}"
    mean = one.mean
    return {
        "id": key,
        "title": _TITLES[one.source],
        "observations": [
            {
                "id": f"{key}-mean",
                "measure": None if mean is None else _shown(mean),
                "unit": {"name": "分"},
                "linliCount": one.count,
                "linliSumCenti": one.sum_centi,
                "linliWeightBp": one.weight_bp,
                "linliCounted": one.counted,
            }
        ],
    }


def _report(row: Evaluation, milestone: Milestone) -> dict[str, Any]:
    """The evaluation as one of the contract's documents; its content stands in milestone and metrics."""
    assert row.closed_at is not None
    return {
        "id": f"{milestone_id(row.agreement_id, milestone.number)}-round-{row.round}",
        "documentType": "evaluationReports",
        "title": f"{milestone.title}绩效评价结果",
        "datePublished": z(row.closed_at),
        "language": "zh",
    }


def closed_release(row: Evaluation, milestone: Milestone, agreement: Agreement, money: Earned) -> dict[str, Any]:
    """Return the result of an evaluation. Of residents only totals and commitments are published."""
    outcome = Outcome.from_data(row.result["outcome"])
    data = next(one for one in agreement.data["milestones"] if one["number"] == milestone.number)
    assert row.closed_at is not None
    entry = milestone_entry(agreement.id, data, GRADE_STATUS[Grade(outcome.grade)])
    entry |= {
        "dateModified": z(row.closed_at),
        "linliEvaluation": {
            "round": row.round,
            "score": _shown(outcome.score),
            "scoreExact": [outcome.score.numerator, outcome.score.denominator],
            "grade": outcome.grade,
            "shareBp": outcome.share_bp,
            "renormalised": outcome.renormalised,
            "flagged": outcome.flagged,
            "earned": value(money.earned_fen),
            "withheld": value(money.withheld_fen),
            "inputs": row.result["inputs"],
            "final": outcome.grade != FAIL,
        },
    }
    return {
        "contracts": [
            {
                "id": contract_id(agreement.id),
                "awardID": agreement.data["award"],
                "milestones": [entry],
                "implementation": {
                    "milestones": [entry],
                    "metrics": [_metric(row, one) for one in outcome.sources if one.weight_bp],
                    "documents": [_report(row, milestone)],
                },
            }
        ]
    }
