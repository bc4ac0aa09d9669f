"""Taking the ratings of the four sources, each once, each behind a commitment."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.outcomes import queries
from contracts.outcomes.actions.asking import invited, permit_of
from contracts.outcomes.actions.opening import GONE, loaded, terms_of
from contracts.outcomes.models import Evaluation, Rating
from contracts.outcomes.queries import PURPOSE
from contracts.outcomes.rules import answers_centi, may_rate, rating_centi
from contracts.outcomes.states import EvaluationState, Source
from market.db.session import db
from market.kernel.clock import beijing_day, instant
from market.kernel.commitments import commit, new_salt
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.personal import personal_data_trouble
from market.kernel.text import N_
from market.records import codes
from market.records.audit import record, require_other_hands

RESIDENT = Actor(None, "resident")


def _keep(
    row: Evaluation,
    source: Source,
    rater_key: str,
    score_centi: int,
    answers: Mapping[str, Any],
    comment: str,
    at: datetime,
    invitation_id: int | None = None,
) -> Rating:
    salt = new_salt()
    value = {"source": source.value, "score_centi": score_centi, "answers": dict(answers), "comment": comment}
    rating = Rating(
        evaluation_id=row.id,
        source=source.value,
        invitation_id=invitation_id,
        rater_key=rater_key,
        score_centi=score_centi,
        answers=dict(answers),
        comment=comment,
        salt=salt,
        commitment=commit("rating", value, salt),
        at=at,
    )
    db.session.add(rating)
    db.session.flush()
    return rating


def _scored(row: Evaluation, points: Mapping[str, int], findings: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Return a rating's score and what is kept of it; without indicators the one key is `total`."""
    indicators = terms_of(row).indicators
    if indicators:
        for one in indicators:
            if not findings.get(one.code, "").strip():
                raise Refused(N_("请写明“%(title)s”的依据。"), field=f"findings_{one.code}", title=one.title)
        return rating_centi(points, indicators), {"points": dict(points), "findings": dict(findings)}
    total = points.get("total", -1)
    if not 0 <= total <= 10_000:
        raise Refused(N_("总分应在 0 到 100 分之间。"), field="points_total")
    return total, {"points": {"total": total}, "findings": dict(findings)}


def rate_self(
    actor: Actor,
    evaluation_id: int,
    points: Mapping[str, int],
    findings: Mapping[str, str],
    comment: str,
    at: datetime,
) -> Rating:
    """The organisation's own rating, each indicator with its grounds; once."""
    row = loaded(evaluation_id)
    require(actor, Permit.OUTCOME_RATE_SELF, row.subject.scope)
    require_other_hands(actor, Permit.OUTCOME_RATE_SELF, "evaluation", row.id)
    may_rate(at, row.collect_until, collecting=row.state == EvaluationState.COLLECTING)
    if queries.own_rating(row.id, Source.SELF.value) is not None:
        raise Refused(N_("自评已经提交，不能重复提交。"))
    score, answers = _scored(row, points, findings)
    rating = _keep(row, Source.SELF, Source.SELF.value, score, answers, comment, at)
    facts = {"source": Source.SELF.value, "commitment": rating.commitment}
    record(row.subject, "rate", actor, at, permit=Permit.OUTCOME_RATE_SELF, facts=facts)
    return rating


def rate_mutual(
    actor: Actor,
    invitation_id: int,
    points: Mapping[str, int],
    findings: Mapping[str, str],
    comment: str,
    at: datetime,
) -> Rating:
    """An invited organisation's rating, after its declaration; once."""
    return _rate_invited(actor, invitation_id, Source.MUTUAL, points, findings, comment, at)


def rate_third(
    actor: Actor,
    invitation_id: int,
    points: Mapping[str, int],
    findings: Mapping[str, str],
    comment: str,
    at: datetime,
) -> Rating:
    """An invited evaluator's rating, after the declaration; once."""
    return _rate_invited(actor, invitation_id, Source.THIRD, points, findings, comment, at)


def _rate_invited(
    actor: Actor,
    invitation_id: int,
    source: Source,
    points: Mapping[str, int],
    findings: Mapping[str, str],
    comment: str,
    at: datetime,
) -> Rating:
    found = invited(actor, invitation_id, at)
    row = found.evaluation
    if found.source != source:
        raise NotFound(GONE)
    require_other_hands(actor, permit_of(found), "evaluation", row.id)
    if found.declaration_digest is None:
        raise Refused(N_("请先声明与双方没有利害关系，再评分。"))
    key = f"organisation:{found.organisation_id}" if source is Source.MUTUAL else f"user:{found.user_id}"
    if queries.own_rating(row.id, key) is not None:
        raise Refused(N_("评分已经提交，不能重复提交。"))
    score, answers = _scored(row, points, findings)
    rating = _keep(row, source, key, score, answers, comment, at, found.id)
    facts = {"source": source.value, "commitment": rating.commitment}
    record(row.subject, "rate", actor, at, permit=permit_of(found), facts=facts)
    return rating


def rate_public(code: str, levels: Sequence[int], comment: str, at: datetime) -> Rating:
    """A resident's answer with a one-time code. No person is kept, and of the time only the day.

    Code and answer are written under different keys with the same day, so that nobody can put them together again.
    Raises Refused for a comment that names a person.
    """
    if trouble := personal_data_trouble(comment):
        raise Refused(trouble, field="comment")
    found = codes.look_up(PURPOSE, code, at)
    row = loaded(found.subject_id)
    may_rate(at, row.collect_until, collecting=row.state == EvaluationState.COLLECTING)
    terms = terms_of(row)
    score = answers_centi(levels, row.terms["rules"]["public_levels_centi"], len(terms.questions))
    day = instant(beijing_day(at))
    codes.use(found, day)
    rating = _keep(row, Source.PUBLIC, secrets.token_hex(16), score, {"levels": list(levels)}, comment, day)
    facts = {"source": Source.PUBLIC.value, "commitment": rating.commitment}
    record(row.subject, "rate", RESIDENT, day, facts=facts)
    return rating
