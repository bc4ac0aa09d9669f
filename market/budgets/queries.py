"""Fund years, lines and what is left on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from market.budgets.models import BudgetLine, FundYear
from market.budgets.states import FundYearState
from market.db.session import db
from market.ledger.queries import balances


def fund_year(year_id: int) -> FundYear | None:
    """Return a plan with its street and lines."""
    return db.session.scalar(
        select(FundYear)
        .where(FundYear.id == year_id)
        .options(joinedload(FundYear.street), selectinload(FundYear.lines))
        .execution_options(populate_existing=True)
    )


def fund_year_of(street_id: int, year: int) -> FundYear | None:
    """Return the plan of a street and year with its lines."""
    return db.session.scalar(
        select(FundYear)
        .where(FundYear.street_id == street_id, FundYear.year == year)
        .options(joinedload(FundYear.street), selectinload(FundYear.lines))
        .execution_options(populate_existing=True)
    )


@dataclass(frozen=True)
class YearRow:
    """One row of the list: plan, total and number of lines."""

    year: FundYear
    total_fen: int
    lines: int


def year_rows(street_ids: Iterable[int] | None, district_ids: Iterable[int] | None, limit: int = 200) -> list[YearRow]:
    """Return the plans of these streets or districts, newest year first, each with its total."""
    sums = (
        select(
            BudgetLine.fund_year_id,
            func.sum(BudgetLine.amount_fen).label("total"),
            func.count(BudgetLine.id).label("number"),
        )
        .group_by(BudgetLine.fund_year_id)
        .subquery()
    )
    query = (
        select(FundYear, sums.c.total, sums.c.number)
        .outerjoin(sums, sums.c.fund_year_id == FundYear.id)
        .options(joinedload(FundYear.street))
        .order_by(FundYear.year.desc(), FundYear.street_id)
        .limit(limit)
    )
    if street_ids is not None:
        query = query.where(FundYear.street_id.in_(list(street_ids)))
    if district_ids is not None:
        query = query.where(FundYear.district_id.in_(list(district_ids)))
    return [YearRow(year, int(total or 0), number or 0) for year, total, number in db.session.execute(query)]


def previous_total_fen(street_id: int, year: int) -> int | None:
    """Return last year's closed total in fen, or None when it was not kept here."""
    total = db.session.scalar(
        select(func.sum(BudgetLine.amount_fen))
        .join(FundYear, FundYear.id == BudgetLine.fund_year_id)
        .where(FundYear.street_id == street_id, FundYear.year == year - 1, FundYear.state == FundYearState.CLOSED)
    )
    return int(total) if total is not None else None


def line(line_id: int) -> BudgetLine | None:
    """Return a budget line."""
    return db.session.get(BudgetLine, line_id)


def lines_by_id(ids: Iterable[int]) -> dict[int, BudgetLine]:
    """Return budget lines by id."""
    return {row.id: row for row in db.session.scalars(select(BudgetLine).where(BudgetLine.id.in_(list(ids))))}


def lines_for(street_id: int, year: int, category: str | None = None) -> list[tuple[BudgetLine, int]]:
    """Return the approved lines of a street and year with what is unspent, in fen; of one category if given."""
    query = (
        select(BudgetLine)
        .join(FundYear, FundYear.id == BudgetLine.fund_year_id)
        .where(FundYear.street_id == street_id, FundYear.year == year, FundYear.state == FundYearState.CLOSED)
        .order_by(BudgetLine.id)
    )
    if category is not None:
        query = query.where(BudgetLine.category == category)
    rows = list(db.session.scalars(query))
    left = balances([row.id for row in rows])
    return [(row, left[row.id]["unspent"]) for row in rows]
