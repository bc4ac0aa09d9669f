"""What anybody can try in a round; the acts on a funded project's contract are those of the stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from market.awards import actions as awards
from market.awards.models import Award, Objection
from market.db.session import db
from market.kernel.errors import NotFound
from market.panels.actions import Given
from market.panels.models import Seat
from market.panels.queries import live, panel_for
from market.people.models import User
from market.venture import actions, queries
from market.venture.models import Application
from market.venture.states import ApplicationState
from tests.factories import rounds
from tests.walks.granted import CRITERIA, Granting
from tests.walks.round_stage import ASK
from tests.walks.stage import Trial

WAITING = [ApplicationState.SUBMITTED]


@dataclass
class RoundTrial(Trial):
    """One attempt in one round."""

    town: Granting

    @property
    def application(self) -> Application:
        return self.pick(Application, round_id=self.town.round_id)  # type: ignore[no-any-return]

    @property
    def award(self) -> Award:
        return self.pick(Award, subject_kind="application", subject_id=self.application.id)  # type: ignore[no-any-return]

    @property
    def juror(self) -> Seat:
        found = seats(self.town)
        if not found:
            raise NotFound("没有")
        return found[self.n % len(found)]


def seats(town: Granting) -> list[Seat]:
    """The jury's live seats, none before the draw."""
    panel = panel_for(queries.SUBJECT, town.round_id)
    return live(panel) if panel is not None else []


def _member(seat: Seat) -> User:
    return db.session.get_one(User, seat.user_id)


ROUND_ACTS: dict[str, Callable[[RoundTrial], Any]] = {}


def act(function: Callable[[RoundTrial], Any]) -> Callable[[RoundTrial], Any]:
    """Something that can be tried in a round."""
    ROUND_ACTS[function.__name__] = function
    return function


@act
def write_application(t: RoundTrial) -> Any:
    typed = rounds.values(title=f"{t.team.organisation.name}改", **ASK)
    return actions.save_fields(t.by(t.team.editor), t.town.round_id, t.team.id, typed, 10_000, t.at)


@act
def submit_application(t: RoundTrial) -> Any:
    if t.flag:
        write_application(t)
    return actions.submit_application(t.by(t.team.signatory), t.town.round_id, t.team.id, t.at)


@act
def withdraw_application(t: RoundTrial) -> Any:
    return actions.withdraw_application(t.by(t.team.signatory), t.town.round_id, t.team.id, t.at)


@act
def cancel_round(t: RoundTrial) -> Any:
    return actions.cancel_round(t.by("approver"), t.town.round_id, "资金调整" if t.flag else "", t.at)


@act
def screen_application(t: RoundTrial) -> Any:
    return actions.screen_application(t.by("clerk"), t.application.id, t.flag or t.n > 0, "材料不全", t.at)


@act
def finish_screening(t: RoundTrial) -> Any:
    for one in queries.applications_of(t.town.round_id, WAITING) if t.flag else ():
        actions.screen_application(t.by("clerk"), one.id, True, "", t.at)
    return actions.finish_screening(t.by("clerk"), t.town.round_id, t.at)


@act
def draw_jury(t: RoundTrial) -> Any:
    return actions.draw_jury(t.by("clerk"), t.town.round_id, t.at, size=5, expert_seats=5)


@act
def recuse_juror(t: RoundTrial) -> Any:
    return actions.recuse(t.by(_member(t.juror)), t.juror.id, "与申报方有往来", t.at)


@act
def score_applications(t: RoundTrial) -> Any:
    """A juror declares and scores; with the flag everybody does, and every sheet is final."""
    parties = list(queries.parties(queries.applications_of(t.town.round_id)))
    rows = queries.applications_of(t.town.round_id, [ApplicationState.ADMITTED])
    for seat in seats(t.town) if t.flag else [t.juror]:
        who = t.by(_member(seat))
        if seat.state == "drawn":
            actions.declare(who, seat.id, parties, t.at)
        for number, one in enumerate(rows):
            share = 95 - 12 * ((number + t.n) % 3)
            given = [Given(c["id"], c["max_centi"] * share // 100, "具体。") for c in CRITERIA]
            actions.put_scores(who, seat.id, one.id, given, t.at)
        actions.finish_sheet(who, seat.id, "", t.at)


@act
def open_vote(t: RoundTrial) -> Any:
    return actions.open_vote(t.by("clerk"), t.town.round_id, t.at + timedelta(days=1), t.at)


@act
def rank_round(t: RoundTrial) -> Any:
    return actions.rank_round(t.by("clerk"), t.town.round_id, t.at)


@act
def decide_round(t: RoundTrial) -> Any:
    """What was reckoned, or all that were admitted, or one of them: with and without a reason."""
    row = t.town.round
    ids = [one.id for one in queries.applications_of(row.id, [ApplicationState.ADMITTED])]
    chosen = (row.portfolio.get("chosen", []), ids, ids[:1], ids[-2:])[t.n % 4]
    return actions.decide_round(t.by("approver"), row.id, chosen, "经集体研究" if t.flag else "", t.at)


@act
def object_to(t: RoundTrial) -> Any:
    return awards.object_to_award(t.award.id, "居民", "13900000000", "预算有重复", t.at)


@act
def answer_objection(t: RoundTrial) -> Any:
    row = t.pick(Objection, award_id=t.award.id)
    return awards.answer_objection(t.by("civil"), row.id, t.flag and t.n == 0, "经核查", t.at)


@act
def confirm_project(t: RoundTrial) -> Any:
    return awards.confirm_award(t.by("approver"), t.award.id, t.at)


@act
def refuse_project(t: RoundTrial) -> Any:
    return awards.refuse_award(t.by("approver"), t.award.id, "申报材料不实", t.at)


def next_in(name: str) -> tuple[str, ...]:
    """Some acts that follow each other in the round of this name."""
    return {
        "call": ("submit_application", "withdraw_application", "submit_application"),
        "checking": ("finish_screening", "draw_jury", "score_applications", "rank_round"),
        "judging": ("score_applications", "rank_round", "decide_round", "object_to"),
        "decided": ("object_to", "answer_objection", "confirm_project"),
    }[name]

