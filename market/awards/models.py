"""Awards with complete terms, objections to proposed ones, and the letters to bidders.

`contracts` reads nothing further up the line.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.awards.states import AwardState, ObjectionState
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject
from market.records.models import PurchaseFile


class Award(db.Model):
    """The purchaser's choice for one subject (a lot, later an application), with everything a contract needs."""

    id: Mapped[Id]
    subject_kind: Mapped[str]
    subject_id: Mapped[Ref]
    file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"), index=True)
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    regime: Mapped[str]
    title: Mapped[str]
    rank: Mapped[int]
    amount_fen: Mapped[Fen]
    terms: Mapped[Json]  # awards.rules.Terms.as_data()
    terms_digest: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    decided_at: Mapped[At]
    publicity_until: Mapped[At]  # end of the result notice's period
    challenge_until: Mapped[At]  # end of the challenge window
    sign_by: Mapped[date]
    sign_days: Mapped[int | None]  # of a proposed award: days to sign, counted from its confirmation
    file: Mapped[PurchaseFile] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "award"
    __table_args__ = strict(
        one_of("state", AwardState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        Index(
            "uq_award_live",
            "subject_kind",
            "subject_id",
            unique=True,
            sqlite_where=db.text("state <> 'annulled'"),
            postgresql_where=db.text("state <> 'annulled'"),
        ),
    )

    @property
    def is_project(self) -> bool:
        """Whether a project was proposed for funding, on public notice before it was confirmed; else a purchase's."""
        return self.sign_days is not None

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file, scope of the street."""
        return Subject("award", self.id, ("file", str(self.file_id)), Scope(self.district_id, self.street_id))


class Objection(db.Model):
    """One objection to a proposed award. Who objects, and the words, are never published; the answer is."""

    id: Mapped[Id]
    award_id: Mapped[Ref] = mapped_column(ForeignKey("award.id"), index=True)
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    form_token: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    contact: Mapped[str]
    text: Mapped[str]
    state: Mapped[str]
    filed_by: Mapped[int | None]
    filed_at: Mapped[At]
    answer_by: Mapped[date]
    reply: Mapped[str]
    decided_at: Mapped[datetime | None]
    award: Mapped[Award] = relationship(lazy="raise")
    __tablename__ = "objection"
    __table_args__ = strict(
        one_of("state", ObjectionState),
        CheckConstraint("(state = 'filed') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("(state = 'filed') = (reply = '')", name="decided_has_reply"),
        Index(None, "district_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file, scope of the street: the district's officers cover it."""
        return Subject("objection", self.id, ("file", str(self.file_id)), Scope(self.district_id, self.street_id))


class BidderLetter(db.Model):
    """What a bidder is told: own scores per criterion, reasons, the winner's total; one per bidder and award."""

    id: Mapped[Id]
    award_id: Mapped[Ref] = mapped_column(ForeignKey("award.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    data: Mapped[Json]
    pdf_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    sent_at: Mapped[datetime | None]
    __tablename__ = "bidder_letter"
    __table_args__ = strict(UniqueConstraint("award_id", "organisation_id"))
