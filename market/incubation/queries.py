"""Who answers for a group without legal person, who runs nodes, and who has supported whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from market.organisations.models import Organisation


def host_of(organisation_id: int, at: datetime) -> Organisation | None:
    """Return the legal person that answers for a group at this instant, or None."""
    return None


def operators_of(district_id: int, since: date, street_id: int | None = None) -> set[int]:
    """Return the organisations that ran a node of a district (or of one of its streets, or its base) since a day."""
    return set()


@dataclass
class Support:
    """The ties of one organisation: nodes it ran, organisations it supported, organisations that supported it."""

    nodes: set[int] = field(default_factory=set)
    supported: set[int] = field(default_factory=set)
    supported_by: set[int] = field(default_factory=set)


def supports(organisation_ids: Iterable[int], since: date) -> dict[int, Support]:
    """Return the ties of these organisations that reach into the time since a day."""
    return {organisation_id: Support() for organisation_id in organisation_ids}
