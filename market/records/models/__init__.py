"""The books: purchase files, chains, notices, stored files, messages, receipts.

Subjects are named as (kind, id) and actors by id, so that these tables can stay at the bottom of the house.
Append-only tables are defended by triggers in the migration.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref
from market.kernel.permits import Scope
from market.records.models.shelf import FeedEntry, ImportedPurchase, ImportedRelease, ImportedSource

# Tables whose rows are never changed or removed; the first migration adds the refusing triggers.
APPEND_ONLY = ["audit_entry", "notice", "transfer", "sealed_bid", "signature", "daily_digest", "receipt"]


class PurchaseFile(db.Model):
    """卷宗: carried through every room from the first draft to the last payment."""

    id: Mapped[Id]
    ocid: Mapped[str] = mapped_column(unique=True)
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    regime: Mapped[str]
    title: Mapped[str]
    opened_at: Mapped[At]
    __tablename__ = "purchase_file"

    @property
    def chain(self) -> tuple[str, str]:
        """Key of this file's hash chain."""
        return "file", str(self.id)

    @property
    def scope(self) -> Scope:
        """District and street."""
        return Scope(self.district_id, self.street_id)


class RelatedFile(db.Model):
    """A link to an earlier purchase file: unsuccessfulProcess, renewalProcess, framework, parent."""

    id: Mapped[Id]
    file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"), index=True)
    related_file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"))
    relationship: Mapped[str]
    __tablename__ = "related_file"


class Chain(db.Model):
    """Head of one hash chain: a purchase file, an organisation, a street's year, a district register."""

    id: Mapped[Id]
    kind: Mapped[str]
    key: Mapped[str]
    head: Mapped[str]
    length: Mapped[int]
    __tablename__ = "chain"
    __table_args__ = strict(UniqueConstraint("kind", "key"))


class AuditEntry(db.Model):
    """One link: a public header with salted commitments; private parts can be erased and the chain still holds."""

    id: Mapped[Id]
    chain_id: Mapped[Ref] = mapped_column(ForeignKey("chain.id"))
    seq: Mapped[int]
    prev: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    at: Mapped[At]
    header: Mapped[str]
    actor_id: Mapped[int | None]
    permit: Mapped[str | None]
    verb: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[Ref]
    __tablename__ = "audit_entry"
    __table_args__ = strict(
        UniqueConstraint("chain_id", "seq"),
        UniqueConstraint("chain_id", "prev"),  # a fork of the chain is impossible
        Index(None, "subject_kind", "subject_id"),
        Index(None, "actor_id", "subject_kind", "subject_id"),
    )


class AuditSecret(db.Model):
    """A private part of an audit entry: value and salt behind one commitment of the header; may be erased."""

    id: Mapped[Id]
    entry_id: Mapped[Ref] = mapped_column(ForeignKey("audit_entry.id"), index=True)
    name: Mapped[str]
    salt: Mapped[str]
    value: Mapped[Json]
    __tablename__ = "audit_secret"


class Notice(db.Model):
    """One immutable publication, stored as the bytes that are served. Kind `ocds` is a release of a purchase file."""

    id: Mapped[Id]
    kind: Mapped[str]
    tag: Mapped[str]
    release_id: Mapped[str] = mapped_column(unique=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("purchase_file.id"), index=True)
    ocid: Mapped[str | None]
    district_id: Mapped[int | None] = mapped_column(index=True)
    street_id: Mapped[int | None]
    subject: Mapped[str]
    published_at: Mapped[At]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    digest: Mapped[str]
    facts: Mapped[Json]  # what was told to the lists beside the publication (CardFacts), so that they can be rebuilt
    __tablename__ = "notice"
    __table_args__ = strict(
        Index(None, "kind", "id"), Index(None, "subject", "id"), UniqueConstraint("file_id", "published_at")
    )


class PurchaseCard(db.Model):
    """Projection of a purchase's notices for lists, search and the public page; rebuilt by `market notices rebuild`."""

    file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"), primary_key=True)
    ocid: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    stage: Mapped[str]
    method: Mapped[str | None]
    category: Mapped[str | None]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    place: Mapped[str]
    buyer: Mapped[str]
    year: Mapped[int]  # Beijing year of the first notice
    amount_fen: Mapped[int | None]
    awarded_fen: Mapped[int | None]
    paid_fen: Mapped[int | None]
    supplier: Mapped[str | None]
    deadline_at: Mapped[datetime | None]
    updated_notice_id: Mapped[Ref]
    compiled: Mapped[Json]
    __tablename__ = "purchase_card"
    __table_args__ = strict(
        Index(None, "updated_notice_id"),
        Index(None, "street_id", "updated_notice_id"),
        Index(None, "district_id", "updated_notice_id"),
        Index(None, "category", "updated_notice_id"),
        Index(None, "stage", "updated_notice_id"),
        Index(
            "ix_purchase_card_open",
            "deadline_at",
            sqlite_where=db.text("stage = 'tender'"),
            postgresql_where=db.text("stage = 'tender'"),
        ),
    )


class SupplierWork(db.Model):
    """Projection: what one supplier was awarded and paid in one purchase, for the page of that supplier."""

    party: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"), primary_key=True, autoincrement=False)
    awarded_fen: Mapped[Fen]
    paid_fen: Mapped[Fen]
    __tablename__ = "supplier_work"
    __table_args__ = strict(Index(None, "file_id"))


class StreetFigures(db.Model):
    """Projection: a street's published purchases of one year and their money, carried on with each notice."""

    id: Mapped[Id]
    street_id: Mapped[Ref]
    district_id: Mapped[Ref]
    year: Mapped[int]
    purchases: Mapped[int]
    awarded_fen: Mapped[Fen]
    paid_fen: Mapped[Fen]
    __tablename__ = "street_figures"
    __table_args__ = strict(UniqueConstraint("year", "street_id"))


class DirectoryCard(db.Model):
    """Projection of directory notices: one row per published subject of a kind (organisation, budget year)."""

    id: Mapped[Id]
    kind: Mapped[str]
    key: Mapped[str]
    title: Mapped[str]
    district_id: Mapped[int | None]
    street_id: Mapped[int | None]
    updated_notice_id: Mapped[Ref]
    data: Mapped[Json]
    __tablename__ = "directory_card"
    __table_args__ = strict(UniqueConstraint("kind", "key"), Index(None, "kind", "updated_notice_id"))


class StoredFile(db.Model):
    """What is known of an uploaded or generated file; its content lies in the store under `stored_sha256`.

    `sha256` and `size` are those of the plain content; an encrypted file is stored as ciphertext under its own digest.
    A bid's file carries no name here: the name is inside the encrypted document.
    """

    id: Mapped[Id]
    sha256: Mapped[str | None]
    stored_sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    name: Mapped[str]
    media_type: Mapped[str]
    encrypted: Mapped[bool]
    public: Mapped[bool]
    subject_kind: Mapped[str]
    subject_id: Mapped[Ref]
    kept_by: Mapped[int | None]
    kept_at: Mapped[At]
    __tablename__ = "stored_file"
    __table_args__ = strict(
        Index(None, "subject_kind", "subject_id"), CheckConstraint("size >= 0", name="size_natural")
    )


class Message(db.Model):
    """One entry of a person's inbox; the same text goes out as mail."""

    id: Mapped[Id]
    user_id: Mapped[Ref]
    subject: Mapped[str]
    body: Mapped[str]
    params: Mapped[Json]
    url: Mapped[str]
    at: Mapped[At]
    read_at: Mapped[datetime | None]
    __tablename__ = "message"
    __table_args__ = strict(Index(None, "user_id", "id"))


class OutboundMail(db.Model):
    """A mail to leave through a durable job; its id is the idempotency key."""

    id: Mapped[Id]
    address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    at: Mapped[At]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]
    __tablename__ = "outbound_mail"


class OneTimeCode(db.Model):
    """A code that works once: password reset, residents' survey. Only its digest is kept."""

    id: Mapped[Id]
    purpose: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[Ref]
    expires_at: Mapped[At]
    used_at: Mapped[datetime | None]
    __tablename__ = "one_time_code"
    __table_args__ = strict(Index(None, "subject_kind", "subject_id"))


class Receipt(db.Model):
    """A signed receipt as it was handed out."""

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[Ref]
    at: Mapped[At]
    payload: Mapped[Json]
    __tablename__ = "receipt"
    __table_args__ = strict(Index(None, "subject_kind", "subject_id"))


class DailyDigest(db.Model):
    """The digest over all chain heads at the end of a Beijing day, signed with the receipt key."""

    id: Mapped[Id]
    day: Mapped[date] = mapped_column(unique=True)
    digest: Mapped[str]
    payload: Mapped[Json]
    __tablename__ = "daily_digest"


class Setting(db.Model):
    """A value of this database: the demonstration clock's offset, key material locked by the installation."""

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Json]
    __tablename__ = "setting"


class FailedJob(db.Model):
    """A durable job that gave up; shown to the operator until it is resolved."""

    id: Mapped[Id]
    name: Mapped[str]
    key: Mapped[str]
    arguments: Mapped[Json]
    error: Mapped[str]
    at: Mapped[At]
    resolved_at: Mapped[datetime | None]
    __tablename__ = "failed_job"


class SubjectNumber(db.Model):
    """The last number given in a series, such as contracts of a street in a year."""

    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[Fen]
    __tablename__ = "subject_number"


__all__ = [
    "APPEND_ONLY",
    "AuditEntry",
    "AuditSecret",
    "Chain",
    "DailyDigest",
    "DirectoryCard",
    "FailedJob",
    "FeedEntry",
    "ImportedPurchase",
    "ImportedRelease",
    "ImportedSource",
    "Message",
    "Notice",
    "OneTimeCode",
    "OutboundMail",
    "PurchaseCard",
    "PurchaseFile",
    "Receipt",
    "RelatedFile",
    "Setting",
    "StoredFile",
    "StreetFigures",
    "SubjectNumber",
    "SupplierWork",
]
