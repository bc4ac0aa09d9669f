"""The district's part: certificates to check, tiers, and the talent programme's progress."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from market.kernel.clock import beijing_day
from market.kernel.permits import Permit
from market.kernel.rulebook import Regime
from market.organisations.queries import organisations_by_id
from market.places.queries import districts, rules_for_all
from market.web.guard import attempt, current_actor, found, guard, now
from market.workers import actions, queries
from market.workers.forms import ReasonForm, TierForm
from market.workers.rules import talent_progress
from market.workers.views.door import bp, page, seen
from market.workers.views.growing import show_page


@bp.get("/certificates")
@guard(Permit.WORKER_CONFIRM)
def certificates() -> Any:
    """Certificates that wait for the district, newest first, page by key."""
    places = [g.district_id for g in current_actor().scopes(Permit.WORKER_CONFIRM) if g.district_id is not None]
    rows = queries.to_confirm(places, request.args.get("before", type=int))
    shown = rows[: queries.PAGE]
    more = url_for("workers.certificates", before=shown[-1].id) if len(rows) > queries.PAGE else None
    firms = organisations_by_id({c.worker.organisation_id for c in shown if c.worker.organisation_id})
    return page("certificates.html", rows=shown, firms=firms, more=more)


@bp.post("/certificates/<int:certificate_id>/confirm")
@guard(Permit.WORKER_CONFIRM)
def confirm(certificate_id: int) -> Any:
    """Confirm a certificate."""
    made = found(queries.certificate(certificate_id), Permit.WORKER_CONFIRM)
    actions.confirm_certificate(current_actor(), made, now(), seen=request.form.get("seen", ""))
    flash(_("证书已核对确认。"), "success")
    return redirect(url_for("workers.show", worker_id=made.worker_id))


@bp.route("/certificates/<int:certificate_id>/return", methods=["GET", "POST"])
@guard(Permit.WORKER_CONFIRM)
def send_back(certificate_id: int) -> Any:
    """Send a certificate back with what is wrong."""
    made = found(queries.certificate(certificate_id), Permit.WORKER_CONFIRM)
    form = ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.return_certificate(current_actor(), made, form.reason.data or "", now())
        if tried.ok:
            flash(_("证书已退回，所在机构会收到通知。"), "success")
            return redirect(url_for("workers.show", worker_id=made.worker_id))
        made = found(queries.certificate(certificate_id), Permit.WORKER_CONFIRM)
    return page("return.html", form=form, made=made), 422 if form.errors else 200


@bp.post("/<int:worker_id>/tier")
@guard(Permit.WORKER_CONFIRM)
def tier(worker_id: int) -> Any:
    """Place a person in the talent programme."""
    row = found(queries.worker(worker_id), Permit.WORKER_CONFIRM)
    form = TierForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.name_tier(current_actor(), row, form.tier.data, now())
        if tried.ok:
            flash(_("人才层次已更新。"), "success")
            return redirect(url_for("workers.show", worker_id=worker_id))
    return show_page(seen(worker_id), tier_form=form, form=form), 422


@bp.get("/talent")
@guard(Permit.WORKER_CONFIRM, Permit.WORKER_EDIT)
def talent() -> Any:
    """The talent programme's progress, district by district: numbers alone."""
    day, places = beijing_day(now()), districts()
    ids = [place.id for place in places]
    rules = rules_for_all(places, Regime.ANY, day)
    counts, reserve = queries.tier_counts(ids, day), queries.reserve_counts(ids)
    shown = [
        {
            "name": place.full_name,
            "tiers": talent_progress(counts[place.id], rules[place.id]),
            "reserve": reserve.get(place.id, 0),
        }
        for place in places
    ]
    return page("talent.html", places=shown)
