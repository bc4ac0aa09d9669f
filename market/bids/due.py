"""The door where the clock knocks: reminders, closed windows, forgotten halves of replacements, orphaned draft keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from market.bids import vault
from market.bids.actions import close_window, expire_rewrap, remind
from market.bids.queries import draft_keys_in_use, lots_to_close, stale_rewraps, to_remind
from market.bids.rules import OPENING_WAIT, REWRAP_WAIT
from market.kernel.clock import system_now

_ORPHANED_AFTER = timedelta(hours=1)


def remind_unsent(at: datetime) -> int:
    """Remind those whose bid is written but not submitted, 72, 24 and 2 hours before the deadline."""
    return sum(remind(draft, lot, at) for draft, lot in to_remind(at))


def close_windows(at: datetime) -> int:
    """Write down the windows that closed at least 60 seconds ago; too few bids fail the lot."""
    return sum(close_window(lot_id, at) is not None for lot_id in lots_to_close(at - OPENING_WAIT))


def expire_rewraps(at: datetime) -> int:
    """Remove what a replacement left behind that nobody finished within a day."""
    rows = stale_rewraps(at - REWRAP_WAIT)
    for row in rows:
        expire_rewrap(row)
    return len(rows)


def sweep_draft_keys(_at: datetime) -> int:
    """Remove draft keys that no draft names, left behind by a crash. Files have real times."""
    return vault.sweep(draft_keys_in_use, system_now() - _ORPHANED_AFTER)
