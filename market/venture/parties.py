"""What the network of supporting organisations says of an applicant: the one place that asks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from market.incubation import queries as network
from market.kernel.clock import beijing_day, instant
from market.kernel.uscc import ProviderType
from market.kernel.workdays import add_months
from market.organisations.models import Organisation
from market.organisations.queries import organisation

# Ties count for three years (条例 art. 9, 18; rows 24, 26).
_MONTHS = 36


def is_group(one: Organisation) -> bool:
    """True for a group without legal person, which applies through a host."""
    return one.provider_type == ProviderType.COMMUNITY_GROUP


def answering(one: Organisation, at: datetime) -> Organisation | None:
    """Return the organisation that answers for this applicant: itself, or a group's host; None without one."""
    if not is_group(one):
        return one
    host = network.host_of(one.id, at)
    return organisation(host) if host is not None else None


def supported_by(organisation_ids: Iterable[int], at: datetime) -> Mapping[int, set[int]]:
    """Return whom each of these organisations has supported in the last 36 months, among themselves."""
    wanted = set(organisation_ids)
    found: dict[int, set[int]] = {}
    for supporter, supported in network.supports(wanted, instant(add_months(beijing_day(at), -_MONTHS))):
        if supporter in wanted and supported in wanted and supporter != supported:
            found.setdefault(supporter, set()).add(supported)
    return found


def operates(organisation_id: int, district_id: int, street_id: int, at: datetime) -> bool:
    """True when this organisation runs a node of the network in the street (or of its whole district)."""
    return organisation_id in network.operators_of(district_id, street_id, at)
