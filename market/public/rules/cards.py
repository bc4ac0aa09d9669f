"""One line of a list of purchases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from market.kernel.categories import CATEGORY_LABELS, Category
from market.public.rules.labels import METHOD_LABELS, STAGES, stage_now


def listed(row: Any, at: datetime) -> dict[str, Any]:
    """Return what a list shows of a card at this instant; an amount already awarded stands before the budget."""
    stage = stage_now(row.stage, row.deadline_at, at)
    label, tone, _ = STAGES.get(stage, (stage, "neutral", None))
    known = row.category in set(Category)
    return {
        "ocid": row.ocid,
        "title": row.title,
        "buyer": row.buyer,
        "place": row.place,
        "label": label,
        "tone": tone,
        "method": METHOD_LABELS.get(row.method or "", row.method or ""),
        "category": CATEGORY_LABELS[Category(row.category)] if known else "",
        "amount_fen": row.amount_fen,
        "awarded_fen": row.awarded_fen,
        "supplier": row.supplier,
        "deadline_at": row.deadline_at if stage == "tender" else None,
    }
