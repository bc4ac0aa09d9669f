"""Grade and stars of an organisation, entered by its registrar's district."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from market.kernel.clock import beijing_day
from market.kernel.permits import Permit, Scope
from market.organisations import actions, queries
from market.organisations.actions import RatingFacts
from market.organisations.forms import RatingForm, WithdrawForm
from market.organisations.models import Organisation
from market.organisations.states import GRADE_NAMES, RATING_KIND_LABELS, RATING_LABELS, STAR_LABELS
from market.organisations.views.door import bp
from market.web.guard import attempt, current_actor, found, guard, now


def _rated(organisation_id: int) -> Organisation:
    row = found(queries.organisation(organisation_id))
    return found(row, Permit.RATING_ENTER, Scope(row.registrar_district_id, None, row.id))


@bp.route("/<int:organisation_id>/ratings", methods=["GET", "POST"])
@guard(Permit.RATING_ENTER)
def ratings(organisation_id: int) -> Any:
    """What was entered so far, and a new grade or star rating."""
    row, form = _rated(organisation_id), RatingForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            facts = RatingFacts(
                form.kind.data,
                form.level.data or 0,
                form.rater.data or "",
                form.basis.data or "",
                form.valid_from.data or beijing_day(now()),
                form.valid_until.data,
            )
            actions.enter_rating(current_actor(), row, facts, now())
        if tried.ok:
            flash(_("已登记并公布到机构名录。"), "success")
            return redirect(url_for("organisations.ratings", organisation_id=row.id))
        row = _rated(organisation_id)
    page = render_template(
        "market/organisations/ratings.html",
        form=form,
        row=row,
        ratings=queries.ratings_of(row.id),
        today=beijing_day(now()),
        kinds=RATING_KIND_LABELS,
        states=RATING_LABELS,
        names={"grade": GRADE_NAMES, "stars": STAR_LABELS},
    )
    return page, 422 if form.errors else 200


@bp.route("/ratings/<int:rating_id>/withdraw", methods=["GET", "POST"])
@guard(Permit.RATING_ENTER)
def withdraw_rating(rating_id: int) -> Any:
    """Withdraw a grade or star rating, with the reason."""
    row = found(queries.rating(rating_id), Permit.RATING_ENTER)
    form = WithdrawForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.withdraw_rating(current_actor(), row, form.reason.data or "", now())
        if tried.ok:
            flash(_("已撤销，机构名录随之更新。"), "success")
            return redirect(url_for("organisations.ratings", organisation_id=row.organisation_id))
        row = found(queries.rating(rating_id), Permit.RATING_ENTER)
    page = render_template(
        "market/organisations/withdraw.html",
        form=form,
        row=row,
        firm=found(queries.organisation(row.organisation_id)),
        kinds=RATING_KIND_LABELS,
        names={"grade": GRADE_NAMES, "stars": STAR_LABELS},
    )
    return page, 422 if form.errors else 200
