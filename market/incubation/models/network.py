"""The network: nodes with their operators, rooms and bookings; the plan of cultivation of a district."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db.session import db, strict
from market.db.types import At, Id, Json, Ref, one_of
from market.incubation.states import BookingState, NodeLevel, NodeState
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.places.models import District
from market.records.audit import Subject


class Node(db.Model):
    """One place of the network. Run by an organisation, or by the street or district it belongs to."""

    id: Mapped[Id]
    district_id: Mapped[Ref] = mapped_column(ForeignKey("district.id"), index=True)
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("incubation_node.id"), index=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    level: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    area_m2: Mapped[int]
    workstations: Mapped[int]
    premises: Mapped[str]
    earlier_count: Mapped[int]  # organisations supported here before this register was kept
    state: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    opened_at: Mapped[At]
    district: Mapped[District] = relationship(lazy="raise")
    operator: Mapped[Organisation | None] = relationship(lazy="joined")
    __tablename__ = "incubation_node"
    __table_args__ = strict(
        one_of("level", NodeLevel),
        one_of("state", NodeState),
        CheckConstraint("(level = 'district') = (parent_id IS NULL)", name="base_is_root"),
        CheckConstraint("(level = 'district') = (street_id IS NULL)", name="base_has_no_street"),
        CheckConstraint("area_m2 >= 0 AND workstations >= 0 AND earlier_count >= 0", name="counts_natural"),
        Index(
            "uq_incubation_node_one_base",
            "district_id",
            unique=True,
            sqlite_where=db.text("level = 'district' AND state = 'open'"),
            postgresql_where=db.text("level = 'district' AND state = 'open'"),
        ),
        Index(
            "uq_incubation_node_one_centre",
            "street_id",
            unique=True,
            sqlite_where=db.text("level = 'street' AND state = 'open'"),
            postgresql_where=db.text("level = 'street' AND state = 'open'"),
        ),
    )

    @property
    def scope(self) -> Scope:
        """District, street and the organisation that runs it."""
        return Scope(self.district_id, self.street_id, self.operator_id)

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        return Subject("incubation_node", self.id, ("district", str(self.district_id)), self.scope)


class Operating(db.Model):
    """Which organisation ran a node from when to when: what a tie is read from after the operator has changed."""

    id: Mapped[Id]
    node_id: Mapped[Ref] = mapped_column(ForeignKey("incubation_node.id"), index=True)
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    began_on: Mapped[date]
    ended_on: Mapped[date | None]
    __tablename__ = "incubation_operating"
    __table_args__ = strict(
        CheckConstraint("ended_on IS NULL OR ended_on >= began_on", name="ends_after_begin"),
        Index(
            "uq_incubation_operating_live",
            "node_id",
            unique=True,
            sqlite_where=db.text("ended_on IS NULL"),
            postgresql_where=db.text("ended_on IS NULL"),
        ),
    )


class MeetingRoom(db.Model):
    """A bookable room of a node; opening hours in half hours of the day, `opens` included, `closes` not."""

    id: Mapped[Id]
    node_id: Mapped[Ref] = mapped_column(ForeignKey("incubation_node.id"), index=True)
    name: Mapped[str]
    seats: Mapped[int]
    equipment: Mapped[str]
    opens: Mapped[int]
    closes: Mapped[int]
    active: Mapped[bool]
    node: Mapped[Node] = relationship(lazy="raise")
    __tablename__ = "incubation_room"
    __table_args__ = strict(
        CheckConstraint("seats > 0", name="seats_positive"),
        CheckConstraint("opens >= 0 AND opens < closes AND closes <= 48", name="hours_of_a_day"),
    )


class Booking(db.Model):
    """A room taken by an organisation, or by the node itself (`organisation_id` NULL), once or weekly."""

    id: Mapped[Id]
    room_id: Mapped[Ref] = mapped_column(ForeignKey("incubation_room.id"), index=True)
    district_id: Mapped[Ref]
    street_id: Mapped[int | None]
    operator_id: Mapped[int | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    purpose: Mapped[str]
    first_day: Mapped[date]
    from_slot: Mapped[int]
    until_slot: Mapped[int]
    weeks: Mapped[int]
    state: Mapped[str]
    booked_by: Mapped[int | None]
    booked_at: Mapped[At]
    room: Mapped[MeetingRoom] = relationship(lazy="raise")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    __tablename__ = "incubation_booking"
    __table_args__ = strict(
        one_of("state", BookingState),
        CheckConstraint("from_slot >= 0 AND from_slot < until_slot AND until_slot <= 48", name="hours_forward"),
        CheckConstraint("weeks > 0", name="weeks_positive"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id or self.operator_id)
        return Subject("incubation_booking", self.id, ("district", str(self.district_id)), scope)


class BookedSlot(db.Model):
    """One half hour of one room. Its key is what makes a double booking impossible, whoever is faster."""

    room_id: Mapped[Ref] = mapped_column(ForeignKey("incubation_room.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    slot: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    booking_id: Mapped[Ref] = mapped_column(ForeignKey("incubation_booking.id"), index=True)
    __tablename__ = "incubation_slot"
    __table_args__ = strict(CheckConstraint("slot >= 0 AND slot < 48", name="slot_of_a_day"))


class Scheme(db.Model):
    """A district's plan of cultivation, by edition: stages with criteria, dimensions, levels. Never edited."""

    id: Mapped[Id]
    district_id: Mapped[Ref] = mapped_column(ForeignKey("district.id"))
    number: Mapped[int]
    stages: Mapped[Json]  # [{title, by_month, criteria}]
    dimensions: Mapped[Json]  # [{key, title, hint}]
    levels: Mapped[Json]  # five texts, from the least to the best
    made_by: Mapped[int | None]
    made_at: Mapped[At]
    __tablename__ = "incubation_scheme"
    __table_args__ = strict(Index("uq_incubation_scheme_number", "district_id", "number", unique=True))
