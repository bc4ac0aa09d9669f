"""The door where the clock knocks: deadlines that have come, and awards that have changed."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import CLOCK
from market.venture.actions import close_round, remind_applicants, settle_round
from market.venture.queries import to_close, to_settle


def close_due_rounds(at: datetime) -> int:
    """Close every round whose deadline has come; returns how many."""
    due = to_close(at)
    for round_id in due:
        close_round(round_id, CLOCK, at)
    return len(due)


def settle_due_rounds(at: datetime) -> int:
    """Carry the awards' states over into their rounds; returns how many rounds changed."""
    return sum(settle_round(round_id, at) for round_id in to_settle())


def remind_before_deadlines(at: datetime) -> int:
    """Remind whoever has begun and not handed in, once; returns how many drafts."""
    return remind_applicants(at)
