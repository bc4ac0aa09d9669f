"""The network played through: who may, what is written, what is published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from secrets import token_hex

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.db.session import db
from market.incubation import actions, queries
from market.incubation.models import Hosting, Node, Residency, TrainingSeat
from market.incubation.rules import HOSTING_TERMS
from market.incubation.states import HostingVerb, Mode, NodeLevel, ResidencyState
from market.kernel.categories import Category
from market.kernel.clock import beijing_day, system_now
from market.kernel.errors import DomainError, Forbidden, Refused
from market.kernel.permits import Role, Scope
from market.kernel.uscc import ProviderType
from market.people.models import User
from market.people.queries import members, person_by_login
from market.records.audit import history, verify_all
from market.records.models import DirectoryCard, Message
from tests.factories import incubation as factory
from tests.factories.organisations import organisation
from tests.factories.people import acting, actor, give, person
from tests.factories.places import street
from tests.fixtures.clock import StandingClock


def card(kind: str, key: str) -> dict[str, object]:
    found = db.session.scalars(select(DirectoryCard).filter_by(kind=kind, key=key)).one()
    return dict(found.data)


# --- the tree ---------------------------------------------------------------------------------------------------------


def test_a_tree_of_nodes_is_published_with_its_counts(session: Session) -> None:
    net = factory.network()
    branches = queries.nodes_of(net.district.id)
    assert [(b.node.name, b.depth) for b in branches] == [
        ("江宁区社会组织孵化基地", 0),
        ("东山街道孵化中心", 1),
        ("河滨社区站", 2),
    ]
    assert list(queries.node_counts(branches).values()) == [1, 1, 1, 0]
    shown = card("node", str(net.centre.id))
    assert (shown["level"], shown["street"], shown["parent"]) == ("street", "东山街道", str(net.base.id))


def test_there_is_one_base_a_district_and_one_centre_a_street(session: Session) -> None:
    net = factory.network()
    for facts in (
        factory.node_facts(NodeLevel.DISTRICT, "又一个基地", None, None),
        factory.node_facts(NodeLevel.STREET, "又一个中心", net.base, net.street),
    ):
        with pytest.raises(Refused) as refused:
            actions.open_node(net.civil, net.district, facts, token_hex(16), system_now())
        assert refused.value.field == "level"
    values = {c.name: getattr(net.base, c.name) for c in Node.__table__.columns if c.name not in {"id", "token"}}
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(Node.__table__.insert().values(**values, token=token_hex(16)))


def test_a_node_in_use_is_not_closed(session: Session) -> None:
    net, at = factory.network(), system_now()
    with pytest.raises(Refused):
        actions.close_node(net.civil, net.base, at)
    row = factory.residency(net, organisation(), node=net.station)
    with pytest.raises(Refused):
        actions.close_node(net.civil, net.station, at)
    actions.withdraw(acting(person_of(row)), row, at)
    actions.close_node(net.civil, net.station, at)
    assert card("node", str(net.station.id))["state"] == "closed"
    actions.reopen_node(net.civil, net.station, at)
    assert card("node", str(net.station.id))["state"] == "open"


def person_of(row: Residency) -> User:
    return members(row.organisation_id)[0]


def test_a_change_of_operator_is_kept_with_its_days(session: Session, clock: StandingClock) -> None:
    first, second = organisation("江宁区甲支持中心"), organisation("江宁区乙支持中心")
    net = factory.network(operator_id=first.id)
    began = beijing_day(clock.now)
    later = clock.forward(days=100)
    facts = factory.node_facts(NodeLevel.STREET, net.centre.name, net.base, net.street, operator_id=second.id)
    actions.save_node(net.civil, net.centre, facts, later)
    assert card("node", str(net.centre.id))["operator"] == "江宁区乙支持中心"
    assert queries.operators_of(net.district.id, began) == {first.id, second.id}
    assert queries.operators_of(net.district.id, beijing_day(later) + timedelta(days=1), net.street.id) == {
        first.id,  # it still runs the base, which reaches into every street
        second.id,
    }
    ties = queries.supports([first.id, second.id], began)
    assert ties[second.id].nodes == {net.centre.id}
    assert ties[first.id].nodes == {net.base.id, net.centre.id, net.station.id}


def test_an_operator_is_a_confirmed_legal_person(session: Session) -> None:
    net, group = factory.network(), factory.group("河滨邻里互助队")
    facts = factory.node_facts(NodeLevel.STREET, net.centre.name, net.base, net.street, operator_id=group.id)
    with pytest.raises(Refused) as refused:
        actions.save_node(net.civil, net.centre, facts, system_now())
    assert refused.value.field == "operator"


def test_only_the_district_keeps_its_tree(session: Session) -> None:
    net = factory.network()
    facts = factory.node_facts(NodeLevel.COMMUNITY, "天印社区站", net.centre, net.street)
    far = actor(Role.DISTRICT_CIVIL, Scope(street("330502001").district_id))
    for stranger in (far, net.staff, acting(organisation().admin)):
        with pytest.raises(Forbidden):
            actions.open_node(stranger, net.district, facts, token_hex(16), system_now())


def test_staff_are_appointed_for_a_node_and_work_with_whom_it_supports(session: Session) -> None:
    operator = organisation("江宁区邻聚支持中心")
    net = factory.network(operator_id=operator.id)
    somebody = person(login="linju-staff")
    with pytest.raises(Refused) as refused:
        actions.appoint(net.civil, net.base, "nobody-there", system_now())
    assert refused.value.field == "login"
    actions.appoint(net.civil, net.base, "linju-staff", system_now())
    row = factory.residency(net, organisation())
    found = person_by_login("linju-staff")
    assert found is not None
    actions.pass_check(acting(somebody), row, system_now())
    assert row.state == ResidencyState.REVIEWING


# --- intake -----------------------------------------------------------------------------------------------------------


def test_an_application_is_answered_within_five_working_days_and_both_accept_one_text(session: Session) -> None:
    net, team, at = factory.network(), organisation(), system_now()
    row = factory.residency(net, team)
    assert (row.state, row.due_on) == ("applied", date(2026, 4, 7))  # no calendar here: weekends only
    actions.send_back(net.staff, row, "缺少章程", at)
    assert row.due_on is None
    actions.resubmit(acting(team.admin), row, factory.application(workstations=1), at)
    actions.pass_check(net.staff, row, at)
    actions.admit(net.civil, row, at)
    assert row.scheme is not None
    assert row.scheme.number == 1
    actions.offer(net.staff, row, "协议第一稿", 12, at)
    stale = row.agreement_digest or ""
    actions.recall(net.staff, row, at)
    actions.offer(net.staff, row, "协议第二稿", 12, at)
    with pytest.raises(Refused):
        actions.accept(acting(team.admin), row, stale, at)
    actions.accept(acting(team.admin), row, row.agreement_digest or "", at)
    assert (row.state, row.starts_on, row.ends_on) == ("incubating", date(2026, 3, 31), date(2027, 3, 30))
    verbs = [entry.verb for entry in history("residency", row.id)]
    assert verbs == [
        "apply", "return", "resubmit", "approve", "admit", "offer", "recall", "offer", "accept",
    ]  # fmt: skip
    assert verify_all()[1] is None
    assert card("node", str(net.base.id))["supported"] == 1
    told = list(
        db.session.scalars(select(Message.subject).where(Message.user_id == team.admin.id).order_by(Message.id))
    )
    assert told[-3:] == ["准予入驻", "孵化协议待确认", "孵化协议待确认"]


def test_one_organisation_is_supported_in_one_place(session: Session) -> None:
    net, team = factory.network(), organisation()
    row = factory.residency(net, team)
    with pytest.raises(Refused) as refused:
        factory.residency(net, team, node=net.centre)
    assert refused.value.field == "organisation"
    actions.withdraw(acting(team.admin), row, system_now())
    assert factory.residency(net, team, node=net.centre).state == "applied"


def test_an_operator_is_not_taken_in_by_its_own_node(session: Session) -> None:
    operator = organisation("江宁区邻聚支持中心")
    net = factory.network(operator_id=operator.id)
    with pytest.raises(Refused) as refused:
        factory.residency(net, operator)
    assert refused.value.field == "node"


def test_no_more_workstations_are_promised_than_there_are(session: Session) -> None:
    net, at = factory.network(), system_now()
    for _ in range(6):
        factory.residency(net, organisation(), until="admitted")
    last = factory.residency(net, organisation(), until="reviewing")
    with pytest.raises(Refused):
        actions.admit(net.civil, last, at)
    virtual = factory.application(mode=Mode.VIRTUAL, workstations=0)
    team = organisation()
    row = actions.apply(acting(team.admin), net.base, team.organisation, virtual, token_hex(16), at)
    actions.pass_check(net.staff, row, at)
    actions.admit(net.civil, row, at)
    assert row.state == "admitted"


def test_who_checks_does_not_decide_and_who_applies_does_neither(session: Session) -> None:
    net, team, at = factory.network(), organisation(), system_now()
    both = actor(Role.DISTRICT_CIVIL, Scope(net.district.id), also=(Role.INCUBATOR,))
    row = factory.residency(net, team)
    actions.pass_check(both, row, at)
    with pytest.raises(Forbidden, match="不得对同一机构"):
        actions.admit(both, row, at)
    hat = person(Role.INCUBATOR, Scope(net.district.id))
    other = organisation()
    give(hat, Role.ORGANISATION_ADMIN, Scope(organisation_id=other.id))
    mine = actions.apply(acting(hat), net.base, other.organisation, factory.application(), token_hex(16), at)
    with pytest.raises(Forbidden, match="申请机构的人员"):
        actions.pass_check(acting(hat), mine, at)


# --- growing ----------------------------------------------------------------------------------------------------------


def test_a_graduate_stands_in_the_directory_of_those_able_to_undertake(session: Session) -> None:
    net, team = factory.network(), organisation("江宁区暖邻社会工作服务中心")
    row, at = factory.residency(net, team, until="incubating"), system_now()
    with pytest.raises(Refused):
        actions.graduate(net.civil, row, [Category.ELDER_CARE], at)
    factory.grow(net, team, row, at)
    assert actions.progress_of(row, at).may_graduate
    with pytest.raises(Refused) as refused:
        actions.graduate(net.civil, row, [], at)
    assert refused.value.field == "service_fields"
    actions.graduate(net.civil, row, [Category.ELDER_CARE, Category.SOCIAL_RELIEF], at)
    shown = card("capable", team.organisation.uscc or "")
    assert shown["service_fields"] == ["elder_care", "social_relief"]
    assert (shown["mentor_minutes"], shown["training_minutes"]) == (720, 1440)
    assert "欧阳喆" not in str(shown)
    assert "石守业" not in str(shown)
    assert card("node", str(net.base.id))["graduated"] == 1
    assert row.due_on == date(2026, 4, 21)
    actions.hand_back(net.staff, row, at)
    with pytest.raises(Refused):
        actions.hand_back(net.staff, row, at)
    assert queries.workstations_taken(net.base.id) == 0


def test_whoever_leaves_hands_the_space_back_within_fifteen_working_days(session: Session) -> None:
    net, team, at = factory.network(), organisation(), system_now()
    row = factory.residency(net, team, until="incubating")
    actions.give_notice(acting(team.admin), row, "迁往外地", at)
    assert (row.state, row.due_on) == ("leaving", date(2026, 4, 21))
    with pytest.raises(Refused):
        factory.grow(net, team, row, at)
    actions.hand_back(net.staff, row, at)
    assert (row.state, row.ended_on) == ("left", date(2026, 3, 31))


def test_a_term_is_extended_by_the_district(session: Session) -> None:
    net, team, at = factory.network(), organisation(), system_now()
    row = factory.residency(net, team, until="incubating")
    actions.extend(net.civil, row, 6, "项目延期", at)
    assert (row.state, row.ends_on) == ("incubating", date(2027, 9, 29))
    with pytest.raises(Refused):
        actions.extend(net.civil, row, 24, "再延", at)


def test_a_group_graduates_as_the_legal_person_it_has_become(session: Session) -> None:
    net, team, at = factory.network(), factory.group("河滨邻里互助队"), system_now()
    row = factory.residency(net, team, until="grown")
    reached = actions.progress_of(row, at)
    assert (reached.legal_person, reached.may_graduate) == (False, False)
    grown = organisation("江宁区河滨邻里互助中心")
    give(team.admin, Role.ORGANISATION_ADMIN, Scope(organisation_id=grown.id))
    with pytest.raises(Forbidden):
        actions.name_successor(acting(team.editor), row, grown.organisation, at)
    actions.name_successor(acting(team.admin), row, grown.organisation, at)
    actions.graduate(net.civil, row, [Category.ELDER_CARE], at)
    assert card("capable", grown.organisation.uscc or "")["name"] == "江宁区河滨邻里互助中心"


def test_a_new_edition_of_the_plan_holds_for_those_admitted_later(session: Session) -> None:
    net, at = factory.network(), system_now()
    before = factory.residency(net, organisation(), until="admitted")
    stages = [{"title": "全程", "by_month": 12, "criteria": "完成项目"}]
    dimensions = [{"key": f"d{n}", "title": f"维度{n}", "hint": ""} for n in range(3)]
    actions.save_scheme(net.civil, net.district, stages, dimensions, ["一", "二", "三", "四", "五"], at)
    after = factory.residency(net, organisation(), until="admitted")
    assert before.scheme is not None
    assert after.scheme is not None
    assert (len(before.scheme.stages), len(after.scheme.stages), after.scheme.number) == (4, 1, 2)
    with pytest.raises(Refused):
        actions.save_scheme(net.civil, net.district, stages, dimensions[:2], ["一"] * 5, at)


# --- trainings --------------------------------------------------------------------------------------------------------


def test_seats_are_limited_and_a_freed_seat_is_given_again(session: Session) -> None:
    net, team, at = factory.network(), organisation(), system_now()
    event = factory.training(net, at + timedelta(days=2), seats=2)
    admin = acting(team.admin)
    first = actions.sign_up(admin, event, team.organisation, "苏禾", at)
    actions.sign_up(admin, event, team.organisation, "桥亦安", at)
    for name in ("苏禾", "白露"):
        with pytest.raises(Refused) as refused:
            actions.sign_up(admin, event, team.organisation, name, at)
        assert refused.value.field == "attendee"
    actions.give_up_seat(admin, event, first, at)
    assert actions.sign_up(admin, event, team.organisation, "白露", at).number == 1


def test_attendance_gives_hours_and_certificates(session: Session, clock: StandingClock) -> None:
    net, team, at = factory.network(), organisation(), system_now()
    event = factory.training(net, at + timedelta(days=2), seats=3)
    admin = acting(team.admin)
    seats = [actions.sign_up(admin, event, team.organisation, name, at) for name in ("甲", "乙", "丙")]
    with pytest.raises(Refused):
        actions.close_training(net.staff, event, {}, at)
    later = clock.forward(days=3)
    with pytest.raises(Refused):
        actions.sign_up(admin, event, team.organisation, "丁", later)
    with pytest.raises(Refused) as refused:
        actions.close_training(net.staff, event, {seats[0].id: 481}, later)
    assert refused.value.field == f"seat-{seats[0].id}"
    given = actions.close_training(net.staff, event, {seats[0].id: 480, seats[1].id: 240}, later)
    assert given == 1
    rows = queries.seats_of(event.id)
    assert [s.minutes for s in rows] == [480, 240, 0]
    assert [s.certificate for s in rows] == [f"PX320115-2026-{event.id:04d}-001", None, None]
    assert queries.training_minutes(team.id, at) == 720


def test_a_training_takes_its_room_and_gives_it_back(session: Session) -> None:
    net, at = factory.network(), system_now()
    room = factory.meeting_room(net)
    starts = at + timedelta(days=1)
    facts = actions.TrainingFacts("财务", "账目", "叶清和", "多功能厅", starts, starts + timedelta(hours=2), 30)
    event = actions.plan_training(net.staff, net.base, facts, room, token_hex(16), at)
    day = beijing_day(starts)
    assert queries.taken_slots(room.id, [day]) == {(day, s) for s in (18, 19, 20, 21)}
    with pytest.raises(Refused):
        actions.plan_training(net.staff, net.base, facts, room, token_hex(16), at)
    actions.cancel_training(net.staff, event, at)
    assert queries.taken_slots(room.id, [day]) == set()


# --- hosting and ties -------------------------------------------------------------------------------------------------


TERM = (date(2026, 3, 31), date(2027, 3, 30))


def hosted(group: object, host: object, term: tuple[date, date] = TERM) -> Hosting:
    return actions.propose_hosting(
        acting(group.admin),  # type: ignore[attr-defined]
        group.organisation,  # type: ignore[attr-defined]
        host.organisation,  # type: ignore[attr-defined]
        HOSTING_TERMS,
        term,
        token_hex(16),
        system_now(),
    )


def test_a_host_answers_for_a_group_once_it_has_agreed_and_until_the_last_day(
    session: Session, clock: StandingClock
) -> None:
    group, host, at = factory.group(), organisation(), system_now()
    row = hosted(group, host)
    assert queries.host_of(group.id, at) is None
    with pytest.raises(Forbidden):
        actions.agree_hosting(acting(group.admin), row, row.digest, at)
    with pytest.raises(Refused):
        actions.agree_hosting(acting(host.signatory), row, "0" * 64, at)
    actions.agree_hosting(acting(host.signatory), row, row.digest, at)
    assert queries.host_of(group.id, at) is host.organisation
    last = clock.move_to(2027, 3, 30, 23, 59)
    assert queries.host_of(group.id, last) is host.organisation
    over = clock.move_to(2027, 3, 31, 0, 0)
    assert queries.host_of(group.id, over) is None
    assert (actions.expire_hostings(over), actions.expire_hostings(over)) == (1, 0)
    assert (row.state, row.ended_on) == ("ended", date(2027, 3, 30))


def test_a_group_has_one_host_at_a_time(session: Session) -> None:
    group, at = factory.group(), system_now()
    first, second = organisation(), organisation()
    one, two = hosted(group, first), hosted(group, second)
    actions.agree_hosting(acting(first.signatory), one, one.digest, at)
    with pytest.raises(Refused):
        actions.agree_hosting(acting(second.signatory), two, two.digest, at)
    actions.end_hosting(acting(first.signatory), one, HostingVerb.RESIGN, "不再承担", at)
    assert queries.host_of(group.id, at) is None
    actions.agree_hosting(acting(second.admin), two, two.digest, at)
    assert queries.host_of(group.id, at) is second.organisation


def test_supporters_are_known_for_three_years(session: Session, clock: StandingClock) -> None:
    operator, team = organisation("江宁区邻聚支持中心"), organisation()
    net = factory.network(operator_id=operator.id)
    row = factory.residency(net, team, until="incubating")
    today = beijing_day(clock.now)
    ties = queries.supports([operator.id, team.id], today)
    assert ties[operator.id].supported == {team.id}
    assert ties[team.id].supported_by == {operator.id}
    actions.give_notice(acting(team.admin), row, "迁址", clock.now)
    actions.hand_back(net.staff, row, clock.now)
    assert queries.supports([team.id], today)[team.id].supported_by == {operator.id}
    assert queries.supports([team.id], today + timedelta(days=1))[team.id].supported_by == set()


@pytest.mark.parametrize("far", ["civil", "staff", "editor"])
def test_strangers_of_another_district_do_nothing_here(session: Session, far: str) -> None:
    net, team, at = factory.network(), organisation(), system_now()
    row = factory.residency(net, team)
    place = street("330502001")
    who = {
        "civil": lambda: actor(Role.DISTRICT_CIVIL, Scope(place.district_id)),
        "staff": lambda: actor(Role.INCUBATOR, Scope(place.district_id)),
        "editor": lambda: acting(organisation(provider_type=ProviderType.SOCIAL_GROUP).editor),
    }[far]()
    acts: list[Callable[[], object]] = [
        lambda: actions.pass_check(who, row, at),
        lambda: actions.send_back(who, row, "x", at),
        lambda: actions.withdraw(who, row, at),
        lambda: actions.add_room(who, net.base, actions.RoomFacts("x", 3, "", 16, 44), at),
    ]
    for act in acts:
        with pytest.raises(DomainError):
            act()
    assert db.session.scalar(select(func.count()).select_from(TrainingSeat)) == 0
