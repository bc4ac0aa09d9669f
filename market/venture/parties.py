"""What the network of supporting organisations says of an applicant: the one place that asks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select

from market.incubation import queries as network
from market.kernel.clock import beijing_day
from market.kernel.uscc import ProviderType
from market.kernel.workdays import add_months
from market.organisations.models import Organisation

# Ties count for three years (条例 art. 9, 18; rows 24, 26).
_MONTHS = 36


def is_group(one: Organisation) -> bool:
    """True for a group without legal person, which applies through a host."""
    return one.provider_type == ProviderType.COMMUNITY_GROUP


def answering(one: Organisation, at: datetime) -> Organisation | None:
    """Return the organisation that answers for this applicant: itself, or a group's host; None without one."""
    return network.host_of(one.id, at) if is_group(one) else one


def _since(at: datetime) -> date:
    return add_months(beijing_day(at), -_MONTHS)


def supported_by(organisation_ids: Iterable[int], at: datetime) -> Mapping[int, set[int]]:
    """Return whom each of these organisations has supported in the last 36 months, among themselves."""
    wanted = set(organisation_ids)
    ties = network.supports(wanted, _since(at))
    return {one: (tie.supported & wanted) - {one} for one, tie in ties.items() if (tie.supported & wanted) - {one}}


def operating_in(street: ColumnElement[int], district: ColumnElement[int], at: datetime) -> Select[Any]:
    """Ask the same as `operators`, inside another query."""
    return network.operating_in(street, district, _since(at))


def operators(district_id: int, street_id: int, at: datetime) -> set[int]:
    """Return who has run a node of the network in the street, or of its whole district, in the last 36 months."""
    return network.operators_of(district_id, _since(at), street_id)
