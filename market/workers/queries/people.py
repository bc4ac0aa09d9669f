"""The register of people: who belongs where, who can be named in an offer, and the numbers that are published."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from market.db.session import db
from market.kernel.permits import Grant
from market.workers.models import Certificate, SocialWorker
from market.workers.rules import Workforce
from market.workers.states import SUPERVISING, CertificateState, Level, Tier

PAGE = 20
MOST_NAMED = 200


def worker(worker_id: int) -> SocialWorker | None:
    """Return a person with the certificates."""
    query = select(SocialWorker).where(SocialWorker.id == worker_id).options(joinedload(SocialWorker.certificates))
    return db.session.scalars(query.execution_options(populate_existing=True)).unique().one_or_none()


def workers_by_id(ids: Iterable[int]) -> dict[int, SocialWorker]:
    """Return people by id, certificates not loaded."""
    return {w.id: w for w in db.session.scalars(select(SocialWorker).where(SocialWorker.id.in_(list(ids))))}


def within(grants: Iterable[Grant]) -> ColumnElement[bool]:
    """The condition that a person lies inside one of the grants: of an organisation, or of a district."""
    parts: list[ColumnElement[bool]] = []
    for grant in grants:
        if grant.organisation_id is not None:
            parts.append(SocialWorker.organisation_id == grant.organisation_id)
        elif grant.district_id is not None:
            parts.append(SocialWorker.district_id == grant.district_id)
    return or_(false(), *parts)


def roster(
    grants: Iterable[Grant],
    *,
    organisation_id: int | None = None,
    reserve: bool = False,
    before: int | None = None,
    limit: int = PAGE + 1,
) -> list[SocialWorker]:
    """Return people inside the grants with their certificates, newest first; one more than a page if there is."""
    query = select(SocialWorker).where(within(grants)).options(selectinload(SocialWorker.certificates))
    if organisation_id is not None:
        query = query.where(SocialWorker.organisation_id == organisation_id)
    if reserve:
        query = query.where(SocialWorker.reserve)
    if before is not None:
        query = query.where(SocialWorker.id < before)
    return list(db.session.scalars(query.order_by(SocialWorker.id.desc()).limit(limit)))


def employers(grants: Iterable[Grant]) -> set[int]:
    """Return the organisations that have people inside the grants."""
    query = select(SocialWorker.organisation_id).where(within(grants), SocialWorker.organisation_id.is_not(None))
    return {one for one in db.session.scalars(query.distinct()) if one is not None}


def current(certificates: Iterable[Certificate], day: date) -> Certificate | None:
    """Return the certificate that holds on a day: confirmed, period running, the highest level, the latest end."""
    order = list(Level)
    holding = [
        c for c in certificates if c.state == CertificateState.CONFIRMED and c.registered_on <= day <= c.valid_until
    ]
    return max(holding, key=lambda c: (order.index(Level(c.level)), c.valid_until), default=None)


@dataclass(frozen=True)
class Named:
    """Somebody of an organisation's register who can be named in an offer, with the level that holds today."""

    id: int
    name: str
    level: str


def nameable(organisation_id: int, day: date) -> list[Named]:
    """Return the people of an organisation whose certificate is confirmed and running, by name."""
    rows = db.session.execute(
        _holding(day).where(SocialWorker.organisation_id == organisation_id).limit(MOST_NAMED * 3)
    )
    return _highest(rows)[:MOST_NAMED]


def named(organisation_id: int, ids: Collection[int], day: date) -> dict[int, Named]:
    """Return those of these people who can still be named by this organisation."""
    if not ids:
        return {}
    query = _holding(day).where(SocialWorker.organisation_id == organisation_id, SocialWorker.id.in_(list(ids)))
    return {one.id: one for one in _highest(db.session.execute(query))}


def _holding(day: date) -> Select[int, str, str]:
    return (
        select(SocialWorker.id, SocialWorker.name, Certificate.level)
        .join(Certificate, Certificate.worker_id == SocialWorker.id)
        .where(
            Certificate.state == CertificateState.CONFIRMED,
            Certificate.registered_on <= day,
            Certificate.valid_until >= day,
        )
        .order_by(SocialWorker.name, SocialWorker.id)
    )


def _highest(rows: Iterable[tuple[int, str, str]]) -> list[Named]:
    """One line a person: whoever holds two certificates stands with the higher level."""
    order = list(Level)
    found: dict[int, Named] = {}
    for worker_id, name, level in rows:
        known = found.get(worker_id)
        if known is None or order.index(Level(level)) > order.index(Level(known.level)):
            found[worker_id] = Named(worker_id, name, level)
    return list(found.values())


def workforce(organisation_id: int, day: date) -> Workforce:
    """Return how many people an organisation has, by certificate level on a day."""
    own = SocialWorker.organisation_id == organisation_id
    supervising = SocialWorker.tier.in_([t.value for t in SUPERVISING])
    people, supervisors = db.session.execute(select(func.count(), func.count().filter(supervising)).where(own)).one()
    levels: dict[str, int] = {level.value: 0 for level in Level}
    for one in _highest(db.session.execute(_holding(day).where(own))):
        levels[one.level] += 1
    return Workforce(int(people), levels, int(supervisors))


def strength(organisation_id: int, day: date) -> tuple[int, int, int]:
    """Return how many people an organisation has, how many with a running certificate, how many who supervise."""
    holds = select(Certificate.id).where(
        Certificate.worker_id == SocialWorker.id,
        Certificate.state == CertificateState.CONFIRMED,
        Certificate.registered_on <= day,
        Certificate.valid_until >= day,
    )
    supervising = SocialWorker.tier.in_([t.value for t in SUPERVISING])
    counts = (func.count(), func.count().filter(holds.exists()), func.count().filter(supervising))
    row = db.session.execute(select(*counts).where(SocialWorker.organisation_id == organisation_id)).one()
    return int(row[0]), int(row[1]), int(row[2])


def tier_counts(district_ids: Collection[int], day: date) -> dict[int, dict[Tier, int]]:
    """Return how many people with a running certificate stand in each tier, by district."""
    holds = select(Certificate.id).where(
        Certificate.worker_id == SocialWorker.id,
        Certificate.state == CertificateState.CONFIRMED,
        Certificate.registered_on <= day,
        Certificate.valid_until >= day,
    )
    query = (
        select(SocialWorker.district_id, SocialWorker.tier, func.count())
        .where(SocialWorker.district_id.in_(list(district_ids)), holds.exists())
        .group_by(SocialWorker.district_id, SocialWorker.tier)
    )
    found: dict[int, dict[Tier, int]] = {district_id: {} for district_id in district_ids}
    for district_id, tier, count in db.session.execute(query):
        found[district_id][Tier(tier)] = int(count)
    return found


def reserve_counts(district_ids: Collection[int]) -> dict[int, int]:
    """Return how many people stand in each district's reserve."""
    query = (
        select(SocialWorker.district_id, func.count())
        .where(SocialWorker.district_id.in_(list(district_ids)), SocialWorker.reserve)
        .group_by(SocialWorker.district_id)
    )
    return {district_id: int(count) for district_id, count in db.session.execute(query)}
