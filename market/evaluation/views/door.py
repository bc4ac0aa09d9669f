"""What all pages of this room share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, render_template

from market.db.engine import begin_reading, begin_writing
from market.db.session import db
from market.evaluation import queries
from market.evaluation.mail import title_of
from market.evaluation.states import LOW_TEST_LABELS, TIE_LABELS, VERDICT_LABELS
from market.kernel.permits import Permit
from market.panels.states import SEAT_LABELS
from market.tenders.models import Lot
from market.tenders.states import LOT_LABELS
from market.web.guard import current_actor, found
from market.workers.states import LEVEL_LABELS

bp = Blueprint("evaluation", __name__, url_prefix="/evaluation")

TONES = {
    "opened": "wait", "qualified": "wait", "ranked": "info", "awarded": "good", "failed": "bad",
    "drawn": "wait", "declared": "info", "final": "good", "recused": "neutral",
    "valid": "good", "invalid": "bad", "": "wait",
}  # fmt: skip


def page(name: str, **values: Any) -> str:
    """Render a page of this room with the words it needs."""
    words = {
        "lot_states": LOT_LABELS,
        "seat_states": SEAT_LABELS,
        "verdicts": VERDICT_LABELS,
        "tests": LOW_TEST_LABELS,
        "ties": TIE_LABELS,
        "tones": TONES,
        "title_of": title_of,
        "levels": LEVEL_LABELS,
    }
    return render_template(f"market/evaluation/{name}", **words, **values)


def lot_for(lot_id: int, permit: Permit = Permit.TENDER_SEE, **parts: bool) -> Lot:
    """Return a lot that has been opened, or answer 404."""
    row = found(queries.lot(lot_id, **parts), permit)
    return found(row if row.state not in queries.BEFORE_OPENING else None)


def may(lot: Lot, permit: Permit) -> bool:
    """True when the person holds the permit for this lot."""
    return permit in current_actor().permits(lot.subject.scope)


@contextmanager
def before_the_lock() -> Iterator[None]:
    """Read and decrypt without holding the write lock; what follows the block writes."""
    begin_reading(db.session)
    try:
        yield
    finally:
        begin_writing(db.session)
