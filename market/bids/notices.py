"""What is published of bids: how many there were and what else the publicity table shows, at the opening and after.

Of a bid's content only the price and what binds it to its receipt are opened, with the result also whether its bidder
claimed to be small. Every other part is a leaf of the receipt's root, from which neither name nor value can be read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from market.bids.models import OpenedBid, Opening, UnreadableBid
from market.bids.rules import BidContent, BidDocument
from market.kernel.commitments import commit, leaf_hash
from market.kernel.permits import CLOCK
from market.organisations.models import Organisation
from market.organisations.queries import party, party_id
from market.records.models import Notice
from market.records.notices import CardFacts, publish, value, z
from market.records.receipts import receipts_by_number
from market.tenders.models import Lot
from market.tenders.notices import lot_key
from market.tenders.rules import Audience, Fact, Moment, shown


def bid_key(bid: OpenedBid | UnreadableBid, lot: Lot) -> str:
    """The bid's id inside its purchase's releases."""
    return f"{lot_key(lot)}-bid-{bid.number}"


# What ties a bid to its receipt; with the price it is opened as soon as names and prices are public.
_BINDING = ("lot_id", "organisation_id", "receipt_number")


def opening_release(
    lot: Lot,
    opening: Opening,
    opened: Sequence[OpenedBid],
    unreadable: Sequence[UnreadableBid],
    receipts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The opening as a fragment of a release; names and prices where the table says so, never what a bid contains.

    `receipts` are the signed receipts by number.
    """

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
        prices = public(Fact.BID_PRICES)
        release["bids"]["details"] = [_detail(bid, lot, opening, receipts or {}, prices=prices) for bid in bids]
    return release


def result_fragment(
    lot: Lot,
    opening: Opening,
    opened: Sequence[OpenedBid],
    unreadable: Sequence[UnreadableBid],
    receipts: Mapping[str, Any],
) -> dict[str, Any]:
    """What of the bids becomes public with the result: who claimed to be small, and names kept back at the opening."""
    at_opening = shown(Fact.BIDDER_NAMES, lot.tender.method, Moment.OPENED, Audience.PUBLIC)
    prices = shown(Fact.BID_PRICES, lot.tender.method, Moment.AWARDED, Audience.PUBLIC)
    bids: list[OpenedBid | UnreadableBid] = sorted([*opened, *unreadable], key=lambda b: b.number)
    details = []
    for bid in bids:
        part: dict[str, Any] = {"id": bid_key(bid, lot)}
        if not at_opening:
            part = _detail(bid, lot, opening, receipts, prices=prices)
        if isinstance(bid, OpenedBid) and bid.root_ok:
            claimed = _opened(_document(bid, opening), ["declaration_small"])
            part["linliOpened"] = [*part.get("linliOpened", ()), *claimed]
        details.append(part)
    return {"bids": {"details": details}}


def _document(bid: OpenedBid, opening: Opening) -> BidDocument:
    line = _line(bid, opening)
    content = BidContent.from_data(bid.content)
    return BidDocument(bid.lot_id, bid.organisation_id, line["receipt"], content, tuple(bid.secret_fields), bid.salts)


def _opened(document: BidDocument, names: Collection[str]) -> list[dict[str, Any]]:
    parts = document.committed()
    return [{"id": name, "value": parts[name], "salt": document.salts[name]} for name in names]


def _line(bid: OpenedBid | UnreadableBid, opening: Opening) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in opening.record["bids"] if one["bid"] == bid.bid_id)
    return found


def _detail(
    bid: OpenedBid | UnreadableBid, lot: Lot, opening: Opening, receipts: Mapping[str, Any], *, prices: bool
) -> dict[str, Any]:
    line = _line(bid, opening)
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
    if line["receipt"] in receipts:
        detail["linliReceipt"] = receipts[line["receipt"]]
    if isinstance(bid, OpenedBid) and bid.root_ok:
        document = _document(bid, opening)
        parts = document.committed()
        detail["linliLeaves"] = [
            leaf_hash(name, commit(name, parts[name], document.salts[name])) for name in sorted(parts)
        ]
        detail["linliOpened"] = _opened(document, (*_BINDING, *(["price_fen"] if prices else ())))
    if prices and isinstance(bid, OpenedBid):
        detail["value"] = value(bid.price_fen)
    return detail


def _reference(organisation: Organisation) -> dict[str, Any]:
    return {"id": party_id(organisation), "name": organisation.name}


def publish_opening(
    lot: Lot, opening: Opening, opened: Sequence[OpenedBid], unreadable: Sequence[UnreadableBid]
) -> Notice:
    """Publish the opening; opened bids go out as `tenderUpdate`, since `bid` is no release tag."""
    numbers = [line["receipt"] for line in opening.record["bids"]]
    release = opening_release(lot, opening, opened, unreadable, receipts_by_number(numbers))
    return publish(lot.tender.file, "tenderUpdate", release, CardFacts(stage="opened"), CLOCK, opening.at)
