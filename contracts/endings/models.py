"""Terminations, claims with their part for each budget line, and the amounts that came back."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.models import Agreement
from contracts.endings.states import ClaimState, Ground, ReceiptState, TerminationState
from market.budgets.models import BudgetLine
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject


class Termination(db.Model):
    """One proposal to end a contract before its time, and what came of it. The clock's own is approved at once."""

    id: Mapped[Id]
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("agreement.id"), index=True)
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref]
    ground: Mapped[str]
    reason: Mapped[str]
    claim_bp: Mapped[int]  # share of what was paid that a breach takes back; 0 where the contract has its own terms
    settle_bp: Mapped[int]  # share for accepted work whose evaluation never came to a result
    state: Mapped[str]
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[At]
    decided_at: Mapped[datetime | None]
    answer: Mapped[str]  # why it was not approved
    settled_fen: Mapped[Fen]  # what accepted work was settled at with the termination
    freed_fen: Mapped[Fen]  # what of the contract's money went back to its lines
    agreement: Mapped[Agreement] = relationship(lazy="raise")
    claim: Mapped[Claim | None] = relationship(lazy="raise", back_populates="termination", uselist=False)
    __tablename__ = "termination"
    __table_args__ = strict(
        one_of("ground", Ground),
        one_of("state", TerminationState),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("(state = 'rejected') = (answer <> '')", name="rejected_has_answer"),
        CheckConstraint("settle_bp BETWEEN 0 AND 10000", name="share_in_range"),
        CheckConstraint("settled_fen >= 0 AND freed_fen >= 0", name="amounts_natural"),
        # A contract ends once, and one proposal at a time waits for its decision.
        Index(
            "uq_termination_live",
            "agreement_id",
            unique=True,
            sqlite_where=db.text("state <> 'rejected'"),
            postgresql_where=db.text("state <> 'rejected'"),
        ),
        Index(None, "street_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("termination", self.id, ("file", str(self.file_id)), scope)


class Claim(db.Model):
    """Money claimed back with a termination: its amount is frozen, with the arithmetic in `basis`."""

    id: Mapped[Id]
    termination_id: Mapped[Ref] = mapped_column(ForeignKey("termination.id"), unique=True)
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("agreement.id"), unique=True)
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[str] = mapped_column(unique=True)
    amount_fen: Mapped[Fen]
    basis: Mapped[Json]
    state: Mapped[str]
    claimed_at: Mapped[At]
    due_on: Mapped[date]
    waived_fen: Mapped[Fen]
    waive_reason: Mapped[str]
    waived_at: Mapped[datetime | None]
    termination: Mapped[Termination] = relationship(lazy="raise", back_populates="claim")
    agreement: Mapped[Agreement] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    parts: Mapped[list[ClaimPart]] = relationship(lazy="raise", order_by="ClaimPart.line_id")
    receipts: Mapped[list[ClaimReceipt]] = relationship(lazy="raise", order_by="ClaimReceipt.id")
    __tablename__ = "claim"
    __table_args__ = strict(
        one_of("state", ClaimState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("waived_fen BETWEEN 0 AND amount_fen", name="waived_within"),
        CheckConstraint("(state = 'waived') = (waived_at IS NOT NULL)", name="waived_has_time"),
        CheckConstraint("(state = 'waived') = (waive_reason <> '')", name="waived_has_reason"),
        Index(None, "street_id", "state"),
        Index(None, "organisation_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file; street, district and payee all have a part in it."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("claim", self.id, ("file", str(self.file_id)), scope)

    @property
    def received_fen(self) -> int:
        """What came back and was confirmed (receipts loaded)."""
        return sum(one.amount_fen for one in self.receipts if one.state == ReceiptState.CONFIRMED)

    @property
    def entered_fen(self) -> int:
        """What waits for the second person (receipts loaded)."""
        return sum(one.amount_fen for one in self.receipts if one.state == ReceiptState.ENTERED)

    @property
    def open_fen(self) -> int:
        """What is still owed (receipts loaded)."""
        return self.amount_fen - self.waived_fen - self.received_fen


class ClaimPart(db.Model):
    """What of a claim belongs to one budget line."""

    id: Mapped[Id]
    claim_id: Mapped[Ref] = mapped_column(ForeignKey("claim.id"))
    line_id: Mapped[Ref] = mapped_column(ForeignKey("budget_line.id"))
    amount_fen: Mapped[Fen]
    line: Mapped[BudgetLine] = relationship(lazy="raise")
    __tablename__ = "claim_part"
    __table_args__ = strict(
        UniqueConstraint("claim_id", "line_id"), CheckConstraint("amount_fen > 0", name="amount_positive")
    )


class ClaimReceipt(db.Model):
    """One amount that came back, by the bank's reference; `parts` says how it was shared over the lines when booked."""

    id: Mapped[Id]
    claim_id: Mapped[Ref] = mapped_column(ForeignKey("claim.id"))
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref]
    form_token: Mapped[str | None] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(unique=True)
    amount_fen: Mapped[Fen]
    bank_reference: Mapped[str]
    received_on: Mapped[date]
    state: Mapped[str]
    entered_by: Mapped[Ref]
    entered_at: Mapped[At]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    answer: Mapped[str]
    parts: Mapped[Json]  # {line id: fen}, empty until confirmed
    __tablename__ = "claim_receipt"
    __table_args__ = strict(
        one_of("state", ReceiptState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("(state = 'entered') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("decided_by IS NULL OR decided_by <> entered_by", name="two_people"),
        # The bank names each amount once; a rejected entry may be entered again.
        Index(
            "uq_claim_receipt_reference",
            "claim_id",
            "bank_reference",
            unique=True,
            sqlite_where=db.text("state <> 'rejected'"),
            postgresql_where=db.text("state <> 'rejected'"),
        ),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("receipt", self.id, ("file", str(self.file_id)), scope)
