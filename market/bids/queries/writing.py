"""Drafts and lists of an organisation: what it works on, what it has begun, what is not submitted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import defer, joinedload

from market.bids import vault
from market.bids.models import (
    BidDraft,
    SealedBid,
)
from market.bids.queries.sealed import PAGE, is_live
from market.bids.rules import REMINDER_HOURS, BidContent, Gap, empty_draft, gaps, named_ids
from market.db.lines import lined
from market.db.session import db
from market.kernel.permits import ROLE_PERMITS, Permit
from market.organisations.models import Organisation
from market.organisations.rules import may_claim_small
from market.people.models import RoleGrant, SealingKey, User
from market.records.models import StoredFile
from market.tenders.models import Lot, QualificationItem, Tender
from market.tenders.states import CriterionKind, LotState, TenderState
from market.workers.queries import named


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


def people_named(doc: Mapping[str, Any], organisation_id: int, day: date) -> dict[int, tuple[str, str]]:
    """Return name and certificate level of those a draft names who still may be; no statement when it names nobody."""
    found = named(organisation_id, named_ids(doc), day)
    return {one.id: (one.name, one.level) for one in found.values()}


# The frozen rulebook and other large JSON parts: carried again for each criterion's row, they cost more than all else.
_NOT_READ = (
    defer(Lot.evaluation_terms),
    *(
        joinedload(Lot.tender).defer(column)
        for column in (Tender.rules, Tender.resolution, Tender.typed, Tender.seen, Tender.term_conditions)
    ),
)


_DESK = (
    select(Lot, Organisation, BidDraft)
    .select_from(Lot)
    .join(Organisation, Organisation.id == bindparam("organisation"))
    .outerjoin(BidDraft, (BidDraft.lot_id == Lot.id) & (BidDraft.organisation_id == Organisation.id))
    .where(Lot.id == bindparam("lot"), Lot.state != LotState.DRAFT)
    .options(joinedload(Lot.tender).joinedload(Tender.file), joinedload(Lot.criteria), *_NOT_READ)
    .execution_options(populate_existing=True)
)


def bid_desk(lot_id: int, organisation_id: int) -> BidDesk | None:
    """Return lot (with tender, its file and the criteria), organisation and draft: one statement."""
    found = db.session.execute(_DESK, {"lot": lot_id, "organisation": organisation_id}).unique().first()
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


_SIGNATORY_KEYS = (
    select(SealingKey.public)
    .join(RoleGrant, RoleGrant.user_id == SealingKey.user_id)
    .join(User, User.id == SealingKey.user_id)
    .where(
        RoleGrant.organisation_id == bindparam("organisation"),
        RoleGrant.role.in_([role.value for role, permits in ROLE_PERMITS.items() if Permit.BID_SUBMIT in permits]),
        RoleGrant.revoked_at.is_(None),
        SealingKey.retired_at.is_(None),
        User.active,
    )
    .distinct()
)


def signatory_keys(organisation_id: int) -> list[bytes]:
    """Return the public sealing keys of the people who may submit for the organisation."""
    return sorted(db.session.scalars(_SIGNATORY_KEYS, {"organisation": organisation_id}))


def missing_files(file_ids: Collection[int]) -> set[int]:
    """Return which of these stored files have no row or no content on disk."""
    rows = db.session.execute(select(StoredFile.id, StoredFile.stored_sha256).where(StoredFile.id.in_(file_ids)))
    there = {row.id for row in rows if vault.content_is_there(row.stored_sha256)}
    return set(file_ids) - there


def qualification_items(tender_id: int) -> list[QualificationItem]:
    """Return the conditions a bidder must meet."""
    query = select(QualificationItem).filter_by(tender_id=tender_id).order_by(QualificationItem.number)
    return list(db.session.scalars(query))


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
        .outerjoin(SealedBid, own & is_live())
        .where(BidDraft.organisation_id.in_(list(organisation_ids)))
        .options(joinedload(Lot.tender), joinedload(BidDraft.organisation))
    )


def my_bids(organisation_ids: Iterable[int], before: int | None = None) -> list[MyBid]:
    """Return what these organisations have begun or submitted, newest first; one more than a page if there is more."""
    query = _my_bids(organisation_ids).order_by(BidDraft.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(BidDraft.id < before)
    return [MyBid(*row) for row in db.session.execute(query)]


def _written(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (BidDraft.ciphertext.is_not(None), Lot.state == LotState.SEALED.value, Tender.deadline_at > at)


def unsent(organisation_ids: Iterable[int], at: datetime) -> list[MyBid]:
    """Return drafts with content whose deadline has not come, the next deadline first: written but not submitted."""
    query = _my_bids(organisation_ids).where(*_written(at)).order_by(Tender.deadline_at, BidDraft.id).limit(PAGE)
    return [MyBid(*row) for row in db.session.execute(query)]


def unsent_lines(organisation_ids: Iterable[int], at: datetime) -> Select[Any]:
    """Ask for the same: `id` is the lot, `ref` the organisation."""
    query = (
        select(BidDraft)
        .join(Lot, Lot.id == BidDraft.lot_id)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(BidDraft.organisation_id.in_(list(organisation_ids)), *_written(at))
        .order_by(Tender.deadline_at, BidDraft.id)
        .limit(PAGE)
    )
    return lined(query, id=Lot.id, ref=BidDraft.organisation_id, title=Tender.title, at=Tender.deadline_at)


@dataclass(frozen=True)
class OpenLot:
    """A lot that takes bids, and whether one of the person's organisations has begun, and has a live bid."""

    lot: Lot
    begun: bool
    submitted: bool


def open_lots(
    organisation_ids: Collection[int], at: datetime, after: int | None = None, *, ocid: str | None = None
) -> list[OpenLot]:
    """Return lots that take bids, by id, of all purchases or of one; one more than a page when there is more."""
    begun = exists().where(BidDraft.lot_id == Lot.id, BidDraft.organisation_id.in_(organisation_ids))
    submitted = exists().where(SealedBid.lot_id == Lot.id, SealedBid.organisation_id.in_(organisation_ids), is_live())
    query = (
        select(Lot, begun, submitted)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(Lot.state == LotState.SEALED, Tender.state == TenderState.OPEN, Tender.deadline_at > at)
        .options(joinedload(Lot.tender))
        .order_by(Lot.id)
        .limit(PAGE + 1)
    )
    if after is not None:
        query = query.where(Lot.id > after)
    if ocid is not None:
        query = query.where(Tender.file.has(ocid=ocid))
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


def drafts_left(lot_id: int) -> list[BidDraft]:
    """Return drafts with content of one lot, organisations loaded."""
    query = select(BidDraft).filter_by(lot_id=lot_id).where(BidDraft.ciphertext.is_not(None))
    return list(db.session.scalars(query.options(joinedload(BidDraft.organisation)).order_by(BidDraft.id)))


def draft_keys_in_use(names: Collection[str]) -> set[str]:
    """Return which of these key files a draft still names."""
    return {n for n in db.session.scalars(select(BidDraft.key_name).where(BidDraft.key_name.in_(names))) if n}
