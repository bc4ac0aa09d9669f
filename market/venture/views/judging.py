"""Pages of a juror: the seats, the declaration, stepping down, the sheet, the last act."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _

from market.kernel.permits import Permit
from market.kernel.seen import seen_mark
from market.panels import queries as panels
from market.panels.actions import Given
from market.panels.models import Seat
from market.panels.states import SeatState
from market.venture import actions, queries
from market.venture.forms import DeclareForm, FinishForm, ReasonForm, SheetForm, sheet_form
from market.venture.models import Application, Round
from market.venture.queries import SUBJECT
from market.venture.rules.content import DECLARATION
from market.venture.rules.timetable import finish_bar
from market.venture.states import ApplicationState, RoundState
from market.venture.views.door import bp, page
from market.web.filters import iso
from market.web.guard import attempt, current_actor, found, guard, now


@bp.get("/seats")
@guard(Permit.BID_SCORE)
def seats() -> Any:
    """The person's seats on juries."""
    states = (SeatState.DRAWN, SeatState.DECLARED, SeatState.FINAL)
    return page("seats.html", rows=queries.seats_of(current_actor(), states))


def _seat(seat_id: int, *, lock: bool = False) -> Seat:
    """The person's own seat, or 404; locked before what is saved is compared with what a page showed."""
    row = panels.seat(seat_id, lock=lock)
    own = row is not None and row.user_id == current_actor().user_id and row.panel.subject_kind == SUBJECT
    return found(row if own else None)


def _round(seat: Seat) -> Round:
    return found(queries.round_row(seat.panel.subject_id))


@bp.get("/seats/<int:seat_id>")
@guard(Permit.BID_SCORE)
def seat(seat_id: int) -> Any:
    """Where this juror stands: what is done, what comes next."""
    row = _seat(seat_id)
    if row.state == SeatState.DRAWN and row.panel.closed_at is None:
        return redirect(url_for("venture.declaration", seat_id=seat_id))
    return _overview(row, FinishForm())


def _overview(row: Seat, form: FinishForm) -> str:
    subject = _round(row)
    sighted = row.state in {SeatState.DECLARED, SeatState.FINAL} and subject.state != RoundState.SCREENING
    rows = queries.applications_of(subject.id, [ApplicationState.ADMITTED]) if sighted else []
    scores = panels.own_scores(current_actor(), row)
    done = {
        one.id: sum(s.scored_id == one.id and s.score_centi is not None and bool(s.reason) for s in scores)
        for one in rows
    }
    whole = sum(count == len(subject.criteria) for count in done.values())
    return page(
        "seat.html",
        form=form,
        seat=row,
        row=subject,
        rows=rows,
        done=done,
        whole=whole,
        bar=finish_bar(subject.pitch_at, now()),
        scoring=row.state == SeatState.DECLARED and subject.state == RoundState.JURY,
    )


@bp.route("/seats/<int:seat_id>/declaration", methods=["GET", "POST"])
@guard(Permit.BID_SCORE)
def declaration(seat_id: int) -> Any:
    """Names of everybody who applied, and one tick for each."""
    row = _seat(seat_id)
    if row.state != SeatState.DRAWN:
        return redirect(url_for("venture.seat", seat_id=seat_id))
    form = DeclareForm()
    subject = _round(row)
    form.confirmed.choices = sorted(queries.parties(queries.applications_of(subject.id)).items())
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.declare(current_actor(), seat_id, form.confirmed.data, now())
        if tried.ok:
            flash(_("声明已记录，形式审查完成后即可查看申报材料并打分。"), "success")
            return redirect(url_for("venture.seat", seat_id=seat_id))
        row = _seat(seat_id)
        subject = _round(row)
    shown = page("declaration.html", form=form, seat=row, row=subject, text=DECLARATION)
    return shown, 422 if form.errors else 200


@bp.route("/seats/<int:seat_id>/recusal", methods=["GET", "POST"])
@guard(Permit.BID_SCORE)
def recusal(seat_id: int) -> Any:
    """Step down."""
    row = _seat(seat_id)
    form = ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.recuse(current_actor(), seat_id, form.reason.data or "", now())
        if tried.ok:
            flash(_("已回避，由递补人员接替。谢谢您如实申报。"), "success")
            return redirect(url_for("venture.seats"))
        row = _seat(seat_id)
    return page("recusal.html", form=form, seat=row, row=_round(row)), 422 if form.errors else 200


# --- the sheet --------------------------------------------------------------------------------------------------------


@bp.get("/seats/<int:seat_id>/applications/<int:application_id>")
@guard(Permit.BID_SCORE)
def sheet(seat_id: int, application_id: int) -> Any:
    """One application beside its criteria."""
    row = _seat(seat_id)
    if row.state != SeatState.DECLARED:
        return redirect(url_for("venture.seat", seat_id=seat_id))
    subject = actions.scoring_round(row)
    return _sheet_page(row, subject, application_id, _form(row, subject, application_id))


def _form(row: Seat, subject: Round, application_id: int) -> SheetForm:
    scores = [s for s in panels.own_scores(current_actor(), row) if s.scored_id == application_id]
    return sheet_form(subject.criteria, scores)


def _sheet_page(row: Seat, subject: Round, application_id: int, form: SheetForm) -> str:
    order: list[Application] = queries.applications_of(subject.id, [ApplicationState.ADMITTED])
    one = found(next((a for a in order if a.id == application_id), None))
    place = order.index(one)
    return page(
        "sheet.html",
        form=form,
        seat=row,
        row=subject,
        one=one,
        content=one.content,
        files=queries.files_of(one.id),
        fields={criterion: (score, reason) for criterion, score, reason in form.rows},
        place=place + 1,
        count=len(order),
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
    )


def _given(form: SheetForm) -> list[Given]:
    return [
        Given(criterion, score.data, reason.data or "", clear=score.data is None)
        for criterion, score, reason in form.rows
    ]


@bp.post("/seats/<int:seat_id>/applications/<int:application_id>")
@guard(Permit.BID_SCORE)
def save_sheet(seat_id: int, application_id: int) -> Any:
    """Save all scores of one application, and go on to the next; not over what another page has saved since."""
    row = _seat(seat_id, lock=True)
    subject = actions.scoring_round(row)
    form, at = _form(row, subject, application_id), now()
    if form.validate_beside(request.form.get("shown")):
        with attempt(form) as tried:
            actions.put_scores(current_actor(), seat_id, application_id, _given(form), at)
        if tried.ok:
            flash(_("已保存。"), "success")
            target = request.form.get("next", type=int)
            if target:
                return redirect(url_for("venture.sheet", seat_id=seat_id, application_id=target))
            return redirect(url_for("venture.seat", seat_id=seat_id))
        row = _seat(seat_id)
        subject = actions.scoring_round(row)
    return _sheet_page(row, subject, application_id, form), 422


@bp.post("/seats/<int:seat_id>/applications/<int:application_id>/field")
@guard(Permit.BID_SCORE)
def save_score(seat_id: int, application_id: int) -> Any:
    """Save one score or one reason as it is left."""
    row, name, at = _seat(seat_id, lock=True), request.form.get("field", ""), now()
    value = _form(row, actions.scoring_round(row), application_id).left(name, request.form.get("shown"))
    criterion = int(name.split("-")[1])
    if name.startswith("score-"):
        part = Given(criterion, value, None, clear=value is None)
    else:
        part = Given(criterion, None, value)
    actions.put_scores(current_actor(), seat_id, application_id, [part], at)
    return jsonify(saved_at=iso(at), shown=seen_mark(value))


@bp.post("/seats/<int:seat_id>/finish")
@guard(Permit.BID_SCORE)
def finish(seat_id: int) -> Any:
    """Make the sheet final."""
    _seat(seat_id)
    form = FinishForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.finish_sheet(current_actor(), seat_id, form.dissent.data or "", now())
        if tried.ok:
            flash(_("评分已提交，不能再修改。谢谢您的评审。"), "success")
            return redirect(url_for("venture.seat", seat_id=seat_id))
    return _overview(_seat(seat_id), form), 422
