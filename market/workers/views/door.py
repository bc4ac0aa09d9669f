"""What all pages of this room share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from market.kernel.permits import Permit
from market.web.guard import current_actor, found
from market.workers import queries
from market.workers.models import SocialWorker
from market.workers.states import (
    CERTIFICATE_LABELS,
    LEARNING_LABELS,
    LEVEL_LABELS,
    MODE_LABELS,
    POSTING_LABELS,
    TIER_LABELS,
)

bp = Blueprint("workers", __name__, url_prefix="/workers")

TONES = {"submitted": "wait", "confirmed": "good", "returned": "bad", "lapsed": "neutral", "running": "info"}


def page(name: str, **values: Any) -> str:
    """Render a page of this room with the words it needs."""
    words = {
        "levels": LEVEL_LABELS,
        "tiers": TIER_LABELS,
        "kinds": LEARNING_LABELS,
        "modes": MODE_LABELS,
        "certificate_states": CERTIFICATE_LABELS,
        "posting_states": POSTING_LABELS,
        "tones": TONES,
    }
    return render_template(f"market/workers/{name}", **words, **values)


def seen(worker_id: int) -> SocialWorker:
    """Return a person of one's organisation or district; 404 otherwise."""
    row = found(queries.worker(worker_id))
    held = current_actor().permits(row.scope)
    return found(row if held & {Permit.WORKER_EDIT, Permit.WORKER_CONFIRM} else None)


def own(worker_id: int) -> SocialWorker:
    """Return a person of one's own organisation; 404 otherwise."""
    row = found(queries.worker(worker_id))
    return found(row, Permit.WORKER_EDIT)
