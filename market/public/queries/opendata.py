"""What machines read: the change feed, purchases by key, releases and compiled releases in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from market.db.engine import begin_reading, begin_writing
from market.db.session import db
from market.kernel.clock import BEIJING
from market.places.models import District, Street
from market.records.models import DirectoryCard, FeedEntry, Notice, PurchaseCard
from market.records.projections import OCDS

BATCH = 1000


def changes(after: int, limit: int) -> Sequence[Any]:
    """Return the notices committed after a place of the feed, in the order in which they were committed."""
    columns = (
        FeedEntry.seq, Notice.kind, Notice.tag, Notice.release_id, Notice.ocid, Notice.published_at, Notice.digest
    )  # fmt: skip
    query = select(*columns).join(Notice, Notice.id == FeedEntry.notice_id).where(FeedEntry.seq > after)
    return db.session.execute(query.order_by(FeedEntry.seq).limit(limit)).all()


def was_given(cursor: int) -> bool:
    """True for the beginning of the feed and for the place of an entry; nothing else is ever handed out."""
    return cursor == 0 or db.session.scalar(select(FeedEntry.seq).where(FeedEntry.seq == cursor)) is not None


def district_id(code: str) -> int | None:
    """Return a district by its division code; None when there is none."""
    return db.session.scalar(select(District.id).where(District.code == code))


def street_id(code: str) -> int | None:
    """Return a street by its division code; None when there is none."""
    return db.session.scalar(select(Street.id).where(Street.code == code))


_SUMMARY = (
    PurchaseCard.file_id,
    PurchaseCard.ocid,
    PurchaseCard.title,
    PurchaseCard.stage,
    PurchaseCard.method,
    PurchaseCard.category,
    PurchaseCard.place,
    PurchaseCard.buyer,
    PurchaseCard.supplier,
    PurchaseCard.year,
    PurchaseCard.amount_fen,
    PurchaseCard.awarded_fen,
    PurchaseCard.paid_fen,
    PurchaseCard.deadline_at,
    Notice.published_at.label("updated_at"),
)


def _summaries() -> Any:
    return select(*_SUMMARY).join(Notice, Notice.id == PurchaseCard.updated_notice_id)


def summaries(after: int, limit: int, **narrowed: object) -> Sequence[Any]:
    """Return purchases behind a key, oldest first; `narrowed` are columns of the card with the value they must have."""
    query = _summaries().where(PurchaseCard.file_id > after)
    for name, value in narrowed.items():
        query = query.where(getattr(PurchaseCard, name) == value)
    return db.session.execute(query.order_by(PurchaseCard.file_id).limit(limit)).all()


def summary(ocid: str) -> Any | None:
    """Return one purchase as `summaries` does."""
    return db.session.execute(_summaries().where(PurchaseCard.ocid == ocid)).first()


def entries_after(kind: str, after: int, limit: int) -> Sequence[Any]:
    """Return directory entries of a kind behind a key, oldest first."""
    card = DirectoryCard
    query = select(card.id, card.key, card.title, card.data, Notice.release_id, Notice.published_at)
    query = query.join(Notice, Notice.id == card.updated_notice_id).where(card.kind == kind, card.id > after)
    return db.session.execute(query.order_by(card.id).limit(limit)).all()


def bodies(bind: Engine, year: int | None = None, district: int | None = None) -> Iterator[Sequence[bytes]]:
    """Yield the bytes of releases in batches, oldest first: those of a Beijing year, of a district, or all.

    It has a session of its own, since an answer is sent after its request has ended. Each batch is a read of its own,
    so that a slow reader keeps no snapshot open; what is published meanwhile is left to the next copy.
    """
    # Plain columns, past the object mapper: its work would cost as much again as reading.
    notice = Notice.__table__.c
    query = select(notice.id, notice.body).where(notice.kind == OCDS)
    if year is not None:
        first, past = (datetime(y, 1, 1, tzinfo=BEIJING).astimezone(UTC) for y in (year, year + 1))
        query = query.where(notice.published_at >= first, notice.published_at < past)
    if district is not None:
        query = query.where(notice.district_id == district)
    after = 0
    with Session(bind, join_transaction_mode="create_savepoint") as session:
        begin_reading(session)
        last = session.scalar(select(func.max(notice.id))) or 0
        query = query.where(notice.id <= last).order_by(notice.id).limit(BATCH)
        while rows := _raw(session, query.where(notice.id > after)):
            after = rows[-1][0]
            yield [row[1] for row in rows]
            if len(rows) < BATCH:
                return
            begin_writing(session)
            begin_reading(session)


def _raw(session: Session, query: Select[Any]) -> Sequence[Any]:
    """Return the rows of a query; from PostgreSQL in the binary form, where bytes are not written out as digits."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return connection.execute(query).all()
    compiled = query.compile(dialect=connection.dialect)
    raw: Any = connection.connection.dbapi_connection
    with raw.cursor(binary=True) as cursor:
        found: list[Any] = cursor.execute(str(compiled), compiled.params).fetchall()
        return found


def cards(year: int | None = None, district: int | None = None, methods: Sequence[str] = ()) -> Iterator[PurchaseCard]:
    """Yield purchases with their compiled releases, oldest first: those begun in a year, of a district, by a method."""
    query = select(PurchaseCard)
    if year is not None:
        query = query.where(PurchaseCard.year == year)
    if district is not None:
        query = query.where(PurchaseCard.district_id == district)
    if methods:
        query = query.where(PurchaseCard.method.in_(methods))
    after = 0
    while rows := db.session.scalars(
        query.where(PurchaseCard.file_id > after).order_by(PurchaseCard.file_id).limit(BATCH)
    ).all():
        after = rows[-1].file_id
        for row in rows:
            yield row
            db.session.expunge(row)
        if len(rows) < BATCH:
            return


def years() -> list[int]:
    """Return the years in which purchases began, the latest first."""
    return list(db.session.scalars(select(PurchaseCard.year).distinct().order_by(PurchaseCard.year.desc())))
