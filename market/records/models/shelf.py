"""What the board offers to machines beside the notices: their order of commitment, and other publishers' packages."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.db.session import db, strict
from market.db.types import At, Id, Ref


class FeedEntry(db.Model):
    """The place of a notice in the change feed. Numbers rise in the order in which transactions committed.

    Written by a trigger of the notice table and by nothing else: on PostgreSQL as the last thing before the commit,
    behind a lock that is held until the notice can be seen; on SQLite at once, since only one transaction writes.
    """

    seq: Mapped[Id]
    notice_id: Mapped[Ref] = mapped_column(ForeignKey("notice.id"), unique=True)
    __tablename__ = "feed_entry"


class ImportedSource(db.Model):
    """Another publisher whose packages stand on the shelf, as the packages name it."""

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    uri: Mapped[str]
    licence: Mapped[str]
    imported_at: Mapped[At]
    __tablename__ = "imported_source"


class ImportedRelease(db.Model):
    """One release of another publisher, as it came; the same content is kept once."""

    id: Mapped[Id]
    source_id: Mapped[Ref] = mapped_column(ForeignKey("imported_source.id"))
    ocid: Mapped[str]
    release_id: Mapped[str]
    date: Mapped[str]
    digest: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    __tablename__ = "imported_release"
    __table_args__ = strict(UniqueConstraint("source_id", "ocid", "digest"))


class ImportedPurchase(db.Model):
    """One purchase of another publisher, for lists and search; `date` is that of its latest release, as text."""

    id: Mapped[Id]
    source_id: Mapped[Ref] = mapped_column(ForeignKey("imported_source.id"))
    ocid: Mapped[str]
    title: Mapped[str]
    buyer: Mapped[str]
    supplier: Mapped[str]
    amount: Mapped[str]
    date: Mapped[str]
    __tablename__ = "imported_purchase"
    __table_args__ = strict(UniqueConstraint("source_id", "ocid"), Index(None, "ocid"))
