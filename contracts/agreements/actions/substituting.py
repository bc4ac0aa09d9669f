"""Somebody else in the place of a person promised: the supplier proposes with a reason, the street agrees or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from contracts.agreements import mail, queries
from contracts.agreements.actions.drafting import GONE, assigned, loaded
from contracts.agreements.models import Agreement, Substitution
from contracts.agreements.notices import substitution_release
from contracts.agreements.rules import check_substitute
from contracts.agreements.states import (
    SUBSTITUTION_MACHINE,
    AgreementState,
    SubstitutionState,
    SubstitutionVerb,
)
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.records.audit import record
from market.records.moves import move
from market.records.notices import CardFacts, publish
from market.workers import actions as workers
from market.workers import queries as register
from market.workers.actions import Assignment
from market.workers.rules import overloads


@dataclass(frozen=True)
class Change:
    """Who leaves, who enters, and why; ids of the register."""

    leaving_id: int
    entering_id: int
    reason: str


def serving(row: Agreement) -> list[Assignment]:
    """Return who serves under a contract now: those promised, with every accepted substitution; `row.award` loaded."""
    return list(_standing(row)[0].values())


def _standing(row: Agreement) -> tuple[dict[int, Assignment], set[int]]:
    """Who serves under a contract now, and everybody who was ever named in it."""
    found = {one.worker_id: one for one in assigned(row)}
    ever = set(found)
    for change in queries.substitutions_of(row.id, SubstitutionState.ACCEPTED):
        found.pop(change.leaving_id, None)
        found[change.entering_id] = Assignment(change.entering_id, change.level, change.weekly_centi)
        ever.add(change.entering_id)
    return found, ever


def substitutes(row: Agreement, day: date) -> list[register.Named]:
    """Return who of the supplier's register could take over from somebody serving now, by the rules of a proposal."""
    people, (now_serving, ever) = register.nameable(row.organisation_id, day), _standing(row)
    if not people or not now_serving:
        return []
    limit, posted = workers.weekly_limit(row.district_id, day), register.spans([one.id for one in people])
    promises = {(one.level, one.weekly_centi) for one in now_serving.values()}
    term = max(day, row.starts_on), row.ends_on

    def fits(one: register.Named, level: str, weekly_centi: int) -> bool:
        busy = overloads({one.id: weekly_centi}, posted, *term, limit)
        return not busy and _level_holds(level, one, ever)

    return [one for one in people if any(fits(one, *promise) for promise in promises)]


def _level_holds(promised: str, one: register.Named, ever: set[int]) -> bool:
    try:
        check_substitute(promised, one.level, named_before=one.id in ever)
    except Refused:
        return False
    return True


def propose_substitution(
    actor: Actor, agreement_id: int, change: Change, at: datetime, *, token: str | None = None
) -> Substitution:
    """Propose somebody else for a person promised. Nothing changes before the street agrees. Raises Refused at a field.

    Who enters holds a certificate of at least the level that was promised and has the hours free.
    """
    made = queries.substitution_by_token(token) if token else None
    if made is not None:
        return made
    row = loaded(agreement_id)
    require(actor, Permit.DELIVERY_REPORT, row.subject.scope)
    if not change.reason.strip():
        raise Refused(N_("请写明换人的原因；街道会看到，不公开。"), field="reason")
    if any(one.leaving_id == change.leaving_id for one in queries.substitutions_of(row.id, SubstitutionState.PROPOSED)):
        raise Refused(N_("已经为这个人提出换人，请等待街道处理。"), field="leaving_id")
    leaving, level = _fits(row, change.leaving_id, change.entering_id, beijing_day(at))
    made = Substitution(
        agreement_id=row.id,
        file_id=row.file_id,
        district_id=row.district_id,
        street_id=row.street_id,
        organisation_id=row.organisation_id,
        form_token=token,
        leaving_id=change.leaving_id,
        entering_id=change.entering_id,
        level=level,
        weekly_centi=leaving.weekly_centi,
        reason=change.reason.strip(),
        state=SubstitutionState.PROPOSED.value,
        proposed_by=actor.user_id,
        proposed_at=at,
        answer="",
        agreement=row,
    )
    db.session.add(made)
    db.session.flush()
    private = {"leaving": made.leaving_id, "entering": made.entering_id, "reason": made.reason}
    facts = {"agreement": row.id, "level": level, "weekly_centi": made.weekly_centi}
    record(made.subject, "propose", actor, at, permit=Permit.DELIVERY_REPORT, facts=facts, private=private)
    mail.tell_substitution_proposed(row, at)
    return made


def _fits(row: Agreement, leaving_id: int, entering_id: int, day: date) -> tuple[Assignment, str]:
    """Return the promise that is to change hands and the new person's level; raises Refused at a field."""
    if row.state != AgreementState.IN_FORCE:
        raise Refused(N_("合同不在履行中，不能换人。"))
    if day > row.ends_on:
        # Nobody can be posted to a service that is over.
        raise Refused(
            N_("服务期到 %(until)s 已满，不能再换人；人员变动请写入履约报告。"), until=row.ends_on.isoformat()
        )
    now_serving, ever = _standing(row)
    leaving = now_serving.get(leaving_id)
    if leaving is None:
        raise Refused(N_("请选择合同约定的人员。"), field="leaving_id")
    named = register.named(row.organisation_id, [entering_id], day).get(entering_id)
    check_substitute(leaving.level, named.level if named else None, named_before=entering_id in ever)
    assert named is not None
    entering = Assignment(entering_id, named.level, leaving.weekly_centi)
    try:
        workers.require_load([entering], row.district_id, max(day, row.starts_on), row.ends_on, day)
    except Refused as refusal:
        refusal.field = "entering_id"
        raise
    return leaving, named.level


def _waiting(actor: Actor, substitution_id: int) -> tuple[Substitution, Agreement]:
    found = queries.substitution(substitution_id)
    if found is None:
        raise NotFound(GONE)
    row = loaded(found.agreement_id)
    require(actor, Permit.AGREEMENT_DRAFT, row.subject.scope)
    if found.proposed_by == actor.user_id:
        raise Forbidden(N_("换人须由街道同意，提出人不能自己同意。"))
    SUBSTITUTION_MACHINE.step(found.state, SubstitutionVerb.ACCEPT)
    return found, row


def accept_substitution(actor: Actor, substitution_id: int, at: datetime) -> Substitution:
    """Agree for the buyer: one posting ends, the other begins; published with level and hours, without a person.

    Raises Refused when the facts have changed since the proposal, Forbidden for whoever proposed it.
    """
    found, row = _waiting(actor, substitution_id)
    day = beijing_day(at)
    leaving, found.level = _fits(row, found.leaving_id, found.entering_id, day)
    found.decided_at = at
    facts = {"level": found.level, "weekly_centi": found.weekly_centi}
    move(found, SUBSTITUTION_MACHINE, SubstitutionVerb.ACCEPT, actor, at, facts=facts)
    source = ("agreement", row.id)
    workers.replace_posting(
        source,
        found.leaving_id,
        Assignment(found.entering_id, found.level, found.weekly_centi),
        (row.organisation_id, row.title, max(day, row.starts_on), row.ends_on),
        actor,
        at,
    )
    release = substitution_release(row, found, leaving.level)
    publish(row.file, "contractUpdate", release, CardFacts(), actor, at)
    mail.tell_substitution_decided(row, True, "", at)
    return found


def reject_substitution(actor: Actor, substitution_id: int, answer: str, at: datetime) -> Substitution:
    """Do not agree: the person promised stays promised. Raises Refused at `answer`."""
    found, row = _waiting(actor, substitution_id)
    if not answer.strip():
        raise Refused(N_("请写明不同意的原因；供应商会看到。"), field="answer")
    found.answer, found.decided_at = answer.strip(), at
    move(found, SUBSTITUTION_MACHINE, SubstitutionVerb.REJECT, actor, at, private={"answer": found.answer})
    mail.tell_substitution_decided(row, False, found.answer, at)
    return found
