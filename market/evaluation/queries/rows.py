"""Reads of lots, opened bids, their qualification and the results; each says how much it loads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import exists, select, union
from sqlalchemy.orm import defer, joinedload, load_only, selectinload

from market.bids.models import OpenedBid, Opening, UnreadableBid
from market.db.session import db
from market.evaluation.models import (
    EvaluationReport,
    PurchaseHelper,
    QualificationCheck,
    Result,
)
from market.evaluation.states import Verdict
from market.kernel.permits import Actor, Permit
from market.organisations.models import Organisation
from market.panels.models import Panel, Score, Seat
from market.panels.states import SeatState
from market.records.models import AuditEntry, StoredFile
from market.tenders.models import Lot, Tender
from market.tenders.rules import Audience, Fact, Moment, shown
from market.tenders.states import CriterionKind, LotState

PAGE = 50
BEFORE_OPENING = (LotState.DRAFT, LotState.SEALED, LotState.CANCELLED)
AT_WORK = (LotState.OPENED, LotState.QUALIFIED, LotState.RANKED)


# --- the lot ----------------------------------------------------------------------------------------------------------


def lot(lot_id: int, *, criteria: bool = False, qualifications: bool = False, lock: bool = False) -> Lot | None:
    """Return an opened lot with tender and file (one statement, one more for each list), locked when asked."""
    query = select(Lot).where(Lot.id == lot_id)
    tender = joinedload(Lot.tender, innerjoin=True)
    options: list[Any] = [
        tender.joinedload(Tender.file, innerjoin=True),
        tender.joinedload(Tender.street, innerjoin=True),
    ]
    if criteria:
        options.append(selectinload(Lot.criteria))
    if qualifications:
        options.append(tender.selectinload(Tender.qualifications))
    if lock:
        query = query.with_for_update(of=Lot).execution_options(populate_existing=True)
    return db.session.scalar(query.options(*options))


def may_see(row: Lot, fact: Fact, audience: Audience) -> bool:
    """Ask the publicity table for a lot as it stands."""
    return shown(fact, row.tender.method, Moment(row.state), audience)


def lots_at_work(actor: Actor, after: int = 0) -> list[Lot]:
    """Return a page of lots under evaluation in the actor's streets, tender loaded, by number."""
    query = (
        select(Lot)
        .where(Lot.id > after, Lot.state.in_(AT_WORK), within(actor, Permit.TENDER_SEE, Lot))
        .options(joinedload(Lot.tender).load_only(Tender.title, Tender.method, Tender.file_id, Tender.category))
        .order_by(Lot.id)
        .limit(PAGE + 1)
    )
    return list(db.session.scalars(query))


def within(actor: Actor, permit: Permit, table: Any) -> Any:
    """Limit to the districts and streets in which the actor holds a permit."""
    reach = [
        (table.street_id == g.street_id)
        if g.street_id is not None
        else (table.district_id == g.district_id)
        if g.district_id is not None
        else db.true()
        for g in actor.scopes(permit)
    ]
    return db.or_(db.false(), *reach)


# --- opened bids ------------------------------------------------------------------------------------------------------


def opening(lot_id: int) -> Opening | None:
    """Return the opening without the lot's key."""
    names = (Opening.record_digest, Opening.at, Opening.completed_at, Opening.lot_id)
    return db.session.scalar(select(Opening).filter_by(lot_id=lot_id).options(load_only(*names)))


def bids(lot_id: int, *, content: bool = False, valid_only: bool = False) -> list[OpenedBid]:
    """Return opened bids with their organisations by number; the content only when asked."""
    query = select(OpenedBid).filter_by(lot_id=lot_id).options(joinedload(OpenedBid.organisation))
    if not content:
        query = query.options(*without_content())
    if valid_only:
        query = query.where(OpenedBid.verdict == Verdict.VALID)
    return list(db.session.scalars(query.order_by(OpenedBid.number)))


def without_content() -> list[Any]:
    return [defer(OpenedBid.content, raiseload=True), defer(OpenedBid.salts, raiseload=True)]


def bidders(lot_id: int) -> dict[int, str]:
    """Return the names of all organisations whose bid was opened, also of one that could not be read."""
    found = union(*(select(table.organisation_id).filter_by(lot_id=lot_id) for table in (OpenedBid, UnreadableBid)))
    rows = db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(found)))
    return {row.id: row.name for row in rows}


def unreadable(lot_id: int) -> list[UnreadableBid]:
    """Return the bids of a lot that could not be read, with their organisations."""
    query = select(UnreadableBid).filter_by(lot_id=lot_id).options(joinedload(UnreadableBid.organisation))
    return list(db.session.scalars(query.order_by(UnreadableBid.number)))


def bid(bid_id: int) -> OpenedBid | None:
    """Return one opened bid with content and organisation."""
    return db.session.scalar(select(OpenedBid).filter_by(id=bid_id).options(joinedload(OpenedBid.organisation)))


def stored_file(file_id: int) -> StoredFile | None:
    """Return the row of a stored file."""
    return db.session.get(StoredFile, file_id)


# --- qualification ----------------------------------------------------------------------------------------------------


def checks(lot_id: int) -> dict[tuple[int, int], QualificationCheck]:
    """Return the checks of a lot by (bid, item)."""
    query = select(QualificationCheck).join(OpenedBid, OpenedBid.id == QualificationCheck.opened_bid_id)
    rows = db.session.scalars(query.where(OpenedBid.lot_id == lot_id).execution_options(populate_existing=True))
    return {(row.opened_bid_id, row.item_id): row for row in rows}


def helpers(tender_id: int) -> list[PurchaseHelper]:
    """Return who helped to shape a purchase, organisations loaded."""
    query = select(PurchaseHelper).filter_by(tender_id=tender_id).options(joinedload(PurchaseHelper.organisation))
    return list(db.session.scalars(query.order_by(PurchaseHelper.id)))


def decided_elsewhere(row: Lot, organisation_id: int) -> bool:
    """True when the organisation's bid in another lot of the same purchase has been decided on."""
    query = (
        select(OpenedBid.id)
        .join(Lot, Lot.id == OpenedBid.lot_id)
        .where(
            Lot.tender_id == row.tender_id,
            Lot.id != row.id,
            Lot.state.not_in((*BEFORE_OPENING, LotState.OPENED)),
            OpenedBid.organisation_id == organisation_id,
        )
    )
    return db.session.scalar(query.limit(1)) is not None


def writers(tender: Tender) -> frozenset[int]:
    """Return who wrote the requirement: everyone who acted on the tender with the permit to draft."""
    query = (
        select(AuditEntry.actor_id)
        .distinct()
        .where(
            AuditEntry.subject_kind == "tender",
            AuditEntry.subject_id == tender.id,
            AuditEntry.permit == Permit.TENDER_DRAFT,
        )
    )
    found = {user_id for user_id in db.session.scalars(query) if user_id is not None}
    return frozenset(found | ({tender.created_by} if tender.created_by is not None else set()))


# --- results ----------------------------------------------------------------------------------------------------------


def results(lot_id: int) -> list[Result]:
    """Return a lot's ranking in order, organisations loaded: the purchaser chooses from the top (条例 art. 43)."""
    query = select(Result).filter_by(lot_id=lot_id).options(joinedload(Result.organisation)).order_by(Result.rank)
    return list(db.session.scalars(query))


def report(lot_id: int) -> EvaluationReport | None:
    """Return a lot's report."""
    return db.session.scalar(select(EvaluationReport).filter_by(lot_id=lot_id))


def feedback(bid_id: int) -> list[dict[str, Any]]:
    """Return what the panel gave one bid: criterion, score and reason. Only after the ranking.

    The members' names are public and so is their order; here each criterion's lines stand in the order of their words.
    """
    query = (
        select(Score)
        .join(Seat, Seat.id == Score.seat_id)
        .join(Panel, Panel.id == Seat.panel_id)
        .where(
            Score.scored_kind == "bid",
            Score.scored_id == bid_id,
            Seat.state == SeatState.FINAL,
            Panel.closed_at.is_not(None),
            exists().where(Result.opened_bid_id == bid_id),
        )
    )
    rows = sorted(db.session.scalars(query), key=lambda s: (s.criterion_id, s.reason, s.score_centi))
    return [{"criterion_id": s.criterion_id, "score_centi": s.score_centi, "reason": s.reason} for s in rows]


def quality_criteria(row: Lot) -> list[Any]:
    """Return the criteria the panel scores; `criteria` must be loaded."""
    return [c for c in row.criteria if c.kind == CriterionKind.QUALITY]


def price_weight_centi(row: Lot) -> int:
    """Return the points of the price, 0 when it is not scored; `criteria` must be loaded."""
    return sum(c.max_centi for c in row.criteria if c.kind == CriterionKind.PRICE)


def lots_by_id(ids: Iterable[int]) -> dict[int, Lot]:
    """Return lots with their tenders' titles by id."""
    query = select(Lot).where(Lot.id.in_(list(ids)))
    rows = db.session.scalars(query.options(joinedload(Lot.tender).load_only(Tender.title, Tender.method)))
    return {row.id: row for row in rows}
