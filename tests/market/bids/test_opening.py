"""Opening: two people, after the wait, never below the minimum; what comes out is checked against the receipts."""

from __future__ import annotations

from typing import Any

from tests.factories import bids


def test_two_officers_open_and_every_bid_matches_its_receipt(session: Any) -> None:
    case = bids.opened()
    found = bids.results(case)
    assert [row.price_fen for row in found] == [170_000_00, 165_000_00, 160_000_00]
    assert all(row.root_ok for row in found)
