"""The list, the board of one lot, the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _

from market.evaluation import actions, queries
from market.evaluation.actions.lots import SUBJECT
from market.evaluation.forms import SureForm
from market.evaluation.views.door import bp, lot_for, may, page
from market.kernel.permits import Permit
from market.panels import queries as panels
from market.panels.states import SeatState
from market.records.files import content_of
from market.tenders.models import Lot
from market.tenders.queries import rules_of
from market.tenders.states import LotState
from market.web.guard import attempt, current_actor, found, guard, now


@bp.get("")
@guard(Permit.TENDER_SEE, Permit.BID_SCORE)
def index() -> Any:
    """Lots under evaluation where the person is an officer; the own seats where the person is a member."""
    actor, after = current_actor(), request.args.get("after", 0, int)
    officer = bool(actor.scopes(Permit.TENDER_SEE))
    lots = queries.lots_at_work(actor, after) if officer else []
    # A member whose sheet is final may still have to judge an explanation.
    at_work = (SeatState.DRAWN, SeatState.DECLARED, SeatState.FINAL)
    seats = panels.my_seats(actor, SUBJECT, at_work) if actor.scopes(Permit.BID_SCORE) else []
    return page(
        "index.html",
        officer=officer,
        lots=lots[: queries.PAGE],
        more=lots[queries.PAGE - 1].id if len(lots) > queries.PAGE else None,
        seats=seats,
        seat_lots=queries.lots_by_id(seat.panel.subject_id for seat in seats) if seats else {},
        expert=panels.expert_of(actor.user_id or 0) if actor.scopes(Permit.BID_SCORE) else None,
    )


@bp.get("/lots/<int:lot_id>")
@guard(Permit.TENDER_SEE)
def board(lot_id: int) -> Any:
    """Where the evaluation of a lot stands: steps, members' progress, bids."""
    return _board(lot_for(lot_id, criteria=True), SureForm())


def _board(lot: Lot, form: SureForm) -> str:
    bids = queries.bids(lot.id)
    panel = panels.panel_for(SUBJECT, lot.id)
    seats = panels.live(panel) if panel else []
    valid = [bid for bid in bids if bid.verdict == "valid"]
    asked = queries.inquiries(lot.id)
    hits = queries.unasked(lot, rules_of(lot.tender), bids, asked) if lot.state == LotState.QUALIFIED else []
    undecided = [one for one in asked if one.decided_at is None]
    final = bool(panel and panels.all_final(panel))
    return page(
        "board.html",
        form=form,
        lot=lot,
        bids=bids,
        unreadable=queries.unreadable(lot.id),
        panel=panel,
        seats=seats,
        vacant=panel.size - len(seats) if panel else 0,
        needed=len(valid) * len(queries.quality_criteria(lot)),
        done=panels.progress((seat.id for seat in seats), (bid.id for bid in valid)) if seats else {},
        unasked=hits,
        undecided=undecided,
        final=final,
        ready=lot.state == LotState.QUALIFIED and final and not hits and not undecided,
        steps=_steps(lot, bool(panel), final, bool(hits or undecided)),
        qualifies=may(lot, Permit.BID_QUALIFY),
        draws=may(lot, Permit.PANEL_DRAW),
        reports=may(lot, Permit.EVALUATION_REPORT),
    )


def _steps(lot: Lot, panel: bool, final: bool, low: bool) -> list[dict[str, str]]:
    checked = lot.state not in {LotState.OPENED, LotState.FAILED}
    over = lot.state in {LotState.RANKED, LotState.AWARDED}
    marks = [
        (_("资格审查"), checked),
        (_("抽取评审组"), panel),
        (_("独立打分"), final),
        (_("异常低价审查"), final and not low),
    ]
    marks.append((_("评审报告"), over))
    states = ["done" if mark else "next" for _label, mark in marks]
    if lot.state == LotState.FAILED:
        states = ["failed" if one == "next" else one for one in states]
    elif "next" in states:
        states[states.index("next")] = "now"
    return [{"label": label, "state": state} for (label, _mark), state in zip(marks, states, strict=True)]


@bp.post("/lots/<int:lot_id>/rank")
@guard(Permit.EVALUATION_REPORT)
def rank(lot_id: int) -> Any:
    """Freeze the ranking."""
    form = SureForm()
    lot_for(lot_id, Permit.EVALUATION_REPORT)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.rank_lot(current_actor(), lot_id, now())
        if tried.ok:
            flash(_("评审报告已形成，已通知审核人按名次确定供应商。"), "success")
            return redirect(url_for("evaluation.report", lot_id=lot_id))
    return _board(lot_for(lot_id, criteria=True), form), 422


@bp.get("/lots/<int:lot_id>/report")
@guard(Permit.TENDER_SEE)
def report(lot_id: int) -> Any:
    """The frozen report: ranking, points, draws, digest, PDF."""
    lot = lot_for(lot_id)
    row = found(queries.report(lot.id))
    marks = {(mark["bid"], mark["criterion"], mark["member"]): mark for mark in row.data["scores"]}
    asked = {one["bid"]: one for one in row.data["low_price"]["inquiries"]}
    return page("report.html", lot=lot, report=row, marks=marks, asked=asked, member_heads=_member_heads)


def _member_heads(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Column heads of the members' scores."""
    return [(_("席位 %(number)s", number=member["number"]), "num") for member in data["panel"]["members"]]


@bp.get("/lots/<int:lot_id>/report.pdf")
@guard(Permit.TENDER_SEE)
def report_pdf(lot_id: int) -> Any:
    """The report as a document; made by the worker within a minute."""
    lot = lot_for(lot_id)
    row = found(queries.report(lot.id))
    stored = found(queries.stored_file(row.pdf_file_id) if row.pdf_file_id else None)
    headers = {"Content-Disposition": f'inline; filename="{stored.name}"'}
    return Response(content_of(stored), mimetype=stored.media_type, headers=headers)
