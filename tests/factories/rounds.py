"""Rounds for tests, made by the room's own actions, at any stage.

case = published()              # a round with two themes, taking applications
case = closed(); case = judged_ready(); case = ranked(); case = decided()
case.round, case.clerk, case.approver, case.teams, case.applications(), case.at
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from market.budgets.actions import LineFacts
from market.budgets.queries import lines_for
from market.budgets.states import FundSource
from market.db.session import db
from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.kernel.permits import Actor, Role
from market.panels.actions import Given
from market.panels.models import Seat
from market.panels.queries import live, panel_for
from market.people.models import User
from market.people.queries import actor_of
from market.places.models import Street
from market.records.keys import found_installation
from market.venture import actions, queries
from market.venture.actions import RoundFacts
from market.venture.models import Application, Round
from market.venture.queries import SUBJECT
from market.venture.rules.eligibility import Conditions
from market.venture.states import HANDED_IN, ApplicationState, RoundRegime
from tests.factories import budgets
from tests.factories.organisations import Team, organisation
from tests.factories.panels import experts
from tests.factories.people import acting, person
from tests.factories.places import street as make_street
from tests.factories.tenders import national_calendar
from tests.fixtures.ground import replayed

YUAN = 100
LINES = (
    LineFacts(FundSource.FISCAL, Category.ELDER_CARE, "养老服务", 1_200_000 * YUAN),
    LineFacts(FundSource.LOTTERY, Category.DISABILITY, "福彩助残", 500_000 * YUAN),
    LineFacts(FundSource.STREET_FUND, Category.SOCIAL_RELIEF, "社会组织发展专项", 300_000 * YUAN),
)
CRITERIA = [
    {"id": 1, "title": "需求", "guidance": "真实、具体。", "max_centi": 3000},
    {"id": 2, "title": "方案设计", "guidance": "可行。", "max_centi": 4000},
    {"id": 3, "title": "团队", "guidance": "能力。", "max_centi": 3000},
]


@dataclass
class Case:
    """One round with everybody around it; `at` is a while after the last act."""

    street: Street
    clerk_user: User
    approver_user: User
    round_id: int
    at: datetime
    teams: list[Team] = field(default_factory=list)

    @property
    def clerk(self) -> Actor:
        return acting(self.clerk_user)

    @property
    def approver(self) -> Actor:
        return acting(self.approver_user)

    @property
    def round(self) -> Round:
        """The round read anew."""
        db.session.flush()
        db.session.expire_all()
        found = queries.round_row(self.round_id)
        assert found is not None
        return found

    def applications(self, *states: ApplicationState) -> list[Application]:
        return queries.applications_of(self.round_id, states or HANDED_IN)

    def tick(self, **by: int) -> datetime:
        self.at += timedelta(**(by or {"minutes": 5}))
        return self.at

    @property
    def seats(self) -> list[Seat]:
        panel = panel_for(SUBJECT, self.round_id)
        assert panel is not None
        return live(panel)

    def member(self, seat: Seat) -> Actor:
        return actor_of(seat.user_id)


def facts(street: Street, **changes: Any) -> RoundFacts:
    """A round for elder care and disability, paid from three lines."""
    lines = {line.title: line.id for line, _left in lines_for(street.id, 2026)}
    values: dict[str, Any] = {
        "title": "2026年公益项目征集",
        "purpose": "征集社区养老、助残项目。",
        "themes": [
            {"field": "elder_care", "title": "独居老人关爱", "least": 0},
            {"field": "disability", "title": "残疾人融合", "least": 0},
        ],
        "conditions": Conditions(("social_group", "service_agency", "foundation")),
        "project_cap_fen": 200_000 * YUAN,
        "own_min_bp": 0,
        "projects_most": 0,
        "criteria": CRITERIA,
        "starts_on": date(2026, 7, 1),
        "ends_on": date(2027, 4, 30),
        "apply_days": 30,
        "funding": {
            lines["养老服务"]: 150_000 * YUAN,
            lines["福彩助残"]: 80_000 * YUAN,
            lines["社会组织发展专项"]: 40_000 * YUAN,
        },
    }
    return RoundFacts(**(values | changes))


@replayed
def drafted(
    regime: RoundRegime = RoundRegime.VENTURE,
    street: Street | None = None,
    officers: tuple[User, User] | None = None,
    **changes: Any,
) -> Case:
    """A draft, whole; `officers` are a clerk and an approver who are there already."""
    place = street or make_street()
    national_calendar()
    found_installation("测试", system_now())
    if not lines_for(place.id, 2026):
        budgets.closed_year(place, LINES)
    at = system_now()
    clerk, approver = officers or (
        person(Role.STREET_CLERK, place.scope, name="林晓禾"),
        person(Role.STREET_APPROVER, place.scope, name="周怀远"),
    )
    row = actions.create_round(acting(clerk), place.id, regime, "2026年公益项目征集", at)
    case = Case(place, clerk, approver, row.id, at)
    actions.save_round(case.clerk, row.id, facts(place, **changes), at)
    return case


@replayed
def published(regime: RoundRegime = RoundRegime.VENTURE, **changes: Any) -> Case:
    """A round that takes applications."""
    case = drafted(regime, **changes)
    actions.submit_round(case.clerk, case.round_id, case.tick())
    actions.publish_round(case.approver, case.round_id, case.tick())
    return case


def values(**changes: Any) -> dict[str, Any]:
    """What an applicant types."""
    return {
        "title": "暖心陪伴",
        "field": "elder_care",
        "summary": "为独居老人提供陪伴和应急服务。",
        "need": "辖区有独居老人126名，走访发现多数缺少陪伴。",
        "plan": "每周两次上门，每月一次社区活动。",
        "team": "社工三名，志愿者十名。",
        "beneficiaries": 126,
        "goal_1": "上门陪伴",
        "target_1": "1,000人次",
        "goal_2": "社区活动",
        "target_2": "10场",
        "total_fen": 100_000 * YUAN,
        "own_fen": 40_000 * YUAN,
        "asked_fen": 60_000 * YUAN,
        "report_filed_on": "2025-05-20",
    } | changes


def apply(case: Case, team: Team, **changes: Any) -> Application:
    """One application, handed in."""
    actions.save_fields(acting(team.editor), case.round_id, team.id, values(**changes), 0, case.tick())
    return actions.submit_application(acting(team.signatory), case.round_id, team.id, case.tick())


def applied(
    asks: Sequence[Mapping[str, Any]] = ({}, {}, {}),
    case: Case | None = None,
    teams: Sequence[Team] = (),
    **changes: Any,
) -> Case:
    """A round with so many applications, handed in by as many organisations; `teams` are there already."""
    made = case or published(**changes)
    for number, ask in enumerate(asks):
        team = teams[number] if number < len(teams) else organisation(bank=False)
        made.teams.append(team)
        apply(made, team, **ask)
    return made


@replayed
def closed(asks: Sequence[Mapping[str, Any]] = ({}, {}, {}), **changes: Any) -> Case:
    """The deadline has passed."""
    case = applied(asks, **changes)
    deadline = case.round.deadline_at
    assert deadline is not None
    case.at = deadline + timedelta(minutes=1)
    actions.close_round(case.round_id, actor_clock(), case.at)
    return case


def actor_clock() -> Actor:
    from market.kernel.permits import CLOCK

    return CLOCK


@replayed
def screened(asks: Sequence[Mapping[str, Any]] = ({}, {}, {}), **changes: Any) -> Case:
    """Every application is admitted."""
    case = closed(asks, **changes)
    for one in case.applications():
        actions.screen_application(case.clerk, one.id, True, "", case.tick())
    actions.finish_screening(case.clerk, case.round_id, case.tick())
    return case


@replayed
def drawn(asks: Sequence[Mapping[str, Any]] = ({}, {}, {}), **changes: Any) -> Case:
    """The jury is drawn and has declared."""
    if pool := changes.pop("pool", 7):
        experts(pool)
    case = screened(asks, **changes)
    actions.draw_jury(case.clerk, case.round_id, case.tick(), size=5, expert_seats=5)
    for seat in case.seats:
        confirmed = list(queries.parties(case.applications()))
        actions.declare(case.member(seat), seat.id, confirmed, case.tick(minutes=1))
    return case


def score(case: Case, shares: Sequence[int]) -> None:
    """Every member gives each application (by number) so many hundredths of each criterion's greatest score."""
    rows = case.applications(ApplicationState.ADMITTED)
    for seat in case.seats:
        for one, share in zip(rows, shares, strict=True):
            given = [Given(c["id"], c["max_centi"] * share // 100, "措施具体。") for c in case.round.criteria]
            actions.put_scores(case.member(seat), seat.id, one.id, given, case.tick(minutes=1))
        actions.finish_sheet(case.member(seat), seat.id, "", case.tick(minutes=1))


@replayed
def ranked(
    asks: Sequence[Mapping[str, Any]] = ({}, {}, {}), shares: Sequence[int] = (90, 80, 70), **changes: Any
) -> Case:
    """Points are totalled and the portfolio is found."""
    case = drawn(asks, **changes)
    score(case, shares)
    actions.rank_round(case.clerk, case.round_id, case.tick())
    return case


@replayed
def decided(
    asks: Sequence[Mapping[str, Any]] = ({}, {}, {}), shares: Sequence[int] = (90, 80, 70), **changes: Any
) -> Case:
    """The approver follows the portfolio; awards are pending."""
    case = ranked(asks, shares, **changes)
    actions.decide_round(case.approver, case.round_id, case.round.portfolio["chosen"], "", case.tick())
    return case
