"""Payments with their attempts, bank batches, imported statements and provider events."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.models import Agreement
from contracts.payouts.states import PaymentState, Route
from market.budgets.models import BudgetLine
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject


class Payment(db.Model):
    """What one accepted and evaluated milestone pays from one budget line. `basis` shows the arithmetic."""

    id: Mapped[Id]
    milestone_id: Mapped[Ref] = mapped_column(ForeignKey("milestone.id"), index=True)
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("agreement.id"), index=True)
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    line_id: Mapped[Ref] = mapped_column(ForeignKey("budget_line.id"))
    number: Mapped[str] = mapped_column(unique=True)
    amount_fen: Mapped[Fen]
    basis: Mapped[Json]
    state: Mapped[str]
    due_at: Mapped[At]
    pay_by: Mapped[date]
    settled_on: Mapped[date | None]
    problem: Mapped[str]
    agreement: Mapped[Agreement] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    line: Mapped[BudgetLine] = relationship(lazy="raise")
    attempts: Mapped[list[Attempt]] = relationship(lazy="raise", order_by="Attempt.number")
    __tablename__ = "payment"
    __table_args__ = strict(
        one_of("state", PaymentState),
        UniqueConstraint("milestone_id", "line_id"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        Index(None, "street_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("payment", self.id, ("file", str(self.file_id)), scope)


class Attempt(db.Model):
    """One order to a provider for a payment; its key is the idempotency key, so that a repeat is harmless."""

    id: Mapped[Id]
    payment_id: Mapped[Ref] = mapped_column(ForeignKey("payment.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)  # also EndToEndId of the bank file, at most 35 characters
    route: Mapped[str]
    instruction: Mapped[Json]  # payee account as it was at that moment
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("bank_batch.id"), index=True)
    reference: Mapped[str | None]
    ordered_at: Mapped[At]
    outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    payment: Mapped[Payment] = relationship(lazy="raise")
    __tablename__ = "payment_attempt"
    __table_args__ = strict(one_of("route", Route), UniqueConstraint("payment_id", "number"))


class BankBatch(db.Model):
    """One bank payment file: pain.001 and the batch sheet made of the same attempts."""

    id: Mapped[Id]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    total_fen: Mapped[Fen]
    count: Mapped[int]
    made_by: Mapped[Ref]
    made_at: Mapped[At]
    xml_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    csv_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    xlsx_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    __tablename__ = "bank_batch"


class Statement(db.Model):
    """One imported result file of the bank; the same file imported twice changes nothing."""

    id: Mapped[Id]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    digest: Mapped[str]
    file_id: Mapped[Ref] = mapped_column(ForeignKey("stored_file.id"))
    imported_by: Mapped[Ref]
    imported_at: Mapped[At]
    __tablename__ = "statement"
    __table_args__ = strict(UniqueConstraint("street_id", "digest"))


class StatementRow(db.Model):
    """One line of a statement: what the bank says happened. The ledger is checked against these."""

    id: Mapped[Id]
    statement_id: Mapped[Ref] = mapped_column(ForeignKey("statement.id"), index=True)
    number: Mapped[int]
    attempt_key: Mapped[str] = mapped_column(index=True)
    amount_fen: Mapped[Fen]
    result: Mapped[str]  # paid, failed, returned
    bank_reference: Mapped[str]
    day: Mapped[date]
    reason: Mapped[str]
    note: Mapped[str]  # why the line could not be applied, if so
    __tablename__ = "statement_row"
    __table_args__ = strict(UniqueConstraint("statement_id", "number"))


class ProviderEvent(db.Model):
    """A verified webhook event, stored once by the provider's event id, then processed as a job."""

    id: Mapped[Id]
    provider: Mapped[str]
    event_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    payload: Mapped[Json]
    received_at: Mapped[At]
    processed_at: Mapped[datetime | None]
    __tablename__ = "provider_event"
