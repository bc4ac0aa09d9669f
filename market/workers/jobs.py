"""The door where the worker knocks: a growth record card as PDF, laid out while reading; only the keeping writes."""

from __future__ import annotations

from datetime import date
from typing import Any

from market.db.engine import begin_writing
from market.db.session import db
from market.records.files import keep_bytes
from market.records.pdf import render_pdf
from market.records.rendering import render
from market.workers.models import GrowthCard
from market.workers.states import CERTIFICATE_LABELS, LEARNING_LABELS, LEVEL_LABELS, MODE_LABELS, TIER_LABELS

_DAYS = {"day", "until", "from_on", "until_on", "registered_on", "valid_until", "starts_on", "ends_on", "ended_on"}


def card_pdf(card_id: int) -> None:
    """Lay one card out; a repeat finds it done."""
    row = db.session.get(GrowthCard, card_id)
    if row is None or row.pdf_file_id is not None:
        return
    pdf = document(row)
    begin_writing(db.session())
    row = db.session.get_one(GrowthCard, card_id)
    if row.pdf_file_id is not None:
        return
    kept = keep_bytes(pdf, f"growth-card-{row.id}.pdf", "application/pdf", ("growth_card", row.id), row.made_at)
    row.pdf_file_id = kept.id


def document(row: GrowthCard) -> bytes:
    """Return a card as PDF/A."""
    words = {
        "levels": LEVEL_LABELS,
        "tiers": TIER_LABELS,
        "kinds": LEARNING_LABELS,
        "modes": MODE_LABELS,
        "certificate_states": CERTIFICATE_LABELS,
    }
    html = render("pdf/workers_card.html", data=_read(row.data), card=row, **words)
    return render_pdf(html, title=f"社会工作者成长纪实卡 {row.data['name']}", lang="zh-CN", at=row.made_at)  # zh-only


def _read(value: Any, name: str = "") -> Any:
    """A card's frozen data with its days as days again."""
    if isinstance(value, dict):
        return {key: _read(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_read(one) for one in value]
    return date.fromisoformat(value) if name in _DAYS and isinstance(value, str) else value
