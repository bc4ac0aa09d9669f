"""Sealed bids, receipts and late attempts. Nobody is shown another's bid, or the number of bids, before the opening."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased, joinedload, undefer

from market.bids.models import (
    LateAttempt,
    SealedBid,
    Withdrawal,
)
from market.db.session import db
from market.records.models import Receipt

PAGE = 50
_later = aliased(SealedBid)


def is_live() -> ColumnElement[bool]:
    """The organisation's last submission for the lot, and not withdrawn. A withdrawn one revives no earlier one."""
    replaced = exists().where(
        _later.lot_id == SealedBid.lot_id, _later.organisation_id == SealedBid.organisation_id, _later.id > SealedBid.id
    )
    withdrawn = exists().where(Withdrawal.bid_id == SealedBid.id)
    return ~replaced & ~withdrawn


def live_bids(lot_id: int) -> list[SealedBid]:
    """Return the bids that count, with their organisations, in the order of their arrival."""
    query = (
        select(SealedBid)
        .where(SealedBid.lot_id == lot_id, is_live())
        .options(joinedload(SealedBid.organisation))
        .order_by(SealedBid.received_at, SealedBid.id)
    )
    return list(db.session.scalars(query))


def bid_count(lot_id: int) -> int:
    """Return how many bids count. Nobody is shown this before the opening."""
    query = select(func.count()).select_from(SealedBid).where(SealedBid.lot_id == lot_id, is_live())
    return db.session.scalar(query) or 0


def my_bid(lot_id: int, organisation_id: int) -> SealedBid | None:
    """Return the organisation's own live bid."""
    query = select(SealedBid).filter_by(lot_id=lot_id, organisation_id=organisation_id).where(is_live())
    return db.session.scalar(query)


def bid_by_token(form_token: str, organisation_id: int) -> SealedBid | None:
    """Return what an earlier press of the same button submitted."""
    return db.session.scalar(select(SealedBid).filter_by(form_token=form_token, organisation_id=organisation_id))


def bid_by_receipt(number: str) -> SealedBid | None:
    """Return a bid by its receipt number, organisation loaded."""
    query = select(SealedBid).filter_by(receipt_number=number).options(joinedload(SealedBid.organisation))
    return db.session.scalar(query)


def with_envelope(bid_id: int) -> SealedBid | None:
    """Return a bid together with its ciphertext."""
    return db.session.scalar(select(SealedBid).filter_by(id=bid_id).options(undefer(SealedBid.envelope)))


def receipt(number: str) -> Receipt | None:
    """Return a receipt as it was handed out."""
    return db.session.scalar(select(Receipt).filter_by(number=number))


@dataclass(frozen=True)
class Submission:
    """One line of an organisation's own history for a lot."""

    bid: SealedBid
    withdrawn_at: datetime | None
    live: bool


def submissions(lot_id: int, organisation_id: int) -> list[Submission]:
    """Return all of the organisation's submissions for the lot, newest first."""
    query = (
        select(SealedBid, Withdrawal.at)
        .outerjoin(Withdrawal, Withdrawal.bid_id == SealedBid.id)
        .where(SealedBid.lot_id == lot_id, SealedBid.organisation_id == organisation_id)
        .order_by(SealedBid.id.desc())
        .limit(PAGE)
    )
    rows = db.session.execute(query).all()
    return [Submission(bid, at, live=index == 0 and at is None) for index, (bid, at) in enumerate(rows)]


def took_part(lot_id: int, organisation_ids: Collection[int]) -> bool:
    """Return whether one of these organisations has a bid in the lot's opening."""
    bid = exists().where(SealedBid.lot_id == lot_id, SealedBid.organisation_id.in_(organisation_ids))
    return bool(db.session.scalar(select(bid)))


def late_attempts(lot_id: int, organisation_id: int | None = None) -> int:
    """Return how many late attempts there were, of one organisation or of all."""
    query = select(func.count()).select_from(LateAttempt).where(LateAttempt.lot_id == lot_id)
    if organisation_id is not None:
        query = query.where(LateAttempt.organisation_id == organisation_id)
    return db.session.scalar(query) or 0
