"""Milestones of a contract, the supplier's reports and the street's acceptance."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.models import Agreement
from contracts.delivery.states import MilestoneState
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Ref, one_of
from market.kernel.permits import Scope
from market.records.audit import Subject


class Milestone(db.Model):
    """One stage of work with the most that may be earned by it."""

    id: Mapped[Id]
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("agreement.id"))
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref]
    number: Mapped[int]
    title: Mapped[str]
    base: Mapped[str]  # acceptance | evaluation
    amount_fen: Mapped[Fen]
    due_on: Mapped[date]
    evidence: Mapped[str]
    state: Mapped[str]
    accepted_at: Mapped[datetime | None]
    agreement: Mapped[Agreement] = relationship(lazy="raise")
    reports: Mapped[list[Report]] = relationship(lazy="raise", order_by="Report.id")
    __tablename__ = "milestone"
    __table_args__ = strict(
        one_of("state", MilestoneState),
        UniqueConstraint("agreement_id", "number"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("(state = 'accepted') = (accepted_at IS NOT NULL)", name="accepted_has_time"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("milestone", self.id, ("file", str(self.file_id)), scope)


class Report(db.Model):
    """The supplier's report of a milestone; its evidence files hang on ("report", id)."""

    id: Mapped[Id]
    milestone_id: Mapped[Ref] = mapped_column(ForeignKey("milestone.id"), index=True)
    form_token: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]
    people_served: Mapped[int]
    sessions_held: Mapped[int]
    reported_by: Mapped[Ref]
    reported_at: Mapped[At]
    __tablename__ = "report"


class Acceptance(db.Model):
    """The street's decision on a report; users of the service took part (条例 art. 45)."""

    id: Mapped[Id]
    milestone_id: Mapped[Ref] = mapped_column(ForeignKey("milestone.id"), index=True)
    report_id: Mapped[Ref] = mapped_column(ForeignKey("report.id"))
    accepted: Mapped[bool]
    opinion: Mapped[str]
    users_invited: Mapped[int]
    users_satisfied: Mapped[int]
    users_opinion: Mapped[str]
    decided_by: Mapped[Ref]
    decided_at: Mapped[At]
    __tablename__ = "acceptance"
    __table_args__ = strict(CheckConstraint("users_satisfied <= users_invited", name="satisfied_among_invited"))
