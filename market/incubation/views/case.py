"""What the page of one residency reads: stages with their dates, hours, assessments and their picture."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from market.incubation import actions, queries
from market.incubation.models import Residency
from market.incubation.rules import BEST_LEVEL
from market.incubation.shipped import WORDS
from market.incubation.states import AssessmentMoment
from market.kernel.clock import beijing_day
from market.kernel.workdays import add_months
from market.web.radar import Radar, radar


def stage_due(row: Residency, by_month: int) -> date | None:
    """The day by which a stage should be passed, counted from the start of the term."""
    return add_months(row.starts_on, by_month) if row.starts_on else None


def worded_plan(row: Residency) -> queries.Plan:
    """The plan of a residency: shipped words in the reader's language, a district's own as they were written."""
    plan = queries.plan_of(row.scheme)

    def worded(words: Any) -> Any:
        return _(words) if words in WORDS else words

    return queries.Plan(
        plan.number,
        [{name: worded(value) for name, value in one.items()} for one in plan.stages],
        [{name: worded(value) for name, value in one.items()} for one in plan.dimensions],
        [worded(one) for one in plan.levels],
    )


def reading(row: Residency, at: datetime) -> dict[str, Any]:
    """Everything the page shows besides the row itself; nothing was done before the agreement was accepted."""
    if row.accepted_at is None:
        return {"stages": [], "mentoring": [], "seats": [], "progress": None, "levels": [], "picture": None}
    passed, mentoring = queries.stages_of(row.id), queries.mentoring_of(row.id)
    assessments = queries.assessments_of(row.id)
    seats = queries.trainings_of(row.organisation_id, row.accepted_at)
    plan = worded_plan(row)
    minutes = (sum(one.minutes for one in mentoring), sum(seat.minutes or 0 for seat in seats))
    today = beijing_day(at)
    stages = []
    for position, stage in enumerate(plan.stages, 1):
        due = stage_due(row, int(str(stage["by_month"])))
        late = position not in passed and due is not None and due < today
        stages.append({**stage, "position": position, "due": due, "late": late, "record": passed.get(position)})
    return {
        "stages": stages,
        "next_stage": next((one["position"] for one in stages if one["record"] is None), None),
        "mentoring": mentoring,
        "seats": seats,
        "progress": actions.reckoned(row, actions.rules_of(row, at), len(passed), minutes, set(assessments)),
        "assessments": assessments,
        "levels": _levels(plan, assessments),
        "level_names": plan.levels,
        "picture": _picture(plan, assessments),
    }


def _levels(plan: queries.Plan, assessments: dict[str, Any]) -> list[dict[str, Any]]:
    """One row a dimension: the level before, after, and the step between: the figures of the picture."""
    before, after = (assessments.get(moment) for moment in AssessmentMoment)
    rows = []
    for one in plan.dimensions:
        first = before.levels.get(one["key"]) if before else None
        last = after.levels.get(one["key"]) if after else None
        step = last - first if first is not None and last is not None else None
        rows.append({**one, "before": first, "after": last, "step": step})
    return rows


def _picture(plan: queries.Plan, assessments: dict[str, Any]) -> Radar | None:
    names = {AssessmentMoment.BEFORE: _("入驻评估"), AssessmentMoment.AFTER: _("出壳评估")}
    keys = [one["key"] for one in plan.dimensions]
    series = [
        (names[moment], [assessments[moment].levels.get(key, 0) for key in keys])
        for moment in AssessmentMoment
        if moment in assessments
    ]
    return radar([one["title"] for one in plan.dimensions], series, BEST_LEVEL) if series else None
