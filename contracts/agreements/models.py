"""Contracts and their signatures."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.states import AgreementState, Party, SubstitutionState
from market.awards.models import Award
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject
from market.records.models import PurchaseFile


class Agreement(db.Model):
    """One contract drafted from one award. Its data are frozen by digest when it is issued for signature."""

    id: Mapped[Id]
    award_id: Mapped[Ref] = mapped_column(ForeignKey("award.id"))
    file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"), index=True)
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    amount_fen: Mapped[Fen]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    sign_by: Mapped[date]
    data: Mapped[Json]  # agreements.rules.contract_data(): parties, terms, milestones, evaluation, payout rule
    digest: Mapped[str]
    state: Mapped[str]
    suspension_reason: Mapped[str]
    cancel_reason: Mapped[str]
    termination_reason: Mapped[str]
    drafted_at: Mapped[At]
    issued_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    publish_by: Mapped[date | None]
    file_copy_by: Mapped[date | None]  # duty: a copy to the finance department (采购法 47)
    file_copied_on: Mapped[date | None]
    draft_pdf_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    signed_pdf_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    award: Mapped[Award] = relationship(lazy="raise")
    file: Mapped[PurchaseFile] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    signatures: Mapped[list[Signature]] = relationship(lazy="raise", order_by="Signature.id")
    __tablename__ = "agreement"
    __table_args__ = strict(
        one_of("state", AgreementState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("(signed_at IS NULL) = (file_copy_by IS NULL)", name="signed_has_duties"),
        CheckConstraint("(state = 'cancelled') = (cancel_reason <> '')", name="cancelled_has_reason"),
        Index(None, "street_id", "state"),
        CheckConstraint("(state = 'terminated') = (termination_reason <> '')", name="terminated_has_reason"),
        CheckConstraint(
            "(state IN ('in_force', 'suspended', 'completed', 'terminated')) = (signed_at IS NOT NULL)", name="signed"
        ),
        Index(
            "uq_agreement_live",
            "award_id",
            unique=True,
            sqlite_where=db.text("state <> 'cancelled'"),
            postgresql_where=db.text("state <> 'cancelled'"),
        ),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file; street and supplier both have a part in it."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("agreement", self.id, ("file", str(self.file_id)), scope)


class Signature(db.Model):
    """One party's signature: who, when, with which certificate, over which bytes."""

    id: Mapped[Id]
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("agreement.id"))
    party: Mapped[str]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    certificate_serial: Mapped[str]
    pdf_file_id: Mapped[Ref] = mapped_column(ForeignKey("stored_file.id"))
    at: Mapped[At]
    __tablename__ = "signature"
    __table_args__ = strict(one_of("party", Party), UniqueConstraint("agreement_id", "party"))


class Substitution(db.Model):
    """Somebody else in the place of a person whom the winning offer named. Names stand in the register alone."""

    id: Mapped[Id]
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("agreement.id"))
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref]
    form_token: Mapped[str | None] = mapped_column(unique=True)
    leaving_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"))
    entering_id: Mapped[Ref] = mapped_column(ForeignKey("social_worker.id"))
    level: Mapped[str]  # of who enters, when proposed
    weekly_centi: Mapped[int]  # hours a week in hundredths: those that were promised
    reason: Mapped[str]
    state: Mapped[str]
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[At]
    decided_at: Mapped[datetime | None]
    answer: Mapped[str]
    agreement: Mapped[Agreement] = relationship(lazy="raise")
    __tablename__ = "substitution"
    __table_args__ = strict(
        one_of("state", SubstitutionState),
        CheckConstraint("leaving_id <> entering_id", name="two_people"),
        CheckConstraint("weekly_centi > 0", name="hours_positive"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("(state = 'rejected') = (answer <> '')", name="rejected_has_answer"),
        Index(None, "street_id", "state"),
        Index(
            "uq_substitution_waiting",
            "agreement_id",
            "leaving_id",
            unique=True,
            sqlite_where=db.text("state = 'proposed'"),
            postgresql_where=db.text("state = 'proposed'"),
        ),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file; street and supplier both have a part in it."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("substitution", self.id, ("file", str(self.file_id)), scope)
