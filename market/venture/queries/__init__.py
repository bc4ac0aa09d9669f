"""Reads of rounds, applications, seats and ballots."""

from market.venture.queries.lists import (
    PAGE,
    SeatLine,
    drafts_to_remind,
    handed_in,
    my_applications,
    open_rounds,
    rounds_for,
    seats_of,
    to_close,
    to_settle,
    unsent,
    waiting_rounds,
)
from market.venture.queries.rows import (
    FILES,
    SCORED,
    SUBJECT,
    VOTE,
    application,
    application_of,
    applications_of,
    ballots,
    codes_used,
    counts,
    draw_secret,
    entries,
    field_names,
    files_of,
    frame,
    parties,
    round_by_token,
    round_row,
    rules_of,
    sources,
    writers,
)

__all__ = [
    "FILES", "PAGE", "SCORED", "SUBJECT", "VOTE", "SeatLine", "application", "application_of", "applications_of", "ballots",
    "codes_used", "counts", "draw_secret", "drafts_to_remind", "entries", "field_names", "files_of", "frame", "handed_in", "my_applications",
    "open_rounds", "parties", "round_by_token", "round_row", "rounds_for", "rules_of", "seats_of", "sources",
    "to_close", "to_settle", "unsent", "waiting_rounds", "writers",
]  # fmt: skip
