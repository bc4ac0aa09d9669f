"""Card of the rounds' room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial

from market.db.lines import Line
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.venture.due import close_due_rounds, remind_before_deadlines, settle_due_rounds
from market.venture.queries import seats_of, unsent, waiting_rounds
from market.venture.states import RoundState
from market.venture.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

# What an official has to do with a round in this state, and the page where it is done.
_STEPS = (
    (Permit.ROUND_DRAFT, RoundState.DRAFT, N_("完成征集方案"), "/rounds/{}"),
    (Permit.ROUND_APPROVE, RoundState.REVIEW, N_("审核征集方案"), "/rounds/{}"),
    (Permit.ROUND_DRAFT, RoundState.SCREENING, N_("做形式审查"), "/rounds/{}"),
    (Permit.ROUND_DRAFT, RoundState.JURY, N_("组织评审"), "/rounds/{}"),
    (Permit.ROUND_APPROVE, RoundState.RANKED, N_("决定拟资助项目"), "/rounds/{}/result"),
)
_SEATS = {"drawn": N_("声明利害关系"), "declared": N_("评审打分")}


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Rounds to write, publish, check, judge and decide; drafts that were not handed in."""
    found = []
    for permit in (Permit.ROUND_DRAFT, Permit.ROUND_APPROVE):
        if actor.scopes(permit):
            steps = {state: (verb, url) for who, state, verb, url in _STEPS if who is permit}
            found.append(Ask(waiting_rounds(actor, permit, steps), partial(_rounds, steps)))
    if own := [g.organisation_id for g in actor.scopes(Permit.APPLICATION_DRAFT) if g.organisation_id is not None]:
        verb = N_("提交申报")
        found.append(
            Ask(
                unsent(own, at),
                lambda rows: [Waiting(verb, r.title, f"/rounds/{r.ref}/apply/{r.id}", r.at) for r in rows],
            )
        )
    return found


def _rounds(steps: Mapping[RoundState, tuple[str, str]], rows: list[Line]) -> Iterator[Waiting]:
    for row in rows:
        verb, url = steps[RoundState(row.state)]
        yield Waiting(verb, row.title, url.format(row.id), row.at if row.state == RoundState.JURY else None)


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """A juror's seats."""
    if not actor.scopes(Permit.BID_SCORE):
        return []
    return [
        Waiting(_SEATS[line.seat.state], line.round.title, f"/rounds/seats/{line.seat.id}") for line in seats_of(actor)
    ]


CARD = Room(
    name="venture",
    blueprints=[bp],
    menu=[
        MenuEntry(N_("资助轮次"), "venture.index", (Permit.ROUND_SEE,), group=MenuGroup.PROJECTS),
        MenuEntry(N_("项目申报"), "venture.open_rounds", (Permit.APPLICATION_DRAFT,), group=MenuGroup.PROJECTS),
        MenuEntry(N_("我的申报"), "venture.mine", (Permit.APPLICATION_DRAFT,), group=MenuGroup.PROJECTS),
        MenuEntry(N_("项目评选"), "venture.seats", (Permit.BID_SCORE,), group=MenuGroup.PROJECTS),
        MenuEntry(N_("居民投票"), "venture.vote", everyone=True),
    ],
    asks=asks,
    waiting=waiting,
    due=[close_due_rounds, settle_due_rounds, remind_before_deadlines],
)
