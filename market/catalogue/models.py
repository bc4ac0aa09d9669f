"""Guidance catalogue and negative list, each with its version and legal basis."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.catalogue.states import Category
from market.db.session import db, strict
from market.db.types import Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.places.models import District
from market.records.audit import Subject


class CatalogueVersion(db.Model):
    """One edition of a district's guidance catalogue: items may change until it is published, then never again."""

    id: Mapped[Id]
    district_id: Mapped[Ref] = mapped_column(ForeignKey("district.id"))
    number: Mapped[str]
    effective_from: Mapped[date]
    source: Mapped[str]
    published_at: Mapped[datetime | None]
    district: Mapped[District] = relationship(lazy="raise")
    __tablename__ = "catalogue_version"
    __table_args__ = strict(UniqueConstraint("district_id", "number"))

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        return Subject("catalogue_version", self.id, ("district", str(self.district_id)), Scope(self.district_id))


class CatalogueItem(db.Model):
    """A service that may be bought: code, category, unit, price reference, usual indicators."""

    id: Mapped[Id]
    version_id: Mapped[Ref] = mapped_column(ForeignKey("catalogue_version.id"), index=True)
    code: Mapped[str]
    category: Mapped[str]
    name: Mapped[str]
    unit: Mapped[str]
    description: Mapped[str]
    requirements: Mapped[str]
    guiding_department: Mapped[str]
    price_low_fen: Mapped[int | None]
    price_high_fen: Mapped[int | None]
    indicators: Mapped[Json]
    __tablename__ = "catalogue_item"
    __table_args__ = strict(one_of("category", Category), UniqueConstraint("version_id", "code"))


class NegativeItem(db.Model):
    """What may not be bought (管理办法 art. 10), with the words that point at it."""

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str]
    words: Mapped[Json]
    source: Mapped[str]
    __tablename__ = "negative_item"
