"""Contracts and their signatures."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.states import AgreementState, Party
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
