"""Signed receipts and the daily digest over all chain heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update

from market.db.session import db
from market.kernel.canonical import plain
from market.kernel.commitments import head_leaf, merkle_root
from market.kernel.permits import CLOCK, Scope
from market.records.keys import receipt_key
from market.records.models import Chain, DailyDigest, Receipt, SubjectNumber
from market.records.notices import post
from market.records.signing import sign_receipt

# Built once: in the hour before a deadline this runs most.
_GIVEN = insert(Receipt)


def give_receipt(number: str, subject: tuple[str, int], facts: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Sign `facts` (time and digest among them), keep what is handed out and return it."""
    payload = sign_receipt(receipt_key(), plain({"number": number, "at": at, **facts}))
    row = {"number": number, "subject_kind": subject[0], "subject_id": subject[1], "at": at, "payload": payload}
    db.session.connection().execute(_GIVEN, row)
    return payload


def receipts_by_number(numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return receipts as they were handed out, by number."""
    rows = db.session.scalars(select(Receipt).where(Receipt.number.in_(numbers)))
    return {row.number: dict(row.payload) for row in rows}


def next_number(series: str) -> int:
    """Return the next number of a series, starting at 1; numbers of rolled back work are given again."""
    found = db.session.execute(
        update(SubjectNumber).where(SubjectNumber.series == series).values(last=SubjectNumber.last + 1)
        .returning(SubjectNumber.last)
    ).scalar()
    if found is not None:
        return int(found)
    db.session.add(SubjectNumber(series=series, last=1))
    db.session.flush()
    return 1


def day_digest(heads: Sequence[Sequence[object]]) -> str:
    """A day's digest: the Merkle root over the heads in their order, so that a few digests prove one head of many."""
    return merkle_root([head_leaf(head) for head in heads])


# How much this chain has grown would tell how many bids there are; the opening carries its head into the file's chain.
_NOT_LISTED = ("bids",)


def close_day(day: date, at: datetime) -> DailyDigest | None:
    """Publish the signed digest over the chain heads at the end of `day`; None when it already exists."""
    if db.session.scalar(select(DailyDigest.id).filter_by(day=day)) is not None:
        return None
    query = select(Chain.kind, Chain.key, Chain.head, Chain.length).where(Chain.kind.not_in(_NOT_LISTED))
    heads = db.session.execute(query.order_by(Chain.kind, Chain.key))
    listed = [list(row) for row in heads]
    value = day_digest(listed)
    payload = sign_receipt(receipt_key(), plain({"day": day, "digest": value, "chains": len(listed)}))
    row = DailyDigest(day=day, digest=value, payload=payload)
    db.session.add(row)
    db.session.flush()
    post(
        "daily_digest",
        day.isoformat(),
        f"每日摘要 {day.isoformat()}",
        {"payload": payload, "heads": listed},
        ("register", "daily"),
        Scope(),
        CLOCK,
        at,
    )
    return row
