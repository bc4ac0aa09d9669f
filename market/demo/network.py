"""Plays the network of support: nodes, staff, trainings, bookings, and young organisations each as far as it has come.

Everything happens between the founding of the districts and the last working day before the demonstration begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from secrets import token_hex
from typing import Any

from market.demo.cast import PASSWORD
from market.demo.nursery import PATCHES, YOUNG, Operator, Patch, Reach, Young
from market.demo.playing import Theatre
from market.incubation import actions, queries
from market.incubation.actions import Application, NodeFacts, RoomFacts, TrainingFacts
from market.incubation.models import Hosting, Node, Training
from market.incubation.rules import HOSTING_TERMS, Series, agreement_text, term_end
from market.incubation.states import MODE_LABELS, AssessmentMoment, Mode, NodeLevel
from market.kernel.clock import instant
from market.kernel.permits import Actor, Role, Scope
from market.kernel.uscc import ProviderType
from market.organisations import actions as organisations
from market.organisations.actions import OrganisationFacts
from market.people import actions as people
from market.places.models import District
from market.places.queries import streets

_REGISTERED = instant(date(2025, 12, 10), 14, 0)
_OPENED = instant(date(2025, 12, 11), 9, 0)
_TERM_MONTHS, _HAND_BACK_DAYS = 12, 15
# Past trainings of a whole day, one that waits for its attendance list, one to come.
_HELD = (date(2026, 1, 15), date(2026, 2, 5), date(2026, 3, 5))
_OVER, _COMING = date(2026, 3, 27), date(2026, 4, 10)
_LESSONS = (
    "社区需求评估与项目设计",
    "财务规范与票据管理",
    "志愿者招募与服务记录",
    "公开募捐与信息公开",
    "承接政府购买服务实务",
)
_EVIDENCE = "查阅制度文本、会议记录和服务台账，并到现场查看。"
# Levels of a growing organisation by dimension, before and after.
_BEFORE, _AFTER = (2, 1, 2, 2, 1, 2), (4, 3, 4, 4, 3, 4)


def play(stage: Theatre, districts: Mapping[str, District], hashed: str) -> None:
    """Play the network of all districts."""
    for patch in PATCHES:
        _Nursery(stage, patch, districts[patch.code], hashed).play()


def _desks(one: Young) -> int:
    """Workstations asked for: groups on file and virtual residents need none."""
    return 2 if one.mode is Mode.PHYSICAL and one.uscc else 0


class _Nursery:
    """One district's network."""

    def __init__(self, stage: Theatre, patch: Patch, district: District, hashed: str) -> None:
        self.stage, self.patch, self.district, self.hashed = stage, patch, district, hashed
        self.civil = stage.who(f"civil-{patch.short}")
        self.nodes: dict[str, int] = {}
        self.young = [one for one in YOUNG if one.district == patch.code]
        self.cases: dict[str, int] = {}

    def play(self) -> None:
        """Nodes, people, then what happened, in the order of the days; each step is one transaction."""
        act = self.stage.act
        act(self._hire)
        self.staff = self.stage.who(f"incubator-{self.patch.short}")
        for one in (*([self.patch.operator] if self.patch.operator else []), *self.young):
            act(self._register, one)
        act(self._open_nodes)
        for one in self.young:
            if one.reach not in (Reach.NEW, Reach.APPLIED, Reach.REVIEWING, Reach.RETURNED):
                act(self._take_in, one)
        act(self._train)
        for one in self.young:
            act(self._grow, one)
        act(self._host)
        for one in self.young:
            act(self._knock, one)
        act(self._book)

    # --- people ---

    def _hire(self) -> None:
        login = f"incubator-{self.patch.short}"
        user = people.create_user(
            None, login, self.patch.staff, f"{login}@example.cn", PASSWORD, _OPENED, hashed=self.hashed
        )
        people.grant(None, user.id, Role.INCUBATOR, Scope(self.district.id), _OPENED)
        self.stage.ids[login] = user.id

    def _register(self, one: Young | Operator) -> None:
        facts = OrganisationFacts(
            name=one.name,
            provider_type=one.kind,
            uscc=one.uscc,
            legal_representative=one.admin,
            registered_on=date(2025, 6, 18) if one.uscc else None,
            address=f"{self.district.full_name}（演示地址）",
            contact_name=one.admin,
            contact_phone="000-00000000",
            service_fields=(one.field.value,),
            introduction=f"{one.name}为演示虚构机构。",
        )

        login = f"{one.short}-admin"
        user = people.create_user(
            None, login, one.admin, f"{one.short}@example.cn", PASSWORD, _REGISTERED, hashed=self.hashed
        )
        row = organisations.register(Actor(user.id, user.name), self.district.id, facts, _REGISTERED)
        self.stage.firms[one.short] = row.id
        organisations.submit(self._admin(one), row, _REGISTERED)
        organisations.confirm(self.civil, row, _REGISTERED)

    def _admin(self, one: Young | Operator) -> Actor:
        return self.stage.who(f"{one.short}-admin")

    # --- the tree ---

    def _open_nodes(self) -> None:
        patch = self.patch
        operator = self.stage.firms[patch.operator.short] if patch.operator else None
        offices = streets(self.district.id)
        each = max(1, patch.ever // (3 * len(offices)))
        ran = sum(
            one.reach in (Reach.GROWING, Reach.READY, Reach.GRADUATED, Reach.LEAVING, Reach.LEFT) for one in self.young
        )
        earlier = patch.ever - each * len(offices) - ran
        self._open("基地", NodeLevel.DISTRICT, patch.base, None, None, (1600, 30, earlier), operator)
        for street in offices:
            name = f"{street.name}社会组织孵化中心"
            self._open(street.name, NodeLevel.STREET, name, street.id, "基地", (420, 8, each), None)
        ids = {street.name: street.id for street in offices}
        for street_name, community in patch.stations:
            name = f"{community}社会组织服务站"
            self._open(community, NodeLevel.COMMUNITY, name, ids[street_name], street_name, (120, 3, 0), None)
        homes = {community: ids[street_name] for street_name, community in patch.stations}
        for community, courtyard in patch.courtyards:
            name = f"{courtyard}培育点"
            self._open(courtyard, NodeLevel.COURTYARD, name, homes[community], community, (40, 1, 0), None)

    def _open(
        self,
        key: str,
        level: NodeLevel,
        name: str,
        street_id: int | None,
        parent: str | None,
        counts: tuple[int, int, int],
        operator: int | None,
    ) -> None:
        area, workstations, earlier = counts
        facts = NodeFacts(
            level=level,
            name=name,
            street_id=street_id,
            parent_id=self.nodes[parent] if parent else None,
            operator_id=operator,
            address=self.patch.address if parent is None else f"{self.district.name}（演示地址）",
            area_m2=area,
            workstations=workstations,
            premises="共享办公、会议、路演和仓储" if parent is None else "",
            earlier_count=earlier,
        )
        row = actions.open_node(self.civil, self.district, facts, token_hex(16), _OPENED)
        self.nodes[key] = row.id

    def _node(self, key: str) -> Node:
        found = queries.node(self.nodes[key])
        assert found is not None
        return found

    # --- cases ---

    def _do(self, action: Callable[..., Any], actor: Actor, one: Young, at: datetime, *args: Any) -> None:
        action(actor, actions.loaded(self.cases[one.short]), *args, at)

    def _apply(self, one: Young, at: datetime) -> None:
        wanted = Application(one.mode, one.track, _desks(one), one.purpose, "财务规范、项目设计和资源对接")
        subject = self.stage.firm(one.short)
        row = actions.apply(self._admin(one), self._node(one.place), subject, wanted, token_hex(16), at)
        self.cases[one.short] = row.id

    def _take_in(self, one: Young) -> None:
        """In December; the agreement that still waits was offered in March."""
        late = one.reach in (Reach.ADMITTED, Reach.OFFERED)
        first = date(2026, 3, 16) if late else date(2025, 12, 12)
        days = [instant(first + timedelta(days=n), 10, 0) for n in (0, 3, 7, 10, 11)]
        self._apply(one, days[0])
        self._do(actions.pass_check, self.staff, one, days[1])
        self._do(actions.admit, self.civil, one, days[2])
        if one.reach is Reach.ADMITTED:
            return
        text = agreement_text(
            self._node(one.place).name,
            one.name,
            self.patch.operator.name if self.patch.operator else self.district.full_name,
            MODE_LABELS[one.mode],
            _desks(one),
            _TERM_MONTHS,
            _HAND_BACK_DAYS,
        )
        row = actions.loaded(self.cases[one.short])
        actions.offer(self.staff, row, text, _TERM_MONTHS, days[3])
        if one.reach is not Reach.OFFERED:
            actions.accept(self._admin(one), row, row.agreement_digest or "", days[4])

    def _grow(self, one: Young) -> None:
        """Stages, mentors and assessments as far as the story goes."""
        if one.short not in self.cases or one.reach in (Reach.ADMITTED, Reach.OFFERED):
            return
        if one.reach in (Reach.LEFT, Reach.LEAVING):
            self._leave(one)
            return
        through = one.reach is not Reach.GROWING
        self._assess(one, AssessmentMoment.BEFORE, _BEFORE, instant(date(2025, 12, 26), 10, 0))
        stages = ((1, date(2026, 1, 12)), (2, date(2026, 2, 11)), (3, date(2026, 3, 11)), (4, date(2026, 3, 24)))
        for position, day in stages[: 4 if through else 2]:
            self._do(actions.pass_stage, self.staff, one, instant(day, 15, 0), position, _EVIDENCE)
        hours = (date(2026, 1, 8), date(2026, 1, 29), date(2026, 3, 2), date(2026, 3, 18))
        for day in hours[: 4 if through else 2]:
            self._do(
                actions.note_mentoring,
                self.staff,
                one,
                instant(day, 17, 0),
                "石守业",
                day,
                180,
                "项目设计和服务记录",
                token_hex(16),
            )
        if through:
            self._assess(one, AssessmentMoment.AFTER, _AFTER, instant(date(2026, 3, 25), 10, 0))
        if one.reach is Reach.GRADUATED:
            self._do(actions.graduate, self.civil, one, instant(date(2026, 3, 27), 10, 0), [one.field])

    def _assess(self, one: Young, moment: AssessmentMoment, levels: tuple[int, ...], at: datetime) -> None:
        row = actions.loaded(self.cases[one.short])
        keys = [dimension["key"] for dimension in queries.plan_of(row.scheme).dimensions]
        actions.assess(self.staff, row, moment, dict(zip(keys, levels, strict=True)), "现场评估。", at)

    def _leave(self, one: Young) -> None:
        if one.reach is Reach.LEFT:
            at = instant(date(2026, 2, 25), 10, 0)
            self._do(actions.give_notice, self._admin(one), one, at, "负责人迁居外地，团队解散。")
            self._do(actions.hand_back, self.staff, one, instant(date(2026, 3, 6), 16, 0))
        else:
            at = instant(date(2026, 3, 20), 10, 0)
            self._do(actions.give_notice, self._admin(one), one, at, "已并入另一家养老机构。")

    def _knock(self, one: Young) -> None:
        """Applications of the last days."""
        if one.reach is Reach.RETURNED:
            self._apply(one, instant(date(2026, 3, 19), 10, 0))
            reason = "请补充负责人身份证明和近三个月的活动记录。"
            self._do(actions.send_back, self.staff, one, instant(date(2026, 3, 24), 11, 0), reason)
        elif one.reach is Reach.REVIEWING:
            self._apply(one, instant(date(2026, 3, 20), 10, 0))
            self._do(actions.pass_check, self.staff, one, instant(date(2026, 3, 25), 11, 0))
        elif one.reach is Reach.APPLIED:
            self._apply(one, instant(date(2026, 3, 27), 15, 0))

    # --- trainings, hosting, rooms ---

    def _train(self) -> None:
        taking_part = [one for one in self.young if one.reach in (Reach.GROWING, Reach.READY, Reach.GRADUATED)]
        for title, day in zip(_LESSONS, (*_HELD, _OVER, _COMING), strict=True):
            starts = instant(day, 9, 0)
            announced = starts - timedelta(days=9)
            event = self._announce(title, starts, announced)
            for one in taking_part:
                actions.sign_up(self._admin(one), event, self.stage.firm(one.short), one.admin, announced)
            if day in _HELD:
                minutes = {seat.id: event.minutes for seat in queries.seats_of(event.id)}
                actions.close_training(self.staff, event, minutes, event.ends_at + timedelta(minutes=30))

    def _announce(self, title: str, starts: datetime, at: datetime) -> Training:
        facts = TrainingFacts(
            title,
            f"{title}：案例讲解、分组练习和答疑。",
            "温如玉",
            self.patch.base,
            starts,
            starts + timedelta(hours=8),
            30,
        )
        return actions.plan_training(self.staff, self._node("基地"), facts, None, token_hex(16), at)

    def _host(self) -> None:
        """The group of 江宁 is carried by a legal person; the one of 温江 has asked."""
        hosts = {"xiaoman": "heqiao", "liuyin": "jincheng"}
        for one in self.young:
            if one.kind is ProviderType.COMMUNITY_GROUP and one.short in hosts:
                self._agree(one, hosts[one.short], one.short == "xiaoman")

    def _agree(self, one: Young, host: str, agreed: bool) -> Hosting:
        at = instant(date(2026, 3, 2) if agreed else date(2026, 3, 30), 10, 0)
        day = date(2026, 3, 2) if agreed else date(2026, 4, 1)
        row = actions.propose_hosting(
            self._admin(one),
            self.stage.firm(one.short),
            self.stage.firm(host),
            HOSTING_TERMS,
            (day, term_end(day, 12)),
            token_hex(16),
            at,
        )
        if agreed:
            actions.agree_hosting(self.stage.who(f"{host}-sign"), row, row.digest, at + timedelta(hours=6))
        return row

    def _book(self) -> None:
        """Two rooms of the base; a weekly meeting and a single one ahead."""
        at = instant(date(2026, 3, 23), 9, 0)
        rooms = [
            actions.add_room(self.civil, self._node("基地"), facts, _OPENED)
            for facts in (
                RoomFacts("多功能厅", 60, "投影、音响、直播", 16, 42),
                RoomFacts("一号会议室", 12, "白板、视频会议", 16, 42),
            )
        ]
        lesson = Series(date(2026, 4, 10), 18, 34)
        actions.book(self.staff, rooms[0], None, lesson, "承接政府购买服务实务培训", at)
        growing = [one for one in self.young if one.reach in (Reach.GROWING, Reach.READY)]
        for number, one in enumerate(growing):
            series = Series(date(2026, 4, 1), 18 + 4 * number, 21 + 4 * number, 4)
            firm = self.stage.firms[one.short]
            actions.book(self._admin(one), rooms[1], firm, series, "项目例会", at)
