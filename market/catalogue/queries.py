"""Catalogue items in force, and the negative list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from market.catalogue.models import CatalogueItem, CatalogueVersion, NegativeItem
from market.db.session import db
from market.kernel.canonical import digest


def version_in_force(district_id: int, day: date | None = None) -> CatalogueVersion | None:
    """Return a district's newest published edition that is in force on `day` (the newest published when None)."""
    query = select(CatalogueVersion).where(
        CatalogueVersion.district_id == district_id, CatalogueVersion.published_at.is_not(None)
    )
    if day is not None:
        query = query.where(CatalogueVersion.effective_from <= day)
    return db.session.scalar(
        query.order_by(CatalogueVersion.effective_from.desc(), CatalogueVersion.id.desc()).limit(1)
    )


def editions(district_id: int) -> list[CatalogueVersion]:
    """Return all editions of a district, newest first; the one being edited has no `published_at`."""
    query = select(CatalogueVersion).filter_by(district_id=district_id).order_by(CatalogueVersion.id.desc())
    return list(db.session.scalars(query.limit(50)))


def edition(version_id: int) -> CatalogueVersion | None:
    """Return an edition with its district."""
    return db.session.scalar(
        select(CatalogueVersion)
        .where(CatalogueVersion.id == version_id)
        .options(joinedload(CatalogueVersion.district))
        .execution_options(populate_existing=True)
    )


def items_of(version_id: int, category: str | None = None) -> list[CatalogueItem]:
    """Return the items of one edition, by code."""
    query = select(CatalogueItem).where(CatalogueItem.version_id == version_id).order_by(CatalogueItem.code)
    if category is not None:
        query = query.where(CatalogueItem.category == category)
    return list(db.session.scalars(query))


def content_digest(version: CatalogueVersion, rows: Iterable[CatalogueItem]) -> str:
    """Return the digest by which a page remembers which content of an edition it showed."""
    items_said = [
        [
            row.code, row.category, row.name, row.unit, row.description, row.requirements, row.guiding_department,
            row.price_low_fen, row.price_high_fen, row.indicators,
        ]
        for row in rows
    ]  # fmt: skip
    return digest([version.number, version.effective_from, version.source, items_said])


def items(district_id: int, category: str | None = None, day: date | None = None) -> list[CatalogueItem]:
    """Return the items of the edition in force, by code."""
    version = version_in_force(district_id, day)
    return items_of(version.id, category) if version is not None else []


def item(item_id: int) -> CatalogueItem | None:
    """Return one item."""
    return db.session.get(CatalogueItem, item_id)


def negatives() -> list[NegativeItem]:
    """Return the negative list."""
    return list(db.session.scalars(select(NegativeItem).order_by(NegativeItem.number)))


def unpublished(district_ids: Iterable[int]) -> list[CatalogueVersion]:
    """Return editions of these districts that are still being edited, with their districts."""
    query = (
        select(CatalogueVersion)
        .where(CatalogueVersion.district_id.in_(list(district_ids)), CatalogueVersion.published_at.is_(None))
        .options(joinedload(CatalogueVersion.district))
        .order_by(CatalogueVersion.id)
    )
    return list(db.session.scalars(query))
