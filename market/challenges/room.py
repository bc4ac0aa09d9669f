"""Card of the challenges room."""

from __future__ import annotations

from datetime import datetime

from market.challenges.queries import in_state
from market.challenges.states import ChallengeState
from market.challenges.views import bp
from market.kernel.clock import end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Challenges to answer and to decide."""
    streets = [g.street_id for g in actor.scopes(Permit.CHALLENGE_REPLY) if g.street_id is not None]
    districts = [g.district_id for g in actor.scopes(Permit.CHALLENGE_DECIDE) if g.district_id is not None]
    reply = in_state(ChallengeState.FILED, streets, []) if streets else []
    decide = in_state(ChallengeState.REPLIED, [], districts) if districts else []
    return [
        Waiting(N_("答复质疑"), row.award.title, f"/challenges/{row.id}", end_of_day(row.reply_by), urgent=True)
        for row in reply
    ] + [
        Waiting(N_("处理质疑"), row.award.title, f"/challenges/{row.id}", end_of_day(row.complaint_by))
        for row in decide
    ]


CARD = Room(
    name="challenges",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("质疑"),
            "challenges.index",
            (Permit.CHALLENGE_FILE, Permit.CHALLENGE_REPLY, Permit.CHALLENGE_DECIDE),
            group=MenuGroup.PURCHASE,
        )
    ],
    waiting=waiting,
)
