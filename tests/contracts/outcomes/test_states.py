"""Every state and verb of an evaluation, and the names of sources and grades."""

from __future__ import annotations

import pytest

from contracts.outcomes.notices import GRADE_STATUS, STATE_STATUS
from contracts.outcomes.states import (
    EVALUATION_LABELS,
    EVALUATION_MACHINE,
    GRADE_LABELS,
    SOURCE_LABELS,
    EvaluationState,
    EvaluationVerb,
    Grade,
    Source,
)
from market.awards.rules import GRADES, SOURCES
from market.kernel.errors import Refused
from market.kernel.permits import Permit


def test_an_evaluation_is_closed_once_and_by_a_person():
    step = EVALUATION_MACHINE.step(EvaluationState.COLLECTING, EvaluationVerb.CLOSE)
    assert (step.target, step.permit, step.by_clock) == ("closed", Permit.OUTCOME_ORGANISE, False)
    with pytest.raises(Refused):
        EVALUATION_MACHINE.step(EvaluationState.CLOSED, EvaluationVerb.CLOSE)


def test_sources_and_grades_are_those_of_the_contract():
    assert tuple(s.value for s in Source) == SOURCES
    assert tuple(g.value for g in Grade) == GRADES
    assert set(SOURCE_LABELS) == set(Source)
    assert set(GRADE_LABELS) == set(GRADE_STATUS) == set(Grade)
    assert set(EVALUATION_LABELS) == set(STATE_STATUS) == set(EvaluationState)
    assert set(GRADE_STATUS.values()) | set(STATE_STATUS.values()) <= {"met", "partiallyMet", "notMet"}
