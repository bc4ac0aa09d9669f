"""Encrypted drafts, sealed bids, receipts, late attempts, openings and opened bids.

A sealed bid has no price column and no file names: all of its content is ciphertext until the opening.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject


class BidDraft(db.Model):
    """An organisation's draft for a lot, encrypted from the first save under its own key; emptied at submission."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    file_id: Mapped[Ref]
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int]
    saved_at: Mapped[At]
    saved_by: Mapped[int | None]
    reminded: Mapped[Json]  # hours before the deadline at which a reminder has gone out
    __tablename__ = "bid_draft"
    __table_args__ = strict(
        UniqueConstraint("lot_id", "organisation_id"),
        CheckConstraint("(wrapped_key IS NULL) = (ciphertext IS NULL)", name="key_with_content"),
        Index(None, "organisation_id"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the organisation: the purchase's chain must not show who prepares a bid."""
        chain = ("organisation", str(self.organisation_id))
        return Subject("bid_draft", self.id, chain, Scope(organisation_id=self.organisation_id))


class SealedBid(db.Model):
    """One submission. Never changed; a later one of the same organisation replaces it, a Withdrawal takes it back."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    receipt_number: Mapped[str] = mapped_column(unique=True)
    form_token: Mapped[str] = mapped_column(unique=True)
    envelope: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[str]
    envelope_digest: Mapped[str]
    received_at: Mapped[At]
    submitted_by: Mapped[Ref]
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "sealed_bid"
    __table_args__ = strict(Index(None, "lot_id", "organisation_id", "id"))


class SealedFile(db.Model):
    """Links a sealed bid to the ciphertexts of its files."""

    id: Mapped[Id]
    bid_id: Mapped[Ref] = mapped_column(ForeignKey("sealed_bid.id"), index=True)
    stored_file_id: Mapped[Ref] = mapped_column(ForeignKey("stored_file.id"))
    __tablename__ = "sealed_file"


class Withdrawal(db.Model):
    """A bid taken back before the deadline."""

    id: Mapped[Id]
    bid_id: Mapped[Ref] = mapped_column(ForeignKey("sealed_bid.id"), unique=True)
    by_user_id: Mapped[Ref]
    at: Mapped[At]
    __tablename__ = "withdrawal"


class LateAttempt(db.Model):
    """A submission that came at or after the deadline: refused, and written down."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), index=True)
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    by_user_id: Mapped[Ref]
    at: Mapped[At]
    __tablename__ = "late_attempt"


class Peel(db.Model):
    """The first opener's act: one layer taken off, the rest still wrapped for the second."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    first_user_id: Mapped[Ref]
    second_user_id: Mapped[Ref]
    rest: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[At]
    __tablename__ = "peel"
    __table_args__ = strict(UniqueConstraint("lot_id", "first_user_id", "second_user_id"))


class Opening(db.Model):
    """The second opener's act: opening record and lot key, written in one transaction."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), unique=True)
    first_user_id: Mapped[Ref]
    second_user_id: Mapped[Ref]
    lot_key: Mapped[bytes] = mapped_column(LargeBinary)
    record: Mapped[Json]
    record_digest: Mapped[str]
    at: Mapped[At]
    completed_at: Mapped[datetime | None]
    __tablename__ = "opening"
    __table_args__ = strict(CheckConstraint("first_user_id <> second_user_id", name="two_people"))


class OpenedBid(db.Model):
    """A bid after opening: price, fields, salts; `root_ok` says that it matches the receipt's digest."""

    id: Mapped[Id]
    bid_id: Mapped[Ref] = mapped_column(ForeignKey("sealed_bid.id"), unique=True)
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), index=True)
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    price_fen: Mapped[Fen]
    claims_small: Mapped[bool]
    content: Mapped[Json]  # the bid document (BidContent): fields, declarations, workers, files with their keys
    secret_fields: Mapped[Json]  # names of the fields the bidder marked as business secrets
    salts: Mapped[Json]
    root_ok: Mapped[bool]
    verdict: Mapped[str]  # "" while open, then "valid" or "invalid"
    verdict_reason: Mapped[str]
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "opened_bid"
    __table_args__ = strict(
        CheckConstraint("price_fen > 0", name="price_positive"), UniqueConstraint("lot_id", "organisation_id")
    )
