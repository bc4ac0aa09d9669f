"""Verbs of the room: the qualification check, the panel, abnormally low prices, the ranking."""

from market.evaluation.actions.prices import answer_price, ask_price, decide_price, give_opinion
from market.evaluation.actions.qualifying import (
    check_bid,
    check_bids,
    finish_qualification,
    note_helper,
    withdraw_helper,
)
from market.evaluation.actions.ranking import keep_report_pdf, rank_lot
from market.evaluation.actions.reading import note_reading
from market.evaluation.actions.scoring import (
    declare,
    draw_panel,
    finish_sheet,
    put_score,
    put_scores,
    recuse,
    refill_panel,
    release,
    scoring_lot,
)

__all__ = [
    "answer_price", "ask_price", "check_bid", "check_bids", "decide_price", "declare", "draw_panel",
    "finish_qualification", "finish_sheet", "give_opinion", "keep_report_pdf", "note_helper", "note_reading",
    "put_score", "put_scores", "rank_lot", "recuse", "refill_panel", "release", "scoring_lot",
    "withdraw_helper",
]  # fmt: skip
