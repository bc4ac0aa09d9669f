"""Divisions of China, tenant districts with their streets and communities, calendars, rulebook overrides."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db.session import db, strict
from market.db.types import At, Id, Json, Ref
from market.kernel.permits import Scope
from market.records.audit import Subject


class Division(db.Model):
    """One administrative division of China (statistics bureau code), down to street level."""

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    level: Mapped[str]  # province, city, county, street
    parent_code: Mapped[str | None] = mapped_column(index=True)
    __tablename__ = "division"


class District(db.Model):
    """A county-level district that uses the product: a tenant."""

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)  # six digits, GB/T 2260
    name: Mapped[str]
    full_name: Mapped[str]
    invented: Mapped[bool]
    __tablename__ = "district"

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        return Subject("district", self.id, ("district", str(self.id)), Scope(self.id))


class Street(db.Model):
    """A street office (街道办事处): the purchaser."""

    id: Mapped[Id]
    district_id: Mapped[Ref] = mapped_column(ForeignKey("district.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    uscc: Mapped[str | None]
    invented: Mapped[bool]
    district: Mapped[District] = relationship(lazy="joined")
    __tablename__ = "street"

    @property
    def scope(self) -> Scope:
        """District and street."""
        return Scope(self.district_id, self.id)

    @property
    def office(self) -> str:
        """Full name of the purchaser, such as 南京市江宁区东山街道办事处."""
        return f"{self.district.full_name}{self.name}办事处"


class Community(db.Model):
    """A community of a street."""

    id: Mapped[Id]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    name: Mapped[str]
    __tablename__ = "community"


class CalendarYear(db.Model):
    """A year whose holidays are known; `district_id` NULL is the national notice."""

    id: Mapped[Id]
    district_id: Mapped[int | None]
    year: Mapped[int]
    version: Mapped[str]
    source: Mapped[str]
    __tablename__ = "calendar_year"
    __table_args__ = strict(UniqueConstraint("district_id", "year"))


class CalendarDay(db.Model):
    """A day that differs from the plain week: a weekday off, or a make-up working day at a weekend."""

    id: Mapped[Id]
    year_id: Mapped[Ref] = mapped_column(ForeignKey("calendar_year.id"))
    day: Mapped[date]
    working: Mapped[bool]
    __tablename__ = "calendar_day"
    __table_args__ = strict(UniqueConstraint("year_id", "day"))


class RuleOverride(db.Model):
    """A district's own value of a rulebook row, with its reason; published."""

    id: Mapped[Id]
    district_id: Mapped[Ref] = mapped_column(ForeignKey("district.id"))
    key: Mapped[str]
    regime: Mapped[str]
    value: Mapped[Json]
    effective_from: Mapped[date]
    reason: Mapped[str]
    made_by: Mapped[int | None]
    made_at: Mapped[At]
    __tablename__ = "rule_override"
    __table_args__ = strict(Index(None, "district_id", "key"))
