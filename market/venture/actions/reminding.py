"""The clock's word before a deadline: whoever has begun and not handed in is told once."""

from __future__ import annotations

from datetime import datetime, timedelta

from market.db.session import db
from market.kernel.permits import CLOCK
from market.records.audit import record
from market.venture import mail
from market.venture.queries import drafts_to_remind, open_at, rules_of


def remind_applicants(at: datetime) -> int:
    """Tell the people of each draft once that its round closes soon; returns how many drafts.

    How long before is a rule the round was published with; a round without it reminds nobody.
    """
    soon = []
    for row in open_at(at):
        days = rules_of(row).get("round.remind_days")
        if days is not None and row.deadline_at is not None and row.deadline_at - at <= timedelta(days=int(days)):
            soon.append(row.id)
    drafts = drafts_to_remind(soon) if soon else []
    for one in drafts:
        one.reminded_at = at
        mail.tell_closing_soon(one.round, one, at)
        record(one.subject, "remind", CLOCK, at)
    db.session.flush()
    return len(drafts)
