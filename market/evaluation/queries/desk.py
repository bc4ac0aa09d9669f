"""What waits on the clerk's desk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from market.bids.models import OpenedBid, Opening
from market.db.session import db
from market.evaluation.models import (
    PriceInquiry,
    PriceOpinion,
)
from market.evaluation.queries.prices import hearing, opinions, unasked
from market.evaluation.queries.rows import PAGE, within, without_content
from market.kernel.permits import Actor, Permit
from market.panels.models import Panel
from market.panels.queries import all_final, live, panels_of
from market.tenders.models import Lot, Tender
from market.tenders.queries import rules_of
from market.tenders.states import LotState


@dataclass(frozen=True)
class NextStep:
    """What the clerk has to do next for a lot: qualify, draw, refill, ask, decide or rank."""

    lot: Lot
    step: str


def desk(actor: Actor) -> list[NextStep]:
    """Return the next step of each lot that waits for a clerk (seven statements, however many lots there are)."""
    query = (
        select(Lot)
        .join(Opening, Opening.lot_id == Lot.id)
        .where(
            Lot.state.in_((LotState.OPENED, LotState.QUALIFIED)),
            Opening.completed_at.is_not(None),
            within(actor, Permit.EVALUATION_REPORT, Lot),
        )
        .options(joinedload(Lot.tender).load_only(Tender.title, Tender.method, Tender.rules))
        .order_by(Lot.id)
        .limit(PAGE)
    )
    lots = list(db.session.scalars(query))
    if not lots:
        return []
    ids = [row.id for row in lots]
    panels, prices, asked = panels_of("lot", ids), _prices(ids), _asked(ids)
    undecided = [one.id for rows in asked.values() for one in rows if one.decided_at is None]
    given = opinions(undecided) if undecided else {}
    steps = ((row, _next_step(row, panels.get(row.id), prices[row.id], asked[row.id], given)) for row in lots)
    return [NextStep(row, step) for row, step in steps if step]


def _prices(lot_ids: list[int]) -> dict[int, list[OpenedBid]]:
    found: dict[int, list[OpenedBid]] = defaultdict(list)
    query = select(OpenedBid).where(OpenedBid.lot_id.in_(lot_ids)).options(*without_content())
    for row in db.session.scalars(query.order_by(OpenedBid.number)):
        found[row.lot_id].append(row)
    return found


def _asked(lot_ids: list[int]) -> dict[int, list[PriceInquiry]]:
    found: dict[int, list[PriceInquiry]] = defaultdict(list)
    query = select(PriceInquiry, OpenedBid.lot_id).join(PriceInquiry.bid).where(OpenedBid.lot_id.in_(lot_ids))
    for row, lot_id in db.session.execute(query.order_by(PriceInquiry.id)):
        found[lot_id].append(row)
    return found


def _next_step(
    row: Lot,
    panel: Panel | None,
    opened: list[OpenedBid],
    asked: list[PriceInquiry],
    given: Mapping[int, list[PriceOpinion]],
) -> str | None:
    if row.state == LotState.OPENED:
        return "qualify"
    if panel is None:
        return "draw"
    if len(live(panel)) < panel.size:
        return "refill"
    if unasked(row, rules_of(row.tender), opened, asked):
        return "ask"
    undecided = [one for one in asked if one.decided_at is None]
    if any(hearing(one, panel, given.get(one.id, ())).accepts is not None for one in undecided):
        return "decide"
    return "rank" if all_final(panel) and not undecided else None
