"""States of an outcome evaluation and its four sources."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class EvaluationState(StrEnum):
    """One evaluation of one milestone."""

    COLLECTING = "collecting"
    CLOSED = "closed"


class EvaluationVerb(StrEnum):
    """What happens to an evaluation."""

    CLOSE = "close"


EVALUATION_LABELS = {EvaluationState.COLLECTING: N_("评估进行中"), EvaluationState.CLOSED: N_("评估已完成")}

EVALUATION_MACHINE = Machine(
    EvaluationState,
    name="outcome-evaluation",
    start=EvaluationState.COLLECTING,
    moves=[
        Move(
            EvaluationState.COLLECTING,
            EvaluationVerb.CLOSE,
            EvaluationState.CLOSED,
            Permit.OUTCOME_ORGANISE,
            N_("汇总并确认结果"),
        )
    ],
)


class Source(StrEnum):
    """Who evaluates (温江): self, mutual, residents, third party."""

    SELF = "self"
    MUTUAL = "mutual"
    PUBLIC = "public"
    THIRD = "third"


SOURCE_LABELS = {
    Source.SELF: N_("自评"),
    Source.MUTUAL: N_("互评"),
    Source.PUBLIC: N_("群众评"),
    Source.THIRD: N_("第三方评"),
}


class Grade(StrEnum):
    """Grade of an evaluation."""

    EXCELLENT = "excellent"
    GOOD = "good"
    PASS = "pass"  # noqa: S105  a grade
    FAIL = "fail"


GRADE_LABELS = {
    Grade.EXCELLENT: N_("优秀"),
    Grade.GOOD: N_("良好"),
    Grade.PASS: N_("合格"),
    Grade.FAIL: N_("不合格"),
}
