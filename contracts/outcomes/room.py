"""Card of the outcomes room."""

from __future__ import annotations

from datetime import datetime

from contracts.outcomes import queries
from contracts.outcomes.due import open_accepted
from contracts.outcomes.states import Source
from contracts.outcomes.views import bp
from market.kernel.clock import is_before
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting

_ASKED = {Source.MUTUAL: N_("参加互评"), Source.THIRD: N_("第三方评估")}


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Evaluations to open, to organise, to close; ratings this person owes."""
    organising = actor.scopes(Permit.OUTCOME_ORGANISE)
    found = []
    if organising:
        for one in queries.to_open(organising):
            url = f"/outcomes/milestones/{one.id}"
            found.append(Waiting(N_("启动四方评估"), f"{one.agreement.title} · {one.title}", url))
    for row in queries.collecting(organising):
        over = not is_before(at, row.collect_until)
        verb = N_("汇总评估结果") if over else N_("组织四方评估")
        found.append(Waiting(verb, row.milestone.agreement.title, f"/outcomes/{row.id}", row.collect_until, over))
    for row in queries.collecting(actor.scopes(Permit.OUTCOME_RATE_SELF), unrated_by=Source.SELF):
        if is_before(at, row.collect_until):
            url = f"/outcomes/{row.id}/self"
            found.append(Waiting(N_("提交自评"), row.milestone.agreement.title, url, row.collect_until))
    for asked in queries.invitations_to(actor, unanswered=True):
        row = asked.evaluation
        if is_before(at, row.collect_until):
            title, url = row.milestone.agreement.title, f"/outcomes/invitations/{asked.id}"
            found.append(Waiting(_ASKED[Source(asked.source)], title, url, row.collect_until))
    return found


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
    waiting=waiting,
    due=[open_accepted],
)
