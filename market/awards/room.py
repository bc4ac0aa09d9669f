"""Card of the awards room."""

from __future__ import annotations

from datetime import datetime

from market.awards.actions import LETTER_JOB
from market.awards.jobs import letter_pdf
from market.awards.queries import choose_until, objections_in, ranked_lots, to_confirm
from market.awards.views import bp
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Ranked lots and proposed awards that wait for the purchaser, objections that wait for the district."""
    streets = [g.street_id for g in actor.scopes(Permit.AWARD_CONFIRM) if g.street_id is not None]
    districts = [g.district_id for g in actor.scopes(Permit.OBJECTION_DECIDE)]
    found = []
    if streets:
        ranked = ranked_lots(streets)
        until, verb = choose_until(ranked), N_("确定供应商")
        found += [Waiting(verb, lot.tender.title, f"/awards/lots/{lot.id}", until.get(lot.id)) for lot in ranked]
        found += [Waiting(N_("处理公示期满的结果"), row.title, f"/awards/{row.id}") for row in to_confirm(streets, at)]
    today = beijing_day(at)
    for one in objections_in(districts, open_only=True, limit=100) if districts else []:
        path, due = f"/awards/objections/{one.id}", end_of_day(one.answer_by)
        found.append(Waiting(N_("核查答复异议"), one.award.title, path, due, today > one.answer_by))
    return found


CARD = Room(
    name="awards",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("成交结果"),
            "awards.index",
            (Permit.AWARD_CONFIRM, Permit.TENDER_SEE, Permit.BID_DRAFT),
            group=MenuGroup.PURCHASE,
        ),
        MenuEntry(N_("公示异议"), "awards.objections", (Permit.OBJECTION_DECIDE,), group=MenuGroup.PURCHASE),
    ],
    waiting=waiting,
    jobs={LETTER_JOB: letter_pdf},
)
