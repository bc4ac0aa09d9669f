"""Trainings: the list, announcing one, signing up, the attendance list."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.incubation import actions, queries
from market.incubation.actions import TrainingFacts
from market.incubation.forms import SignUpForm, TrainingForm
from market.incubation.models import MeetingRoom, Training
from market.incubation.states import TRAINING_LABELS, TrainingState
from market.incubation.views.door import (
    ANYBODY,
    PAGE,
    bp,
    found_node,
    may,
    own_ids,
    own_organisations,
    shown_district,
)
from market.kernel.permits import Permit
from market.web.fields import CountField, Form
from market.web.guard import attempt, current_actor, found, guard, now


@bp.get("/trainings")
@guard(*ANYBODY)
def trainings() -> Any:
    """A district's trainings, newest first."""
    district, offered = shown_district(current_actor())
    rows = queries.trainings(district.id, request.args.get("before", type=int), PAGE + 1)
    more = (
        url_for("incubation.trainings", district=district.code, before=rows[PAGE - 1][0].id)
        if len(rows) > PAGE
        else None
    )
    grants = current_actor().scopes(Permit.INCUBATION_WORK)
    return render_template(
        "market/incubation/trainings.html",
        rows=rows[:PAGE],
        more=more,
        district=district,
        districts=offered,
        nodes=[n for n in queries.nodes_within(grants) if n.district_id == district.id] if grants else [],
        states=TRAINING_LABELS,
    )


@bp.route("/nodes/<int:node_id>/trainings/new", methods=["GET", "POST"])
@guard(Permit.INCUBATION_WORK)
def new_training(node_id: int) -> Any:
    """Announce a training."""
    node = found_node(node_id)
    found(node if may(Permit.INCUBATION_WORK, node) else None)
    rooms = {r.id: r for r in queries.rooms_of(node.id) if r.active}
    form = TrainingForm(data={"seats": 20, "place": node.address})
    form.room.choices = [(r.id, _("%(room)s（%(seats)s 座）", room=r.name, seats=r.seats)) for r in rooms.values()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            row = actions.plan_training(
                current_actor(), node, _facts(form), _room(rooms, form.room.data), form.token.data, now()
            )
        if tried.ok:
            flash(_("培训已发布，可以报名。"), "success")
            return redirect(url_for("incubation.training", training_id=row.id))
        node = found_node(node_id)
    return render_template("market/incubation/training_form.html", form=form, node=node), 422 if form.errors else 200


def _room(rooms: dict[int, MeetingRoom], room_id: int | None) -> MeetingRoom | None:
    return queries.meeting_room(room_id) if room_id in rooms and room_id is not None else None


def _facts(form: TrainingForm) -> TrainingFacts:
    return TrainingFacts(
        form.title.data or "",
        form.content.data or "",
        form.teacher.data or "",
        form.place.data or "",
        form.starts_at.data or now(),
        form.ends_at.data or now(),
        form.seats.data or 1,
    )


def _page(row: Training, form: SignUpForm) -> str:
    actor = current_actor()
    works, own = may(Permit.INCUBATION_WORK, row.node), own_ids(actor)
    seats = queries.seats_of(row.id)
    coming = row.state == TrainingState.PLANNED and row.starts_at > now()
    return render_template(
        "market/incubation/training.html",
        form=form,
        row=row,
        # Who takes part from elsewhere is nobody's business; the staff see everybody.
        seats=[s for s in seats if works or s.organisation_id in own],
        taken=len(seats),
        own=own,
        coming=coming,
        over=row.state == TrainingState.PLANNED and row.ends_at <= now(),
        works=works,
        signs_up=coming and bool(own) and len(seats) < row.seats,
        states=TRAINING_LABELS,
    )


def _sign_up_form() -> SignUpForm:
    own = own_organisations(current_actor())
    form = SignUpForm(data={"organisation": own[0].id if own else None})
    form.organisation.choices = [(o.id, o.name) for o in own]
    return form


@bp.get("/trainings/<int:training_id>")
@guard(*ANYBODY)
def training(training_id: int) -> Any:
    """One training: what, where, who from the own organisation takes part."""
    return _page(found(queries.training(training_id)), _sign_up_form())


@bp.post("/trainings/<int:training_id>/sign-up")
@guard(Permit.INCUBATION_APPLY)
def sign_up(training_id: int) -> Any:
    """Send somebody to a training."""
    row, form = found(queries.training(training_id, lock=True)), _sign_up_form()
    if form.validate_on_submit():
        with attempt(form) as tried:
            own = {o.id: o for o in own_organisations(current_actor())}
            subject = found(own.get(form.organisation.data))
            actions.sign_up(current_actor(), row, subject, form.attendee.data or "", now())
        if tried.ok:
            flash(_("已报名。"), "success")
            return redirect(url_for("incubation.training", training_id=training_id))
        row = found(queries.training(training_id))
    return _page(row, form), 422


@bp.post("/trainings/<int:training_id>/seats/<int:seat_id>/give-up")
@guard(Permit.INCUBATION_APPLY)
def give_up(training_id: int, seat_id: int) -> Any:
    """Free a seat."""
    row = found(queries.training(training_id))
    own = own_ids(current_actor())
    seat = found(next((s for s in queries.seats_of(row.id) if s.id == seat_id and s.organisation_id in own), None))
    actions.give_up_seat(current_actor(), row, seat, now())
    flash(_("已取消报名。"), "success")
    return redirect(url_for("incubation.training", training_id=training_id))


@bp.route("/trainings/<int:training_id>/attendance", methods=["GET", "POST"])
@guard(Permit.INCUBATION_WORK)
def attendance(training_id: int) -> Any:
    """Enter who was there for how long; certificates follow by themselves."""
    row = found(queries.training(training_id, lock=request.method == "POST"))
    found(row if may(Permit.INCUBATION_WORK, row.node) and row.state == TrainingState.PLANNED else None)
    seats = queries.seats_of(row.id)
    form = _attendance_form(row, [s.id for s in seats])
    if form.validate_on_submit():
        minutes = {s.id: form[f"seat-{s.id}"].data or 0 for s in seats}
        with attempt(form) as tried:
            given = actions.close_training(current_actor(), row, minutes, now())
        if tried.ok:
            flash(_("签到已登记，发出证书 %(number)s 份。", number=given), "success")
            return redirect(url_for("incubation.training", training_id=training_id))
        row, seats = found(queries.training(training_id)), queries.seats_of(training_id)
    page = render_template("market/incubation/attendance.html", form=form, row=row, seats=seats)
    return page, 422 if form.errors else 200


def _attendance_form(row: Training, seat_ids: list[int]) -> Form:
    """A form with the minutes of each seat, the whole training to begin with."""
    fields: dict[str, Any] = {
        f"seat-{seat_id}": CountField(_("出勤"), unit=_("分钟"), default=row.minutes) for seat_id in seat_ids
    }
    return type("AttendanceForm", (Form,), fields)()


@bp.post("/trainings/<int:training_id>/cancel")
@guard(Permit.INCUBATION_WORK)
def cancel_training(training_id: int) -> Any:
    """Call a training off."""
    row = found(queries.training(training_id))
    found(row if may(Permit.INCUBATION_WORK, row.node) else None)
    actions.cancel_training(current_actor(), row, now())
    flash(_("培训已取消，已通知报名机构。"), "success")
    return redirect(url_for("incubation.training", training_id=training_id))
