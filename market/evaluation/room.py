"""Card of the evaluation room."""

from __future__ import annotations

from datetime import datetime

from market.db.lines import Line
from market.evaluation import queries
from market.evaluation.actions.lots import SUBJECT
from market.evaluation.actions.ranking import REPORT_JOB
from market.evaluation.jobs import report_pdf
from market.evaluation.mail import lot_name, title_of
from market.evaluation.views import bp
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.panels.queries import my_seats
from market.panels.states import SeatState
from market.tenders.states import LotState
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Prices that bidders must explain, and explanations that members must judge."""
    found = []
    firms = {g.organisation_id for g in actor.scopes(Permit.BID_DRAFT) if g.organisation_id is not None}
    if firms:
        found.append(Ask(queries.open_inquiries_for(firms, at), lambda rows: [_explain(r) for r in rows]))
    if actor.user_id is not None and actor.scopes(Permit.BID_SCORE):
        found.append(Ask(queries.opinions_owed_by(actor.user_id, at), lambda rows: [_judge(r) for r in rows]))
    return found


def _explain(row: Line) -> Waiting:
    title = lot_name(row.title, row.name)
    return Waiting(N_("说明报价"), title, f"/evaluation/inquiries/{row.id}", row.at, urgent=True)


def _judge(row: Line) -> Waiting:
    return Waiting(N_("判断报价说明"), lot_name(row.title, row.name), f"/evaluation/inquiries/{row.id}")


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """What waits for the clerk and for members of panels."""
    found = []
    if actor.scopes(Permit.EVALUATION_REPORT):
        found += [_of_lot(one) for one in queries.desk(actor)]
    if actor.scopes(Permit.BID_SCORE):
        found += _of_seats(actor)
    return found


_LOT_VERBS = {
    "qualify": (N_("审查投标人资格"), "/qualification"),
    "draw": (N_("抽取评审组"), "/panel"),
    "refill": (N_("补抽评审组成员"), "/panel"),
    "ask": (N_("要求说明异常低价"), "/prices"),
    "decide": (N_("记录低价说明的结论"), "/prices"),
    "rank": (N_("形成评审报告"), ""),
}


def _of_lot(one: queries.NextStep) -> Waiting:
    verb, page = _LOT_VERBS[one.step]
    return Waiting(verb, title_of(one.lot), f"/evaluation/lots/{one.lot.id}{page}")


def _of_seats(actor: Actor) -> list[Waiting]:
    seats = my_seats(actor, SUBJECT)
    lots = queries.lots_by_id(seat.panel.subject_id for seat in seats) if seats else {}
    found = []
    for seat in seats:
        lot = lots.get(seat.panel.subject_id)
        if lot is None:
            continue
        if seat.state == SeatState.DRAWN:
            found.append(Waiting(N_("声明利害关系"), title_of(lot), f"/evaluation/seats/{seat.id}/declaration"))
        elif lot.state == LotState.QUALIFIED:
            found.append(Waiting(N_("评审打分"), title_of(lot), f"/evaluation/seats/{seat.id}"))
    return found


CARD = Room(
    name="evaluation",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("评审"),
            "evaluation.index",
            (Permit.BID_QUALIFY, Permit.AWARD_CONFIRM, Permit.BID_SCORE),
            group=MenuGroup.PURCHASE,
        )
    ],
    asks=asks,
    waiting=waiting,
    jobs={REPORT_JOB: report_pdf},
)
