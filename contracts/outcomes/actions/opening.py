"""Opening an evaluation, and collecting for longer when a source is missing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from contracts.delivery.models import Milestone
from contracts.delivery.queries import milestone as find_milestone
from contracts.outcomes import mail, queries
from contracts.outcomes.models import Evaluation
from contracts.outcomes.queries import PURPOSE
from contracts.outcomes.rules import SourceResult, check_extension, may_reevaluate, source_results
from contracts.outcomes.states import EVALUATION_MACHINE, EvaluationState, EvaluationVerb
from market.awards.rules import EVALUATION, EvaluationTerms
from market.db.session import db
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.records.audit import record
from market.records.models import OneTimeCode

GONE = N_("没有找到您要的内容，链接可能已失效。")


def terms_of(row: Evaluation) -> EvaluationTerms:
    """Return the frozen terms an evaluation is computed by."""
    return EvaluationTerms.from_data(row.terms["evaluation"])


def loaded(evaluation_id: int) -> Evaluation:
    """Return an evaluation, locked; raises NotFound."""
    row = queries.evaluation(evaluation_id, lock=True)
    if row is None:
        raise NotFound(GONE)
    return row


def scores_of(row: Evaluation) -> dict[str, list[int]]:
    """Return the ratings so far, in hundredths of a point, by source."""
    found: dict[str, list[int]] = {}
    for one in queries.ratings(row.id):
        found.setdefault(one.source, []).append(one.score_centi)
    return found


def sources_of(row: Evaluation) -> tuple[SourceResult, ...]:
    """Return how many ratings each source has given and whether that is enough."""
    return source_results(terms_of(row), scores_of(row))


def open_evaluation(actor: Actor, milestone_id: int, at: datetime) -> Evaluation:
    """Open the evaluation of an accepted milestone, or its re-evaluation after a fail; harmless while one is open."""
    milestone = find_milestone(milestone_id, lock=True)
    if milestone is None:
        raise NotFound(GONE)
    if not actor.is_clock:
        require(actor, Permit.OUTCOME_ORGANISE, milestone.subject.scope)
    if milestone.base != EVALUATION or milestone.accepted_at is None:
        raise Refused(N_("这个节点还没有验收，或者按合同不需要评估。"))
    rounds = queries.rounds_of(milestone_id)
    if rounds and rounds[-1].state == EvaluationState.COLLECTING:
        return rounds[-1]
    rules = milestone.agreement.data["rules"]
    if rounds and (actor.is_clock or not may_reevaluate(rounds[-1].grade, len(rounds), rules["reevaluations_max"])):
        raise Refused(N_("这个节点已经评估完毕；按合同只有不合格的可以复评一次。"))
    return _open(actor, milestone, len(rounds) + 1, at)


def _open(actor: Actor, milestone: Milestone, number: int, at: datetime) -> Evaluation:
    contract = milestone.agreement
    rules = contract.data["rules"]
    row = Evaluation(
        milestone_id=milestone.id,
        round=number,
        agreement_id=contract.id,
        file_id=milestone.file_id,
        district_id=milestone.district_id,
        street_id=milestone.street_id,
        organisation_id=milestone.organisation_id,
        terms={"evaluation": contract.data["evaluation"], "rules": rules},
        state=EvaluationState.COLLECTING.value,
        opened_at=at,
        collect_until=end_of_day(beijing_day(at) + timedelta(days=rules["collect_days"])),
        result={},
        milestone=milestone,
    )
    db.session.add(row)
    db.session.flush()
    permit = None if actor.is_clock else Permit.OUTCOME_ORGANISE
    facts = {"milestone": milestone.id, "round": number, "until": row.collect_until}
    record(row.subject, "open", actor, at, permit=permit, facts=facts)
    mail.tell_opened(row, at)
    return row


def extend_collection(actor: Actor, evaluation_id: int, at: datetime) -> Evaluation:
    """Collect for as long again, once the time has run out with a source missing; unused codes live on."""
    row = loaded(evaluation_id)
    require(actor, Permit.OUTCOME_ORGANISE, row.subject.scope)
    EVALUATION_MACHINE.step(row.state, EvaluationVerb.CLOSE)
    check_extension(at, row.collect_until, sources_of(row))
    row.collect_until = end_of_day(beijing_day(at) + timedelta(days=row.terms["rules"]["collect_days"]))
    db.session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.purpose == PURPOSE, OneTimeCode.subject_id == row.id, OneTimeCode.used_at.is_(None))
        .values(expires_at=row.collect_until)
    )
    facts = {"until": row.collect_until}
    record(row.subject, "extend", actor, at, permit=Permit.OUTCOME_ORGANISE, facts=facts)
    return row
