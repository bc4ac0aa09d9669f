"""What residents ask for, and the demand item a purchase answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from market.catalogue.states import Category
from market.db.session import db, strict
from market.db.types import At, Id, Ref, one_of
from market.kernel.permits import Scope
from market.needs.states import DemandState, NeedChannel
from market.records.audit import Subject


class Need(db.Model):
    """One request of residents, without personal data; several are merged into one demand item."""

    id: Mapped[Id]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    district_id: Mapped[Ref]
    community_id: Mapped[int | None] = mapped_column(ForeignKey("community.id"))
    channel: Mapped[str]
    category: Mapped[str]
    summary: Mapped[str]
    people_affected: Mapped[int]
    received_at: Mapped[At]
    demand_id: Mapped[int | None] = mapped_column(ForeignKey("demand_item.id"), index=True)
    __tablename__ = "need"
    __table_args__ = strict(one_of("channel", NeedChannel), one_of("category", Category))

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        scope = Scope(self.district_id, self.street_id)
        return Subject("need", self.id, ("district", str(self.district_id)), scope)


class DemandItem(db.Model):
    """A need put into words a purchase can answer."""

    id: Mapped[Id]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    district_id: Mapped[Ref]
    title: Mapped[str]
    description: Mapped[str]
    category: Mapped[str]
    people_affected: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[At]
    closed_at: Mapped[datetime | None]
    __tablename__ = "demand_item"
    __table_args__ = strict(one_of("state", DemandState), one_of("category", Category))

    @property
    def subject(self) -> Subject:
        """Chain of the district's register."""
        scope = Scope(self.district_id, self.street_id)
        return Subject("demand_item", self.id, ("district", str(self.district_id)), scope)
