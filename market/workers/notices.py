"""Directory notice of an organisation's workforce: numbers alone."""

from __future__ import annotations

from typing import Any

from market.workers.rules import Workforce

KIND = "workforce"


def workforce_data(found: Workforce) -> dict[str, Any]:
    """Return what the public directory shows of an organisation's people."""
    return {
        "people": found.people,
        "certified": sum(found.certified.values()),
        "levels": dict(found.certified),
        "supervisors": found.supervisors,
    }
