"""What the clock does with a lot's bids: reminders before the deadline, and writing down what has closed."""

from __future__ import annotations

from datetime import datetime

from market.bids.mail import members, tell_ended, tell_never_submitted, tell_not_submitted, tell_to_open
from market.bids.models import BidDraft, Closing
from market.bids.queries import bid_count, drafts_left, late_attempts, live_bids, lot_locked, wraps_of
from market.bids.rules import reminders_reached
from market.db.session import db
from market.kernel.permits import CLOCK
from market.kernel.text import N_
from market.records.audit import lock_chain, record
from market.tenders.actions import fail_lot
from market.tenders.models import Lot
from market.tenders.queries import rules_of
from market.tenders.rules import enough_bidders
from market.tenders.states import LotState

TOO_FEW = N_("递交投标的供应商不足规定的最低数量，不予开标。")


def remind(draft: BidDraft, lot: Lot, at: datetime) -> bool:
    """Send the reminder that is due for a draft that was not submitted; each of 72, 24 and 2 hours once."""
    assert lot.tender.deadline_at is not None
    reached = reminders_reached(at, lot.tender.deadline_at)
    if not reached or reached[-1] in draft.reminded:
        return False
    draft.reminded = reached
    tell_not_submitted(draft, lot, reached[-1], at)
    return True


def close_window(lot_id: int, at: datetime) -> Closing | None:
    """Write down that a lot's window has closed, and fail it by rule when there are too few bids (row 19).

    Takes the locks that submissions take, so that the count is final. No bid is opened here, now or ever after a fail.
    """
    lot = lot_locked(lot_id)
    if lot is None or lot.state not in {LotState.SEALED, LotState.CANCELLED}:
        return None
    seals = lock_chain("bids", str(lot.id))
    count = bid_count(lot.id)
    row = Closing(lot_id=lot.id, bid_count=count, late_attempts=late_attempts(lot.id), seals_head=seals.head, at=at)
    db.session.add(row)
    db.session.flush()
    # The chain is public at once, the number of bids only with the opening (docs/publicity.md).
    facts = {"late_attempts": row.late_attempts, "seals": seals.head}
    record(lot.subject, "close_window", CLOCK, at, facts=facts, private={"bids": count})
    bidders = [bid.organisation_id for bid in live_bids(lot.id)]
    for draft in drafts_left(lot.id):
        if draft.organisation_id not in bidders:
            tell_never_submitted(draft, lot, at)
    if lot.state == LotState.CANCELLED:
        tell_ended(lot, bidders, at)
    elif enough_bidders(count, rules_of(lot.tender)):
        tell_to_open(lot, {wrap.first_user_id for wrap in wraps_of(lot.id)}, at)
    else:
        told = [user_id for organisation_id in bidders for user_id in members(organisation_id)]
        fail_lot(lot, TOO_FEW, CLOCK, at, tell=told, count=count)
    return row
