"""What the rooms above ask: who answers for a group, who runs nodes, who has supported whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload

from market.db.session import db
from market.incubation.models import Hosting, Node, Operating, Residency
from market.incubation.states import HostingState
from market.kernel.clock import beijing_day
from market.organisations.models import Organisation


def host_of(organisation_id: int, at: datetime) -> Organisation | None:
    """Return the legal person that answers for a group at this instant, or None. One statement.

    Asked of the dates, never of the clock's housekeeping: a hosting past its last day is none.
    """
    day = beijing_day(at)
    query = select(Hosting).where(
        Hosting.group_id == organisation_id,
        Hosting.state == HostingState.LIVE,
        Hosting.begins_on <= day,
        Hosting.ends_on >= day,
    )
    row = db.session.scalar(query.options(joinedload(Hosting.host)))
    return row.host if row else None


def _operating(district: ColumnElement[int] | int, since: date) -> Select[Any]:
    return (
        select(Operating.organisation_id)
        .join(Node, Node.id == Operating.node_id)
        .where(Node.district_id == district, or_(Operating.ended_on.is_(None), Operating.ended_on >= since))
    )


def operating_in(street: ColumnElement[int] | int, district: ColumnElement[int] | int, since: date) -> Select[Any]:
    """Ask, also inside another query, for who ran a node of a street or of its whole district since a day."""
    return _operating(district, since).where(or_(Node.street_id.is_(None), Node.street_id == street))


def operators_of(district_id: int, since: date, street_id: int | None = None) -> set[int]:
    """Return the organisations that ran a node of a district (or of one of its streets, or its base) since a day."""
    if street_id is None:
        return set(db.session.scalars(_operating(district_id, since)))
    return set(db.session.scalars(operating_in(street_id, district_id, since)))


@dataclass
class Support:
    """The ties of one organisation: nodes it ran, organisations it supported, organisations that supported it."""

    nodes: set[int] = field(default_factory=set)
    supported: set[int] = field(default_factory=set)
    supported_by: set[int] = field(default_factory=set)


def supports(organisation_ids: Iterable[int], since: date) -> dict[int, Support]:
    """Return the ties of these organisations that reach into the time since a day. Two statements.

    A group and the legal person it became are one here. Source: domain 12.9, 条例 18 (row 26).
    """
    wanted = set(organisation_ids)
    found: dict[int, Support] = defaultdict(Support)
    ran = select(Operating.organisation_id, Operating.node_id).where(
        Operating.organisation_id.in_(wanted), or_(Operating.ended_on.is_(None), Operating.ended_on >= since)
    )
    for organisation_id, node_id in db.session.execute(ran):
        found[organisation_id].nodes.add(node_id)
    taken_in = and_(
        Residency.accepted_at.is_not(None),
        Residency.operator_id.is_not(None),
        or_(Residency.ended_on.is_(None), Residency.ended_on >= since),
    )
    touched = or_(
        Residency.operator_id.in_(wanted),
        Residency.organisation_id.in_(wanted),
        Residency.successor_id.in_(wanted),
    )
    columns = (Residency.operator_id, Residency.organisation_id, Residency.successor_id)
    for operator_id, organisation_id, successor_id in db.session.execute(select(*columns).where(taken_in, touched)):
        if operator_id is None:
            continue
        for supported in {organisation_id, successor_id or organisation_id}:
            if operator_id in wanted:
                found[operator_id].supported.add(supported)
            if supported in wanted:
                found[supported].supported_by.add(operator_id)
    return {organisation_id: found[organisation_id] for organisation_id in wanted}
