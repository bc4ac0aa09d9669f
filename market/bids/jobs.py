"""The door where the worker knocks."""

from __future__ import annotations

from market.bids import actions
from market.db.engine import begin_writing
from market.db.session import db


def decrypt_bid(bid_id: int) -> None:
    """Open one bid of an opened lot; decryption happens before anything is locked. Safe to repeat."""
    found = actions.decrypt_bid(bid_id)
    if found is not None:
        begin_writing(db.session)
        actions.keep_opened(found)
