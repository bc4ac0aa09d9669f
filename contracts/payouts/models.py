"""What milestones earned, payments and their orders, bank batches, statements, paying accounts, provider events."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.models import Agreement
from contracts.delivery.models import Milestone
from contracts.payouts.states import AccountState, PaymentState, Result, Route, RowNote
from market.budgets.models import BudgetLine
from market.budgets.states import FundSource
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject


class Earning(db.Model):
    """What one milestone earned, determined once. Without a payment when it earned nothing."""

    id: Mapped[Id]
    milestone_id: Mapped[Ref] = mapped_column(ForeignKey("milestone.id"), unique=True)
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("agreement.id"), index=True)
    share_bp: Mapped[int]
    due_fen: Mapped[Fen]
    withheld_fen: Mapped[Fen]
    determined_at: Mapped[At]  # acceptance or end of the evaluation: the period to pay begins here
    raised_at: Mapped[At]
    __tablename__ = "earning"
    __table_args__ = strict(
        CheckConstraint("due_fen >= 0 AND withheld_fen >= 0", name="amounts_natural"),
        CheckConstraint("share_bp BETWEEN 0 AND 10000", name="share_in_range"),
    )


class Payment(db.Model):
    """What one milestone pays from one budget line. `basis` shows the arithmetic, `problem` what must be mended."""

    id: Mapped[Id]
    milestone_id: Mapped[Ref] = mapped_column(ForeignKey("milestone.id"), index=True)
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("agreement.id"), index=True)
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    line_id: Mapped[Ref] = mapped_column(ForeignKey("budget_line.id"))
    number: Mapped[str] = mapped_column(unique=True)
    amount_fen: Mapped[Fen]
    basis: Mapped[Json]
    state: Mapped[str]
    due_at: Mapped[At]
    pay_by: Mapped[date]
    settled_on: Mapped[date | None]
    problem: Mapped[str]
    checked: Mapped[Json | None]  # way and accounts as the second person approved them
    milestone: Mapped[Milestone] = relationship(lazy="raise")
    agreement: Mapped[Agreement] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    line: Mapped[BudgetLine] = relationship(lazy="raise")
    attempts: Mapped[list[Attempt]] = relationship(lazy="raise", order_by="Attempt.number", back_populates="payment")
    __tablename__ = "payment"
    __table_args__ = strict(
        one_of("state", PaymentState),
        UniqueConstraint("milestone_id", "line_id"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("(state IN ('paid', 'confirmed', 'returned')) = (settled_on IS NOT NULL)", name="paid_has_day"),
        Index(None, "street_id", "state", "pay_by"),
        Index(None, "organisation_id", "state"),
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
    instruction: Mapped[Json]  # what was ordered, with both accounts as they were at that moment
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("bank_batch.id"), index=True)
    reference: Mapped[str | None]
    detail: Mapped[str]  # why it failed or came back: the bank's or provider's words, or ours
    ordered_at: Mapped[At]
    outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    reversal_reason: Mapped[str | None]  # the street wants the money back from the payee's account at the provider
    payment: Mapped[Payment] = relationship(lazy="raise", back_populates="attempts")
    __tablename__ = "payment_attempt"
    __table_args__ = strict(
        one_of("route", Route),
        one_of("outcome", Result),
        UniqueConstraint("payment_id", "number"),
        CheckConstraint("(outcome IS NULL) = (outcome_at IS NULL)", name="outcome_has_time"),
        # A payment never has two orders under way: the second could pay it twice.
        Index(
            "uq_payment_attempt_open",
            "payment_id",
            unique=True,
            sqlite_where=db.text("outcome IS NULL"),
            postgresql_where=db.text("outcome IS NULL"),
        ),
    )

    @property
    def amount_fen(self) -> int:
        """The amount ordered."""
        return int(self.instruction["amount_fen"])


class BankBatch(db.Model):
    """One bank payment file: pain.001 and the batch sheet made of the same orders."""

    id: Mapped[Id]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    total_fen: Mapped[Fen]
    count: Mapped[int]
    execution_on: Mapped[date]
    made_by: Mapped[Ref]
    made_at: Mapped[At]
    form_token: Mapped[str | None] = mapped_column(unique=True)
    xml_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    csv_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    xlsx_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    attempts: Mapped[list[Attempt]] = relationship(lazy="raise", order_by="Attempt.key")
    __tablename__ = "bank_batch"

    @property
    def scope(self) -> Scope:
        """District and street."""
        return Scope(self.district_id, self.street_id)


class Statement(db.Model):
    """One imported result file of the bank; the same results imported twice change nothing."""

    id: Mapped[Id]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    digest: Mapped[str]
    file_id: Mapped[Ref] = mapped_column(ForeignKey("stored_file.id"))
    name: Mapped[str]
    errors: Mapped[Json]  # lines that could not be read: line, column, message, params
    imported_by: Mapped[Ref]
    imported_at: Mapped[At]
    rows: Mapped[list[StatementRow]] = relationship(lazy="raise", order_by="StatementRow.number")
    __tablename__ = "statement"
    __table_args__ = strict(UniqueConstraint("street_id", "digest"))

    @property
    def scope(self) -> Scope:
        """District and street."""
        return Scope(self.district_id, self.street_id)


class StatementRow(db.Model):
    """One line of a statement: what the bank says happened. The ledger is checked against those without a note."""

    id: Mapped[Id]
    statement_id: Mapped[Ref] = mapped_column(ForeignKey("statement.id"), index=True)
    number: Mapped[int]
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("payment_attempt.id"), index=True)
    attempt_key: Mapped[str]
    amount_fen: Mapped[Fen]
    result: Mapped[str]
    bank_reference: Mapped[str]
    day: Mapped[date]
    reason: Mapped[str]
    note: Mapped[str | None]  # RowNote: why the line was not applied
    attempt: Mapped[Attempt | None] = relationship(lazy="raise")
    __tablename__ = "statement_row"
    __table_args__ = strict(
        one_of("result", Result),
        one_of("note", RowNote),
        UniqueConstraint("statement_id", "number"),
        CheckConstraint("note IS NOT NULL OR attempt_id IS NOT NULL", name="applied_has_order"),
    )


class StreetAccount(db.Model):
    """The account from which a street pays one fund source. Only one is live; a change needs two people."""

    id: Mapped[Id]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"))
    source: Mapped[str]
    holder: Mapped[str]
    account_no: Mapped[str]
    bank_name: Mapped[str]
    cnaps: Mapped[str]
    state: Mapped[str]
    proposed_by: Mapped[Ref]
    proposed_at: Mapped[At]
    confirmed_by: Mapped[int | None]
    __tablename__ = "street_account"
    __table_args__ = strict(
        one_of("source", FundSource),
        one_of("state", AccountState),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> proposed_by", name="two_people"),
        CheckConstraint("state <> 'live' OR confirmed_by IS NOT NULL", name="live_is_confirmed"),
        Index(
            "uq_street_account_live",
            "street_id",
            "source",
            unique=True,
            sqlite_where=db.text("state = 'live'"),
            postgresql_where=db.text("state = 'live'"),
        ),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the district's register of paying accounts."""
        chain = ("register", f"street-accounts-{self.street_id}")
        return Subject("street_account", self.id, chain, Scope(self.district_id, self.street_id))


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
