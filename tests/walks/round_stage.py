"""Rounds at four stages for the walk through anything, and a funded project under contract."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date

from contracts.agreements.states import Party
from market.awards import actions as awards
from market.venture import actions
from market.venture.states import RoundRegime
from tests.factories.agreements import short_document
from tests.walks.granted import Granting, Project
from tests.walks.stories import Town

NAMES = ("call", "checking", "judging", "decided")
FIRMS = ("暖邻", "银龄", "同行")
POOL = (70_000_33, 29_999_67)
TERM = {"starts_on": date(2026, 7, 1), "ends_on": date(2026, 12, 31), "project_cap_fen": 45_000_00}
ASK = {"total_fen": 80_000_00, "own_fen": 40_000_00, "asked_fen": 40_000_00}


@dataclass
class Rounds:
    """The rounds of the stage by name, and one funded project with its contract."""

    town: Town
    rounds: dict[str, Granting] = field(default_factory=dict)

    def call(self, *names: str) -> None:
        """Published, and every firm has handed in; in the round that stays open two of them."""
        shared = {one.name: getattr(self.town, one.name) for one in fields(Town)}
        for name in names:
            made = self.rounds[name] = Granting(**shared)
            made.call(RoundRegime.SUBSIDY, POOL, **TERM)
            for firm in FIRMS[:2] if name == "call" else FIRMS:
                made.apply(firm, **ASK)

    def judge(self) -> None:
        """Their deadlines are past: one waits for its check, one for its scores, one is decided."""
        for name in ("judging", "decided"):
            self.rounds[name].check()
        judging, decided = self.rounds["judging"], self.rounds["decided"]
        actions.draw_jury(judging.as_("clerk"), judging.round_id, judging.now, size=5, expert_seats=5)
        decided.jury({"暖邻": 90, "银龄": 80, "同行": 40})
        decided.decide_on(decided.rank())

    def fund(self) -> Project:
        """One project is confirmed and under contract; the other's notice is over."""
        decided = self.rounds["decided"]
        project = decided.project("暖邻")
        awards.confirm_award(decided.as_("approver"), project.award().id, decided.now)
        decided.knock()
        project.issue(short_document())
        project.sign(Party.SUPPLIER)
        project.sign(Party.BUYER)
        decided.knock()
        return project
