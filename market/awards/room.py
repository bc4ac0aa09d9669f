"""Card of the awards room."""

from __future__ import annotations

from datetime import datetime

from market.awards.actions import LETTER_JOB
from market.awards.jobs import letter_pdf
from market.awards.queries import ranked_lots
from market.awards.views import bp
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Ranked lots that wait for the purchaser's decision."""
    streets = [g.street_id for g in actor.scopes(Permit.AWARD_CONFIRM) if g.street_id is not None]
    lots = ranked_lots(streets) if streets else []
    return [Waiting(N_("确定供应商"), lot.tender.title, f"/awards/lots/{lot.id}") for lot in lots]


CARD = Room(
    name="awards",
    blueprints=[bp],
    menu=[MenuEntry(N_("成交结果"), "awards.index", (Permit.AWARD_CONFIRM, Permit.TENDER_SEE, Permit.BID_DRAFT))],
    waiting=waiting,
    jobs={LETTER_JOB: letter_pdf},
)
