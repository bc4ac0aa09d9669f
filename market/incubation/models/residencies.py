"""An organisation's way through the network: application, agreement, stages, mentoring, assessments; and hosting."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db.session import db, strict
from market.db.types import At, Id, Json, Ref, one_of
from market.incubation.models.network import Node, Scheme
from market.incubation.states import AssessmentMoment, HostingState, Mode, ResidencyState, Track
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject

_RAN = "state IN ('incubating', 'leaving', 'left', 'graduated')"
_LIVE = "state NOT IN ('refused', 'withdrawn', 'left', 'graduated')"


class Residency(db.Model):
    """One organisation taken in by one node, from the application on. `due_on` is by when its state expects an act."""

    id: Mapped[Id]
    node_id: Mapped[Ref] = mapped_column(ForeignKey("incubation_node.id"), index=True)
    district_id: Mapped[Ref]
    street_id: Mapped[int | None]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # the legal person a group became
    token: Mapped[str] = mapped_column(unique=True)
    mode: Mapped[str]
    track: Mapped[str]
    workstations: Mapped[int]
    purpose: Mapped[str]
    support_wanted: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]  # of the last return, refusal or leaving
    due_on: Mapped[date | None]
    calendar: Mapped[str]  # version of the calendar by which `due_on` was counted
    applied_at: Mapped[At]
    admitted_at: Mapped[datetime | None]
    scheme_id: Mapped[int | None] = mapped_column(ForeignKey("incubation_scheme.id"))
    agreement_text: Mapped[str]
    agreement_digest: Mapped[str | None]
    offered_by: Mapped[int | None]
    offered_at: Mapped[datetime | None]
    accepted_by: Mapped[int | None]
    accepted_at: Mapped[datetime | None]
    term_months: Mapped[int | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    register_by: Mapped[date | None]  # by when a group on file should have become a legal person
    ended_on: Mapped[date | None]
    service_fields: Mapped[str]  # of a graduate: comma-separated category codes it can undertake
    handed_back_on: Mapped[date | None]
    node: Mapped[Node] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[organisation_id])
    successor: Mapped[Organisation | None] = relationship(lazy="raise", foreign_keys=[successor_id])
    scheme: Mapped[Scheme | None] = relationship(lazy="raise")
    __tablename__ = "residency"
    __table_args__ = strict(
        one_of("state", ResidencyState),
        one_of("mode", Mode),
        one_of("track", Track),
        CheckConstraint("workstations >= 0 AND (mode = 'physical' OR workstations = 0)", name="virtual_takes_no_space"),
        CheckConstraint("(agreement_digest IS NULL) = (offered_at IS NULL)", name="offer_has_digest"),
        CheckConstraint("state <> 'offered' OR offered_at IS NOT NULL", name="offered_has_agreement"),
        CheckConstraint(f"({_RAN}) = (accepted_at IS NOT NULL)", name="ran_has_acceptance"),
        CheckConstraint("(accepted_at IS NULL) = (starts_on IS NULL OR ends_on IS NULL)", name="accepted_has_term"),
        CheckConstraint("ends_on >= starts_on", name="term_forward"),
        CheckConstraint("(state IN ('left', 'graduated')) = (ended_on IS NOT NULL)", name="ended_has_day"),
        CheckConstraint("state <> 'left' OR handed_back_on IS NOT NULL", name="left_has_handed_back"),
        # A group, and the legal person it became, are supported in one place at a time.
        Index(
            "uq_residency_live",
            "organisation_id",
            unique=True,
            sqlite_where=db.text(_LIVE),
            postgresql_where=db.text(_LIVE),
        ),
        Index(None, "district_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the organisation; the node's staff act through `at_node`."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("residency", self.id, ("organisation", str(self.organisation_id)), scope)


class StageRecord(db.Model):
    """One stage passed: what was looked at and by whom."""

    id: Mapped[Id]
    residency_id: Mapped[Ref] = mapped_column(ForeignKey("residency.id"))
    position: Mapped[int]
    evidence: Mapped[str]
    passed_by: Mapped[int | None]
    passed_at: Mapped[At]
    __tablename__ = "residency_stage"
    __table_args__ = strict(
        UniqueConstraint("residency_id", "position"), CheckConstraint("position > 0", name="position_positive")
    )


class Mentoring(db.Model):
    """Time a mentor spent with an organisation."""

    id: Mapped[Id]
    residency_id: Mapped[Ref] = mapped_column(ForeignKey("residency.id"), index=True)
    token: Mapped[str] = mapped_column(unique=True)
    mentor: Mapped[str]
    day: Mapped[date]
    minutes: Mapped[int]
    topic: Mapped[str]
    noted_by: Mapped[int | None]
    noted_at: Mapped[At]
    __tablename__ = "mentoring"
    __table_args__ = strict(CheckConstraint("minutes BETWEEN 1 AND 720", name="minutes_of_a_day"))


class Assessment(db.Model):
    """Levels by dimension at one moment, before or after."""

    id: Mapped[Id]
    residency_id: Mapped[Ref] = mapped_column(ForeignKey("residency.id"))
    moment: Mapped[str]
    levels: Mapped[Json]  # {dimension key: 1..5}
    note: Mapped[str]
    made_by: Mapped[int | None]
    made_at: Mapped[At]
    __tablename__ = "assessment"
    __table_args__ = strict(one_of("moment", AssessmentMoment), UniqueConstraint("residency_id", "moment"))


class Hosting(db.Model):
    """A legal person that signs, receives money and answers for a group without legal person, for a time."""

    id: Mapped[Id]
    district_id: Mapped[Ref] = mapped_column(ForeignKey("district.id"), index=True)
    group_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    host_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    token: Mapped[str] = mapped_column(unique=True)
    terms: Mapped[str]
    digest: Mapped[str]
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str]
    reason: Mapped[str]
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[At]
    agreed_by: Mapped[int | None]
    agreed_at: Mapped[datetime | None]
    ended_on: Mapped[date | None]
    group: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[group_id])
    host: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[host_id])
    __tablename__ = "hosting"
    __table_args__ = strict(
        one_of("state", HostingState),
        CheckConstraint("group_id <> host_id", name="two_parties"),
        CheckConstraint("ends_on >= begins_on", name="term_forward"),
        CheckConstraint("(state IN ('live', 'ended')) = (agreed_at IS NOT NULL)", name="agreed_has_time"),
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="ended_has_day"),
        Index(
            "uq_hosting_live",
            "group_id",
            unique=True,
            sqlite_where=db.text("state = 'live'"),
            postgresql_where=db.text("state = 'live'"),
        ),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the group; the host and the group's district act on it."""
        scope = Scope(self.district_id, None, self.host_id)
        return Subject("hosting", self.id, ("organisation", str(self.group_id)), scope)
