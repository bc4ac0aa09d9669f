"""Nodes as a tree, rooms with their bookings, the plan of cultivation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import joinedload

from market.db.session import db
from market.incubation import shipped
from market.incubation.models import BookedSlot, Booking, MeetingRoom, Node, Residency, Scheme
from market.incubation.rules import Count, slot_text
from market.incubation.states import NodeLevel, NodeState, ResidencyState
from market.kernel.permits import Grant, Permit
from market.organisations.models import Organisation
from market.organisations.states import OrganisationState
from market.people.models import User
from market.people.queries import holding

# More nodes than any district has communities; the tree is shown on one page.
MOST_NODES = 2000


def node(node_id: int) -> Node | None:
    """Return a node with operator and district."""
    return db.session.scalar(select(Node).where(Node.id == node_id).options(joinedload(Node.district)))


class Branch(NamedTuple):
    """A node of the tree and how deep it stands, for a list that is indented."""

    node: Node
    depth: int


def nodes_of(district_id: int) -> list[Branch]:
    """Return a district's nodes as a tree, each parent before its children, by street and number. One statement."""
    query = select(Node).filter_by(district_id=district_id).order_by(Node.street_id, Node.id).limit(MOST_NODES)
    below: dict[int | None, list[Node]] = defaultdict(list)
    for row in db.session.scalars(query):
        below[row.parent_id].append(row)
    return list(_walk(below, None, 0))


def _walk(below: dict[int | None, list[Node]], parent: int | None, depth: int) -> Iterable[Branch]:
    for row in below[parent]:
        yield Branch(row, depth)
        yield from _walk(below, row.id, depth + 1)


def descendants(node_id: int) -> int:
    """Return how many open nodes hang directly below a node."""
    query = select(func.count()).where(Node.parent_id == node_id, Node.state == NodeState.OPEN)
    return db.session.scalar(query) or 0


def supported_by_node(node_ids: Iterable[int]) -> dict[int, Count]:
    """Return the counts by node. One statement."""
    ran = [ResidencyState.INCUBATING, ResidencyState.LEAVING, ResidencyState.LEFT, ResidencyState.GRADUATED]
    query = (
        select(Residency.node_id, Residency.state, func.count())
        .where(Residency.node_id.in_(list(node_ids)), Residency.state.in_(ran))
        .group_by(Residency.node_id, Residency.state)
    )
    by_state: dict[int, dict[str, int]] = defaultdict(dict)
    for node_id, state, count in db.session.execute(query):
        by_state[node_id][state] = count
    return {
        node_id: Count(
            now=counts.get(ResidencyState.INCUBATING, 0) + counts.get(ResidencyState.LEAVING, 0),
            graduated=counts.get(ResidencyState.GRADUATED, 0),
            ever=sum(counts.values()),
        )
        for node_id, counts in by_state.items()
    }


def node_counts(branches: Sequence[Branch]) -> dict[NodeLevel, int]:
    """Return how many nodes are open at each level."""
    counts = dict.fromkeys(NodeLevel, 0)
    for branch in branches:
        counts[NodeLevel(branch.node.level)] += branch.node.state == NodeState.OPEN
    return counts


def rooms_of(node_id: int) -> list[MeetingRoom]:
    """Return the rooms of a node."""
    return list(db.session.scalars(select(MeetingRoom).filter_by(node_id=node_id).order_by(MeetingRoom.id)))


def meeting_room(room_id: int) -> MeetingRoom | None:
    """Return a room with its node."""
    query = select(MeetingRoom).where(MeetingRoom.id == room_id)
    return db.session.scalar(query.options(joinedload(MeetingRoom.node)))


def taken_slots(room_id: int, days: Iterable[date]) -> set[tuple[date, int]]:
    """Return the (day, half hour) pairs of a room that are taken on these days."""
    query = select(BookedSlot.day, BookedSlot.slot).where(BookedSlot.room_id == room_id, BookedSlot.day.in_(list(days)))
    return {(day, slot) for day, slot in db.session.execute(query)}


@dataclass(frozen=True)
class Taken:
    """One stretch of one day in a room's calendar."""

    booking: Booking
    begins: str
    ends: str


def calendar_of(room_id: int, monday: date) -> dict[date, list[Taken]]:
    """Return a week of a room, by day in the order of the hours. Two statements."""
    week = [monday + timedelta(days=i) for i in range(7)]
    query = select(BookedSlot.day, BookedSlot.booking_id).distinct()
    pairs = db.session.execute(query.where(BookedSlot.room_id == room_id, BookedSlot.day.in_(week))).all()
    wanted = {booking_id for _day, booking_id in pairs}
    rows = select(Booking).where(Booking.id.in_(wanted)).options(joinedload(Booking.organisation))
    bookings = {row.id: row for row in db.session.scalars(rows)}
    found: dict[date, list[Taken]] = {day: [] for day in week}
    for day, booking_id in sorted(pairs, key=lambda pair: bookings[pair[1]].from_slot):
        row = bookings[booking_id]
        found[day].append(Taken(row, slot_text(row.from_slot), slot_text(row.until_slot)))
    return found


def bookings_between(room_ids: Iterable[int], since: date) -> int:
    """Return how many half hours of these rooms are taken from a day on."""
    query = select(func.count()).where(BookedSlot.room_id.in_(list(room_ids)), BookedSlot.day >= since)
    return db.session.scalar(query) or 0


def bookings_of(organisation_ids: Iterable[int], before: int | None = None, limit: int = 20) -> list[Booking]:
    """Return bookings of these organisations, newest first, page by key."""
    query = (
        select(Booking)
        .where(Booking.organisation_id.in_(list(organisation_ids)))
        .options(joinedload(Booking.room).joinedload(MeetingRoom.node), joinedload(Booking.organisation))
        .order_by(Booking.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Booking.id < before)
    return list(db.session.scalars(query))


def booking(booking_id: int) -> Booking | None:
    """Return a booking with room and node."""
    query = select(Booking).where(Booking.id == booking_id)
    return db.session.scalar(query.options(joinedload(Booking.room).joinedload(MeetingRoom.node)))


def scheme(district_id: int) -> Scheme | None:
    """Return a district's plan of cultivation in its newest edition, or None while the shipped one holds."""
    query = select(Scheme).filter_by(district_id=district_id).order_by(Scheme.number.desc()).limit(1)
    return db.session.scalar(query)


@dataclass(frozen=True)
class Plan:
    """A plan of cultivation, whether a district's own or the shipped one."""

    number: int
    stages: Sequence[dict[str, object]]
    dimensions: Sequence[dict[str, str]]
    levels: Sequence[str]


def plan_of(row: Scheme | None) -> Plan:
    """Return the content of an edition; without one what is shipped."""
    if row is None:
        return Plan(0, shipped.STAGES, shipped.DIMENSIONS, shipped.LEVELS)
    return Plan(row.number, row.stages, row.dimensions, row.levels)


def within(grants: Iterable[Grant]) -> ColumnElement[bool]:
    """The condition that a node lies in the reach of one of these grants; without any, nothing does."""
    reach = [
        and_(
            true(),
            *(
                column == wanted
                for column, wanted in (
                    (Node.district_id, grant.district_id),
                    (Node.street_id, grant.street_id),
                    (Node.operator_id, grant.organisation_id),
                )
                if wanted is not None
            ),
        )
        for grant in grants
    ]
    return or_(*reach) if reach else false()


def nodes_within(grants: Iterable[Grant]) -> list[Node]:
    """Return the open nodes in the reach of these grants, by number."""
    query = select(Node).where(within(grants), Node.state == NodeState.OPEN).order_by(Node.id).limit(MOST_NODES)
    return list(db.session.scalars(query))


def legal_person_named(text: str) -> int | None:
    """Return the id of a confirmed organisation by full name or credit code, or None."""
    wanted = text.strip()
    query = select(Organisation.id).where(
        or_(Organisation.name == wanted, Organisation.uscc == wanted.upper().replace(" ", "")),
        Organisation.state == OrganisationState.CONFIRMED,
        Organisation.uscc.is_not(None),
    )
    return db.session.scalars(query.order_by(Organisation.id).limit(1)).first()


def staff_of(row: Node) -> list[str]:
    """Return the names of a node's staff, those of the whole street or district included."""
    query = (
        select(User.name).where(User.id.in_(holding(Permit.INCUBATION_WORK, row.scope))).order_by(User.id).limit(100)
    )
    return list(db.session.scalars(query))
