"""What officers and the clock do with a tender."""

from market.tenders.actions.drafting import add_lot, create_tender, keep_typed, remove_lot, save_lot, save_tender
from market.tenders.actions.ending import cancel_tender, close_tender, fail_lot
from market.tenders.actions.keys import wrap_lot_keys
from market.tenders.actions.publishing import publish_intention, publish_tender, return_tender, submit_tender
from market.tenders.actions.repeating import repeat_tender

__all__ = [
    "add_lot", "cancel_tender", "close_tender", "create_tender", "fail_lot", "keep_typed", "publish_intention",
    "publish_tender", "remove_lot", "repeat_tender", "return_tender", "save_lot", "save_tender", "submit_tender",
    "wrap_lot_keys",
]  # fmt: skip
