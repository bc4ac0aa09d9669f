"""Outcome evaluations: invitations, ratings and the computed result."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.delivery.models import Milestone
from contracts.outcomes.states import EvaluationState, Grade, Source
from market.db.session import db, strict
from market.db.types import At, Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.people.models import User
from market.records.audit import Subject


class Evaluation(db.Model):
    """The evaluation that decides what an evaluated milestone pays; `round` 2 is the re-evaluation after a fail."""

    id: Mapped[Id]
    milestone_id: Mapped[Ref] = mapped_column(ForeignKey("milestone.id"))
    round: Mapped[int]
    agreement_id: Mapped[Ref]
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref]
    terms: Mapped[Json]  # copied from the contract's frozen data: EvaluationTerms and the rule facts beside it
    state: Mapped[str]
    opened_at: Mapped[At]
    collect_until: Mapped[At]
    closed_at: Mapped[datetime | None]
    result: Mapped[Json]  # outcomes.rules.Outcome.as_data(): per source mean, weighted score as fraction, grade, share
    grade: Mapped[str | None]
    share_bp: Mapped[int | None]
    milestone: Mapped[Milestone] = relationship(lazy="raise")
    __tablename__ = "evaluation"
    __table_args__ = strict(
        one_of("state", EvaluationState),
        one_of("grade", Grade),
        CheckConstraint("(state = 'closed') = (share_bp IS NOT NULL)", name="closed_has_share"),
        UniqueConstraint("milestone_id", "round"),
        Index(None, "street_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("evaluation", self.id, ("file", str(self.file_id)), scope)


class Invitation(db.Model):
    """An organisation (mutual) or an evaluator (third party) asked to rate. Residents hold one-time codes instead."""

    id: Mapped[Id]
    evaluation_id: Mapped[Ref] = mapped_column(ForeignKey("evaluation.id"))
    source: Mapped[str]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    declaration_digest: Mapped[str | None]  # digest of the statement that there is no tie, made before rating
    invited_at: Mapped[At]
    declared_at: Mapped[datetime | None]
    declined: Mapped[str]  # why the invited has a tie or cannot rate; empty otherwise
    evaluation: Mapped[Evaluation] = relationship(lazy="raise")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    user: Mapped[User | None] = relationship(lazy="raise")
    __tablename__ = "invitation"
    __table_args__ = strict(
        one_of("source", Source),
        CheckConstraint("(organisation_id IS NULL) <> (user_id IS NULL)", name="one_invited"),
        UniqueConstraint("evaluation_id", "organisation_id"),
        UniqueConstraint("evaluation_id", "user_id"),
        Index(None, "organisation_id"),
    )


class Rating(db.Model):
    """One rating in hundredths of a point, per indicator and in total. A resident's carries no person at all."""

    id: Mapped[Id]
    evaluation_id: Mapped[Ref] = mapped_column(ForeignKey("evaluation.id"))
    source: Mapped[str]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"), unique=True)
    rater_key: Mapped[str]  # "self", "organisation:7", "user:9"; a random word for a resident, unlike the code
    score_centi: Mapped[int]
    answers: Mapped[Json]
    comment: Mapped[str]
    salt: Mapped[str]
    commitment: Mapped[str]
    at: Mapped[At]  # a resident's: the beginning of the day, so that nobody can match it with a code
    __tablename__ = "rating"
    __table_args__ = strict(
        one_of("source", Source),
        UniqueConstraint("evaluation_id", "source", "rater_key"),
        CheckConstraint("score_centi BETWEEN 0 AND 10000", name="score_in_range"),
    )
