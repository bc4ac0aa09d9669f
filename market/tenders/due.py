"""The door where the clock knocks: deadlines that have come are written down."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import CLOCK
from market.tenders.actions import close_tender
from market.tenders.queries import to_close


def close_due(at: datetime) -> int:
    """Close every tender whose deadline has come; returns how many."""
    due = to_close(at)
    for tender_id in due:
        close_tender(tender_id, CLOCK, at)
    return len(due)
