"""Verbs of the room: drafting, submitting, opening, wrapping anew."""

from market.bids.actions.closing import close_window, remind
from market.bids.actions.drafting import (
    MOST_FILES,
    Saved,
    add_files,
    check_writable,
    continue_from,
    desk_for,
    discard_draft,
    remove_file,
    save_fields,
)
from market.bids.actions.opening import (
    DECRYPT_JOB,
    decrypt_bid,
    keep_opened,
    keep_peel,
    open_lot,
    open_with_passphrase,
    peel_key,
    peel_lot,
    unlock_lot,
)
from market.bids.actions.reading import note_reading, open_own_copy
from market.bids.actions.rewrapping import (
    begin_rewrap,
    expire_rewrap,
    finish_rewrap,
    keep_begun,
    keep_rewrapped,
    rewrap_lot,
)
from market.bids.actions.submitting import Sealed, hand_in, note_late_attempt, seal_bid, submit_bid, withdraw_bid

__all__ = [
    "DECRYPT_JOB", "MOST_FILES", "Saved", "Sealed", "add_files", "begin_rewrap", "check_writable", "close_window",
    "continue_from", "decrypt_bid", "desk_for", "discard_draft", "expire_rewrap", "finish_rewrap", "hand_in",
    "keep_begun", "keep_opened", "keep_peel", "keep_rewrapped", "note_late_attempt", "note_reading", "open_lot",
    "open_own_copy", "open_with_passphrase", "peel_key", "peel_lot", "remind", "remove_file", "rewrap_lot",
    "save_fields", "seal_bid", "submit_bid", "unlock_lot", "withdraw_bid",
]  # fmt: skip
