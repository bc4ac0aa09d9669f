"""Opening: two officers, one after the other, each with an own passphrase; then a job per bid, and the notice.

Each act has two halves: `peel_key` and `unlock_lot` need a passphrase and take their time, before anything is locked;
`keep_peel` and `open_lot` write. No key, passphrase or plaintext leaves the process; jobs are given ids alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from market.bids.mail import tell_opened
from market.bids.models import OpenedBid, Opening, Peel, SealedBid, UnreadableBid
from market.bids.notices import publish_opening
from market.bids.queries import (
    bid_count,
    late_attempts,
    live_bids,
    lot_locked,
    lot_with_tender,
    my_wraps,
    opened_bids,
    opened_count,
    opening_locked,
    opening_of,
    peels_of,
    unreadable_bids,
    with_envelope,
)
from market.bids.rules import (
    BidDocument,
    envelope_info,
    opening_trouble,
    read_document,
    root_matches,
    same_heads,
)
from market.db.session import db
from market.kernel.canonical import digest, sha256_hex
from market.kernel.errors import NotFound, Refused, Stale
from market.kernel.permits import CLOCK, Actor, Permit, Scope
from market.kernel.sealing import FIRST_LAYER, SECOND_LAYER, open_for, peel, public_of
from market.kernel.text import N_
from market.people.actions import open_sealing_key
from market.people.queries import names
from market.records.audit import Subject, lock_chain, record
from market.records.moves import move
from market.records.queue import enqueue
from market.tenders.models import Lot
from market.tenders.queries import rules_of
from market.tenders.rules import lot_key_info
from market.tenders.states import LOT_MACHINE, LotState, LotVerb

DECRYPT_JOB = "bids.decrypt_bid"

UNDECIPHERABLE = N_("密封内容无法解密或格式不符。")
ROOT_DIFFERS = N_("内容与回执中的摘要不一致。")
SAME_HEAD = N_("法定代表人（负责人）与另一家投标单位相同，均按无效投标处理。")


@dataclass(frozen=True)
class Peeled:
    """The first act before it is written down: per possible second officer the still wrapped rest."""

    lot_id: int
    rests: dict[int, bytes] = field(repr=False)


@dataclass(frozen=True)
class Unlocked:
    """The second act before it is written down."""

    lot_id: int
    first_user_id: int
    lot_key: bytes = field(repr=False)


def _openable(actor: Actor, lot: Lot | None, at: datetime) -> Lot:
    """The lot, or the reason why it may not be opened now."""
    if lot is None or Permit.BID_OPEN not in actor.permits(lot.subject.scope):
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    if lot.state != LotState.SEALED:
        raise Refused(N_("这个采购包已开标或已终止，请刷新页面查看。"))
    minimum = int(rules_of(lot.tender)["tender.min_bidders"])
    deadline, count = lot.tender.deadline_at, bid_count(lot.id)
    if trouble := opening_trouble(at=at, deadline_at=deadline, count=count, minimum=minimum):
        raise trouble
    return lot


def _me(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return actor.user_id


# --- first act --------------------------------------------------------------------------------------------------------


def peel_key(actor: Actor, lot_id: int, passphrase: str, at: datetime) -> Peeled:
    """Take off the first layer with one's own passphrase, for each possible second officer. Raises Refused."""
    lot = _openable(actor, lot_with_tender(lot_id), at)
    wraps = my_wraps(lot_id, _me(actor))
    if not wraps:
        raise Refused(N_("这个采购包没有把密钥交给您保管，请由公告时指定的开标人办理。"), field="passphrase")
    private = open_sealing_key(_me(actor), passphrase)
    return Peeled(lot_id, {wrap.second_user_id: _take_off(wrap.wrapped, private, lot, FIRST_LAYER) for wrap in wraps})


def _take_off(wrapped: bytes, private: bytes, lot: Lot, layer: int) -> bytes:
    try:
        return peel(wrapped, private, lot_key_info(lot.id), layer)
    except Refused:
        raise Refused(
            N_("您的密钥在公告之后更换过，打不开这个采购包；请由另两位开标人为您重新封装。"), field="passphrase"
        ) from None


def keep_peel(actor: Actor, peeled: Peeled, at: datetime) -> list[Peel]:
    """Write the first act down: only what is still wrapped for the second officer."""
    lot = _openable(actor, lot_locked(peeled.lot_id), at)
    done = {row.second_user_id for row in peels_of(lot.id) if row.first_user_id == actor.user_id}
    rows = [
        Peel(lot_id=lot.id, first_user_id=_me(actor), second_user_id=second, rest=rest, at=at)
        for second, rest in peeled.rests.items()
        if second not in done
    ]
    if not rows:
        raise Refused(N_("您已经完成第一步，请等待另一位开标人。"))
    db.session.add_all(rows)
    db.session.flush()
    record(lot.subject, "peel", actor, at, permit=Permit.BID_OPEN)
    return rows


def peel_lot(actor: Actor, lot_id: int, passphrase: str, at: datetime) -> list[Peel]:
    """The first officer's act, whole."""
    return keep_peel(actor, peel_key(actor, lot_id, passphrase, at), at)


# --- second act -------------------------------------------------------------------------------------------------------


def unlock_lot(actor: Actor, lot_id: int, passphrase: str, at: datetime) -> Unlocked:
    """Take off the second layer with one's own passphrase. Raises Refused when another has not done the first act."""
    lot = _openable(actor, lot_with_tender(lot_id), at)
    mine = [row for row in peels_of(lot_id) if row.second_user_id == _me(actor)]
    if not mine:
        raise Refused(N_("还没有另一位开标人完成第一步，或密钥不是交给您开启的。"), field="passphrase")
    lot_key = _take_off(mine[0].rest, open_sealing_key(_me(actor), passphrase), lot, SECOND_LAYER)
    if public_of(lot_key) != lot.public_key:
        raise Refused(N_("解出的密钥与公告的公钥不一致，请联系平台管理员。"))
    return Unlocked(lot_id, mine[0].first_user_id, lot_key)


def open_lot(actor: Actor, unlocked: Unlocked, at: datetime) -> Opening:
    """Write opening record and lot key in one transaction, and give each bid to a job.

    Takes the lot's lock and the lock of its bids' chain: a submission still on its way comes before this or never.
    """
    lot = _openable(actor, lot_locked(unlocked.lot_id), at)
    seals = lock_chain("bids", str(lot.id))
    bids = live_bids(lot.id)
    people = names([unlocked.first_user_id, _me(actor)])
    contents = _opening_record(lot, bids, at, [people[unlocked.first_user_id], people[_me(actor)]])
    contents["seals"] = {"head": seals.head, "length": seals.length}
    opening = Opening(
        lot_id=lot.id,
        first_user_id=unlocked.first_user_id,
        second_user_id=_me(actor),
        lot_key=unlocked.lot_key,
        record=contents,
        record_digest=digest(contents),
        at=at,
    )
    db.session.add(opening)
    db.session.flush()
    facts = {"record": opening.record_digest, "bids": len(bids), "seals": seals.head}
    move(lot, LOT_MACHINE, LotVerb.OPEN, actor, at, facts=facts, private={"first": unlocked.first_user_id})
    for bid in bids:
        enqueue(db.session, DECRYPT_JOB, str(bid.id), bid_id=bid.id)
    return opening


def _opening_record(lot: Lot, bids: list[SealedBid], at: datetime, openers: list[str]) -> dict[str, Any]:
    assert lot.tender.deadline_at is not None
    return {
        "lot": lot.id,
        "ocid": lot.tender.file.ocid,
        "deadline": lot.tender.deadline_at.isoformat(),
        "opened": at.isoformat(),
        "openers": openers,
        "minimum": int(rules_of(lot.tender)["tender.min_bidders"]),
        "late_attempts": late_attempts(lot.id),
        "bids": [
            {
                "number": number,
                "bid": bid.id,
                "receipt": bid.receipt_number,
                "received": bid.received_at.isoformat(),
                "root": bid.root,
                "envelope": bid.envelope_digest,
            }
            for number, bid in enumerate(bids, 1)
        ],
    }


def open_with_passphrase(actor: Actor, lot_id: int, passphrase: str, at: datetime) -> Opening:
    """The second officer's act, whole."""
    return open_lot(actor, unlock_lot(actor, lot_id, passphrase, at), at)


# --- bid by bid, in jobs ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decrypted:
    """What came out of one envelope; `document` is None when it could not be read."""

    bid_id: int
    lot_id: int
    organisation_id: int
    document: BidDocument | None = field(repr=False)
    root_ok: bool


def decrypt_bid(bid_id: int) -> Decrypted | None:
    """Open one envelope with the lot's key and check it against the receipt; None when that was done before."""
    bid = with_envelope(bid_id)
    opening = opening_of(bid.lot_id) if bid else None
    if bid is None or opening is None or _is_opened(bid_id):
        return None
    return Decrypted(bid.id, bid.lot_id, bid.organisation_id, *_read(bid, opening.lot_key))


def _is_opened(bid_id: int) -> bool:
    tables = (OpenedBid, UnreadableBid)
    return any(db.session.scalar(select(table.id).filter_by(bid_id=bid_id)) is not None for table in tables)


def _read(bid: SealedBid, lot_key: bytes) -> tuple[BidDocument | None, bool]:
    info = envelope_info(bid.lot_id, bid.receipt_number)
    try:
        plain = open_for(bid.envelope, lot_key, public_of(lot_key), info)
        document = read_document(json.loads(plain))
        named = (document.lot_id, document.organisation_id, document.receipt_number)
        intact = sha256_hex(bid.envelope) == bid.envelope_digest and root_matches(document, bid.root)
    except (Refused, KeyError, TypeError, ValueError):
        return None, False
    return document, intact and named == (bid.lot_id, bid.organisation_id, bid.receipt_number)


def keep_opened(found: Decrypted) -> None:
    """Write one opened bid down; the last one completes the opening and publishes it. Repeating it is harmless."""
    opening = opening_locked(found.lot_id)
    if opening is None:
        raise Stale(N_("页面内容已被他人更新，请刷新后再办理。"))
    if _is_opened(found.bid_id):
        return
    numbers = {line["bid"]: line["number"] for line in opening.record["bids"]}
    if found.bid_id not in numbers:
        return
    row = _opened_row(found, numbers[found.bid_id], opening.at)
    db.session.add(row)
    db.session.flush()
    scope = Scope(organisation_id=found.organisation_id)
    subject = Subject("sealed_bid", found.bid_id, ("organisation", str(found.organisation_id)), scope)
    record(subject, "open_bid", CLOCK, opening.at, facts={"lot": found.lot_id, "root_ok": found.root_ok})
    if opened_count(found.lot_id) == len(numbers):
        _complete(opening)


def _opened_row(found: Decrypted, number: int, at: datetime) -> OpenedBid | UnreadableBid:
    common = {
        "bid_id": found.bid_id, "lot_id": found.lot_id, "organisation_id": found.organisation_id, "number": number
    }  # fmt: skip
    document = found.document
    if document is None:
        return UnreadableBid(**common, fault=UNDECIPHERABLE, at=at)
    return OpenedBid(
        **common,
        price_fen=document.content.price_fen,
        claims_small=document.content.declaration_small,
        content=document.content.as_data(),
        secret_fields=list(document.secret_fields),
        salts=dict(document.salts),
        root_ok=found.root_ok,
        verdict="" if found.root_ok else "invalid",
        verdict_reason="" if found.root_ok else ROOT_DIFFERS,
    )


def _complete(opening: Opening) -> None:
    """All bids are open: mark those with one head (row 25), publish, tell the bidders and the purchaser."""
    lot = lot_with_tender(opening.lot_id)
    assert lot is not None
    opened = opened_bids(lot.id)
    heads = {b.id: [b.content["legal_representative"], b.organisation.legal_representative] for b in opened}
    shared = same_heads(heads)
    for bid in opened:
        if bid.id in shared:
            bid.verdict, bid.verdict_reason = "invalid", SAME_HEAD
    opening.completed_at = opening.at
    db.session.flush()
    unreadable = unreadable_bids(lot.id)
    facts = {
        "opened": len(opened),
        "unreadable": [b.number for b in unreadable],
        "root_differs": [b.number for b in opened if not b.root_ok],
        "same_head": sorted(b.number for b in opened if b.id in shared),
    }
    record(lot.subject, "complete_opening", CLOCK, opening.at, facts=facts)
    publish_opening(lot, opening, opened, unreadable)
    bidders = [b.organisation_id for b in opened] + [b.organisation_id for b in unreadable]
    tell_opened(lot, bidders, opening.at)
