"""Milestones that have earned a payment and have none yet, and those that failed for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import joinedload

from contracts.agreements.models import Agreement
from contracts.agreements.states import AgreementState
from contracts.delivery.models import Milestone
from contracts.delivery.states import MilestoneState
from contracts.outcomes.models import Evaluation
from contracts.outcomes.states import EvaluationState, Grade
from contracts.payouts.models import Earning
from contracts.payouts.rules import ACCEPTANCE
from market.awards.models import Award
from market.awards.states import AwardState
from market.db.session import db


@dataclass(frozen=True)
class Ripe:
    """An accepted milestone without an earning, and its closed evaluation where its money depends on one."""

    milestone: Milestone
    agreement: Agreement
    evaluation: Evaluation | None
    settled_at: datetime | None = None

    @property
    def determined_at(self) -> datetime:
        """When the amount was determined: the acceptance, the end of the evaluation, or a settlement."""
        if self.settled_at is not None:
            return self.settled_at
        found = self.evaluation.closed_at if self.evaluation else self.milestone.accepted_at
        assert found is not None
        return found


def _newest_evaluation() -> ScalarSelect[int]:
    """The newest round of a milestone's evaluation, as a correlated subquery."""
    query = select(func.max(Evaluation.id)).where(Evaluation.milestone_id == Milestone.id)
    return query.correlate(Milestone).scalar_subquery()


def failed_for_good(agreement_id: int) -> list[Milestone]:
    """Return the milestones of a contract whose last evaluation is a fail that can no longer be put right, in order.

    An earning is determined only once a result is final; so a fail with an earning is one.
    """
    query = (
        select(Milestone)
        .join(Earning, Earning.milestone_id == Milestone.id)
        .join(Evaluation, Evaluation.id == _newest_evaluation())
        .where(Milestone.agreement_id == agreement_id, Evaluation.grade == Grade.FAIL)
        .order_by(Milestone.number)
    )
    return list(db.session.scalars(query))


def contracts_with_a_final_fail(limit: int = 1000) -> list[Agreement]:
    """Return contracts in force in which a milestone failed for good, with award, purchase file and organisation."""
    failed = (
        select(Milestone.agreement_id)
        .join(Earning, Earning.milestone_id == Milestone.id)
        .join(Evaluation, Evaluation.id == _newest_evaluation())
        .where(Evaluation.grade == Grade.FAIL)
    )
    query = (
        select(Agreement)
        .where(Agreement.state == AgreementState.IN_FORCE, Agreement.id.in_(failed))
        .options(joinedload(Agreement.award), joinedload(Agreement.file), joinedload(Agreement.organisation))
        .order_by(Agreement.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def accepted_unearned(agreement_id: int, at: datetime) -> list[Ripe]:
    """Return a contract's accepted milestones without an earning, to be settled at `at`, in order.

    Each comes with its newest evaluation if that is closed.
    """
    rows = db.session.execute(
        select(Milestone, Agreement, Evaluation)
        .join(Agreement, Agreement.id == Milestone.agreement_id)
        .outerjoin(
            Evaluation,
            and_(Evaluation.id == _newest_evaluation(), Evaluation.state == EvaluationState.CLOSED),
        )
        .outerjoin(Earning, Earning.milestone_id == Milestone.id)
        .where(
            Milestone.agreement_id == agreement_id, Milestone.state == MilestoneState.ACCEPTED, Earning.id.is_(None)
        )
        .options(joinedload(Agreement.organisation))
        .order_by(Milestone.number)
    )
    return [Ripe(milestone, agreement, evaluation, at) for milestone, agreement, evaluation in rows]


def ripe_milestones(limit: int = 200) -> list[Ripe]:
    """Return accepted milestones in contracts in force on standing awards that were not raised yet, oldest first.

    Only the newest round of an evaluation counts, and only when it is closed.
    """
    rows = db.session.execute(
        select(Milestone, Agreement, Evaluation)
        .join(Agreement, Agreement.id == Milestone.agreement_id)
        .join(Award, Award.id == Agreement.award_id)
        .outerjoin(Evaluation, and_(Evaluation.id == _newest_evaluation(), Milestone.base != ACCEPTANCE))
        .outerjoin(Earning, Earning.milestone_id == Milestone.id)
        .where(
            Milestone.state == MilestoneState.ACCEPTED,
            Agreement.state == AgreementState.IN_FORCE,
            Award.state == AwardState.ACTIVE,
            Earning.id.is_(None),
            or_(Milestone.base == ACCEPTANCE, Evaluation.state == EvaluationState.CLOSED),
        )
        .options(joinedload(Agreement.organisation))
        .order_by(Milestone.id)
        .limit(limit)
    )
    return [Ripe(milestone, agreement, evaluation) for milestone, agreement, evaluation in rows]
