"""Trainings of a node: who signed up, who was there for how long, which certificate was given."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db.session import db, strict
from market.db.types import At, Id, Ref, one_of
from market.incubation.models.network import Node
from market.incubation.states import TrainingState
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject


class Training(db.Model):
    """An event with a limited number of seats."""

    id: Mapped[Id]
    node_id: Mapped[Ref] = mapped_column(ForeignKey("incubation_node.id"), index=True)
    district_id: Mapped[Ref]
    street_id: Mapped[int | None]
    operator_id: Mapped[int | None]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("incubation_booking.id"))
    token: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    content: Mapped[str]
    teacher: Mapped[str]
    place: Mapped[str]
    starts_at: Mapped[At]
    ends_at: Mapped[At]
    seats: Mapped[int]
    minutes: Mapped[int]
    state: Mapped[str]
    planned_by: Mapped[int | None]
    planned_at: Mapped[At]
    node: Mapped[Node] = relationship(lazy="raise")
    __tablename__ = "training"
    __table_args__ = strict(
        one_of("state", TrainingState),
        CheckConstraint("ends_at > starts_at", name="time_forward"),
        CheckConstraint("seats BETWEEN 1 AND 999", name="seats_in_range"),
        CheckConstraint("minutes > 0", name="minutes_positive"),
        Index(None, "district_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        scope = Scope(self.district_id, self.street_id, self.operator_id)
        return Subject("training", self.id, ("district", str(self.district_id)), scope)


class TrainingSeat(db.Model):
    """One person sent by an organisation. The seat's number is unique, so no training can be overfilled."""

    id: Mapped[Id]
    training_id: Mapped[Ref] = mapped_column(ForeignKey("training.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[int]
    attendee: Mapped[str]
    minutes: Mapped[int | None]  # attended; NULL until the list is closed
    certificate: Mapped[str | None] = mapped_column(unique=True)
    signed_up_by: Mapped[int | None]
    signed_up_at: Mapped[At]
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    training: Mapped[Training] = relationship(lazy="raise")
    __tablename__ = "training_seat"
    __table_args__ = strict(
        UniqueConstraint("training_id", "number"),
        UniqueConstraint("training_id", "organisation_id", "attendee"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("certificate IS NULL OR minutes > 0", name="certificate_needs_attendance"),
    )
