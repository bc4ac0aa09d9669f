"""The release of an opening: how many bids there were, and what else the publicity table lets anyone read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from market.bids.models import OpenedBid, Opening, UnreadableBid
from market.kernel.permits import CLOCK
from market.organisations.models import Organisation
from market.organisations.queries import party, party_id
from market.records.models import Notice
from market.records.notices import CardFacts, publish, value, z
from market.tenders.models import Lot
from market.tenders.notices import lot_key
from market.tenders.rules import Audience, Fact, Moment, shown


def bid_key(bid: OpenedBid | UnreadableBid, lot: Lot) -> str:
    """The bid's id inside its purchase's releases."""
    return f"{lot_key(lot)}-bid-{bid.number}"


def opening_release(
    lot: Lot, opening: Opening, opened: Sequence[OpenedBid], unreadable: Sequence[UnreadableBid]
) -> dict[str, Any]:
    """The opening as a fragment of a release; names and prices where the table says so, never what a bid contains."""

    def public(fact: Fact) -> bool:
        return shown(fact, lot.tender.method, Moment.OPENED, Audience.PUBLIC)

    key = lot_key(lot)
    count = {"id": f"{key}-bids", "measure": "bids", "value": len(opened) + len(unreadable), "relatedLot": key}
    opening_facts = {
        "openedAt": z(opening.at),
        "record": opening.record_digest,
        "lateAttempts": opening.record["late_attempts"],
        "bidders": count["value"],
    }
    release: dict[str, Any] = {
        "tender": {"id": str(lot.tender_id), "lots": [{"id": key, "opening": opening_facts}]},
        "bids": {"statistics": [count]},
    }
    if public(Fact.BIDDER_NAMES):
        bids: list[OpenedBid | UnreadableBid] = sorted([*opened, *unreadable], key=lambda b: b.number)
        release["parties"] = [party(bid.organisation, ["tenderer"]) for bid in bids]
        release["bids"]["details"] = [_detail(bid, lot, opening, prices=public(Fact.BID_PRICES)) for bid in bids]
    return release


def _detail(bid: OpenedBid | UnreadableBid, lot: Lot, opening: Opening, *, prices: bool) -> dict[str, Any]:
    line = next(one for one in opening.record["bids"] if one["bid"] == bid.bid_id)
    valid = isinstance(bid, OpenedBid) and bid.verdict != "invalid"
    detail = {
        "id": bid_key(bid, lot),
        "status": "pending" if valid else "disqualified",
        "tenderers": [_reference(bid.organisation)],
        "relatedLots": [lot_key(lot)],
        "receipt": line["receipt"],
        "root": line["root"],
        "envelope": line["envelope"],
    }
    if prices and isinstance(bid, OpenedBid):
        detail["value"] = value(bid.price_fen)
    return detail


def _reference(organisation: Organisation) -> dict[str, Any]:
    return {"id": party_id(organisation), "name": organisation.name}


def publish_opening(
    lot: Lot, opening: Opening, opened: Sequence[OpenedBid], unreadable: Sequence[UnreadableBid]
) -> Notice:
    """Publish the opening; opened bids go out as `tenderUpdate`, since `bid` is no release tag."""
    release = opening_release(lot, opening, opened, unreadable)
    return publish(lot.tender.file, "tenderUpdate", release, CardFacts(stage="opened"), CLOCK, opening.at)
