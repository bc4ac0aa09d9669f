"""Verbs of the room: writing and publishing a round, applying, checking, judging, voting, deciding, settling."""

from market.venture.actions.applying import (
    Desk,
    Gap,
    Saved,
    TooLate,
    content_mark,
    desk_for,
    gaps,
    note_late_attempt,
    party_findings,
    save_fields,
    submit_application,
    withdraw_application,
    writable,
)
from market.venture.actions.attaching import attach_file, remove_file
from market.venture.actions.deciding import decide_round, rank_round
from market.venture.actions.drafting import (
    RoundFacts,
    Situation,
    create_round,
    return_round,
    rules_at,
    save_round,
    situation,
    submit_round,
)
from market.venture.actions.judging import (
    declare,
    draw_jury,
    draw_preview,
    finish_sheet,
    put_scores,
    recuse,
    refill_jury,
    release,
    scoring_round,
    set_bonus,
    set_pitch,
)
from market.venture.actions.publishing import cancel_round, close_round, publish_round
from market.venture.actions.reminding import remind_applicants
from market.venture.actions.screening import findings, finish_screening, screen_application
from market.venture.actions.settling import settle_round
from market.venture.actions.voting import make_codes, open_vote, vote, voting_round

__all__ = [
    "Desk", "Gap", "RoundFacts", "Saved", "Situation", "TooLate", "attach_file", "cancel_round", "close_round",
    "content_mark", "create_round", "decide_round", "declare", "desk_for", "draw_jury", "draw_preview", "findings",
    "finish_screening", "finish_sheet", "gaps", "make_codes", "note_late_attempt", "open_vote", "party_findings",
    "publish_round", "put_scores", "rank_round", "recuse", "refill_jury", "release", "remind_applicants",
    "remove_file", "return_round", "rules_at", "save_fields", "save_round", "scoring_round", "screen_application",
    "set_bonus", "set_pitch", "settle_round", "situation", "submit_application", "submit_round", "vote",
    "voting_round", "withdraw_application", "writable",
]  # fmt: skip
