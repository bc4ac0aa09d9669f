"""Catalogue items in force, and the negative list."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from market.catalogue.models import CatalogueItem, CatalogueVersion, NegativeItem
from market.db.session import db


def version_in_force(district_id: int, day: date | None = None) -> CatalogueVersion | None:
    """Return a district's newest edition that is in force on `day` (the newest at all when None)."""
    query = select(CatalogueVersion).where(CatalogueVersion.district_id == district_id)
    if day is not None:
        query = query.where(CatalogueVersion.effective_from <= day)
    return db.session.scalar(
        query.order_by(CatalogueVersion.effective_from.desc(), CatalogueVersion.id.desc()).limit(1)
    )


def items(district_id: int, category: str | None = None, day: date | None = None) -> list[CatalogueItem]:
    """Return the items of the edition in force, by code."""
    version = version_in_force(district_id, day)
    if version is None:
        return []
    query = select(CatalogueItem).where(CatalogueItem.version_id == version.id).order_by(CatalogueItem.code)
    if category is not None:
        query = query.where(CatalogueItem.category == category)
    return list(db.session.scalars(query))


def item(item_id: int) -> CatalogueItem | None:
    """Return one item."""
    return db.session.get(CatalogueItem, item_id)


def negatives() -> list[NegativeItem]:
    """Return the negative list."""
    return list(db.session.scalars(select(NegativeItem).order_by(NegativeItem.number)))
