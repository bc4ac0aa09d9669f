"""The tree of nodes: opening, changing, who runs them, their staff and rooms; a district's plan of cultivation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from market.db.session import db
from market.incubation.models import MeetingRoom, Node, Operating, Scheme
from market.incubation.notices import NODE, node_data
from market.incubation.queries import (
    bookings_between,
    descendants,
    live_at,
    node,
    plan_of,
    rooms_of,
    scheme,
    supported_by_node,
)
from market.incubation.rules import Count, Spot, check_parent
from market.incubation.states import NODE_MACHINE, NodeLevel, NodeState, NodeVerb
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Role, Scope, allowed, require
from market.kernel.text import N_
from market.organisations.queries import organisation
from market.organisations.states import OrganisationState
from market.people.actions import grant
from market.people.queries import person_by_login, with_role
from market.places.models import District
from market.places.queries import street as find_street
from market.records.audit import record
from market.records.messages import tell
from market.records.moves import move
from market.records.notices import post


@dataclass(frozen=True)
class NodeFacts:
    """What is written down of a node. Level, street and parent stay as they are once it is opened."""

    level: NodeLevel
    name: str
    street_id: int | None
    parent_id: int | None
    operator_id: int | None
    address: str
    area_m2: int
    workstations: int
    premises: str
    earlier_count: int = 0


@dataclass(frozen=True)
class RoomFacts:
    """A bookable room; opening hours in half hours of the day."""

    name: str
    seats: int
    equipment: str
    opens: int
    closes: int


def open_node(actor: Actor, district: District, facts: NodeFacts, token: str, at: datetime) -> Node:
    """Open a node and publish it. Raises Refused at a field; one base a district, one centre a street."""
    require(actor, Permit.INCUBATION_MANAGE, Scope(district.id))
    parent = node(facts.parent_id) if facts.parent_id is not None else None
    check_parent(
        Spot(facts.level, district.id, facts.street_id),
        Spot(NodeLevel(parent.level), parent.district_id, parent.street_id) if parent else None,
    )
    place = find_street(facts.street_id) if facts.street_id is not None else None
    if place is not None and place.district_id != district.id:
        raise Refused(N_("所选街道不在本区。"), field="street")
    _check_single(district.id, facts.level, facts.street_id, None)
    _check_operator(facts.operator_id)
    row = Node(
        district_id=district.id,
        street_id=facts.street_id,
        parent_id=facts.parent_id,
        level=facts.level.value,
        state=NodeState.OPEN.value,
        token=token,
        opened_at=at,
        district=district,
        operator=organisation(facts.operator_id) if facts.operator_id is not None else None,
        **_values(facts),
    )
    db.session.add(row)
    db.session.flush()
    facts_told = {"level": row.level, "name": row.name, "operator": facts.operator_id}
    record(row.subject, "open", actor, at, permit=Permit.INCUBATION_MANAGE, facts=facts_told)
    _run_by(row, facts.operator_id, at)
    _publish(row, place.name if place else "", Count(), 0, actor, at)
    return row


def _values(facts: NodeFacts) -> dict[str, Any]:
    return {
        "name": facts.name.strip(),
        "operator_id": facts.operator_id,
        "address": facts.address.strip(),
        "area_m2": facts.area_m2,
        "workstations": facts.workstations,
        "premises": facts.premises.strip(),
        "earlier_count": facts.earlier_count,
    }


def _check_single(district_id: int, level: NodeLevel, street_id: int | None, own_id: int | None) -> None:
    if level not in (NodeLevel.DISTRICT, NodeLevel.STREET):
        return
    query = select(Node.id).filter_by(district_id=district_id, level=level.value, state=NodeState.OPEN.value)
    if level is NodeLevel.STREET:
        query = query.where(Node.street_id == street_id)
    if (found := db.session.scalar(query)) is not None and found != own_id:
        raise Refused(N_("这里已有一个运行中的同级节点：每区一个基地，每街道一个中心。"), field="level")


def _check_operator(organisation_id: int | None) -> None:
    if organisation_id is None:
        return
    found = organisation(organisation_id)
    if found is None or found.state != OrganisationState.CONFIRMED or found.uscc is None:
        raise Refused(N_("运营机构须是登记已经确认的法人。"), field="operator")


def _run_by(row: Node, organisation_id: int | None, at: datetime) -> None:
    """Write down who runs the node from today on; ends what was before."""
    day = beijing_day(at)
    live = db.session.scalar(select(Operating).filter_by(node_id=row.id, ended_on=None))
    if live is not None:
        live.ended_on = max(day, live.began_on)
        db.session.flush()
    if organisation_id is not None:
        db.session.add(Operating(node_id=row.id, organisation_id=organisation_id, began_on=day, ended_on=None))
    db.session.flush()


def save_node(actor: Actor, row: Node, facts: NodeFacts, at: datetime) -> None:
    """Change what is written of a node; a change of operator is kept with its day. Publishes it anew."""
    require(actor, Permit.INCUBATION_MANAGE, Scope(row.district_id))
    values = _values(facts)
    changed = sorted(key for key, value in values.items() if getattr(row, key) != value)
    if "operator_id" in changed:
        _check_operator(facts.operator_id)
        if any(r.organisation_id == facts.operator_id for r in live_at(row.id)):
            raise Refused(N_("在本节点孵化的机构不能运营本节点。"), field="operator")
    for key, value in values.items():
        setattr(row, key, value)
    record(row.subject, "edit", actor, at, permit=Permit.INCUBATION_MANAGE, facts={"fields": changed})
    if "operator_id" in changed:
        row.operator = organisation(facts.operator_id) if facts.operator_id is not None else None
        _run_by(row, facts.operator_id, at)
    publish_node(row, actor, at)


def close_node(actor: Actor, row: Node, at: datetime) -> None:
    """Take a node out of use. Raises Refused while anybody is supported, a node hangs below, or a room is booked."""
    if live_at(row.id):
        raise Refused(N_("节点还有在孵或申请中的机构，办结后才能停用。"))
    if descendants(row.id):
        raise Refused(N_("节点下面还有运行中的节点，请先停用下级。"))
    if bookings_between([r.id for r in rooms_of(row.id)], beijing_day(at)):
        raise Refused(N_("节点的场地还有未到期的预约，请先收回。"))
    move(row, NODE_MACHINE, NodeVerb.CLOSE, actor, at)
    _run_by(row, None, at)
    publish_node(row, actor, at)


def reopen_node(actor: Actor, row: Node, at: datetime) -> None:
    """Bring a node back into use. Raises Refused when another one took its place."""
    _check_single(row.district_id, NodeLevel(row.level), row.street_id, row.id)
    move(row, NODE_MACHINE, NodeVerb.REOPEN, actor, at)
    _run_by(row, row.operator_id, at)
    publish_node(row, actor, at)


def publish_node(row: Node, actor: Actor, at: datetime) -> None:
    """Publish a node as it stands, with its counts."""
    place = find_street(row.street_id) if row.street_id is not None else None
    count = supported_by_node([row.id]).get(row.id, Count())
    _publish(row, place.name if place else "", count, sum(r.active for r in rooms_of(row.id)), actor, at)


def _publish(row: Node, street: str, count: Count, rooms: int, actor: Actor, at: datetime) -> None:
    data = node_data(row, street, count, rooms)
    post(NODE, str(row.id), row.name, data, row.subject.chain, Scope(row.district_id, row.street_id), actor, at)


def appoint(actor: Actor, row: Node, login: str, at: datetime) -> None:
    """Make a person with an account staff of a node: of its operator there, or of the street's or district's nodes."""
    require(actor, Permit.INCUBATION_MANAGE, Scope(row.district_id))
    found = person_by_login(login)
    if found is None:
        raise Refused(N_("没有这个登录名的账号，请先在账号管理中开通。"), field="login")
    scope = row.scope
    if found.id in with_role(Role.INCUBATOR, scope):
        raise Refused(N_("此人已经是本节点的工作人员。"), field="login")
    grant(actor, found.id, Role.INCUBATOR, scope, at)
    record(row.subject, "appoint", actor, at, permit=Permit.INCUBATION_MANAGE, private={"user": found.id})
    text = N_("您可以办理“%(node)s”的入驻初审、辅导、培训和场地事项。")
    tell([found.id], N_("您已成为孵化基地工作人员"), text, f"/incubation/nodes/{row.id}", at, {"node": row.name})


def _keeps(actor: Actor, row: Node) -> Permit:
    """The permit under which this person keeps a node's rooms: as the district, or as its staff."""
    permit = Permit.INCUBATION_MANAGE
    if not allowed(actor, permit, row.scope):
        permit = Permit.INCUBATION_WORK
    require(actor, permit, row.scope)
    return permit


def add_room(actor: Actor, row: Node, facts: RoomFacts, at: datetime) -> MeetingRoom:
    """Add a bookable room. Raises Refused for opening hours that end before they begin."""
    permit = _keeps(actor, row)
    if facts.closes <= facts.opens:
        raise Refused(N_("结束时间须晚于开始时间。"), field="closes")
    values = vars(facts) | {"name": facts.name.strip(), "equipment": facts.equipment.strip()}
    room = MeetingRoom(node_id=row.id, node=row, active=True, **values)
    db.session.add(room)
    db.session.flush()
    record(row.subject, "add_room", actor, at, permit=permit, facts={"room": room.id, "name": room.name})
    publish_node(row, actor, at)
    return room


def set_room_active(actor: Actor, room: MeetingRoom, active: bool, at: datetime) -> None:
    """Offer a room for booking, or no longer; what is booked stays booked."""
    permit = _keeps(actor, room.node)
    room.active = active
    facts = {"room": room.id, "active": active}
    record(room.node.subject, "set_room_active", actor, at, permit=permit, facts=facts)
    publish_node(room.node, actor, at)


def save_scheme(
    actor: Actor,
    district: District,
    stages: Sequence[dict[str, Any]],
    dimensions: Sequence[dict[str, str]],
    levels: Sequence[str],
    at: datetime,
) -> Scheme:
    """Put a new edition of the plan of cultivation in force for those admitted from now on. Raises Refused."""
    require(actor, Permit.INCUBATION_MANAGE, Scope(district.id))
    if not stages:
        raise Refused(N_("请至少写一个阶段。"), field="stages-0-title")
    months = [one["by_month"] for one in stages]
    if months != sorted(months):
        raise Refused(N_("阶段的完成月份须由早到晚。"), field="stages-0-by_month")
    if len(dimensions) < 3:
        raise Refused(N_("请至少写三个维度，否则画不出能力图。"), field="dimensions-0-title")
    row = _edition(actor, district, stages, dimensions, levels, at)
    record(district.subject, "save_scheme", actor, at, permit=Permit.INCUBATION_MANAGE, facts={"scheme": row.id})
    return row


def _edition(actor: Actor, district: District, stages: Any, dimensions: Any, levels: Any, at: datetime) -> Scheme:
    before = scheme(district.id)
    row = Scheme(
        district_id=district.id,
        number=before.number + 1 if before else 1,
        stages=list(stages),
        dimensions=list(dimensions),
        levels=list(levels),
        made_by=actor.user_id,
        made_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def scheme_in_force(actor: Actor, district: District, at: datetime) -> Scheme:
    """Return the plan in force; the shipped one becomes a district's first edition when it is first needed."""
    found = scheme(district.id)
    if found is not None:
        return found
    plan = plan_of(None)
    return _edition(actor, district, plan.stages, plan.dimensions, plan.levels, at)
