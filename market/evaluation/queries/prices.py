"""Reads of abnormally low prices: what was asked, and what the panel says to the answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import contains_eager, joinedload

from market.bids.models import OpenedBid
from market.db.lines import lined
from market.db.session import db
from market.evaluation.models import (
    PriceInquiry,
    PriceOpinion,
)
from market.evaluation.queries.rows import PAGE, without_content
from market.evaluation.rules import Hit, LowRates, low_price_hits, low_price_lines, low_rates, panel_accepts
from market.evaluation.states import Verdict
from market.kernel import rulebook
from market.kernel.rulebook import RuleSet
from market.panels.models import Panel, Seat
from market.panels.states import SeatState
from market.tenders.models import Lot, Tender
from market.tenders.states import LotState


def inquiries(lot_id: int) -> list[PriceInquiry]:
    """Return the price inquiries of a lot, each with its bid and organisation."""
    query = (
        select(PriceInquiry)
        .join(PriceInquiry.bid)
        .where(OpenedBid.lot_id == lot_id)
        .options(
            joinedload(PriceInquiry.bid).options(*without_content()),
            joinedload(PriceInquiry.bid).joinedload(OpenedBid.organisation),
        )
        .order_by(PriceInquiry.id)
    )
    return list(db.session.scalars(query))


def inquiry(inquiry_id: int, *, lock: bool = False) -> PriceInquiry | None:
    """Return a price inquiry with its bid and organisation; locked when asked."""
    query = (
        select(PriceInquiry)
        .where(PriceInquiry.id == inquiry_id)
        .options(joinedload(PriceInquiry.bid, innerjoin=True).joinedload(OpenedBid.organisation, innerjoin=True))
    )
    if lock:
        query = query.with_for_update(of=PriceInquiry).execution_options(populate_existing=True)
    return db.session.scalar(query)


def open_inquiries_for(organisation_ids: Iterable[int], at: datetime) -> Select[Any]:
    """Ask for inquiries that these organisations can still answer, the first to end first; `name` is the lot's own."""
    query = (
        select(PriceInquiry)
        .join(PriceInquiry.bid)
        .join(Lot, Lot.id == OpenedBid.lot_id)
        .join(Tender, Tender.id == Lot.tender_id)
        .where(
            OpenedBid.organisation_id.in_(list(organisation_ids)),
            PriceInquiry.until > at,
            PriceInquiry.replied_at.is_(None),
            PriceInquiry.decided_at.is_(None),
        )
        .order_by(PriceInquiry.until)
        .limit(PAGE)
    )
    return lined(query, id=PriceInquiry.id, title=Tender.title, name=Lot.title, at=PriceInquiry.until)


def conforming(rows: Iterable[OpenedBid], asked: Iterable[PriceInquiry]) -> list[OpenedBid]:
    """Return the bids whose prices make the lines: all that passed the qualification check, also one refused since."""
    refused = {one.opened_bid_id for one in asked if one.accepted is False}
    return [row for row in rows if row.verdict == Verdict.VALID or row.id in refused]


def price_lines(row: Lot, rules: RuleSet, prices: list[int]) -> list[Hit]:
    """Return the lines below which a price of this lot is abnormal. Raises Refused for a rate that is not allowed."""
    base = rulebook.load().at(rules.place, rules.regime, rules.day)
    rates: LowRates = low_rates(rules, base)
    return low_price_lines(prices, row.ceiling_fen, rates)


def unasked(row: Lot, rules: RuleSet, opened: list[OpenedBid], asked: list[PriceInquiry]) -> list[OpenedBid]:
    """Return the bids whose price must be explained and whose bidders have not been asked."""
    passed = conforming(opened, asked)
    lines = price_lines(row, rules, [bid.price_fen for bid in passed])
    before = {one.opened_bid_id for one in asked}
    return [bid for bid in passed if bid.id not in before and low_price_hits(bid.price_fen, lines)]


# --- what the panel says to an explanation ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Hearing:
    """The opinions that count on one explanation, by seat, and how many there must be: 0 before the panel is drawn."""

    given: list[PriceOpinion]
    size: int

    @property
    def accepts(self) -> bool | None:
        """The panel's conclusion; None while an opinion is missing, and until then nobody sees the others."""
        return panel_accepts([one.accepted for one in self.given], self.size)

    @property
    def accepting(self) -> int:
        """How many accept the explanation."""
        return sum(one.accepted for one in self.given)

    @property
    def reasons(self) -> str:
        """The majority's reasons as one text, each of them once."""
        words = (one.reason.rstrip("。；; ") for one in self.given if one.accepted is self.accepts)
        return "；".join(dict.fromkeys(words)) + "。"


def opinions(inquiry_ids: Iterable[int]) -> dict[int, list[PriceOpinion]]:
    """Return all opinions given on these inquiries, by inquiry and then by seat, members loaded (one statement)."""
    found: dict[int, list[PriceOpinion]] = defaultdict(list)
    query = select(PriceOpinion).join(PriceOpinion.seat).where(PriceOpinion.inquiry_id.in_(list(inquiry_ids)))
    people = contains_eager(PriceOpinion.seat).joinedload(Seat.user)
    for row in db.session.scalars(query.options(people).order_by(Seat.number)):
        found[row.inquiry_id].append(row)
    return found


def hearing(row: PriceInquiry, panel: Panel | None, given: Iterable[PriceOpinion]) -> Hearing:
    """Return which opinions count: of the panel as it sits, and once concluded, as it sat then.

    The opinion of a member who has been replaced is void (87号令 art. 49).
    """
    ended = row.decided_at
    counted = [
        one
        for one in given
        if one.seat.state != SeatState.RECUSED
        or (ended is not None and one.seat.acted_at is not None and one.seat.acted_at > ended)
    ]
    return Hearing(counted, len(counted) if ended is not None else panel.size if panel else 0)


def hearings(asked: Iterable[PriceInquiry], panel: Panel | None) -> dict[int, Hearing]:
    """Return the hearing of each of these inquiries of one lot (one statement, none without inquiries)."""
    rows = list(asked)
    given = opinions(one.id for one in rows) if rows else {}
    return {one.id: hearing(one, panel, given.get(one.id, ())) for one in rows}


def _owed(at: datetime) -> Select[Any]:
    """Ask for inquiries that a seat has to give an opinion on, joined with lot, tender and seat."""
    given = exists().where(PriceOpinion.inquiry_id == PriceInquiry.id, PriceOpinion.seat_id == Seat.id)
    return (
        select(PriceInquiry)
        .join(PriceInquiry.bid)
        .join(Lot, Lot.id == OpenedBid.lot_id)
        .join(Tender, Tender.id == Lot.tender_id)
        .join(Panel, (Panel.subject_kind == "lot") & (Panel.subject_id == Lot.id))
        .join(Seat, Seat.panel_id == Panel.id)
        .where(
            Lot.state == LotState.QUALIFIED,
            Seat.state.in_((SeatState.DECLARED, SeatState.FINAL)),
            PriceInquiry.decided_at.is_(None),
            PriceInquiry.replied_at.is_not(None) | (PriceInquiry.until <= at),
            ~given,
        )
    )


def opinions_owed_by(user_id: int, at: datetime) -> Select[Any]:
    """Ask for the inquiries on which this person's opinion is awaited, the oldest first; `name` is the lot's own."""
    query = _owed(at).where(Seat.user_id == user_id).order_by(PriceInquiry.id).limit(PAGE)
    return lined(query, id=PriceInquiry.id, title=Tender.title, name=Lot.title)


def seats_owing(lot_id: int, at: datetime) -> set[int]:
    """Return the seats of a lot's panel whose opinion is awaited."""
    return set(db.session.scalars(_owed(at).where(Lot.id == lot_id).with_only_columns(Seat.id).distinct()))


def heard_open(seat_id: int) -> bool:
    """True when this seat has given an opinion on an explanation that is not concluded yet."""
    query = select(PriceOpinion.id).join(PriceInquiry, PriceInquiry.id == PriceOpinion.inquiry_id)
    query = query.where(PriceOpinion.seat_id == seat_id, PriceInquiry.decided_at.is_(None))
    return db.session.scalar(query.limit(1)) is not None
