"""Who may read a bid after the opening, and the note of each file read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from market.bids.models import OpenedBid
from market.evaluation import queries
from market.evaluation.actions.lots import GONE, SUBJECT
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.panels.models import Seat
from market.panels.queries import seat_in
from market.panels.states import SeatState
from market.records.audit import record
from market.records.files import SecretFile, open_secret
from market.tenders.models import Lot
from market.tenders.rules import Audience, Fact

READERS = {Permit.BID_QUALIFY, Permit.AWARD_CONFIRM}


@dataclass(frozen=True)
class Reading:
    """A bid somebody may read now: an officer of the street, or a member of the panel (then with a seat)."""

    lot: Lot
    bid: OpenedBid
    seat: Seat | None


def reading(actor: Actor, bid_id: int) -> Reading:
    """Return the bid with its lot. Raises NotFound for outsiders, Refused for a member who has not declared yet."""
    bid = queries.bid(bid_id)
    lot = queries.lot(bid.lot_id, criteria=True) if bid is not None else None
    if bid is None or lot is None:
        raise NotFound(GONE)
    if actor.permits(lot.subject.scope) & READERS:
        return Reading(lot, bid, None)
    seat = seat_in(actor, SUBJECT, lot.id)
    if seat is None or seat.state == SeatState.RECUSED:
        raise NotFound(GONE)
    if seat.state == SeatState.DRAWN:
        raise Refused(N_("请先声明与各投标人没有利害关系，之后才能查看投标内容。"))
    if not queries.may_see(lot, Fact.BID_CONTENT, Audience.PANEL):
        raise Refused(N_("资格审查完成之后才能查看投标内容。"))
    return Reading(lot, bid, seat)


@dataclass(frozen=True)
class BidFile:
    """A decrypted file of a bid on its way to a reader."""

    bid_id: int
    file_id: int
    name: str
    media_type: str
    content: bytes = field(repr=False)


def open_file(actor: Actor, bid_id: int, file_id: int) -> BidFile:
    """Decrypt one file of a bid for somebody who may read it. Writes nothing: `note_reading` follows."""
    bid = reading(actor, bid_id).bid
    entry = next((one for one in bid.content["files"] if one["file_id"] == file_id), None)
    row = queries.stored_file(file_id) if entry else None
    if entry is None or row is None:
        raise NotFound(GONE)
    secret = SecretFile(**{name: entry[name] for name in ("file_id", "name", "media_type", "size", "sha256", "key")})
    return BidFile(bid.id, file_id, secret.name, secret.media_type, open_secret(row, secret))


def note_reading(actor: Actor, bid_id: int, file_id: int, at: datetime) -> None:
    """Write down that somebody has read a file of a bid."""
    found = reading(actor, bid_id)
    permit = Permit.BID_SCORE if found.seat else Permit.BID_QUALIFY
    # Without a permit in the entry: reading is no act that would bar its reader from another one.
    facts = {"bid": found.bid.number, "as": permit.value}
    record(found.lot.subject, "read", actor, at, facts=facts, private={"file": file_id})
