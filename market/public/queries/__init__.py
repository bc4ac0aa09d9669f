"""Reads of the noticeboard and its projections. Lists are paged by mark and counted to a cap, never further."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import defer, undefer

from market.db.session import db
from market.places.models import District, Street
from market.public.queries.paging import PAGE, Listing, listing
from market.public.rules import Phase, stages_of
from market.public.rules.chains import Link, Posted
from market.records.keys import read_setting
from market.records.models import (
    AuditEntry,
    Chain,
    DailyDigest,
    DirectoryCard,
    Notice,
    PurchaseCard,
    Receipt,
    StoredFile,
    StreetFigures,
    SupplierWork,
)
from market.records.signing import fingerprint

CHAIN_PAGE = 100
_CHAIN_MOST = 20_000
_NODES_MOST = 5000

_LISTED = (
    PurchaseCard.file_id,
    PurchaseCard.ocid,
    PurchaseCard.title,
    PurchaseCard.stage,
    PurchaseCard.method,
    PurchaseCard.category,
    PurchaseCard.place,
    PurchaseCard.buyer,
    PurchaseCard.amount_fen,
    PurchaseCard.awarded_fen,
    PurchaseCard.supplier,
    PurchaseCard.deadline_at,
    PurchaseCard.updated_notice_id.label("mark"),
)


@dataclass(frozen=True)
class Asked:
    """What a reader filters a list by; the empty string asks for everything."""

    words: str = ""
    district: str = ""
    street: str = ""
    category: str = ""
    phase: str = ""
    method: str = ""

    @property
    def anything(self) -> bool:
        """True when the list is narrowed at all."""
        return any(vars(self).values())


@dataclass(frozen=True)
class Place:
    """A street as the filter offers it."""

    code: str
    name: str
    district_code: str
    district_name: str
    id: int
    district_id: int


_PLACES = (
    select(Street.code, Street.name, District.code, District.name, Street.id, Street.district_id)
    .join(District, District.id == Street.district_id)
    .order_by(Street.code)
)


def places() -> list[Place]:
    """Return all streets with their districts, by code. One statement."""
    return [Place(*row) for row in db.session.execute(_PLACES)]


# --- lists ------------------------------------------------------------------------------------------------------------

_PURCHASES = select(*_LISTED)


def purchases(asked: Asked, streets: Sequence[Place], at: datetime, before: int | None = None) -> Listing:
    """Return one page of purchases, the latest news first. Two statements."""
    conditions = _conditions(asked, streets, at)
    query = _PURCHASES.where(*conditions) if conditions else _PURCHASES
    key, mark = PurchaseCard.file_id, PurchaseCard.updated_notice_id
    return listing(query, "purchase", asked.words, key, mark, before, bool(conditions))


def _conditions(asked: Asked, streets: Sequence[Place], at: datetime) -> list[Any]:
    found: list[Any] = []
    if asked.street:
        ids = [place.id for place in streets if place.code == asked.street]
        found.append(PurchaseCard.street_id == (ids[0] if ids else -1))
    elif asked.district:
        ids = [place.district_id for place in streets if place.district_code == asked.district]
        found.append(PurchaseCard.district_id == (ids[0] if ids else -1))
    if asked.category:
        found.append(PurchaseCard.category == asked.category)
    if asked.method:
        found.append(PurchaseCard.method == asked.method)
    if asked.phase:
        found.append(_in_phase(Phase(asked.phase), at))
    return found


def _in_phase(phase: Phase, at: datetime) -> Any:
    """As `stage_now` says it of one card: what is open closes with its deadline."""
    card = PurchaseCard
    if phase is Phase.OPEN:
        return and_(card.stage == "tender", or_(card.deadline_at.is_(None), card.deadline_at > at))
    stored = card.stage.in_(stages_of(phase))
    if phase is Phase.JUDGED:
        return or_(stored, and_(card.stage == "tender", card.deadline_at <= at))
    return stored


@lru_cache(maxsize=16)
def _entries_of(kind: str) -> Any:
    card = DirectoryCard
    columns = (card.key, card.title, card.data, card.district_id, card.updated_notice_id.label("mark"))
    return select(*columns).where(card.kind == kind)


def directory(
    kind: str,
    words: str = "",
    before: int | None = None,
    district_id: int | None = None,
    marks: Sequence[str] = (),
) -> Listing:
    """Return one page of a kind of directory entries, the latest first. Two statements.

    `marks` narrow by what the entry is found under in the search index (`projections.directory_mark`): as cheap among
    a hundred thousand entries as among a thousand.
    """
    card = DirectoryCard
    query = _entries_of(kind)
    if district_id is not None:
        query = query.where(card.district_id == district_id)
    return listing(query, kind, words, card.id, card.updated_notice_id, before, district_id is not None, marks)


def nodes(district_id: int | None = None) -> Sequence[Any]:
    """Return the published nodes of the network in a district, or in all, by number of their first notice."""
    card = DirectoryCard
    query = select(card.key, card.title, card.data, card.district_id).where(card.kind == "node")
    if district_id is not None:
        query = query.where(card.district_id == district_id)
    return db.session.execute(query.order_by(card.id).limit(_NODES_MOST)).all()


# --- one organisation -------------------------------------------------------------------------------------------------


def entries(key: str) -> dict[str, Any]:
    """Return what stands under one organisation's key, by kind: its own entry, its people in numbers, as a graduate."""
    card = DirectoryCard
    query = select(card.kind, card.title, card.data, card.district_id, Notice.release_id, Notice.published_at)
    query = query.join(Notice, Notice.id == card.updated_notice_id)
    rows = db.session.execute(query.where(card.kind.in_(("organisation", "workforce", "capable")), card.key == key))
    return {row.kind: row for row in rows}


def workforces(keys: Iterable[str]) -> dict[str, Any]:
    """Return organisations' people in numbers, by key."""
    card = DirectoryCard
    query = select(card.key, card.data).where(card.kind == "workforce", card.key.in_(list(keys)))
    return {row.key: row.data for row in db.session.execute(query)}


@dataclass(frozen=True)
class Earnings:
    """What a supplier was awarded and has received, over how many purchases."""

    purchases: int
    awarded_fen: int
    paid_fen: int


def earnings(party: str) -> Earnings:
    """Add up what stands published of a supplier."""
    work = SupplierWork
    sums = (func.coalesce(func.sum(work.awarded_fen), 0), func.coalesce(func.sum(work.paid_fen), 0))
    row = db.session.execute(select(func.count(), *sums).where(work.party == party)).one()
    return Earnings(int(row[0]), int(row[1]), int(row[2]))


def works_of(party: str, before: int | None = None) -> tuple[Sequence[Any], int | None]:
    """Return one page of a supplier's purchases with their compiled releases, the latest first, and the next key."""
    query = (
        select(PurchaseCard, SupplierWork.awarded_fen.label("own_awarded_fen"), SupplierWork.paid_fen.label("own_fen"))
        .join(SupplierWork, SupplierWork.file_id == PurchaseCard.file_id)
        .where(SupplierWork.party == party)
        .order_by(SupplierWork.file_id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(SupplierWork.file_id < before)
    rows = db.session.execute(query).all()
    return rows[:PAGE], rows[PAGE - 1][0].file_id if len(rows) > PAGE else None


def district_name(district_id: int | None) -> str:
    """Return a district's full name; the empty string when there is none."""
    query = select(District.full_name).where(District.id == district_id)
    return db.session.scalar(query) or ""


# --- home -------------------------------------------------------------------------------------------------------------


def newest(limit: int) -> Sequence[Any]:
    """Return the purchases with the latest news."""
    return db.session.execute(select(*_LISTED).order_by(PurchaseCard.updated_notice_id.desc()).limit(limit)).all()


def open_now(at: datetime, limit: int) -> Sequence[Any]:
    """Return what may still be bid for, the nearest deadline first; a partial index serves it."""
    query = select(*_LISTED).where(PurchaseCard.stage == "tender", PurchaseCard.deadline_at > at)
    return db.session.execute(query.order_by(PurchaseCard.deadline_at).limit(limit)).all()


@dataclass(frozen=True)
class Figures:
    """A year's published purchases and their money."""

    purchases: int
    awarded_fen: int
    paid_fen: int


def figures(year: int) -> Figures:
    """Add up the streets' figures of a year: one row a street, whatever the number of purchases."""
    sums = [func.coalesce(func.sum(getattr(StreetFigures, name)), 0) for name in Figures.__dataclass_fields__]
    row = db.session.execute(select(*sums).where(StreetFigures.year == year)).one()
    return Figures(*(int(value) for value in row))


# --- one purchase -----------------------------------------------------------------------------------------------------


def stamped(ocid: str) -> Any | None:
    """Return a purchase's card without its compiled release, and the digest of the notice it was carried on with."""
    query = select(*_LISTED, Notice.digest).outerjoin(Notice, Notice.id == PurchaseCard.updated_notice_id)
    return db.session.execute(query.where(PurchaseCard.ocid == ocid)).first()


def purchase(file_id: int) -> PurchaseCard:
    """Return a purchase's card with its compiled release."""
    return db.session.get_one(PurchaseCard, file_id)


def purchase_head(ocid: str) -> PurchaseCard | None:
    """Return a purchase's card without its compiled release."""
    return db.session.scalar(select(PurchaseCard).filter_by(ocid=ocid).options(defer(PurchaseCard.compiled)))


def notices_of(file_id: int) -> Sequence[Any]:
    """Return number, tag, date and digest of a purchase's notices, oldest first."""
    query = select(Notice.release_id, Notice.tag, Notice.published_at, Notice.digest).filter_by(file_id=file_id)
    return db.session.execute(query.order_by(Notice.id)).all()


def notice(release_id: str) -> Notice | None:
    """Return a notice with the bytes that are served."""
    return db.session.scalar(select(Notice).filter_by(release_id=release_id).options(undefer(Notice.body)))


def release_bodies(file_id: int) -> list[bytes]:
    """Return the bytes of a purchase's releases, oldest first."""
    return list(db.session.scalars(select(Notice.body).filter_by(file_id=file_id).order_by(Notice.id)))


def chain_head(file_id: int) -> tuple[int, str, int] | None:
    """Return id, head and length of a purchase's chain."""
    query = select(Chain.id, Chain.head, Chain.length).filter_by(kind="file", key=str(file_id))
    row = db.session.execute(query).first()
    return (row[0], row[1], row[2]) if row else None


def links(chain_id: int, after: int = 0, most: int = _CHAIN_MOST) -> list[Link]:
    """Return the public entries of a chain after a place, oldest first."""
    query = select(AuditEntry.seq, AuditEntry.prev, AuditEntry.digest, AuditEntry.header)
    found = query.where(AuditEntry.chain_id == chain_id, AuditEntry.seq > after).order_by(AuditEntry.seq).limit(most)
    return [Link(*row) for row in db.session.execute(found)]


def posted(file_id: int) -> list[Posted]:
    """Return a purchase's notices with their bytes, to be computed again."""
    query = select(Notice.release_id, Notice.digest, Notice.body).filter_by(file_id=file_id).order_by(Notice.id)
    return [Posted(*row) for row in db.session.execute(query)]


# --- files, receipts, days --------------------------------------------------------------------------------------------


def public_file(file_id: int) -> StoredFile | None:
    """Return a stored file that is public; one that is not looks like one that is not there."""
    return db.session.scalar(select(StoredFile).filter_by(id=file_id, public=True, encrypted=False))


def receipt(number: str) -> Receipt | None:
    """Return a receipt as it was handed out."""
    return db.session.scalar(select(Receipt).filter_by(number=number))


def receipt_key() -> tuple[bytes, str] | None:
    """Return the public key that signs receipts and daily digests, and its fingerprint."""
    value = read_setting("receipt_public_key")
    if not isinstance(value, str):
        return None
    key = bytes.fromhex(value)
    return key, fingerprint(key)


def digests(before: date | None = None) -> tuple[Sequence[Any], date | None]:
    """Return one page of daily digests, the latest first, and the day to go on from."""
    query = select(DailyDigest.day, DailyDigest.digest, DailyDigest.payload)
    if before is not None:
        query = query.where(DailyDigest.day < before)
    rows = db.session.execute(query.order_by(DailyDigest.day.desc()).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].day if len(rows) > PAGE else None


def digest_of(day: date) -> DailyDigest | None:
    """Return one day's digest."""
    return db.session.scalar(select(DailyDigest).filter_by(day=day))
