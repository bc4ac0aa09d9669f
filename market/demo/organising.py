"""Plays a round through the rooms' own actions: the call, applications, check, jury, vote, decision, confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from market.awards import actions as awards
from market.awards.queries import awards_of
from market.budgets.queries import lines_for
from market.demo import words
from market.demo.grantees import Idea
from market.demo.playing import Theatre
from market.kernel.clock import instant
from market.kernel.permits import CLOCK, Actor
from market.panels.actions import Given
from market.panels.queries import live, panel_for
from market.people.queries import actor_of
from market.venture import actions, queries
from market.venture.actions import RoundFacts
from market.venture.models import Application, Round
from market.venture.rules.eligibility import Conditions
from market.venture.states import HANDED_IN, ApplicationState, RoundRegime

_KINDS = ("social_group", "service_agency", "foundation")


@dataclass(frozen=True)
class Plan:
    """One round of the story. `pool`: yuan by the title of a budget line; `shares`: quality by applicant."""

    short: str
    street: str
    regime: RoundRegime
    title: str
    purpose: str
    themes: Sequence[tuple[str, str, int]]
    pool: Sequence[tuple[str, int]]
    begins: date
    term: tuple[date, date]
    cap_yuan: int


class Organiser:
    """Plays one round by its rooms' own actions."""

    def __init__(self, stage: Theatre, plan: Plan) -> None:
        self.stage, self.plan = stage, plan
        self.street = stage.streets[plan.street]
        self.at = instant(plan.begins, 9, 30)
        self.round_id = 0
        self.numbers: dict[str, int] = {}

    def official(self, role: str) -> Actor:
        """The district's person of this login prefix."""
        return self.stage.who(f"{role}-{self.plan.short}")

    @property
    def round(self) -> Round:
        """The round as it stands."""
        found = queries.round_row(self.round_id)
        assert found is not None
        return found

    def applications(self, *states: ApplicationState) -> list[Application]:
        """Its applications in these states."""
        return queries.applications_of(self.round_id, states)

    # --- the call ---

    def draft(self) -> None:
        """Written by the clerk."""
        plan, clerk = self.plan, self.official("clerk")
        row = self.stage.act(actions.create_round, clerk, self.street.id, plan.regime, plan.title, self.at)
        self.round_id = row.id
        left = {line.title: line.id for line, _ in lines_for(self.street.id, 2026)}
        facts = RoundFacts(
            title=plan.title,
            purpose=plan.purpose,
            themes=[{"field": field, "title": title, "least": least} for field, title, least in plan.themes],
            conditions=Conditions(_KINDS, months=12),
            project_cap_fen=plan.cap_yuan * 100,
            own_min_bp=0,
            projects_most=0,
            criteria=row.criteria,
            starts_on=plan.term[0],
            ends_on=plan.term[1],
            apply_days=row.apply_days,
            funding={left[title]: yuan * 100 for title, yuan in plan.pool},
        )
        self.stage.act(actions.save_round, clerk, row.id, facts, self.at)

    def publish(self) -> None:
        """Approved by the second officer the same afternoon."""
        self.draft()
        self.stage.act(actions.submit_round, self.official("clerk"), self.round_id, self.at + timedelta(hours=1))
        self.stage.act(actions.publish_round, self.official("approver"), self.round_id, self.at + timedelta(hours=5))

    def apply(self, firm: str, idea: Idea, days: int, *, send: bool = True) -> None:
        """A firm writes, and hands in unless the story says otherwise."""
        at = self.at + timedelta(days=days, hours=2)
        values = idea.values(self.plan.regime is not RoundRegime.REWARD)
        admin, firm_id = self.stage.who(f"{firm}-admin"), self.stage.firms[firm]
        self.stage.act(actions.save_fields, admin, self.round_id, firm_id, values, 0, at)
        if send:
            one = self.stage.act(
                actions.submit_application,
                self.stage.who(f"{firm}-sign"),
                self.round_id,
                firm_id,
                at + timedelta(hours=1),
            )
            self.numbers[firm] = one.id

    def withdraw(self, firm: str, days: int) -> None:
        """A firm takes back what it handed in, and does not hand it in again."""
        at = self.at + timedelta(days=days, hours=2)
        signatory = self.stage.who(f"{firm}-sign")
        self.stage.act(actions.withdraw_application, signatory, self.round_id, self.stage.firms[firm], at)
        del self.numbers[firm]

    def close(self) -> None:
        """The deadline passes; the clock writes it down."""
        deadline = self.round.deadline_at
        assert deadline is not None
        self.at = deadline + timedelta(minutes=1)
        self.stage.act(actions.close_round, self.round_id, CLOCK, self.at)

    def screen(self, rejected: Sequence[tuple[str, str]] = ()) -> None:
        """Everything is admitted but these firms', each with its reason."""
        self.at = self.stage.next_working(self.at, 1, 9, 30)
        clerk, why = self.official("clerk"), {self.numbers[firm]: text for firm, text in rejected}
        for one in self.applications(ApplicationState.SUBMITTED):
            reason = why.get(one.id, "")
            self.stage.act(actions.screen_application, clerk, one.id, not reason, reason, self.at)
        self.at += timedelta(hours=3)
        self.stage.act(actions.finish_screening, clerk, self.round_id, self.at)

    # --- the jury ---

    def jury(self, shares: dict[str, int], finish: int, left: int = 0) -> None:
        """Five experts are drawn and declare; so many of them have finished, one more has so many sheets left.

        Where the round has a pitch day, it is the morning they score.
        """
        self.at += timedelta(hours=1)
        self.stage.act(actions.draw_jury, self.official("clerk"), self.round_id, self.at, size=5, expert_seats=5)
        panel = panel_for(queries.SUBJECT, self.round_id)
        assert panel is not None
        seats = [(seat.id, seat.user_id) for seat in live(panel)]
        confirmed = list(queries.parties(self.applications(*HANDED_IN)))
        drawn_at, self.at = self.at, self.stage.next_working(self.at, 1, 9, 0)
        if int(queries.rules_of(self.round)["round.pitch_minutes"]):
            self.stage.act(actions.set_pitch, self.official("clerk"), self.round_id, self.at, drawn_at)
        for number, (seat_id, user_id) in enumerate(seats[: finish + 1]):
            at = self.at + timedelta(minutes=30 * number)
            self.stage.act(actions.declare, actor_of(user_id), seat_id, confirmed, at)
            rest, later = 0 if number < finish else left, at + timedelta(minutes=20)
            self.stage.act(self._sheet, number, seat_id, user_id, shares, rest, later)
        self.at += timedelta(hours=4)

    def _sheet(
        self, number: int, seat_id: int, user_id: int, shares: dict[str, int], left: int, at: datetime
    ) -> None:
        actor, row = actor_of(user_id), self.round
        rows = self.applications(ApplicationState.ADMITTED)
        firms = {key: firm for firm, key in self.numbers.items()}
        for one in rows[: len(rows) - left]:
            given = []
            for order, criterion in enumerate(row.criteria):
                swing = (number * 3 + order * 2 + one.id) % 5 - 2
                centi = min(criterion["max_centi"], criterion["max_centi"] * (shares[firms[one.id]] + swing) // 100)
                given.append(
                    Given(criterion["id"], centi, words.reason(criterion["title"], centi, criterion["max_centi"]))
                )
            actions.put_scores(actor, seat_id, one.id, given, at)
        if not left:
            actions.finish_sheet(actor, seat_id, "", at)

    def vote(self, until: datetime, ballots: Sequence[Sequence[str]], slips: int = 0) -> None:
        """Residents vote with slips; `slips` more are out and not used yet."""
        clerk = self.official("clerk")
        self.stage.act(actions.open_vote, clerk, self.round_id, until, self.at)
        made = self.stage.act(actions.make_codes, clerk, self.round_id, len(ballots) + slips, self.at)
        for code, firms in zip(made, ballots, strict=False):
            self.stage.act(actions.vote, code, [self.numbers[firm] for firm in firms], self.at)

    # --- the decision ---

    def decide(self, departure: str = "", without: Sequence[str] = ()) -> None:
        """Ranked by the clerk, decided by the approver."""
        self.stage.act(actions.rank_round, self.official("clerk"), self.round_id, self.at)
        self.at += timedelta(hours=2)
        left_out = {self.numbers[firm] for firm in without}
        chosen = [key for key in self.round.portfolio["chosen"] if key not in left_out]
        approver = self.official("approver")
        self.stage.act(actions.decide_round, approver, self.round_id, chosen, departure, self.at)

    def confirm(self) -> None:
        """Nobody objects; after the notice every award is confirmed."""
        pending = awards_of("application", self.numbers.values())
        self.at = self.stage.next_working(pending[0].publicity_until - timedelta(hours=1), 1, 9, 30)
        for award in pending:
            self.stage.act(awards.confirm_award, self.official("approver"), award.id, self.at)
        self.stage.act(actions.settle_round, self.round_id, self.at + timedelta(minutes=5))
