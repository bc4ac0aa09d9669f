"""A street's yearly fund and its lines. One line has one source; its money rests in five ledger accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.budgets.states import FundSource, FundYearState
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Ref, one_of
from market.kernel.permits import Scope
from market.places.models import Street
from market.records.audit import Subject


class FundYear(db.Model):
    """The plan of one street for one year."""

    id: Mapped[Id]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"))
    district_id: Mapped[Ref]
    year: Mapped[int]
    state: Mapped[str]
    previous_total_fen: Mapped[int | None]  # last year's total where it was not kept here
    note: Mapped[str]
    created_at: Mapped[At]
    closed_at: Mapped[datetime | None]
    street: Mapped[Street] = relationship(lazy="raise")
    lines: Mapped[list[BudgetLine]] = relationship(lazy="raise", order_by="BudgetLine.id")
    __tablename__ = "fund_year"
    __table_args__ = strict(
        one_of("state", FundYearState),
        UniqueConstraint("street_id", "year"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the street's year."""
        chain = ("street_year", f"{self.street_id}-{self.year}")
        return Subject("fund_year", self.id, chain, Scope(self.district_id, self.street_id))


class BudgetLine(db.Model):
    """One line: one source, one service category, an amount approved."""

    id: Mapped[Id]
    fund_year_id: Mapped[Ref] = mapped_column(ForeignKey("fund_year.id"), index=True)
    source: Mapped[str]
    category: Mapped[str]
    title: Mapped[str]
    amount_fen: Mapped[Fen]
    donor_purpose: Mapped[str]
    __tablename__ = "budget_line"
    __table_args__ = strict(one_of("source", FundSource), CheckConstraint("amount_fen > 0", name="amount_positive"))
