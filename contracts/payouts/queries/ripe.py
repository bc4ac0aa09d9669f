"""Milestones that have earned a payment and have none yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from contracts.agreements.models import Agreement
from contracts.agreements.states import AgreementState
from contracts.delivery.models import Milestone
from contracts.delivery.states import MilestoneState
from contracts.outcomes.models import Evaluation
from contracts.outcomes.states import EvaluationState
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

    @property
    def determined_at(self) -> datetime:
        """When the amount was determined: the acceptance, or the end of the evaluation."""
        found = self.evaluation.closed_at if self.evaluation else self.milestone.accepted_at
        assert found is not None
        return found


def ripe_milestones(limit: int = 200) -> list[Ripe]:
    """Return accepted milestones in contracts in force on standing awards that were not raised yet, oldest first.

    Only the newest round of an evaluation counts, and only when it is closed.
    """
    newest = (
        select(func.max(Evaluation.id)).where(Evaluation.milestone_id == Milestone.id).correlate(Milestone)
    ).scalar_subquery()
    rows = db.session.execute(
        select(Milestone, Agreement, Evaluation)
        .join(Agreement, Agreement.id == Milestone.agreement_id)
        .join(Award, Award.id == Agreement.award_id)
        .outerjoin(Evaluation, and_(Evaluation.id == newest, Milestone.base != ACCEPTANCE))
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
