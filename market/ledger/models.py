"""Accounts and transfers. The database holds every balance non-negative; a transfer is never changed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from market.db.session import db, strict
from market.db.types import At, Fen, Id, Ref


class Account(db.Model):
    """A resting place of one budget line's money (`line:<id>:<place>`), or `outside`."""

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    line_id: Mapped[int | None] = mapped_column(index=True)
    place: Mapped[str]
    balance_fen: Mapped[Fen]
    __tablename__ = "account"
    __table_args__ = strict(CheckConstraint("place = 'outside' OR balance_fen >= 0", name="balance_natural"))


class Transfer(db.Model):
    """One debit, one credit, one reason. `key` makes a repeat harmless."""

    id: Mapped[Id]
    debit_id: Mapped[Ref] = mapped_column(ForeignKey("account.id"), index=True)
    credit_id: Mapped[Ref] = mapped_column(ForeignKey("account.id"), index=True)
    amount_fen: Mapped[Fen]
    reason: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[Ref]
    file_id: Mapped[int | None] = mapped_column(index=True)
    at: Mapped[At]
    __tablename__ = "transfer"
    __table_args__ = strict(
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        Index(None, "subject_kind", "subject_id"),
    )
