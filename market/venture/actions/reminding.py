"""The clock's word before a deadline: whoever has begun and not handed in is told once."""

from __future__ import annotations

from datetime import datetime, timedelta

from market.db.session import db
from market.kernel.permits import CLOCK
from market.records.audit import record
from market.venture import mail
from market.venture.queries import drafts_to_remind, rules_of

# More than any district asks for: the rule of each round narrows it.
_FARTHEST = timedelta(days=31)
_DAYS = 3  # of rounds published before the rulebook had the row


def remind_applicants(at: datetime) -> int:
    """Tell the people of each draft once that its round closes soon; returns how many drafts."""
    done = 0
    for one in drafts_to_remind(at, _FARTHEST):
        row = one.round
        days = int(rules_of(row).get("round.remind_days", _DAYS))
        if row.deadline_at is None or row.deadline_at - at > timedelta(days=days):
            continue
        one.reminded_at = at
        mail.tell_closing_soon(row, one, at)
        record(one.subject, "remind", CLOCK, at)
        done += 1
    db.session.flush()
    return done
