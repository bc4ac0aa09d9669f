"""Who answers for a group without legal person, and who has supported whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def host_of(organisation_id: int, at: datetime) -> int | None:
    """Return the organisation that answers for a group at `at`, or None."""
    return None


def supports(organisation_ids: Iterable[int], since: datetime) -> list[tuple[int, int]]:
    """Return (supporter, supported) pairs since then."""
    return []


def operators_of(district_id: int, street_id: int, at: datetime) -> set[int]:
    """Return who operates nodes of the network in a street, or of its whole district."""
    return set()
