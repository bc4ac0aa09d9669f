"""One line of a list of purchases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from market.kernel.categories import CATEGORY_LABELS
from market.public.rules.labels import METHOD_LABELS, by_jury, stage_now, stage_words
from market.public.rules.performing import outcomes_of

_CATEGORIES = {str(category): label for category, label in CATEGORY_LABELS.items()}


def listed(row: Any, at: datetime, folder: str) -> dict[str, Any]:
    """Return what a list shows of a card at this instant; `folder` is the address below which purchases lie."""
    stage = stage_now(row.stage, row.deadline_at, at)
    label, tone, _ = stage_words(stage, row.method or "", row.awarded_fen)
    return {
        "url": f"{folder}{row.ocid}",
        "title": row.title,
        "buyer": row.buyer or row.place,
        "label": label,
        "tone": tone,
        "method": METHOD_LABELS.get(row.method or "", row.method or ""),
        "category": _CATEGORIES.get(row.category or "", ""),
        "amount_fen": row.amount_fen,
        "awarded_fen": row.awarded_fen,
        "supplier": row.supplier,
        "jury": by_jury(row.method or ""),
        "deadline_at": row.deadline_at if stage == "tender" else None,
    }


def worked(card: Any, awarded_fen: int, received_fen: int, party: str, at: datetime, folder: str) -> dict[str, Any]:
    """Return one line of a supplier's work: the purchase, its own share of the money, and its published results."""
    return {
        **listed(card, at, folder),
        "own_awarded_fen": awarded_fen,
        "received_fen": received_fen,
        "outcomes": outcomes_of(card.compiled, party),
    }
