"""Doors of the room: bidding for organisations, opening for officers."""

from market.bids.views import bidding, choosing, opening, receipts
from market.bids.views.door import bp

__all__ = ["bidding", "bp", "choosing", "opening", "receipts"]
