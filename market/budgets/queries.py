"""Fund years, lines and what is left on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import joinedload, selectinload

from market.budgets.models import BudgetLine, FundYear
from market.budgets.states import FundYearState
from market.db.session import db
from market.kernel.canonical import digest
from market.ledger.queries import balances, signed_by_file
from market.organisations.models import Organisation
from market.places.models import Street
from market.records.models import PurchaseCard, PurchaseFile


def fund_year(year_id: int, *, locked: bool = False) -> FundYear | None:
    """Return a plan with its street and lines; `locked` keeps others from changing it until the transaction ends."""
    query = (
        select(FundYear)
        .where(FundYear.id == year_id)
        .options(joinedload(FundYear.street), selectinload(FundYear.lines))
        .execution_options(populate_existing=True)
    )
    return db.session.scalar(query.with_for_update(of=FundYear) if locked else query)


def content_digest(row: FundYear) -> str:
    """Return the digest by which a page remembers which plan it showed (lines must be loaded)."""
    lines = [[x.id, x.source, x.category, x.title, x.amount_fen, x.donor_purpose] for x in row.lines]
    return digest([row.id, row.previous_total_fen, lines])


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


def _sums() -> Subquery:
    """Total and number of lines by plan."""
    return (
        select(
            BudgetLine.fund_year_id,
            func.sum(BudgetLine.amount_fen).label("total"),
            func.count(BudgetLine.id).label("number"),
        )
        .group_by(BudgetLine.fund_year_id)
        .subquery()
    )


def year_rows(street_ids: Iterable[int] | None, district_ids: Iterable[int] | None, limit: int = 200) -> list[YearRow]:
    """Return the plans of these streets or districts, newest year first, each with its total."""
    sums = _sums()
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


def board(district_id: int, year: int) -> list[tuple[Street, YearRow | None]]:
    """Return every street of a district with its plan of the year, or None where there is none yet."""
    sums = _sums()
    query = (
        select(Street, FundYear, sums.c.total, sums.c.number)
        .outerjoin(FundYear, (FundYear.street_id == Street.id) & (FundYear.year == year))
        .outerjoin(sums, sums.c.fund_year_id == FundYear.id)
        .where(Street.district_id == district_id)
        .order_by(Street.code)
    )
    return [
        (street, YearRow(plan, int(total or 0), number or 0) if plan is not None else None)
        for street, plan, total, number in db.session.execute(query)
    ]


def waiting_years(district_ids: Iterable[int]) -> list[FundYear]:
    """Return plans of these districts that wait for approval, oldest first."""
    query = (
        select(FundYear)
        .where(FundYear.district_id.in_(list(district_ids)), FundYear.state == FundYearState.PROPOSED)
        .options(joinedload(FundYear.street))
        .order_by(FundYear.id)
    )
    return list(db.session.scalars(query.limit(200)))


def years_of(street_ids: Iterable[int], years: Iterable[int]) -> dict[tuple[int, int], FundYear]:
    """Return the plans of these streets and years by (street, year)."""
    query = (
        select(FundYear)
        .where(FundYear.street_id.in_(list(street_ids)), FundYear.year.in_(list(years)))
        .options(joinedload(FundYear.street))
    )
    return {(row.street_id, row.year): row for row in db.session.scalars(query)}


def signed_by_prefix(year: int, street_ids: Iterable[int] | None, district_id: int | None = None) -> dict[str, int]:
    """Return the money bound by signed contracts on a year's lines, in fen, by the first two characters of the
    supplier's credit code (row 10); '' where the supplier has none.
    """
    query = select(BudgetLine.id).join(FundYear, FundYear.id == BudgetLine.fund_year_id).where(FundYear.year == year)
    if street_ids is not None:
        query = query.where(FundYear.street_id.in_(list(street_ids)))
    if district_id is not None:
        query = query.where(FundYear.district_id == district_id)
    signed = signed_by_file(query)
    if not signed:
        return {}
    rows = db.session.execute(
        select(PurchaseCard.file_id, PurchaseCard.supplier, Organisation.uscc)
        .outerjoin(Organisation, Organisation.name == PurchaseCard.supplier)
        .where(PurchaseCard.file_id.in_(signed))
    ).all()
    prefixes = {row.file_id: row.uscc[:2] for row in rows if row.uscc}
    prefixes |= _shared_prefixes({row.file_id: row.supplier for row in rows if row.supplier and not row.uscc})
    found: dict[str, int] = {}
    for file_id, fen in signed.items():
        prefix = prefixes.get(file_id, "")
        found[prefix] = found.get(prefix, 0) + fen
    return found


def _shared_prefixes(suppliers: Mapping[int, str]) -> dict[int, str]:
    """Return the prefix that all suppliers of a purchase share; one with mixed suppliers counts for none of them."""
    names = {name for joined in suppliers.values() for name in joined.split("、")}
    if not names:
        return {}
    rows = db.session.execute(select(Organisation.name, Organisation.uscc).where(Organisation.name.in_(names)))
    known = {row.name: (row.uscc or "")[:2] for row in rows}
    found = {}
    for file_id, joined in suppliers.items():
        prefixes = {known.get(name, "") for name in joined.split("、")}
        if len(prefixes) == 1:
            found[file_id] = prefixes.pop()
    return found


def titles_of_files(file_ids: Iterable[int]) -> dict[int, str]:
    """Return the titles of purchase files by id."""
    rows = db.session.execute(select(PurchaseFile.id, PurchaseFile.title).where(PurchaseFile.id.in_(list(file_ids))))
    return {row.id: row.title for row in rows}


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
