"""Card of the outcomes room."""

from __future__ import annotations

from datetime import datetime

from contracts.outcomes import queries
from contracts.outcomes.due import open_accepted
from contracts.outcomes.states import Source
from contracts.outcomes.views import bp
from market.db.lines import Line
from market.kernel.clock import is_before
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

_ASKED = {Source.MUTUAL: N_("参加互评"), Source.THIRD: N_("第三方评估")}


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Evaluations to organise and to close; ratings this person owes."""
    found = []
    if organising := actor.scopes(Permit.OUTCOME_ORGANISE):
        found.append(Ask(queries.collecting(organising), lambda rows: [_organise(row, at) for row in rows]))
    if own := actor.scopes(Permit.OUTCOME_RATE_SELF):
        unrated = queries.collecting(own, unrated_by=Source.SELF)
        found.append(Ask(unrated, lambda rows: [_rate_self(row) for row in rows if is_before(at, row.at)]))
    if (asked := queries.unanswered(actor, at)) is not None:
        found.append(Ask(asked, lambda rows: [_rate(row) for row in rows]))
    return found


def _organise(row: Line, at: datetime) -> Waiting:
    over = not is_before(at, row.at)
    verb = N_("汇总评估结果") if over else N_("组织四方评估")
    return Waiting(verb, row.title, f"/outcomes/{row.id}", row.at, over)


def _rate_self(row: Line) -> Waiting:
    return Waiting(N_("提交自评"), row.title, f"/outcomes/{row.id}/self", row.at)


def _rate(row: Line) -> Waiting:
    return Waiting(_ASKED[Source(row.state)], row.title, f"/outcomes/invitations/{row.id}", row.at)


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Evaluations to open."""
    organising = actor.scopes(Permit.OUTCOME_ORGANISE)
    return [
        Waiting(N_("启动四方评估"), f"{one.agreement.title} · {one.title}", f"/outcomes/milestones/{one.id}")
        for one in (queries.to_open(organising) if organising else ())
    ]


CARD = Room(
    name="outcomes",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("评估"),
            "outcomes.index",
            (Permit.OUTCOME_ORGANISE, Permit.OUTCOME_RATE_SELF, Permit.OUTCOME_RATE_MUTUAL, Permit.OUTCOME_RATE_THIRD),
            group=MenuGroup.CONTRACTS,
        )
    ],
    asks=asks,
    waiting=waiting,
    due=[open_accepted],
)
