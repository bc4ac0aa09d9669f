"""Reads of the room, by subject."""

from market.workers.queries.certificates import certificate, expiring, holder_of, lapsed, returned, to_confirm
from market.workers.queries.deeds import (
    as_entries,
    card,
    cards_of,
    employments_of,
    learning_of,
    posting,
    postings_of,
    postings_under,
    present_employment,
    spans,
    supervision_given,
    supervisions_of,
    supervisors_in,
)
from market.workers.queries.growth import Growth, growth
from market.workers.queries.people import (
    PAGE,
    Named,
    current,
    employers,
    nameable,
    named,
    reserve_counts,
    roster,
    strength,
    tier_counts,
    within,
    worker,
    workers_by_id,
    workforce,
)

__all__ = [
    "PAGE", "Growth", "Named", "as_entries", "card", "cards_of", "certificate", "current", "employers",
    "employments_of", "expiring", "growth", "holder_of", "lapsed", "learning_of", "nameable", "named", "posting",
    "postings_of", "postings_under", "present_employment", "reserve_counts", "returned", "roster", "spans", "strength",
    "supervision_given", "supervisions_of", "supervisors_in", "tier_counts", "to_confirm", "within", "worker",
    "workers_by_id", "workforce",
]  # fmt: skip
