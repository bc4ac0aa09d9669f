"""Card of the rounds' room."""

from __future__ import annotations

from datetime import datetime

from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.venture.due import close_due_rounds, remind_before_deadlines, settle_due_rounds
from market.venture.queries import seats_of, unsent, waiting_rounds
from market.venture.states import RoundState
from market.venture.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting

# What an official has to do with a round in this state, and the page where it is done.
_STEPS = (
    (Permit.ROUND_DRAFT, RoundState.DRAFT, N_("完成征集方案"), "/rounds/{}"),
    (Permit.ROUND_APPROVE, RoundState.REVIEW, N_("审核征集方案"), "/rounds/{}"),
    (Permit.ROUND_DRAFT, RoundState.SCREENING, N_("做形式审查"), "/rounds/{}"),
    (Permit.ROUND_DRAFT, RoundState.JURY, N_("组织评审"), "/rounds/{}"),
    (Permit.ROUND_APPROVE, RoundState.RANKED, N_("决定拟资助项目"), "/rounds/{}/result"),
)
_SEATS = {"drawn": N_("声明利害关系"), "declared": N_("评审打分")}


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Rounds to write, publish, check, judge and decide; drafts that were not handed in; a juror's seats."""
    found: list[Waiting] = []
    for permit in (Permit.ROUND_DRAFT, Permit.ROUND_APPROVE):
        if not actor.scopes(permit):
            continue
        steps = {state: (verb, url) for who, state, verb, url in _STEPS if who is permit}
        for row in waiting_rounds(actor, permit, steps):
            verb, url = steps[RoundState(row.state)]
            due_at = row.vote_until if row.state == RoundState.JURY else None
            found.append(Waiting(verb, row.title, url.format(row.id), due_at))
    own = [g.organisation_id for g in actor.scopes(Permit.APPLICATION_DRAFT) if g.organisation_id is not None]
    found += [
        Waiting(
            N_("提交申报"), one.round.title, f"/rounds/{one.round_id}/apply/{one.applicant_id}", one.round.deadline_at
        )
        for one in (unsent(own, at) if own else ())
    ]
    if actor.scopes(Permit.BID_SCORE):
        found += [
            Waiting(_SEATS[line.seat.state], line.round.title, f"/rounds/seats/{line.seat.id}")
            for line in seats_of(actor)
        ]
    return found


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
    waiting=waiting,
    due=[close_due_rounds, settle_due_rounds, remind_before_deadlines],
)
