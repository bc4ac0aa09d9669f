"""The network for tests: a base, a centre, a station; their staff; residencies as far as a test needs them.

net = network()                       # net.base, net.centre, net.station, net.staff, net.civil
row = residency(net, team)            # applied; further by name: residency(net, team, until="incubating")
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

from market.incubation import actions
from market.incubation.actions import Application, NodeFacts, RoomFacts, TrainingFacts
from market.incubation.models import MeetingRoom, Node, Residency, Training
from market.incubation.queries import plan_of
from market.incubation.states import AssessmentMoment, Mode, NodeLevel, Track
from market.kernel.clock import beijing_day, system_now
from market.kernel.permits import Actor, Role, Scope
from market.kernel.uscc import ProviderType
from market.people.models import User
from market.places.models import District, Street
from tests.factories.budgets import holder
from tests.factories.organisations import Team, organisation
from tests.factories.people import acting, person
from tests.factories.places import street as make_street
from tests.fixtures.ground import replayed


@dataclass
class Network:
    """Three levels of one district, their staff and the deciding officer."""

    district: District
    street: Street
    base: Node
    centre: Node
    station: Node
    staff_user: User
    civil: Actor

    @property
    def staff(self) -> Actor:
        """Staff of all nodes of the district."""
        return acting(self.staff_user)


def node_facts(level: NodeLevel, name: str, parent: Node | None, street: Street | None, **changes: object) -> NodeFacts:
    """What is written down of a node."""
    values: dict[str, object] = {
        "level": level,
        "name": name,
        "street_id": street.id if street else None,
        "parent_id": parent.id if parent else None,
        "operator_id": None,
        "address": "天元东路8号",
        "area_m2": 600,
        "workstations": 12,
        "premises": "共享办公区、会议室、路演厅",
        "earlier_count": 0,
    }
    return NodeFacts(**{**values, **changes})  # type: ignore[arg-type]


@replayed
def network(street: Street | None = None, operator_id: int | None = None) -> Network:
    """A base, the centre of a street and a station in it."""
    place, at = street or make_street(), system_now()
    district = place.district
    civil = holder(Role.DISTRICT_CIVIL, Scope(district.id), "区民政经办")

    def opened(level: NodeLevel, name: str, parent: Node | None, inside: Street | None) -> Node:
        facts = node_facts(level, name, parent, inside, operator_id=operator_id)
        return actions.open_node(civil, district, facts, token_hex(16), at)

    base = opened(NodeLevel.DISTRICT, f"{district.name}社会组织孵化基地", None, None)
    centre = opened(NodeLevel.STREET, f"{place.name}孵化中心", base, place)
    station = opened(NodeLevel.COMMUNITY, "河滨社区站", centre, place)
    staff = person(Role.INCUBATOR, Scope(district.id), name="孵化专员")
    return Network(district, place, base, centre, station, staff, civil)


def meeting_room(net: Network, node: Node | None = None, **changes: object) -> MeetingRoom:
    """A room open from 8:00 to 22:00."""
    values: dict[str, object] = {"name": "多功能厅", "seats": 30, "equipment": "投影、音响", "opens": 16, "closes": 44}
    return actions.add_room(net.civil, node or net.base, RoomFacts(**{**values, **changes}), system_now())  # type: ignore[arg-type]


@replayed
def group(name: str = "", *, confirmed: bool = True) -> Team:
    """A group on file, without legal person and code."""
    return organisation(name, ProviderType.COMMUNITY_GROUP, uscc=None, confirmed=confirmed, bank=False)


def application(**changes: object) -> Application:
    """What an organisation asks for."""
    values: dict[str, object] = {
        "mode": Mode.PHYSICAL,
        "track": Track.CONCENTRATED,
        "workstations": 2,
        "purpose": "为社区老人提供助餐和陪伴",
        "support_wanted": "财务规范、项目设计",
    }
    return Application(**{**values, **changes})  # type: ignore[arg-type]


_STEPS = ("applied", "reviewing", "admitted", "offered", "incubating", "grown", "graduated")


@replayed
def residency(
    net: Network, team: Team, until: str = "applied", *, node: Node | None = None, at: datetime | None = None
) -> Residency:
    """A residency brought as far as `until`, one of: applied, reviewing, admitted, offered, incubating, grown."""
    when, wanted = at or system_now(), _STEPS.index(until)
    admin = acting(team.admin)
    row = actions.apply(admin, node or net.base, team.organisation, application(), token_hex(16), when)
    if wanted >= 1:
        actions.pass_check(net.staff, row, when)
    if wanted >= 2:
        actions.admit(net.civil, row, when)
    if wanted >= 3:
        actions.offer(net.staff, row, "孵化协议全文", 12, when)
    if wanted >= 4:
        actions.accept(admin, row, row.agreement_digest or "", when)
    if wanted >= 5:
        grow(net, team, row, when)
    return row


def grow(net: Network, team: Team, row: Residency, at: datetime) -> None:
    """Everything that graduation asks for."""
    levels = {one["key"]: 2 for one in plan_of(row.scheme).dimensions}
    actions.assess(net.staff, row, AssessmentMoment.BEFORE, levels, "", at)
    for position in range(1, len(plan_of(row.scheme).stages) + 1):
        actions.pass_stage(net.staff, row, position, "查阅台账", at)
    for _ in range(2):
        actions.note_mentoring(net.staff, row, "石守业", beijing_day(at), 360, "项目设计", token_hex(16), at)
    for number in range(3):
        event = training(net, at + timedelta(days=1 + number))
        seat = actions.sign_up(acting(team.admin), event, team.organisation, "苏禾", at)
        actions.close_training(net.staff, event, {seat.id: event.minutes}, event.ends_at)
    after = dict.fromkeys(levels, 4)
    actions.assess(net.staff, row, AssessmentMoment.AFTER, after, "", at)


def training(net: Network, starts_at: datetime, *, hours: int = 8, seats: int = 2) -> Training:
    """A training of the base, announced now."""
    facts = TrainingFacts(
        "项目设计工作坊",
        "从需求到项目书",
        "温如玉",
        "基地多功能厅",
        starts_at,
        starts_at + timedelta(hours=hours),
        seats,
    )
    return actions.plan_training(net.staff, net.base, facts, None, token_hex(16), system_now())
