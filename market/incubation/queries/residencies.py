"""Residencies with what was done in them, and hostings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, false, func, or_, select
from sqlalchemy.orm import joinedload

from market.db.lines import lined
from market.db.session import db
from market.incubation.models import (
    Assessment,
    Hosting,
    Mentoring,
    Node,
    Residency,
    StageRecord,
    Training,
    TrainingSeat,
)
from market.incubation.queries.network import within
from market.incubation.states import ENDED, HostingState, ResidencyState
from market.kernel.permits import Actor, Grant, Permit
from market.organisations.models import Organisation

_WITH = (
    joinedload(Residency.node).joinedload(Node.district),
    joinedload(Residency.organisation),
    joinedload(Residency.successor),
    joinedload(Residency.scheme),
)


def residency(residency_id: int, *, lock: bool = False) -> Residency | None:
    """Return a residency with its node, organisation, successor and plan."""
    query = select(Residency).where(Residency.id == residency_id).options(*_WITH)
    if lock:
        query = query.with_for_update(of=Residency).execution_options(populate_existing=True)
    return db.session.scalar(query)


@dataclass(frozen=True)
class Reach:
    """What of residencies somebody sees: those at nodes within grants, and those of organisations."""

    posts: Sequence[Grant]
    organisations: Sequence[int]

    @classmethod
    def of(cls, actor: Actor) -> Reach:
        """The reach of a person: as staff or district, and for the own organisations."""
        posts = [*actor.scopes(Permit.INCUBATION_WORK), *actor.scopes(Permit.INCUBATION_DECIDE)]
        own = {g.organisation_id for g in actor.scopes(Permit.INCUBATION_APPLY)}
        return cls(posts, sorted(i for i in own if i is not None))

    def condition(self) -> Any:
        """The same as an SQL condition over residencies joined with their nodes."""
        parts = []
        if self.posts:
            parts.append(within(self.posts))
        if self.organisations:
            parts.append(Residency.organisation_id.in_(self.organisations))
        return or_(*parts) if parts else false()


def residencies(
    reach: Reach, before: int | None = None, limit: int = 20, state: ResidencyState | None = None
) -> list[Residency]:
    """Return the residencies somebody sees (in one state), newest first, page by key. One statement."""
    query = (
        select(Residency)
        .join(Node, Node.id == Residency.node_id)
        .where(reach.condition())
        .options(joinedload(Residency.node), joinedload(Residency.organisation))
        .order_by(Residency.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Residency.id < before)
    if state is not None:
        query = query.where(Residency.state == state)
    return list(db.session.scalars(query))


# What a running term asks for lies on a desk so long before its day.
_SOON = timedelta(days=45)


def pending(
    reach: Reach, states: Iterable[ResidencyState], running_by: str, today: date, limit: int = 50
) -> list[Residency]:
    """Return residencies in these states that expect an act, the nearest deadline first: for desks. One statement.

    A running term (incubating) expects one as its day comes near: the next stage (`due_on`), its end (`ends_on`), or
    the registration of a group (`register_by`).
    """
    running = and_(Residency.state == ResidencyState.INCUBATING, getattr(Residency, running_by) <= today + _SOON)
    if running_by == "register_by":
        running = and_(running, Residency.successor_id.is_(None))
    waits = or_(Residency.due_on.is_not(None), Residency.state == ResidencyState.RETURNED)
    expected = or_(running, and_(Residency.state != ResidencyState.INCUBATING, waits))
    query = (
        select(Residency)
        .join(Node, Node.id == Residency.node_id)
        .where(reach.condition(), Residency.state.in_([state.value for state in states]), expected)
        .options(joinedload(Residency.organisation))
        .order_by(Residency.due_on, Residency.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def live_residency(organisation_id: int) -> Residency | None:
    """Return the residency of an organisation that is not at its end."""
    live = Residency.state.not_in([state.value for state in ENDED])
    return db.session.scalar(select(Residency).where(Residency.organisation_id == organisation_id, live))


def live_at(node_id: int) -> list[Residency]:
    """Return the residencies of a node that are not at their end."""
    live = Residency.state.not_in([state.value for state in ENDED])
    query = select(Residency).where(Residency.node_id == node_id, live).order_by(Residency.id)
    return list(db.session.scalars(query))


def workstations_taken(node_id: int) -> int:
    """Return how many workstations of a node are promised or in use."""
    using = [ResidencyState.ADMITTED, ResidencyState.OFFERED, ResidencyState.INCUBATING, ResidencyState.LEAVING]
    kept = and_(Residency.state == ResidencyState.GRADUATED, Residency.handed_back_on.is_(None))
    query = select(func.coalesce(func.sum(Residency.workstations), 0)).where(
        Residency.node_id == node_id, or_(Residency.state.in_(using), kept)
    )
    return int(db.session.scalar(query) or 0)


def stages_of(residency_id: int) -> dict[int, StageRecord]:
    """Return the passed stages by position."""
    rows = db.session.scalars(select(StageRecord).filter_by(residency_id=residency_id))
    return {row.position: row for row in rows}


def mentoring_of(residency_id: int) -> list[Mentoring]:
    """Return the mentoring of a residency, newest day first."""
    query = select(Mentoring).filter_by(residency_id=residency_id).order_by(Mentoring.day.desc(), Mentoring.id.desc())
    return list(db.session.scalars(query))


def assessments_of(residency_id: int) -> dict[str, Assessment]:
    """Return the assessments of a residency by moment."""
    rows = db.session.scalars(select(Assessment).filter_by(residency_id=residency_id))
    return {row.moment: row for row in rows}


def training_minutes(organisation_id: int, since: datetime) -> int:
    """Return the minutes an organisation's people attended in trainings begun since an instant, each person counted."""
    query = (
        select(func.coalesce(func.sum(TrainingSeat.minutes), 0))
        .join(Training, Training.id == TrainingSeat.training_id)
        .where(TrainingSeat.organisation_id == organisation_id, Training.starts_at >= since)
    )
    return int(db.session.scalar(query) or 0)


_BOTH = (joinedload(Hosting.group), joinedload(Hosting.host))


def hosting(hosting_id: int) -> Hosting | None:
    """Return a hosting with both parties."""
    return db.session.scalar(select(Hosting).where(Hosting.id == hosting_id).options(*_BOTH))


def hostings(
    organisation_ids: Iterable[int], district_ids: Iterable[int], before: int | None = None, limit: int = 20
) -> list[Hosting]:
    """Return the hostings of these organisations or districts, newest first, page by key."""
    own = list(organisation_ids)
    seen = or_(Hosting.group_id.in_(own), Hosting.host_id.in_(own), Hosting.district_id.in_(list(district_ids)))
    query = select(Hosting).where(seen).options(*_BOTH).order_by(Hosting.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Hosting.id < before)
    return list(db.session.scalars(query))


def proposed_to(host_ids: Iterable[int]) -> Select[Any]:
    """Ask for hostings that wait for the agreement of these hosts."""
    query = (
        select(Hosting)
        .join(Organisation, Organisation.id == Hosting.group_id)
        .where(Hosting.host_id.in_(list(host_ids)), Hosting.state == HostingState.PROPOSED)
    )
    return lined(query.order_by(Hosting.id).limit(50), id=Hosting.id, title=Organisation.name)
