"""Asking organisations, evaluators and residents; declaring no tie, or declining."""

from __future__ import annotations

from datetime import datetime

from contracts.outcomes import mail, queries
from contracts.outcomes.actions.opening import GONE, loaded
from contracts.outcomes.models import Evaluation, Invitation
from contracts.outcomes.queries import PAGE_PURPOSE, PURPOSE
from contracts.outcomes.rules import evaluator_tie, may_rate, organisation_tie
from contracts.outcomes.states import EvaluationState, Source
from market.awards.queries import contenders
from market.db.session import db
from market.kernel.canonical import digest, plain
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Actor, Permit, Role, Scope, require
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.organisations.queries import organisation as find_organisation
from market.organisations.states import OrganisationState
from market.people.queries import with_role
from market.records import codes
from market.records.audit import record

MOST_CODES = 500
# Signed by whoever is asked to rate; the digest is over these words.
NO_TIE = N_(
    "本人（本单位）与购买方和承接方均无劳动、任职、持股、亲属或者其他利害关系，"
    "三年内没有参与本项目需求和标准的编制，将独立、客观评分。"
)


def _asking(actor: Actor, evaluation_id: int, at: datetime) -> Evaluation:
    row = loaded(evaluation_id)
    require(actor, Permit.OUTCOME_ORGANISE, row.subject.scope)
    may_rate(at, row.collect_until, collecting=row.state == EvaluationState.COLLECTING)
    return row


def invite_organisation(actor: Actor, evaluation_id: int, organisation_id: int, at: datetime) -> Invitation:
    """Ask an organisation without a tie to the provider for mutual evaluation. Raises Refused at `organisation`."""
    row, found = _asking(actor, evaluation_id, at), find_organisation(organisation_id)
    if found is None:
        raise NotFound(GONE)
    bar = _tie_between(row, found)
    if bar is not None:
        raise Refused(bar, field="organisation")
    return _invite(actor, row, Source.MUTUAL, at, organisation_id=organisation_id)


def _tie_between(row: Evaluation, found: Organisation) -> str | None:
    provider = row.milestone.agreement.organisation
    people = queries.people_of([provider.id, found.id])
    return organisation_tie(
        same=found.id == provider.id,
        same_head=found.legal_representative == provider.legal_representative,
        shared_people=bool(people.get(provider.id, set()) & people.get(found.id, set())),
        takes_part=found.state == OrganisationState.CONFIRMED,
        contended=found.id in contenders(row.milestone.agreement.award),
    )


def invite_evaluator(actor: Actor, evaluation_id: int, user_id: int, at: datetime) -> Invitation:
    """Ask a third-party evaluator who works for neither side. Raises Refused at `evaluator`."""
    row = _asking(actor, evaluation_id, at)
    if user_id not in with_role(Role.EVALUATOR, Scope(row.district_id, row.street_id)):
        raise Refused(N_("此人不是本区的第三方评估员。"), field="evaluator")
    with_buyer, with_provider = queries.works_in(user_id, street_id=row.street_id, organisation_id=row.organisation_id)
    bar = evaluator_tie(with_buyer=with_buyer, with_provider=with_provider)
    if bar is not None:
        raise Refused(bar, field="evaluator")
    return _invite(actor, row, Source.THIRD, at, user_id=user_id)


def _invite(
    actor: Actor,
    row: Evaluation,
    source: Source,
    at: datetime,
    *,
    organisation_id: int | None = None,
    user_id: int | None = None,
) -> Invitation:
    asked = queries.invitations(row.id)
    if any((one.organisation_id, one.user_id) == (organisation_id, user_id) for one in asked):
        raise Refused(
            N_("已经邀请过，请勿重复邀请。"), field="organisation" if source is Source.MUTUAL else "evaluator"
        )
    found = Invitation(
        evaluation_id=row.id,
        source=source.value,
        organisation_id=organisation_id,
        user_id=user_id,
        invited_at=at,
        declined="",
        evaluation=row,
    )
    db.session.add(found)
    db.session.flush()
    private = {"organisation": organisation_id, "user": user_id}
    facts = {"source": source.value}
    record(row.subject, "invite", actor, at, permit=Permit.OUTCOME_ORGANISE, facts=facts, private=private)
    mail.tell_invited(found, at)
    return found


def make_codes(actor: Actor, evaluation_id: int, number: int, at: datetime, *, token: str | None = None) -> list[str]:
    """Make one-time codes for residents and return them: they are shown this once, only digests are kept.

    Raises Refused at `number` for the `token` of a page that has made its codes: a reload makes no second batch.
    """
    row = _asking(actor, evaluation_id, at)
    if not 1 <= number <= MOST_CODES:
        raise Refused(N_("一次可以生成 1 到 %(most)s 个评价码。"), field="number", most=MOST_CODES)
    if token is not None and not codes.spend(PAGE_PURPOSE, token, ("evaluation", row.id), at):
        raise Refused(
            N_("这一页的评价码已经生成过，没有再生成；已生成的不能再次显示，没有打印成的，请重新生成一批。"),
            field="number",
        )
    made = [codes.new_code(PURPOSE, ("evaluation", row.id), row.collect_until) for _ in range(number)]
    record(row.subject, "make_codes", actor, at, permit=Permit.OUTCOME_ORGANISE, facts={"number": number})
    return made


def declare(actor: Actor, invitation_id: int, at: datetime) -> Invitation:
    """Write down that the invited has no tie; the content of the evaluation opens after this."""
    found = invited(actor, invitation_id, at)
    if found.declaration_digest is None:
        statement = {"statement": NO_TIE, "invitation": found.id, "person": actor.user_id, "at": at}
        found.declaration_digest, found.declared_at = digest(statement), at
        # The digest alone would give the person away: all that it is over can be tried out.
        facts, private = {"source": found.source}, {"declaration": plain(statement)}
        subject = found.evaluation.subject
        record(subject, "declare", actor, at, permit=permit_of(found), facts=facts, private=private)
    return found


def decline(actor: Actor, invitation_id: int, reason: str, at: datetime) -> Invitation:
    """Write down that the invited has a tie or cannot rate; the street asks somebody else."""
    found = invited(actor, invitation_id, at)
    if not reason.strip():
        raise Refused(N_("请写明利害关系或者不能参加的原因。"), field="reason")
    found.declined = reason.strip()
    private = {"reason": found.declined}
    subject = found.evaluation.subject
    record(subject, "decline", actor, at, permit=permit_of(found), facts={"source": found.source}, private=private)
    mail.tell_declined(found, at)
    return found


def permit_of(found: Invitation) -> Permit:
    """Return the permit under which an invitation is answered."""
    return Permit.OUTCOME_RATE_MUTUAL if found.source == Source.MUTUAL else Permit.OUTCOME_RATE_THIRD


def require_invited(actor: Actor, found: Invitation) -> None:
    """Raise Forbidden unless this person was asked: the evaluator, or somebody who rates for the organisation."""
    if found.source == Source.MUTUAL:
        require(actor, Permit.OUTCOME_RATE_MUTUAL, Scope(organisation_id=found.organisation_id))
        return
    row = found.evaluation
    require(actor, Permit.OUTCOME_RATE_THIRD, Scope(row.district_id, row.street_id))
    if found.user_id != actor.user_id:
        raise Forbidden(N_("这是发给另一位评估员的邀请。"))


def invited(actor: Actor, invitation_id: int, at: datetime) -> Invitation:
    """Return an invitation this person may answer now; raises Forbidden or Refused."""
    found = queries.invitation(invitation_id, lock=True)
    if found is None:
        raise NotFound(GONE)
    require_invited(actor, found)
    row = found.evaluation
    may_rate(at, row.collect_until, collecting=row.state == EvaluationState.COLLECTING)
    if found.declined:
        raise Refused(N_("已经声明回避，不能再评分。"))
    return found
