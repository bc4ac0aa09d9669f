"""A room's week, booking it, and an organisation's own bookings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.incubation import actions, queries
from market.incubation.forms import BookingForm
from market.incubation.models import MeetingRoom
from market.incubation.rules import Series, slot_text
from market.incubation.states import BOOKING_LABELS, BookingState
from market.incubation.views.door import ANYBODY, PAGE, bp, may, own_ids, own_organisations
from market.kernel.clock import beijing_day
from market.kernel.permits import Permit, Scope, allowed
from market.web.guard import attempt, current_actor, found, guard, now

_WEEK = timedelta(days=7)


def _monday(text: str, today: date) -> date:
    """The Monday of the week asked for; a text that is no day asks for this week."""
    day = _day_or_none(text) or today
    return day - timedelta(days=day.weekday())


@bp.get("/rooms/<int:room_id>")
@guard(*ANYBODY)
def room(room_id: int) -> Any:
    """One week of a room. Who booked is shown to staff, and to whoever it was."""
    row = found(queries.meeting_room(room_id))
    monday = _monday(request.args.get("week", ""), beijing_day(now()))
    works = may(Permit.INCUBATION_WORK, row.node)
    return render_template(
        "market/incubation/room.html",
        row=row,
        week=queries.calendar_of(row.id, monday),
        before=url_for("incubation.room", room_id=row.id, week=(monday - _WEEK).isoformat()),
        after=url_for("incubation.room", room_id=row.id, week=(monday + _WEEK).isoformat()),
        today=beijing_day(now()),
        hours=slot_text,
        own=own_ids(current_actor()),
        works=works,
        keeps=works or may(Permit.INCUBATION_MANAGE, row.node),
        books=works or bool(own_ids(current_actor())),
    )


@bp.route("/rooms/<int:room_id>/book", methods=["GET", "POST"])
@guard(Permit.INCUBATION_APPLY, Permit.INCUBATION_WORK)
def book(room_id: int) -> Any:
    """Book a room."""
    row = found(queries.meeting_room(room_id))
    form = _booking_form(row)
    if form.validate_on_submit():
        series = Series(form.day.data or _asked_day(), form.from_slot.data, form.until_slot.data, form.weeks.data or 1)
        with attempt(form) as tried:
            actions.book(current_actor(), row, form.organisation.data, series, form.purpose.data or "", now())
        if tried.ok:
            flash(_("已预约。"), "success")
            return redirect(url_for("incubation.room", room_id=row.id, week=series.first_day.isoformat()))
        row = found(queries.meeting_room(room_id))
    return render_template("market/incubation/book.html", form=form, row=row), 422 if form.errors else 200


def _booking_form(row: MeetingRoom) -> BookingForm:
    organisations = [(o.id, o.name) for o in own_organisations(current_actor())]
    works = may(Permit.INCUBATION_WORK, row.node)
    found(row if works or organisations else None)
    form = BookingForm(
        data={
            "organisation": organisations[0][0] if organisations and not works else None,
            "day": _asked_day(),
            "from_slot": row.opens,
            "until_slot": min(row.opens + 4, row.closes),
            "weeks": 1,
        }
    )
    form.organisation.choices = organisations
    form.from_slot.choices = [(slot, slot_text(slot)) for slot in range(row.opens, row.closes)]
    form.until_slot.choices = [(slot, slot_text(slot)) for slot in range(row.opens + 1, row.closes + 1)]
    if not works:
        form.organisation.blank = None
    return form


def _asked_day() -> date:
    return _day_or_none(request.args.get("day", "")) or beijing_day(now()) + timedelta(days=1)


def _day_or_none(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@bp.post("/rooms/<int:room_id>/<any(offer, withhold):verb>")
@guard(Permit.INCUBATION_WORK, Permit.INCUBATION_MANAGE)
def set_room(room_id: int, verb: str) -> Any:
    """Offer a room for booking, or no longer."""
    row = found(queries.meeting_room(room_id))
    if not current_actor().permits(row.node.scope) & {Permit.INCUBATION_WORK, Permit.INCUBATION_MANAGE}:
        found(None)
    actions.set_room_active(current_actor(), row, verb == "offer", now())
    flash(_("已恢复预约。") if verb == "offer" else _("已停止预约，已有的预约不受影响。"), "success")
    return redirect(url_for("incubation.room", room_id=room_id))


@bp.get("/bookings")
@guard(Permit.INCUBATION_APPLY)
def bookings() -> Any:
    """The own organisations' bookings, newest first."""
    rows = queries.bookings_of(own_ids(current_actor()), request.args.get("before", type=int), PAGE + 1)
    return render_template(
        "market/incubation/bookings.html",
        rows=rows[:PAGE],
        more=url_for("incubation.bookings", before=rows[PAGE - 1].id) if len(rows) > PAGE else None,
        hours=slot_text,
        states=BOOKING_LABELS,
        today=beijing_day(now()),
        booked=BookingState.BOOKED,
    )


@bp.post("/bookings/<int:booking_id>/cancel")
@guard(Permit.INCUBATION_APPLY, Permit.INCUBATION_WORK)
def cancel(booking_id: int) -> Any:
    """Give back what is still to come of a booking."""
    row = found(queries.booking(booking_id))
    actor = current_actor()
    own = row.organisation_id is not None and allowed(
        actor, Permit.INCUBATION_APPLY, Scope(organisation_id=row.organisation_id)
    )
    found(row if own or may(Permit.INCUBATION_WORK, row.room.node) else None)
    day = _day_or_none(request.form.get("day", ""))
    actions.cancel(actor, row, now(), day)
    flash(_("已取消预约，尚未开始的时间已释放。"), "success")
    return redirect(url_for("incubation.room", room_id=row.room_id, week=day))
