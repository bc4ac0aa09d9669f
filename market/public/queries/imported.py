"""The shelf of other publishers' purchases: lists, search, and one purchase compiled from its releases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import select

from market.db.session import db
from market.public.queries import Listing, listing
from market.records.importing import KIND
from market.records.models import ImportedPurchase, ImportedRelease, ImportedSource
from market.records.projections import merge

_RELEASES_MOST = 500


def sources() -> Sequence[ImportedSource]:
    """Return the publishers on the shelf, by name."""
    return db.session.scalars(select(ImportedSource).order_by(ImportedSource.name).limit(200)).all()


def purchases(words: str = "", source: int | None = None, before: int | None = None) -> Listing:
    """Return one page of imported purchases with their source's name, the last imported first."""
    card = ImportedPurchase
    query = select(
        card.ocid, card.title, card.buyer, card.supplier, card.amount, card.date, card.source_id,
        ImportedSource.name.label("source"), card.id.label("mark"),
    ).join(ImportedSource, ImportedSource.id == card.source_id)  # fmt: skip
    if source is not None:
        query = query.where(card.source_id == source)
    return listing(query, KIND, words, card.id, card.id, before, source is not None)


def purchase(source_id: int, ocid: str) -> Any | None:
    """Return one imported purchase and its source."""
    card = ImportedPurchase
    query = select(card, ImportedSource).join(ImportedSource, ImportedSource.id == card.source_id)
    return db.session.execute(query.where(card.source_id == source_id, card.ocid == ocid)).first()


def releases(source_id: int, ocid: str) -> Sequence[Any]:
    """Return the releases of an imported purchase as they came, by their date."""
    release = ImportedRelease
    query = select(release.release_id, release.date, release.digest, release.body).where(
        release.source_id == source_id, release.ocid == ocid
    )
    return db.session.execute(query.order_by(release.date, release.id).limit(_RELEASES_MOST)).all()


def compiled(found: Sequence[Any]) -> dict[str, Any]:
    """Return what releases come to, whatever their types."""
    whole: dict[str, Any] = {}
    for row in found:
        whole = merge(whole, orjson.loads(row.body))
    return whole
