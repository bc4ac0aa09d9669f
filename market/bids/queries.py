"""Reads of bids. Before the opening nothing here shows one organisation's bid, or the number of bids, to another."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased, joinedload, undefer

from market.bids import vault
from market.bids.models import (
    BidDraft,
    Closing,
    LateAttempt,
    OpenedBid,
    Opening,
    Peel,
    Rewrap,
    SealedBid,
    UnreadableBid,
    Withdrawal,
)
from market.bids.rules import REMINDER_HOURS, BidContent, Gap, empty_draft, gaps
from market.db.session import db
from market.kernel.permits import ROLE_PERMITS, Permit
from market.organisations.models import Organisation
from market.organisations.rules import may_claim_small
from market.people.models import RoleGrant, SealingKey, User
from market.records.models import Receipt, StoredFile
from market.tenders.models import Criterion, Lot, LotKeyWrap, QualificationItem, Tender
from market.tenders.states import CriterionKind, LotState, TenderState

PAGE = 50


# --- one lot and one organisation -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BidDesk:
    """What an organisation works on: the lot, itself, and its draft if there is one."""

    lot: Lot
    organisation: Organisation
    draft: BidDraft | None

    @property
    def criteria(self) -> list[tuple[int, str]]:
        """The criteria that want an answer: those a panel scores."""
        return [(c.id, c.title) for c in self.lot.criteria if c.kind == CriterionKind.QUALITY]

    def gaps(self, content: BidContent) -> list[Gap]:
        """What keeps this organisation's bid from being submitted for this lot."""
        small = may_claim_small(self.organisation.provider_type)
        return gaps(content, self.criteria, self.lot.ceiling_fen, may_claim_small=small)


def bid_desk(lot_id: int, organisation_id: int) -> BidDesk | None:
    """Return lot (with tender, its file and the criteria), organisation and draft: one statement."""
    query = (
        select(Lot, Organisation, BidDraft)
        .select_from(Lot)
        .join(Organisation, Organisation.id == organisation_id)
        .outerjoin(BidDraft, (BidDraft.lot_id == Lot.id) & (BidDraft.organisation_id == organisation_id))
        .where(Lot.id == lot_id, Lot.state != LotState.DRAFT)
        .options(joinedload(Lot.tender).joinedload(Tender.file), joinedload(Lot.criteria))
        .execution_options(populate_existing=True)
    )
    found = db.session.execute(query).unique().first()
    return BidDesk(*found) if found else None


def draft_doc(draft: BidDraft | None, organisation: Organisation) -> dict[str, Any]:
    """Return a draft's document; a fresh one when there is none, or when its key is gone (then `lost` is True)."""
    fresh = empty_draft(organisation.legal_representative)
    if draft is None or draft.key_name is None or draft.ciphertext is None:
        return fresh
    key = vault.find_key(draft.key_name)
    if key is None:
        return {**fresh, "lost": True}
    return vault.disclose(draft.ciphertext, draft.key_name, key)


def draft_locked(lot_id: int, organisation_id: int) -> BidDraft | None:
    """Return the draft's row, locked until the transaction ends."""
    query = select(BidDraft).filter_by(lot_id=lot_id, organisation_id=organisation_id).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def signatory_keys(organisation_id: int) -> list[bytes]:
    """Return the public sealing keys of the people who may submit for the organisation."""
    roles = [role.value for role, permits in ROLE_PERMITS.items() if Permit.BID_SUBMIT in permits]
    query = (
        select(SealingKey.public)
        .join(RoleGrant, RoleGrant.user_id == SealingKey.user_id)
        .join(User, User.id == SealingKey.user_id)
        .where(
            RoleGrant.organisation_id == organisation_id,
            RoleGrant.role.in_(roles),
            RoleGrant.revoked_at.is_(None),
            SealingKey.retired_at.is_(None),
            User.active,
        )
        .distinct()
    )
    return sorted(db.session.scalars(query))


def missing_files(file_ids: Collection[int]) -> set[int]:
    """Return which of these stored files have no row or no content on disk."""
    rows = db.session.execute(select(StoredFile.id, StoredFile.stored_sha256).where(StoredFile.id.in_(file_ids)))
    there = {row.id for row in rows if vault.content_is_there(row.stored_sha256)}
    return set(file_ids) - there


def qualification_items(tender_id: int) -> list[QualificationItem]:
    """Return the conditions a bidder must meet."""
    query = select(QualificationItem).filter_by(tender_id=tender_id).order_by(QualificationItem.number)
    return list(db.session.scalars(query))


# --- sealed bids ------------------------------------------------------------------------------------------------------


def _is_live() -> ColumnElement[bool]:
    """The organisation's last submission for the lot, and not withdrawn. A withdrawn one revives no earlier one."""
    later = aliased(SealedBid)
    replaced = exists().where(
        later.lot_id == SealedBid.lot_id, later.organisation_id == SealedBid.organisation_id, later.id > SealedBid.id
    )
    withdrawn = exists().where(Withdrawal.bid_id == SealedBid.id)
    return ~replaced & ~withdrawn


def live_bids(lot_id: int) -> list[SealedBid]:
    """Return the bids that count, with their organisations, in the order of their arrival."""
    query = (
        select(SealedBid)
        .where(SealedBid.lot_id == lot_id, _is_live())
        .options(joinedload(SealedBid.organisation))
        .order_by(SealedBid.received_at, SealedBid.id)
    )
    return list(db.session.scalars(query))


def bid_count(lot_id: int) -> int:
    """Return how many bids count. Nobody is shown this before the opening."""
    query = select(func.count()).select_from(SealedBid).where(SealedBid.lot_id == lot_id, _is_live())
    return db.session.scalar(query) or 0


def my_bid(lot_id: int, organisation_id: int) -> SealedBid | None:
    """Return the organisation's own live bid."""
    query = select(SealedBid).filter_by(lot_id=lot_id, organisation_id=organisation_id).where(_is_live())
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


def withdrawal_of(bid_id: int) -> Withdrawal | None:
    """Return when and by whom a bid was taken back."""
    return db.session.scalar(select(Withdrawal).filter_by(bid_id=bid_id))


def criteria_titles(lot_id: int) -> dict[str, str]:
    """Return the titles of a lot's criteria by their id as text, as answers name them."""
    rows = db.session.execute(select(Criterion.id, Criterion.title).filter_by(lot_id=lot_id).order_by(Criterion.number))
    return {str(row.id): row.title for row in rows}


def took_part(lot_id: int, organisation_ids: Collection[int]) -> bool:
    """Return whether one of these organisations has a bid in the lot's opening."""
    bid = exists().where(SealedBid.lot_id == lot_id, SealedBid.organisation_id.in_(organisation_ids))
    return bool(db.session.scalar(select(bid)))


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


def late_attempts(lot_id: int, organisation_id: int | None = None) -> int:
    """Return how many late attempts there were, of one organisation or of all."""
    query = select(func.count()).select_from(LateAttempt).where(LateAttempt.lot_id == lot_id)
    if organisation_id is not None:
        query = query.where(LateAttempt.organisation_id == organisation_id)
    return db.session.scalar(query) or 0


# --- lists of an organisation -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MyBid:
    """One line of "my bids": a lot the organisation has begun to bid for."""

    draft: BidDraft
    lot: Lot
    bid: SealedBid | None

    @property
    def unsent(self) -> bool:
        """Something is written that has not been submitted."""
        return self.draft.ciphertext is not None


def _my_bids(organisation_ids: Iterable[int]) -> Any:
    own = (SealedBid.lot_id == BidDraft.lot_id) & (SealedBid.organisation_id == BidDraft.organisation_id)
    return (
        select(BidDraft, Lot, SealedBid)
        .select_from(BidDraft)
        .join(Lot, Lot.id == BidDraft.lot_id)
        .join(Tender, Tender.id == Lot.tender_id)
        .outerjoin(SealedBid, own & _is_live())
        .where(BidDraft.organisation_id.in_(list(organisation_ids)))
        .options(joinedload(Lot.tender), joinedload(BidDraft.organisation))
    )


def my_bids(organisation_ids: Iterable[int], before: int | None = None) -> list[MyBid]:
    """Return what these organisations have begun or submitted, newest first; one more than a page if there is more."""
    query = _my_bids(organisation_ids).order_by(BidDraft.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(BidDraft.id < before)
    return [MyBid(*row) for row in db.session.execute(query)]


def unsent(organisation_ids: Iterable[int], at: datetime) -> list[MyBid]:
    """Return drafts with content whose deadline has not come, the next deadline first: written but not submitted."""
    query = (
        _my_bids(organisation_ids)
        .where(BidDraft.ciphertext.is_not(None), Lot.state == LotState.SEALED, Tender.deadline_at > at)
        .order_by(Tender.deadline_at, BidDraft.id)
        .limit(PAGE)
    )
    return [MyBid(*row) for row in db.session.execute(query)]


@dataclass(frozen=True)
class OpenLot:
    """A lot that takes bids, and whether one of the person's organisations has begun."""

    lot: Lot
    begun: bool


def open_lots(organisation_ids: Collection[int], at: datetime, after: int | None = None) -> list[OpenLot]:
    """Return lots that take bids, by id; one more than a page when there is more."""
    begun = exists().where(BidDraft.lot_id == Lot.id, BidDraft.organisation_id.in_(organisation_ids))
    query = (
        select(Lot, begun)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(Lot.state == LotState.SEALED, Tender.state == TenderState.OPEN, Tender.deadline_at > at)
        .options(joinedload(Lot.tender))
        .order_by(Lot.id)
        .limit(PAGE + 1)
    )
    if after is not None:
        query = query.where(Lot.id > after)
    return [OpenLot(*row) for row in db.session.execute(query)]


def to_remind(at: datetime) -> list[tuple[BidDraft, Lot]]:
    """Return drafts with content whose deadline is near enough for a reminder, tender loaded."""
    horizon = at + timedelta(hours=max(REMINDER_HOURS))
    query = (
        select(BidDraft, Lot)
        .join(Lot, Lot.id == BidDraft.lot_id)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(
            BidDraft.ciphertext.is_not(None),
            Lot.state == LotState.SEALED,
            Tender.state == TenderState.OPEN,
            Tender.deadline_at > at,
            Tender.deadline_at <= horizon,
        )
        .options(joinedload(Lot.tender), joinedload(BidDraft.organisation))
        .order_by(BidDraft.id)
    )
    return [(draft, lot) for draft, lot in db.session.execute(query)]


def draft_keys_in_use(names: Collection[str]) -> set[str]:
    """Return which of these key files a draft still names."""
    return {n for n in db.session.scalars(select(BidDraft.key_name).where(BidDraft.key_name.in_(names))) if n}


# --- opening ----------------------------------------------------------------------------------------------------------


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


def drafts_left(lot_id: int) -> list[BidDraft]:
    """Return drafts with content of one lot, organisations loaded."""
    query = select(BidDraft).filter_by(lot_id=lot_id).where(BidDraft.ciphertext.is_not(None))
    return list(db.session.scalars(query.options(joinedload(BidDraft.organisation)).order_by(BidDraft.id)))


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


def wraps_of(lot_id: int) -> list[LotKeyWrap]:
    """Return every pair that can open a lot."""
    return list(db.session.scalars(select(LotKeyWrap).filter_by(lot_id=lot_id).order_by(LotKeyWrap.id)))


def peels_of(lot_id: int) -> list[Peel]:
    """Return the first acts done for a lot."""
    return list(db.session.scalars(select(Peel).filter_by(lot_id=lot_id).order_by(Peel.id)))


def my_wraps(lot_id: int, user_id: int) -> list[LotKeyWrap]:
    """Return the pairs of a lot in which this person acts first."""
    return list(db.session.scalars(select(LotKeyWrap).filter_by(lot_id=lot_id, first_user_id=user_id)))


def lots_to_open(user_id: int, *, after: int | None = None) -> list[Lot]:
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
