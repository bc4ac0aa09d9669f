"""The four sources of the story's evaluations: the same answers at each load."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from contracts.outcomes import actions as outcomes
from contracts.outcomes.queries import evaluation as find_evaluation
from contracts.outcomes.queries import invitations
from market.awards.queries import contenders
from market.awards.rules import EvaluationTerms
from market.demo import words

if TYPE_CHECKING:
    from market.demo.playing import Player

# How far below the greatest points each rater goes, in hundredths of the whole.
_SELF, _MUTUAL, _THIRD = 92, (88, 90, 86), 84
_PUBLIC = (0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1)
RATERS = ("mingde", "yinling", "tongxing", "kangning", "hubin", "zhulin", "jincheng")


_POOR = 4  # the level residents choose for a project that fails


def _points(terms: EvaluationTerms, share: int) -> dict[str, int]:
    return {one.code: one.max_centi * share // 100 for one in terms.indicators}


def _grounds(terms: EvaluationTerms) -> dict[str, str]:
    return {one.code: words.GROUNDS for one in terms.indicators}


def invite(play: Player, evaluation_id: int, at: datetime) -> list[str]:
    """Ask three other organisations, one evaluator and twelve residents; return the residents' codes."""
    stage, clerk = play.stage, play.official("clerk")
    row = find_evaluation(evaluation_id)
    assert row is not None
    tied = contenders(row.milestone.agreement.award) | {row.organisation_id}
    asked = [short for short in RATERS if stage.firms[short] not in tied][:3]
    for short in asked:
        stage.act(outcomes.invite_organisation, clerk, evaluation_id, stage.firms[short], at)
    stage.act(outcomes.invite_evaluator, clerk, evaluation_id, stage.ids["evaluator1"], at)
    return stage.act(outcomes.make_codes, clerk, evaluation_id, len(_PUBLIC), at)


def rate_some(play: Player, evaluation_id: int, at: datetime, supplier: str, percent: int = 100) -> list[str]:
    """Invite everybody; only the supplier has rated so far, at so many per cent. Returns the residents' codes."""
    codes = invite(play, evaluation_id, at)
    row = find_evaluation(evaluation_id)
    assert row is not None
    terms = outcomes.terms_of(row)
    play.stage.act(
        outcomes.rate_self,
        play.stage.who(f"{supplier}-admin"),
        evaluation_id,
        _points(terms, _SELF * percent // 100),
        _grounds(terms),
        words.REMARK,
        at,
    )
    return codes


def rate_all(play: Player, evaluation_id: int, at: datetime, supplier: str, percent: int = 100) -> datetime:
    """Everybody rates at so many per cent of what they usually give, the clerk closes; return when."""
    stage = play.stage
    codes = rate_some(play, evaluation_id, at, supplier, percent)
    row = find_evaluation(evaluation_id)
    assert row is not None
    terms, at = outcomes.terms_of(row), at + timedelta(hours=2)
    by_firm = {i: short for short, i in stage.firms.items()}
    for number, one in enumerate(invitations(evaluation_id)):
        if one.organisation_id is not None:
            actor, share = stage.who(f"{by_firm[one.organisation_id]}-admin"), _MUTUAL[number % len(_MUTUAL)]
            rating = outcomes.rate_mutual
        else:
            actor, share, rating = stage.who("evaluator1"), _THIRD, outcomes.rate_third
        stage.act(outcomes.declare, actor, one.id, at)
        points = _points(terms, share * percent // 100)
        stage.act(rating, actor, one.id, points, _grounds(terms), words.REMARK, at)
    for code, usual in zip(codes, _PUBLIC, strict=True):
        level = usual if percent >= 80 else _POOR
        stage.act(outcomes.rate_public, code, [level] * len(terms.questions), "", at + timedelta(hours=1))
    at += timedelta(hours=2)
    stage.act(outcomes.close_evaluation, play.official("clerk"), evaluation_id, at)
    return at
