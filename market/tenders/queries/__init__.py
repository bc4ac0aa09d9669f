"""Reads of tenders: whole rows with everything a page needs, lists by key, and the situation of a draft."""

from market.tenders.queries.lists import (
    begun_for_demand,
    demands_to_plan,
    live_tenders_of_demand,
    open_lots,
    openers,
    stage_sql,
    tenders_of,
    to_close,
    waiting_for,
)
from market.tenders.queries.rows import draw_secret, earlier_files, lot, rules_of, tender, tender_by_token
from market.tenders.queries.situation import LineUse, Situation, sources_of
from market.tenders.queries.versions import content_digest, version_of

__all__ = [
    "LineUse", "Situation", "begun_for_demand", "content_digest", "demands_to_plan", "draw_secret",
    "earlier_files", "live_tenders_of_demand", "lot", "open_lots", "openers", "rules_of", "sources_of", "stage_sql",
    "tender", "tender_by_token", "tenders_of", "to_close", "version_of", "waiting_for",
]  # fmt: skip
