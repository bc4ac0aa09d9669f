"""Directory notice of a street's approved year."""

from __future__ import annotations

from typing import Any

from market.budgets.models import FundYear


def budget_data(year: FundYear) -> dict[str, Any]:
    """Return what is published of an approved year: total, lines, sources (street and lines must be loaded)."""
    return {
        "street": year.street.office,
        "street_code": year.street.code,
        "year": year.year,
        "total_fen": sum(row.amount_fen for row in year.lines),
        "lines": [
            {
                "id": row.id,
                "source": row.source,
                "category": row.category,
                "title": row.title,
                "amount_fen": row.amount_fen,
            }
            for row in year.lines
        ],
    }
