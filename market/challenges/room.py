"""Card of the challenges room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from market.challenges.queries import lines_in_state
from market.challenges.states import ChallengeState
from market.challenges.views import bp
from market.db.lines import Line
from market.kernel.clock import end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Challenges to answer and to decide."""
    streets = [g.street_id for g in actor.scopes(Permit.CHALLENGE_REPLY) if g.street_id is not None]
    districts = [g.district_id for g in actor.scopes(Permit.CHALLENGE_DECIDE) if g.district_id is not None]
    found = []
    if streets:
        found.append(Ask(lines_in_state(ChallengeState.FILED, streets, []), _reader(N_("答复质疑"), urgent=True)))
    if districts:
        found.append(Ask(lines_in_state(ChallengeState.REPLIED, [], districts), _reader(N_("处理质疑"))))
    return found


def _reader(verb: str, *, urgent: bool = False) -> Callable[[list[Line]], list[Waiting]]:
    return lambda rows: [Waiting(verb, r.title, f"/challenges/{r.id}", end_of_day(r.day), urgent) for r in rows]


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
    asks=asks,
)
