"""A town that holds rounds: call, applications, check, jury, vote, decision; each project then is a town of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from market.awards import actions as awards
from market.awards.models import Award
from market.awards.queries import awards_of
from market.budgets.queries import lines_for
from market.db.session import db
from market.panels.actions import Given
from market.panels.models import Seat
from market.panels.queries import live, panel_for
from market.venture import actions, queries
from market.venture.actions import RoundFacts
from market.venture.models import Application, Round
from market.venture.rules.eligibility import Conditions
from market.venture.states import ApplicationState, RoundRegime
from tests.factories import rounds
from tests.factories.people import acting
from tests.walks.supported import Supported

CRITERIA = [
    {"id": 1, "title": "需求和方案", "guidance": "真实、可行。", "max_centi": 6000},
    {"id": 2, "title": "团队和成效", "guidance": "有经验、可持续。", "max_centi": 4000},
]


@dataclass
class Granting(Supported):
    """The same town with one round over two lines of elder care; `numbers` are the applications by firm."""

    round_id: int = field(default=0)
    numbers: dict[str, int] = field(default_factory=dict)

    def call(self, regime: RoundRegime, pool: Sequence[int], **changes: Any) -> Round:
        """Written by the clerk, published by the approver; the pool is reserved."""
        clerk = self.as_("clerk")
        row = actions.create_round(clerk, self.street.id, regime, "2026年社区项目征集", self.now)
        self.round_id = row.id
        lines = [line.id for line, _ in lines_for(self.street.id, 2026)]
        values: dict[str, Any] = {
            "title": row.title,
            "purpose": "征集为老服务项目。",
            "themes": [{"field": "elder_care", "title": "独居老人关爱", "least": 1}],
            "conditions": Conditions(("service_agency", "social_group")),
            "project_cap_fen": row.project_cap_fen,
            "own_min_bp": 0,
            "projects_most": 0,
            "criteria": CRITERIA,
            "starts_on": date(2026, 7, 1),
            "ends_on": date(2027, 4, 30),
            "apply_days": row.apply_days,
            "funding": dict(zip(lines, pool, strict=False)),
        }
        actions.save_round(clerk, row.id, RoundFacts(**(values | changes)), self.now)
        actions.submit_round(clerk, row.id, self.now)
        return actions.publish_round(self.as_("approver"), row.id, self.now)

    @property
    def round(self) -> Round:
        """The round, read anew."""
        db.session.flush()
        db.session.expire_all()
        found = queries.round_row(self.round_id)
        assert found is not None
        return found

    def apply(self, name: str, **typed: Any) -> Application:
        """A firm writes and hands in."""
        team = self.firms.get(name) or self.firm(name)
        values = rounds.values(title=f"{name}项目", **typed)
        actions.save_fields(acting(team.editor), self.round_id, team.id, values, 10_000, self.now)
        one = actions.submit_application(acting(team.signatory), self.round_id, team.id, self.now)
        self.numbers[name] = one.id
        return one

    def application(self, name: str) -> Application:
        """A firm's application, read anew."""
        db.session.flush()
        db.session.expire_all()
        found = queries.application(self.numbers[name])
        assert found is not None
        return found

    def close(self) -> None:
        """A minute after the deadline; the worker's clock has knocked."""
        deadline = self.round.deadline_at
        assert deadline is not None
        self.later(seconds=(deadline - self.now).total_seconds() + 60)
        self.knock()

    def check(self) -> int:
        """Every application is admitted."""
        clerk = self.as_("clerk")
        for one in queries.applications_of(self.round_id, [ApplicationState.SUBMITTED]):
            actions.screen_application(clerk, one.id, True, "", self.now)
        return actions.finish_screening(clerk, self.round_id, self.now)

    @property
    def jurors(self) -> list[Seat]:
        """The jury's live seats."""
        panel = panel_for(queries.SUBJECT, self.round_id)
        assert panel is not None
        return live(panel)

    def jury(self, shares: Mapping[str, int]) -> None:
        """Drawn, declared; everybody gives each firm so many hundredths of every criterion."""
        actions.draw_jury(self.as_("clerk"), self.round_id, self.now, size=5, expert_seats=5)
        for seat in self.jurors:
            confirmed = list(queries.parties(queries.applications_of(self.round_id)))
            actions.declare(self.member(seat), seat.id, confirmed, self.now)
            for name, share in shares.items():
                given = [Given(c["id"], c["max_centi"] * share // 100, "具体可行。") for c in CRITERIA]
                actions.put_scores(self.member(seat), seat.id, self.numbers[name], given, self.now)
            actions.finish_sheet(self.member(seat), seat.id, "", self.now)

    def vote(self, ballots: Sequence[Sequence[str]]) -> None:
        """So many residents vote; a day later the vote is over."""
        clerk = self.as_("clerk")
        actions.open_vote(clerk, self.round_id, self.now + timedelta(hours=20), self.now)
        codes = actions.make_codes(clerk, self.round_id, len(ballots), self.now)
        for code, names in zip(codes, ballots, strict=True):
            actions.vote(code, [self.numbers[name] for name in names], self.now)
        self.later(days=1)

    def rank(self) -> list[str]:
        """The portfolio, by firm."""
        chosen = actions.rank_round(self.as_("clerk"), self.round_id, self.now).chosen
        return [name for name, key in self.numbers.items() if key in chosen]

    def decide_on(self, names: Sequence[str], departure: str = "") -> None:
        """The approver decides."""
        ids = [self.numbers[name] for name in names]
        actions.decide_round(self.as_("approver"), self.round_id, ids, departure, self.now)

    def confirm_all(self) -> None:
        """After the notice every pending award is confirmed; the clock carries it into the round."""
        pending = [one for one in awards_of("application", self.numbers.values()) if one.state == "pending"]
        self.later(seconds=(pending[0].publicity_until - self.now).total_seconds() + 9 * 3600)
        for one in pending:
            awards.confirm_award(self.as_("approver"), one.id, self.now)
        self.knock()

    def project(self, name: str) -> Project:
        """What follows for one firm's project."""
        given = {one.name: getattr(self, one.name) for one in fields(Supported)}
        made = Project(**given)
        made.application_id, made.file_id = self.numbers[name], self.application(name).file_id or 0
        return made


@dataclass
class Project(Supported):
    """One funded project, from its award to its last payment."""

    application_id: int = field(default=0)

    @property
    def subject(self) -> tuple[str, int]:
        """The award is for the application."""
        return "application", self.application_id

    def award(self) -> Award:
        """The newest award of the project."""
        query = select(Award).filter_by(subject_kind="application", subject_id=self.application_id)
        return db.session.scalars(query.order_by(Award.id.desc()).limit(1)).one()
