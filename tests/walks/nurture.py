"""The network of support in the world: a case at each stage, a room with a booking, a training, a hosting; and who
visits its pages.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from market.incubation import actions
from market.incubation.rules import HOSTING_TERMS, Series
from market.kernel.clock import beijing_day
from market.kernel.permits import Permit, Role, Scope
from tests.factories import incubation as factory
from tests.factories.organisations import Team, organisation
from tests.factories.people import acting, person
from tests.factories.places import street as make_street

if TYPE_CHECKING:
    from tests.walks.stories import Town
    from tests.walks.world import World

USERS = {
    Permit.INCUBATION_MANAGE: "civil",
    Permit.INCUBATION_DECIDE: "civil",
    Permit.INCUBATION_WORK: "incubator",
    Permit.INCUBATION_APPLY: "nest-admin",
    Permit.HOSTING_AGREE: "warm-admin",
}
FIXED = {"position": "1", "moment": "before", "district": "320115"}
_GROWING = [("incubator", {"residency_id": "grown_case"})]
_DECIDED = [("civil", {"residency_id": "grown_case"})]
VISITS: dict[str, list[tuple[str | None, dict[str, str]]]] = {
    "incubation.agreement": [("nest-admin", {}), ("incubator", {})],
    "incubation.apply": [("warm-admin", {})],
    "incubation.assess": [("incubator", {"residency_id": "group_case"})],
    "incubation.because": [
        ("incubator", {"residency_id": "applied_case", "verb": "=return"}),
        ("civil", {"residency_id": "grown_case", "verb": "=dismiss"}),
    ],
    "incubation.book": [("nest-admin", {}), ("incubator", {})],
    "incubation.edit": [("bird-admin", {"residency_id": "returned_case"})],
    "incubation.end_hosting": [("warm-admin", {"verb": "=decline"})],
    "incubation.extend": list(_DECIDED),
    "incubation.graduate": list(_DECIDED),
    "incubation.hosting": [("warm-admin", {}), ("group-admin", {}), ("civil", {})],
    "incubation.hostings": [("civil", {}), ("warm-admin", {})],
    "incubation.index": [("civil", {}), ("incubator", {}), ("nest-admin", {})],
    "incubation.mentoring": list(_GROWING),
    "incubation.new_hosting": [("group-admin", {}), ("warm-admin", {})],
    "incubation.node": [("civil", {}), ("incubator", {}), ("nest-admin", {})],
    "incubation.offer": [("incubator", {"residency_id": "admitted_case"})],
    "incubation.residencies": [("incubator", {}), ("civil", {}), ("nest-admin", {})],
    "incubation.residency": [
        ("nest-admin", {}),
        ("incubator", {"residency_id": "grown_case"}),
        ("civil", {"residency_id": "grown_case"}),
        ("bird-admin", {"residency_id": "returned_case"}),
    ],
    "incubation.room": [("incubator", {}), ("nest-admin", {}), ("civil", {})],
    "incubation.stage": list(_GROWING),
    "incubation.successor": [("group-admin", {"residency_id": "group_case"})],
    "incubation.training": [("incubator", {}), ("nest-admin", {})],
    "incubation.trainings": [("incubator", {}), ("nest-admin", {})],
}
FOR_EVERYBODY = {
    "incubation.apply": "every organisation may apply to every node",
    "incubation.book": "the form is anybody's; the act asks who is supported here",
    "incubation.node": "nodes are published",
    "incubation.room": "rooms are published; who booked is shown to staff and to whoever it was",
    "incubation.training": "every organisation may sign up; who takes part is shown to staff and its own organisation",
}
LISTS = {
    "incubation.bookings", "incubation.hostings", "incubation.index", "incubation.residencies", "incubation.trainings",
    "public.district_network", "public.networks",
}  # fmt: skip
DESKS = ("incubator", "nest-admin", "group-admin")


def _named(team: Team) -> Team:
    """The administrator under a name that is no role's."""
    team.admin.name = "巢小满"
    return team


def build(world: World, town: Town, marker: str) -> None:
    """One case at each stage, and what else stands in addresses."""
    net, at, ids = factory.network(town.street), town.now, world.ids
    nest, bird = _named(organisation("江宁区小巢服务社")), _named(organisation("江宁区小鸟服务社"))
    group = _named(factory.group("河滨互助队"))
    world.people |= {"incubator": net.staff_user.id, "nest-admin": nest.admin.id, "bird-admin": bird.admin.id}
    world.people["group-admin"] = group.admin.id
    offered = factory.residency(net, nest, "offered", at=at)
    offered.purpose = marker
    returned = factory.residency(net, bird, at=at)
    actions.send_back(net.staff, returned, f"缺章程 {marker}", at)
    grown = factory.residency(net, _named(organisation("江宁区大树服务社")), "grown", at=at)
    ids |= {"residency_id": offered.id, "returned_case": returned.id, "grown_case": grown.id}
    for name in ("applied", "admitted"):
        ids[f"{name}_case"] = factory.residency(net, _named(organisation()), name, at=at).id
    ids["group_case"] = factory.residency(net, group, "incubating", at=at).id
    day = beijing_day(at)
    room = factory.meeting_room(net)
    series = Series(day + timedelta(days=1), 18, 20)
    booking = actions.book(acting(group.admin), room, group.id, series, f"例会 {marker}", at)
    event = factory.training(net, at + timedelta(days=9), seats=20)
    actions.sign_up(acting(bird.admin), event, bird.organisation, f"{marker}", at)
    host, term = town.firms["暖邻"], (day, day + timedelta(days=300))
    asked = actions.propose_hosting(
        acting(group.admin), group.organisation, host.organisation, f"{HOSTING_TERMS}{marker}", term, "a" * 32, at
    )
    ids |= {"node_id": net.base.id, "room_id": room.id, "training_id": event.id, "hosting_id": asked.id}
    ids["booking_id"] = booking.id
    far = make_street("330502001")
    world.strangers["other-incubator"] = person(Role.INCUBATOR, Scope(far.district_id)).id
