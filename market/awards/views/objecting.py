"""Objections to a proposed award: the open door for anybody, and the officer's desk."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.awards import actions, queries
from market.awards.forms import AnswerForm, ObjectionForm, Ruling
from market.awards.models import Award
from market.awards.rules import objection_bar
from market.awards.states import OBJECTION_LABELS, AwardState, ObjectionState
from market.awards.views.door import TONES, bp
from market.kernel.clock import beijing_day, system_now
from market.kernel.permits import Permit
from market.people import actions as people
from market.web.guard import actor_or_none, attempt, current_actor, found, guard, now, public

_WHY = "anybody may object while a proposed result is public"
_PAGE = 20


def _proposed(award_id: int) -> Award:
    """Return an award that was published before it was confirmed; 404 for any other."""
    row = found(queries.award(award_id))
    return found(row if row.sign_days is not None else None)


@bp.route("/<int:award_id>/object", methods=["GET", "POST"])
@public(_WHY)
def object_to(award_id: int) -> Any:
    """What is proposed, until when, and a form without an account."""
    row, form = _proposed(award_id), ObjectionForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            words = (form.name.data or "", form.contact.data or "", form.text.data or "")
            people.check_sender("objection", request.remote_addr or "", system_now())
            actions.object_to_award(award_id, *words, now(), actor_or_none(), token=form.token.data)
            people.note_sender("objection", request.remote_addr or "", system_now())
        if tried.ok:
            return redirect(url_for("awards.objected", award_id=award_id))
        row = _proposed(award_id)
    page = render_template(
        "market/awards/object.html",
        form=form,
        row=row,
        bar=objection_bar(now(), row.publicity_until, pending=row.state == AwardState.PENDING),
    )
    return page, 422 if form.errors else 200


@bp.get("/<int:award_id>/objected")
@public(_WHY)
def objected(award_id: int) -> Any:
    """The objection was taken; what happens next."""
    return render_template("market/awards/objected.html", row=_proposed(award_id))


@bp.get("/objections")
@guard(Permit.OBJECTION_DECIDE)
def objections() -> Any:
    """Objections that wait for an answer, the most urgent first; and all of them, newest first."""
    districts = [grant.district_id for grant in current_actor().scopes(Permit.OBJECTION_DECIDE)]
    before = request.args.get("before", type=int)
    rows = queries.objections_in(districts, before=before, limit=_PAGE + 1)
    more = url_for("awards.objections", before=rows[_PAGE - 1].id) if len(rows) > _PAGE else None
    return render_template(
        "market/awards/objections.html",
        waiting=queries.objections_in(districts, open_only=True, limit=100) if before is None else [],
        rows=rows[:_PAGE],
        more=more,
        today=beijing_day(now()),
        states=OBJECTION_LABELS,
        tones=TONES,
    )


@bp.route("/objections/<int:objection_id>", methods=["GET", "POST"])
@guard(Permit.OBJECTION_DECIDE)
def objection(objection_id: int) -> Any:
    """One objection with who objects, and the answer."""
    row = found(queries.objection(objection_id), Permit.OBJECTION_DECIDE)
    form = AnswerForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            upheld = form.ruling.data is Ruling.UPHOLD
            actions.answer_objection(current_actor(), objection_id, upheld, form.reply.data or "", now())
        if tried.ok:
            flash(_("答复已公布，并已通知街道。"), "success")
            return redirect(url_for("awards.objection", objection_id=objection_id))
        row = found(queries.objection(objection_id), Permit.OBJECTION_DECIDE)
    page = render_template(
        "market/awards/objection.html",
        form=form,
        row=row,
        open=row.state == ObjectionState.FILED,
        late=row.state == ObjectionState.FILED and beijing_day(now()) > row.answer_by,
        states=OBJECTION_LABELS,
        tones=TONES,
    )
    return page, 422 if form.errors else 200
