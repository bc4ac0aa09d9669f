"""Directory notice of a published edition of the guidance catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from market.catalogue.models import CatalogueItem, CatalogueVersion


def catalogue_data(version: CatalogueVersion, items: Iterable[CatalogueItem]) -> dict[str, Any]:
    """Return what is published of an edition: every item with unit, price reference and guiding department."""
    return {
        "number": version.number,
        "effective_from": version.effective_from.isoformat(),
        "source": version.source,
        "items": [
            {
                "code": row.code,
                "category": row.category,
                "name": row.name,
                "unit": row.unit,
                "description": row.description,
                "guiding_department": row.guiding_department,
                "price_low_fen": row.price_low_fen,
                "price_high_fen": row.price_high_fen,
            }
            for row in items
        ],
    }
