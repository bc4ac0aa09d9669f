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


def sealed_subject(lot_id: int, organisation_id: int) -> Subject:
    """What happens to a bid before the opening: about the lot, in a chain of its own.

    Neither the number nor the names of bidders may be known before the opening, and the length of the purchase's chain
    would tell. The opening record carries this chain's head over into the purchase's chain.
    """
    return Subject("lot", lot_id, ("bids", str(lot_id)), Scope(organisation_id=organisation_id))


class BidDraft(db.Model):
    """An organisation's draft for a lot, encrypted from the first save under its own key; emptied at submission.

    The key lies in a file of its own (`market.bids.vault`), locked under the installation's key, and is removed when
    the draft is emptied: old pages and logs of the database then open nothing.
    """

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    key_name: Mapped[str | None] = mapped_column(unique=True)
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int]
    saved_at: Mapped[At]
    saved_by: Mapped[int | None]
    reminded: Mapped[Json]  # hours before the deadline at which a reminder has gone out
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "bid_draft"
    __table_args__ = strict(
        UniqueConstraint("lot_id", "organisation_id"),
        CheckConstraint("(key_name IS NULL) = (ciphertext IS NULL)", name="key_with_content"),
        Index(None, "organisation_id", "id"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the lot's bids, scope of the organisation."""
        return sealed_subject(self.lot_id, self.organisation_id)


class SealedBid(db.Model):
    """One submission. Never changed; a later one of the same organisation replaces it, a Withdrawal takes it back."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    receipt_number: Mapped[str] = mapped_column(unique=True)
    form_token: Mapped[str] = mapped_column(unique=True)
    envelope: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    root: Mapped[str]
    envelope_digest: Mapped[str]
    stored_file_ids: Mapped[Json]  # the ciphertexts of its files; names and keys are inside the envelope
    received_at: Mapped[At]
    submitted_by: Mapped[Ref]
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "sealed_bid"
    __table_args__ = strict(
        Index(None, "lot_id", "organisation_id", "id"),
        Index(None, "organisation_id", "id"),
        CheckConstraint("length(root) = 64 AND length(envelope_digest) = 64", name="digests"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the lot's bids, scope of the organisation."""
        return sealed_subject(self.lot_id, self.organisation_id)


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
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    by_user_id: Mapped[Ref]
    at: Mapped[At]
    __tablename__ = "late_attempt"


class Closing(db.Model):
    """Written down once a lot's window has closed: how many bids count, and the head of their chain."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), unique=True)
    bid_count: Mapped[int]
    late_attempts: Mapped[int]
    seals_head: Mapped[str]
    at: Mapped[At]
    __tablename__ = "closing"


class Peel(db.Model):
    """The first opener's act: one layer taken off, the rest still wrapped for the second."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    first_user_id: Mapped[Ref]
    second_user_id: Mapped[Ref]
    rest: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[At]
    __tablename__ = "peel"
    __table_args__ = strict(
        UniqueConstraint("lot_id", "first_user_id", "second_user_id"),
        CheckConstraint("first_user_id <> second_user_id", name="two_people"),
    )


class Rewrap(db.Model):
    """Replacing an opener who lost the key: the first act of one officer, waiting for the second of another.

    `rests` holds, per possible second officer, the still wrapped rest locked under the installation's key; it is
    emptied when the second acts or when the time is up.
    """

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), index=True)
    lost_user_id: Mapped[Ref]
    new_user_id: Mapped[Ref]
    first_user_id: Mapped[Ref]
    second_user_id: Mapped[int | None]
    reason: Mapped[str]
    rests: Mapped[Json]
    at: Mapped[At]
    done_at: Mapped[datetime | None]
    __tablename__ = "rewrap"
    __table_args__ = strict(
        CheckConstraint("first_user_id <> lost_user_id AND first_user_id <> new_user_id", name="others_act"),
        CheckConstraint("second_user_id IS NULL OR second_user_id <> first_user_id", name="two_people"),
        CheckConstraint("(second_user_id IS NULL) = (done_at IS NULL)", name="second_with_time"),
    )


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
    content: Mapped[Json]  # the bid document (BidContent): fields, declarations, files with their keys
    secret_fields: Mapped[Json]  # names of the fields the bidder marked as business secrets
    salts: Mapped[Json]
    root_ok: Mapped[bool]
    verdict: Mapped[str]  # "" while open, then "valid" or "invalid"
    verdict_reason: Mapped[str]
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "opened_bid"
    __table_args__ = strict(
        CheckConstraint("price_fen > 0", name="price_positive"),
        CheckConstraint("verdict IN ('', 'valid', 'invalid')", name="verdict_known"),
        UniqueConstraint("lot_id", "organisation_id"),
    )


class UnreadableBid(db.Model):
    """A bid that could not be decrypted or read: written down and shown beside the opened ones, invalid."""

    id: Mapped[Id]
    bid_id: Mapped[Ref] = mapped_column(ForeignKey("sealed_bid.id"), unique=True)
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), index=True)
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    fault: Mapped[str]  # a catalogue key
    at: Mapped[At]
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "unreadable_bid"
