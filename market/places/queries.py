"""Districts, streets, and the calendar and rules in force in a district."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select

from market.db.session import db
from market.kernel import rulebook
from market.kernel.permits import Scope
from market.kernel.rulebook import Override, Regime, RuleSet
from market.kernel.workdays import Calendar
from market.places.models import CalendarDay, CalendarYear, Community, District, RuleOverride, Street


def districts() -> list[District]:
    """Return all tenant districts by code."""
    return list(db.session.scalars(select(District).order_by(District.code)))


def district(district_id: int) -> District | None:
    """Return a district."""
    return db.session.get(District, district_id)


def street(street_id: int) -> Street | None:
    """Return a street with its district."""
    return db.session.get(Street, street_id)


def streets(district_id: int | None = None) -> list[Street]:
    """Return the streets of a district, or of all, by code."""
    query = select(Street).order_by(Street.code)
    if district_id is not None:
        query = query.where(Street.district_id == district_id)
    return list(db.session.scalars(query))


def streets_by_id(ids: Iterable[int]) -> dict[int, Street]:
    """Return streets by id."""
    return {s.id: s for s in db.session.scalars(select(Street).where(Street.id.in_(list(ids))))}


def communities(street_id: int) -> list[Community]:
    """Return the communities of a street."""
    return list(db.session.scalars(select(Community).filter_by(street_id=street_id).order_by(Community.id)))


def calendar_for(district_id: int) -> Calendar:
    """Return the working-day calendar in force in a district: its own years first, the national ones otherwise."""
    rows = db.session.execute(
        select(CalendarYear, CalendarDay)
        .outerjoin(CalendarDay, CalendarDay.year_id == CalendarYear.id)
        .where((CalendarYear.district_id.is_(None)) | (CalendarYear.district_id == district_id))
        .order_by(CalendarYear.year, CalendarYear.district_id.is_(None))
    ).all()
    chosen: dict[int, CalendarYear] = {}
    for year, _ in rows:
        chosen.setdefault(year.year, year)
    days = [day for year, day in rows if day is not None and chosen[year.year].id == year.id]
    version = ";".join(f"{y.year}:{y.version}" for y in chosen.values())
    return Calendar(
        version=version,
        off=frozenset(d.day for d in days if not d.working),
        on=frozenset(d.day for d in days if d.working),
        years=frozenset(chosen),
    )


def rules_for(place: District, regime: str, day: date) -> RuleSet:
    """Return the rulebook set in force in a district for a regime on a day, with the district's overrides."""
    return rules_for_all([place], regime, day)[place.id]


def rules_for_all(places: Iterable[District], regime: str, day: date) -> dict[int, RuleSet]:
    """Return the sets in force in several districts, by district: one statement, however many there are."""
    wanted = {place.id: place for place in places}
    rows = db.session.scalars(
        select(RuleOverride).where(RuleOverride.district_id.in_(list(wanted))).order_by(RuleOverride.id)
    )
    own: dict[int, list[Override]] = {district_id: [] for district_id in wanted}
    for r in rows:
        own[r.district_id].append(
            Override(
                key=r.key,
                value=r.value,
                jurisdiction=wanted[r.district_id].code,
                reason=r.reason,
                effective_from=r.effective_from,
                regime=Regime(r.regime),
            )
        )
    return {i: rulebook.load().at(place.code, regime, day, own[i]) for i, place in wanted.items()}


def office_party(place: Street, roles: Iterable[str] = ("buyer", "procuringEntity")) -> dict[str, Any]:
    """Return a street office as an OCDS party."""
    party: dict[str, Any] = {
        "id": f"street-{place.code}",
        "name": place.office,
        "roles": list(roles),
        "address": {"locality": place.district.full_name, "countryName": "中国"},
        "identifier": {"id": place.uscc or place.code, "legalName": place.office},
    }
    return party


def calendar_years(district_id: int) -> list[CalendarYear]:
    """Return the years known in a district, newest first; its own edition stands for the national one."""
    rows = db.session.scalars(
        select(CalendarYear)
        .where((CalendarYear.district_id.is_(None)) | (CalendarYear.district_id == district_id))
        .order_by(CalendarYear.year.desc(), CalendarYear.district_id.is_(None))
    )
    chosen: dict[int, CalendarYear] = {}
    for row in rows:
        chosen.setdefault(row.year, row)
    return list(chosen.values())


def calendar_days(year_id: int) -> tuple[list[date], list[date]]:
    """Return holidays on weekdays and make-up days of one edition of a year."""
    rows = list(db.session.scalars(select(CalendarDay).filter_by(year_id=year_id).order_by(CalendarDay.day)))
    return [r.day for r in rows if not r.working], [r.day for r in rows if r.working]


def overrides(district_id: int) -> list[RuleOverride]:
    """Return a district's own values of rules, newest first."""
    return list(
        db.session.scalars(select(RuleOverride).filter_by(district_id=district_id).order_by(RuleOverride.id.desc()))
    )


def communities_in(street_ids: Iterable[int]) -> list[Community]:
    """Return the communities of these streets, by street."""
    query = select(Community).where(Community.street_id.in_(list(street_ids)))
    return list(db.session.scalars(query.order_by(Community.street_id, Community.id)))


def streets_in(scopes: Iterable[Scope]) -> list[Street]:
    """Return the streets that lie in one of these scopes, by code; a scope without district means every street."""
    wanted = list(scopes)
    query = select(Street).order_by(Street.code)
    if not any(s.district_id is None and s.street_id is None for s in wanted):
        own = [s.street_id for s in wanted if s.street_id is not None]
        whole = [s.district_id for s in wanted if s.street_id is None]
        query = query.where(Street.id.in_(own) | Street.district_id.in_(whole))
    return list(db.session.scalars(query))
