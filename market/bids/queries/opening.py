"""Lots to be closed or opened, who can open them, and what came out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import joinedload

from market.bids.models import (
    BidDraft,
    Closing,
    OpenedBid,
    Opening,
    Peel,
    Rewrap,
    UnreadableBid,
)
from market.bids.queries.sealed import PAGE
from market.db.session import db
from market.tenders.models import Criterion, Lot, LotKeyWrap, Tender
from market.tenders.states import LotState


def lots_to_close(before: datetime) -> list[int]:
    """Return lots whose window closed at or before an instant, or was cancelled, and that are not written down yet."""
    begun = exists().where(BidDraft.lot_id == Lot.id)
    over = (Lot.state == LotState.SEALED) & (Tender.deadline_at <= before)
    query = (
        select(Lot.id)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(over | ((Lot.state == LotState.CANCELLED) & begun), ~exists().where(Closing.lot_id == Lot.id))
        .order_by(Lot.id)
        .limit(PAGE)
    )
    return list(db.session.scalars(query))


def closing_of(lot_id: int) -> Closing | None:
    """Return what was written down when a lot's window closed."""
    return db.session.scalar(select(Closing).filter_by(lot_id=lot_id))


def lot_locked(lot_id: int) -> Lot | None:
    """Return a lot with tender and file, its row locked until the transaction ends."""
    query = (
        select(Lot)
        .where(Lot.id == lot_id)
        .options(joinedload(Lot.tender, innerjoin=True).joinedload(Tender.file, innerjoin=True))
        .with_for_update(of=Lot)
        .execution_options(populate_existing=True)
    )
    return db.session.scalar(query)


def lot_with_tender(lot_id: int) -> Lot | None:
    """Return a published lot with tender and file."""
    query = select(Lot).where(Lot.id == lot_id, Lot.state != LotState.DRAFT)
    return db.session.scalar(query.options(joinedload(Lot.tender).joinedload(Tender.file)))


def criteria_titles(lot_id: int) -> dict[str, str]:
    """Return the titles of a lot's criteria by their id as text, as answers name them."""
    rows = db.session.execute(select(Criterion.id, Criterion.title).filter_by(lot_id=lot_id).order_by(Criterion.number))
    return {str(row.id): row.title for row in rows}


def wraps_of(lot_id: int) -> list[LotKeyWrap]:
    """Return every pair that can open a lot."""
    return list(db.session.scalars(select(LotKeyWrap).filter_by(lot_id=lot_id).order_by(LotKeyWrap.id)))


def peels_of(lot_id: int) -> list[Peel]:
    """Return the first acts done for a lot."""
    return list(db.session.scalars(select(Peel).filter_by(lot_id=lot_id).order_by(Peel.id)))


def my_wraps(lot_id: int, user_id: int) -> list[LotKeyWrap]:
    """Return the pairs of a lot in which this person acts first."""
    return list(db.session.scalars(select(LotKeyWrap).filter_by(lot_id=lot_id, first_user_id=user_id)))


def lots_to_open(user_id: int) -> list[Lot]:
    """Return sealed lots that this person can help to open, the earliest deadline first, tender loaded."""
    mine = exists().where(
        LotKeyWrap.lot_id == Lot.id, (LotKeyWrap.first_user_id == user_id) | (LotKeyWrap.second_user_id == user_id)
    )
    query = (
        select(Lot)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(Lot.state == LotState.SEALED, mine)
        .options(joinedload(Lot.tender))
        .order_by(Tender.deadline_at, Lot.id)
        .limit(PAGE)
    )
    return list(db.session.scalars(query))


def peeled_lots(lot_ids: Collection[int]) -> dict[int, set[int]]:
    """Return, per lot, who has done the first act."""
    rows = db.session.execute(select(Peel.lot_id, Peel.first_user_id).where(Peel.lot_id.in_(lot_ids)).distinct())
    found: dict[int, set[int]] = {}
    for lot_id, user_id in rows:
        found.setdefault(lot_id, set()).add(user_id)
    return found


def openings_of(user_id: int) -> list[tuple[Opening, Lot]]:
    """Return the openings in which this person took part, newest first, tender loaded."""
    query = (
        select(Opening, Lot)
        .join(Lot, Lot.id == Opening.lot_id)
        .where((Opening.first_user_id == user_id) | (Opening.second_user_id == user_id))
        .options(joinedload(Lot.tender))
        .order_by(Opening.id.desc())
        .limit(PAGE)
    )
    return [(opening, lot) for opening, lot in db.session.execute(query)]


def opening_of(lot_id: int) -> Opening | None:
    """Return a lot's opening."""
    return db.session.scalar(select(Opening).filter_by(lot_id=lot_id))


def opening_locked(lot_id: int) -> Opening | None:
    """Return a lot's opening, locked until the transaction ends."""
    query = select(Opening).filter_by(lot_id=lot_id).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def opened_bids(lot_id: int) -> list[OpenedBid]:
    """Return a lot's opened bids with their organisations, by their number in the record."""
    query = select(OpenedBid).filter_by(lot_id=lot_id).options(joinedload(OpenedBid.organisation))
    return list(db.session.scalars(query.order_by(OpenedBid.number)))


def opened_count(lot_id: int) -> int:
    """Return how many of a lot's bids have been opened or found unreadable."""
    tables = (OpenedBid, UnreadableBid)
    counts = [select(func.count()).select_from(t).where(t.lot_id == lot_id).scalar_subquery() for t in tables]
    return db.session.scalar(select(counts[0] + counts[1])) or 0


def unreadable_bids(lot_id: int) -> list[UnreadableBid]:
    """Return the bids of a lot that could not be read, by their number in the record."""
    query = select(UnreadableBid).filter_by(lot_id=lot_id).options(joinedload(UnreadableBid.organisation))
    return list(db.session.scalars(query.order_by(UnreadableBid.number)))


def open_rewraps(lot_id: int) -> list[Rewrap]:
    """Return replacements of an opener that wait for the second officer."""
    return list(db.session.scalars(select(Rewrap).filter_by(lot_id=lot_id, done_at=None).order_by(Rewrap.id)))


def stale_rewraps(before: datetime) -> list[Rewrap]:
    """Return replacements begun before an instant and never finished, whose rests are still kept."""
    query = select(Rewrap).where(Rewrap.done_at.is_(None), Rewrap.at <= before, Rewrap.rests != {})
    return list(db.session.scalars(query.order_by(Rewrap.id)))
