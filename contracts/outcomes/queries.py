"""Evaluations, invitations and ratings, and who may be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from contracts.agreements.models import Agreement
from contracts.agreements.queries import within
from contracts.agreements.states import AgreementState
from contracts.delivery.models import Milestone
from contracts.delivery.states import MilestoneState
from contracts.outcomes.models import Evaluation, Invitation, Rating
from contracts.outcomes.states import EvaluationState
from market.awards.queries import contenders
from market.awards.rules import EVALUATION
from market.db.lines import lined
from market.db.session import db
from market.kernel.permits import Actor, Grant, Permit
from market.organisations.models import Organisation
from market.organisations.states import OrganisationState
from market.people.models import RoleGrant
from market.records.models import OneTimeCode

PAGE = 20
PURPOSE = "outcome"
# The token of the page that makes codes, not a code: it is never counted among them.
PAGE_PURPOSE = "outcome-page"


def evaluation(evaluation_id: int, *, lock: bool = False) -> Evaluation | None:
    """Return an evaluation with milestone, contract, purchase file and organisation; `lock` holds its row."""
    contract = joinedload(Evaluation.milestone).joinedload(Milestone.agreement)
    query = (
        select(Evaluation)
        .where(Evaluation.id == evaluation_id)
        .options(
            contract.joinedload(Agreement.file),
            contract.joinedload(Agreement.organisation),
            contract.joinedload(Agreement.award),
        )
    )
    if lock:
        query = query.with_for_update(of=Evaluation).execution_options(populate_existing=True)
    return db.session.scalar(query)


def rounds_of(milestone_id: int) -> list[Evaluation]:
    """Return the evaluations of a milestone, first round first."""
    return list(db.session.scalars(select(Evaluation).filter_by(milestone_id=milestone_id).order_by(Evaluation.round)))


def to_open(grants: Sequence[Grant] | None = None, limit: int = 200) -> list[Milestone]:
    """Return accepted milestones that are to be evaluated and are not yet, of contracts in force."""
    begun = select(Evaluation.id).where(Evaluation.milestone_id == Milestone.id)
    query = (
        select(Milestone)
        .join(Milestone.agreement)
        .where(
            Milestone.state == MilestoneState.ACCEPTED,
            Milestone.base == EVALUATION,
            Agreement.state == AgreementState.IN_FORCE,
            ~begun.exists(),
        )
        .options(joinedload(Milestone.agreement))
        .order_by(Milestone.id)
        .limit(limit)
    )
    if grants is not None:
        query = query.where(within(Milestone, grants))
    return list(db.session.scalars(query))


# --- lists ------------------------------------------------------------------------------------------------------------


def _rater_organisations(actor: Actor) -> list[int]:
    return sorted({g.organisation_id for g in actor.scopes(Permit.OUTCOME_RATE_MUTUAL) if g.organisation_id})


def evaluations_for(actor: Actor, before: int | None = None) -> list[Evaluation]:
    """Return one page (and one row more) of the evaluations this person organises, undergoes or sees, newest first."""
    contract = joinedload(Evaluation.milestone).joinedload(Milestone.agreement)
    query = (
        select(Evaluation)
        .where(within(Evaluation, actor.scopes(Permit.AGREEMENT_SEE)))
        .options(contract.joinedload(Agreement.organisation))
        .order_by(Evaluation.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(Evaluation.id < before)
    return list(db.session.scalars(query))


def _invited(actor: Actor, limit: int) -> Select[Any] | None:
    mine = _rater_organisations(actor)
    if actor.user_id is None or not (mine or actor.scopes(Permit.OUTCOME_RATE_THIRD)):
        return None
    return (
        select(Invitation)
        .join(Invitation.evaluation)
        .where(or_(Invitation.user_id == actor.user_id, Invitation.organisation_id.in_(mine)))
        .order_by(Invitation.id.desc())
        .limit(limit)
    )


def invitations_to(actor: Actor, limit: int = 100) -> list[Invitation]:
    """Return the invitations of this person and the organisations it rates for, newest first."""
    query = _invited(actor, limit)
    contract = joinedload(Invitation.evaluation).joinedload(Evaluation.milestone).joinedload(Milestone.agreement)
    return [] if query is None else list(db.session.scalars(query.options(contract.joinedload(Agreement.organisation))))


def unanswered(actor: Actor, at: datetime) -> Select[Any] | None:
    """Ask for the invitations this person can still answer; `state` is the source.

    None for somebody who never is asked.
    """
    query = _invited(actor, 100)
    if query is None:
        return None
    answered = select(Rating.id).where(Rating.invitation_id == Invitation.id)
    query = query.join(Evaluation.milestone).join(Milestone.agreement)
    query = query.where(
        Evaluation.state == EvaluationState.COLLECTING,
        Evaluation.collect_until > at,
        Invitation.declined == "",
        ~answered.exists(),
        _alive(),
    )
    return lined(query, id=Invitation.id, state=Invitation.source, title=Agreement.title, at=Evaluation.collect_until)


def _alive() -> ColumnElement[bool]:
    """The condition that an evaluation's contract has not ended early: nobody is asked any more then."""
    ended = select(Agreement.id).where(Agreement.state == AgreementState.TERMINATED)
    return Evaluation.agreement_id.not_in(ended)


def collecting(grants: Sequence[Grant], *, unrated_by: str = "", limit: int = 100) -> Select[Any]:
    """Ask for evaluations that are being collected within the grants, the one that ends first first.

    `unrated_by` leaves out those that have a rating of this source.
    """
    query = (
        select(Evaluation)
        .join(Evaluation.milestone)
        .join(Milestone.agreement)
        .where(within(Evaluation, grants), Evaluation.state == EvaluationState.COLLECTING, _alive())
        .order_by(Evaluation.collect_until, Evaluation.id)
        .limit(limit)
    )
    if unrated_by:
        rated = select(Rating.id).where(Rating.evaluation_id == Evaluation.id, Rating.source == unrated_by)
        query = query.where(~rated.exists())
    return lined(query, id=Evaluation.id, title=Agreement.title, at=Evaluation.collect_until)


# --- one evaluation ---------------------------------------------------------------------------------------------------


def invitation(invitation_id: int, *, lock: bool = False) -> Invitation | None:
    """Return an invitation with its evaluation, milestone, contract and organisation; `lock` holds the evaluation."""
    contract = joinedload(Invitation.evaluation).joinedload(Evaluation.milestone).joinedload(Milestone.agreement)
    query = (
        select(Invitation)
        .where(Invitation.id == invitation_id)
        .options(contract.joinedload(Agreement.organisation), joinedload(Invitation.organisation))
    )
    if lock:
        query = query.with_for_update(of=Invitation).execution_options(populate_existing=True)
    return db.session.scalar(query)


def invitations(evaluation_id: int) -> list[Invitation]:
    """Return who was asked, in the order of asking, with organisation and person."""
    query = (
        select(Invitation)
        .where(Invitation.evaluation_id == evaluation_id)
        .options(joinedload(Invitation.organisation), joinedload(Invitation.user))
        .order_by(Invitation.id)
    )
    return list(db.session.scalars(query))


def ratings(evaluation_id: int) -> list[Rating]:
    """Return the ratings of an evaluation; before it is closed only counts of them may be shown."""
    return list(db.session.scalars(select(Rating).filter_by(evaluation_id=evaluation_id).order_by(Rating.id)))


def own_rating(evaluation_id: int, rater_key: str) -> Rating | None:
    """Return the rating that one rater gave."""
    return db.session.scalar(select(Rating).filter_by(evaluation_id=evaluation_id, rater_key=rater_key))


@dataclass(frozen=True)
class Codes:
    """Residents' codes of one evaluation."""

    issued: int
    used: int

    @property
    def unused(self) -> int:
        """Codes nobody has used."""
        return self.issued - self.used


def codes_of(evaluation_id: int) -> Codes:
    """Return how many codes were given out and used."""
    query = select(func.count(OneTimeCode.id), func.count(OneTimeCode.used_at)).where(
        OneTimeCode.purpose == PURPOSE,
        OneTimeCode.subject_kind == "evaluation",
        OneTimeCode.subject_id == evaluation_id,
    )
    issued, used = db.session.execute(query).one()
    return Codes(issued, used)


def people_of(organisation_ids: Iterable[int]) -> dict[int, set[int]]:
    """Return the people with a live role in these organisations, by organisation."""
    query = select(RoleGrant.organisation_id, RoleGrant.user_id).where(
        RoleGrant.organisation_id.in_(list(organisation_ids)), RoleGrant.revoked_at.is_(None)
    )
    found: dict[int, set[int]] = {}
    for organisation_id, user_id in db.session.execute(query):
        if organisation_id is not None:
            found.setdefault(organisation_id, set()).add(user_id)
    return found


def works_in(user_id: int, *, street_id: int, organisation_id: int) -> tuple[bool, bool]:
    """Return whether a person holds a live role in the street, and in the organisation."""
    query = select(RoleGrant.street_id, RoleGrant.organisation_id).where(
        RoleGrant.user_id == user_id, RoleGrant.revoked_at.is_(None)
    )
    rows = db.session.execute(query).all()
    return any(r.street_id == street_id for r in rows), any(r.organisation_id == organisation_id for r in rows)


def candidates(row: Evaluation, name: str = "", limit: int = 50) -> list[Organisation]:
    """Return confirmed organisations that may be asked for mutual evaluation, by name or of the same district.

    Not the provider, nor whoever contended with it for the award.
    """
    tied = {row.organisation_id, *contenders(row.milestone.agreement.award)}
    query = select(Organisation).where(
        Organisation.state == OrganisationState.CONFIRMED, Organisation.id.not_in(sorted(tied))
    )
    if name:
        query = query.where(Organisation.name.contains(name, autoescape=True))
    else:
        query = query.where(Organisation.registrar_district_id == row.district_id)
    return list(db.session.scalars(query.order_by(Organisation.name, Organisation.id).limit(limit)))
