"""Needs and demand items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select

from market.db.lines import lined
from market.db.session import db
from market.needs.models import DemandItem, Need
from market.needs.states import DemandState
from market.places.models import Street


def demand(demand_id: int) -> DemandItem | None:
    """Return a demand item."""
    return db.session.get(DemandItem, demand_id)


def open_demands(street_id: int) -> list[DemandItem]:
    """Return the demand items of a street that wait for a purchase, oldest first."""
    query = select(DemandItem).filter_by(street_id=street_id, state=DemandState.OPEN).order_by(DemandItem.id).limit(200)
    return list(db.session.scalars(query))


def demands(
    street_ids: Iterable[int] | None = None,
    before: int | None = None,
    limit: int = 20,
    state: DemandState | None = None,
) -> list[DemandItem]:
    """Return demand items (in one state), newest first, by key."""
    query = select(DemandItem).order_by(DemandItem.id.desc()).limit(limit)
    if street_ids is not None:
        query = query.where(DemandItem.street_id.in_(list(street_ids)))
    if before is not None:
        query = query.where(DemandItem.id < before)
    if state is not None:
        query = query.where(DemandItem.state == state)
    return list(db.session.scalars(query))


def needs_of(demand_id: int) -> list[Need]:
    """Return the needs merged into a demand item."""
    return list(db.session.scalars(select(Need).filter_by(demand_id=demand_id).order_by(Need.id)))


def needs_by_id(ids: Iterable[int]) -> list[Need]:
    """Return these needs, oldest first."""
    return list(db.session.scalars(select(Need).where(Need.id.in_(list(ids))).order_by(Need.id)))


def streets_with_loose_needs(street_ids: Iterable[int]) -> Select[Any]:
    """Ask which of these streets have needs that belong to no demand item yet."""
    loose = select(Need.street_id).where(Need.demand_id.is_(None))
    query = select(Street).where(Street.id.in_(list(street_ids)), Street.id.in_(loose))
    return lined(query, id=Street.id, title=Street.name)


def loose_needs(street_ids: Iterable[int], limit: int = 200) -> list[Need]:
    """Return needs that belong to no demand item yet, oldest first."""
    query = select(Need).where(Need.street_id.in_(list(street_ids)), Need.demand_id.is_(None)).order_by(Need.id)
    return list(db.session.scalars(query.limit(limit)))
