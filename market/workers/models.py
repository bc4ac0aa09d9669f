"""Social workers, where they are employed, their certificates, learning, supervision, postings and growth cards."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db.session import db, strict
from market.db.types import At, Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.records.audit import Subject
from market.workers.states import CertificateState, LearningKind, Level, PostingState, SupervisionMode, Tier


def worker_subject(kind: str, row_id: int, worker: SocialWorker) -> Subject:
    """What happens to a person stands in the chain of the district's register; names only behind commitments."""
    return Subject(kind, row_id, ("district", str(worker.district_id)), worker.scope)


class SocialWorker(db.Model):
    """One person. Belongs to one organisation at a time; without one the person stands in the district's reserve."""

    id: Mapped[Id]
    district_id: Mapped[Ref] = mapped_column(ForeignKey("district.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]
    tier: Mapped[str]
    reserve: Mapped[bool]  # agreed to be called when an organisation of the district looks for people
    entered_at: Mapped[At]
    certificates: Mapped[list[Certificate]] = relationship(lazy="raise", order_by="Certificate.id")
    __tablename__ = "social_worker"
    __table_args__ = strict(
        one_of("tier", Tier),
        CheckConstraint("NOT reserve OR organisation_id IS NULL", name="reserve_is_free"),
        Index(None, "organisation_id", "id"),
        Index(None, "district_id", "id"),
    )

    @property
    def scope(self) -> Scope:
        """District and present organisation."""
        return Scope(self.district_id, None, self.organisation_id)

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        return worker_subject("social_worker", self.id, self)


class Employment(db.Model):
    """A person's time at one organisation; the open one is the present one, and there is at most one."""

    id: Mapped[Id]
    worker_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"), index=True)
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    __tablename__ = "employment"
    __table_args__ = strict(
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="ends_after_it_begins"),
        Index(
            "uq_employment_present",
            "worker_id",
            unique=True,
            sqlite_where=db.text("until_on IS NULL"),
            postgresql_where=db.text("until_on IS NULL"),
        ),
    )


class Certificate(db.Model):
    """A certificate in one registration period; registering again makes a new row with the same number."""

    id: Mapped[Id]
    worker_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"), index=True)
    district_id: Mapped[Ref]
    level: Mapped[str]
    number: Mapped[str]
    issued_on: Mapped[date]
    registered_on: Mapped[date]
    valid_until: Mapped[date]
    state: Mapped[str]
    return_reason: Mapped[str]
    entered_at: Mapped[At]
    reminded_at: Mapped[datetime | None]
    worker: Mapped[SocialWorker] = relationship(lazy="joined", innerjoin=True, overlaps="certificates")
    __tablename__ = "worker_certificate"
    __table_args__ = strict(
        one_of("state", CertificateState),
        one_of("level", Level),
        UniqueConstraint("registered_on", "number"),
        Index(None, "number"),
        CheckConstraint("issued_on <= registered_on AND registered_on < valid_until", name="days_in_order"),
        CheckConstraint("state <> 'returned' OR return_reason <> ''", name="returned_has_reason"),
        Index(None, "district_id", "state", "id"),
        Index(None, "state", "valid_until"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        return worker_subject("worker_certificate", self.id, self.worker)


class LearningEntry(db.Model):
    """Continuing education on a day; study for a degree has no hours of its own (the rulebook says what it counts)."""

    id: Mapped[Id]
    worker_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"))
    day: Mapped[date]
    kind: Mapped[str]
    title: Mapped[str]
    provider: Mapped[str]
    hours_centi: Mapped[int]
    form_token: Mapped[str] = mapped_column(unique=True)
    entered_at: Mapped[At]
    __tablename__ = "learning_entry"
    __table_args__ = strict(
        one_of("kind", LearningKind),
        CheckConstraint("(kind = 'degree') = (hours_centi = 0) AND hours_centi >= 0", name="hours_unless_degree"),
        Index(None, "worker_id", "day"),
    )


class SupervisionEntry(db.Model):
    """One supervision: who supervised whom, how, how long and about what. Never names a person who was served."""

    id: Mapped[Id]
    supervisor_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"))
    supervisee_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    day: Mapped[date]
    mode: Mapped[str]
    hours_centi: Mapped[int]
    topic: Mapped[str]
    form_token: Mapped[str] = mapped_column(unique=True)
    entered_at: Mapped[At]
    __tablename__ = "supervision_entry"
    __table_args__ = strict(
        one_of("mode", SupervisionMode),
        CheckConstraint("supervisor_id <> supervisee_id", name="two_people"),
        CheckConstraint("hours_centi > 0", name="hours_positive"),
        Index(None, "supervisee_id", "day"),
        Index(None, "supervisor_id", "day"),
    )


class Posting(db.Model):
    """A person named in a signed contract: from when to when, and for how many hours a week."""

    id: Mapped[Id]
    worker_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    district_id: Mapped[Ref]
    source_kind: Mapped[str]  # what was signed, as (kind, id): the rooms of contracts stand higher
    source_id: Mapped[Ref]
    title: Mapped[str]
    level: Mapped[str]  # as it was offered; empty when the certificate had lapsed
    weekly_centi: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str]
    ended_on: Mapped[date | None]
    end_reason: Mapped[str]
    posted_at: Mapped[At]
    worker: Mapped[SocialWorker] = relationship(lazy="raise")
    __tablename__ = "posting"
    __table_args__ = strict(
        one_of("state", PostingState),
        CheckConstraint("weekly_centi > 0", name="hours_positive"),
        CheckConstraint("starts_on <= ends_on", name="ends_after_it_begins"),
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="ended_has_day"),
        UniqueConstraint("source_kind", "source_id", "worker_id"),
        Index(None, "worker_id", "state"),
        Index(None, "organisation_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the organisation that posted the person."""
        scope = Scope(self.district_id, None, self.organisation_id)
        return Subject("posting", self.id, ("organisation", str(self.organisation_id)), scope)


class GrowthCard(db.Model):
    """A growth record card as it was handed out: the data are frozen, a job lays them out."""

    id: Mapped[Id]
    worker_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"), index=True)
    data: Mapped[Json]
    made_at: Mapped[At]
    pdf_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    __tablename__ = "growth_card"
