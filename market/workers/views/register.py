"""The roster, entering a person and a certificate, leaving."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from market.kernel.clock import beijing_day
from market.kernel.permits import Permit
from market.kernel.rulebook import Regime, RuleSet
from market.organisations.models import Organisation
from market.organisations.queries import organisations_by_id
from market.places.queries import districts, rules_for_all
from market.web.guard import attempt, current_actor, found, guard, now
from market.workers import actions, queries
from market.workers.forms import CertificateForm, LeaveForm, WorkerForm
from market.workers.models import Certificate, SocialWorker
from market.workers.rules import Learning, learning, supervisors_needed
from market.workers.states import CertificateState, Level
from market.workers.views.door import bp, own, page


def _organisations() -> list[int]:
    """The organisations whose people this person enters."""
    return sorted({g.organisation_id for g in current_actor().scopes(Permit.WORKER_EDIT) if g.organisation_id})


@bp.get("")
@guard(Permit.WORKER_EDIT, Permit.WORKER_CONFIRM)
def index() -> Any:
    """The people of one's organisation, or of the district; newest first, page by key."""
    actor, reserve = current_actor(), request.args.get("reserve") == "1"
    grants = [*actor.scopes(Permit.WORKER_EDIT), *actor.scopes(Permit.WORKER_CONFIRM)]
    before, firm = request.args.get("before", type=int), request.args.get("organisation", type=int)
    rows = queries.roster(grants, organisation_id=firm, reserve=reserve, before=before)
    shown = rows[: queries.PAGE]
    more = shown[-1].id if len(rows) > queries.PAGE else None
    own, day = _organisations(), beijing_day(now())
    employers = queries.employers(grants) if actor.scopes(Permit.WORKER_CONFIRM) else set(own)
    firms = organisations_by_id({r.organisation_id for r in shown if r.organisation_id} | set(own) | employers)
    rules = rules_for_all(districts(), Regime.ANY, day)
    return page(
        "index.html",
        rows=_standings(shown, rules, day),
        more=_onward(more, reserve, firm),
        firms=firms,
        enters=bool(own),
        confirms=bool(actor.scopes(Permit.WORKER_CONFIRM)),
        reserve=reserve,
        firm=firm,
        choices=sorted((firms[one].name, one) for one in employers) if len(employers) > 1 and not reserve else [],
        ratio=_ratio(firms[own[0]], rules, day) if len(own) == 1 and before is None else None,
    )


def _onward(before: int | None, reserve: bool, firm: int | None) -> str | None:
    if before is None:
        return None
    return url_for("workers.index", before=before, reserve="1" if reserve else None, organisation=firm)


def _standings(
    shown: list[SocialWorker], rules: Mapping[int, RuleSet], day: date
) -> list[tuple[SocialWorker, Certificate | None, Learning | None]]:
    """The certificate that holds today and where its continuing education stands; one statement for a page."""
    learnt = queries.learning_of([row.id for row in shown])
    standings: list[tuple[SocialWorker, Certificate | None, Learning | None]] = []
    for row in shown:
        holding, standing = queries.current(row.certificates, day), None
        if holding is not None:
            entries = queries.as_entries(learnt.get(row.id, ()))
            start, until = holding.registered_on, holding.valid_until
            standing = learning(Level(holding.level), start, until, entries, rules[row.district_id])
        standings.append((row, holding, standing))
    return standings


def _ratio(firm: Organisation, rules: Mapping[int, RuleSet], day: date) -> dict[str, int]:
    """An organisation's people and supervisors beside the district's setting (row 56)."""
    people, certified, supervisors = queries.strength(firm.id, day)
    most = int(rules[firm.registrar_district_id]["workers.supervisees_max_count"])
    return {
        "people": people,
        "certified": certified,
        "supervisors": supervisors,
        "most": most,
        "needed": supervisors_needed(people, most),
    }


@bp.route("/new", methods=["GET", "POST"])
@guard(Permit.WORKER_EDIT)
def new() -> Any:
    """Enter a person with the certificate, or take one over."""
    firms = organisations_by_id(_organisations())
    form = WorkerForm(data={"organisation": next(iter(firms), None)})
    form.organisation.choices = [(firm.id, firm.name) for firm in firms.values()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            firm = found(firms.get(form.organisation.data))
            row = actions.enter_worker(
                current_actor(),
                firm,
                form.name.data or "",
                form.from_on.data or beijing_day(now()),
                form.facts(),
                now(),
            )
        if tried.ok:
            flash(_("已录入，证书已送区民政核对。"), "success")
            return redirect(url_for("workers.show", worker_id=row.id))
    return page("new.html", form=form), 422 if form.errors else 200


@bp.route("/<int:worker_id>/certificates/new", methods=["GET", "POST"])
@guard(Permit.WORKER_EDIT)
def new_certificate(worker_id: int) -> Any:
    """Enter a further certificate, or the next registration period."""
    row = own(worker_id)
    last = row.certificates[-1] if row.certificates else None
    data = {"level": Level(last.level), "number": last.number, "issued_on": last.issued_on} if last else {}
    form = CertificateForm(data=data)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.enter_certificate(current_actor(), row, form.facts(), now())
        if tried.ok:
            flash(_("已录入，送区民政核对。"), "success")
            return redirect(url_for("workers.show", worker_id=worker_id))
        row = own(worker_id)
    return page("certificate.html", form=form, row=row, made=None), 422 if form.errors else 200


@bp.route("/certificates/<int:certificate_id>/mend", methods=["GET", "POST"])
@guard(Permit.WORKER_EDIT)
def mend(certificate_id: int) -> Any:
    """Correct a certificate that was sent back."""
    made = found(queries.certificate(certificate_id), Permit.WORKER_EDIT)
    found(made if made.state == CertificateState.RETURNED else None)
    names = ("number", "issued_on", "registered_on")
    form = CertificateForm(data={"level": Level(made.level), **{name: getattr(made, name) for name in names}})
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.mend_certificate(current_actor(), made, form.facts(), now())
        if tried.ok:
            flash(_("已修改并重新提交。"), "success")
            return redirect(url_for("workers.show", worker_id=made.worker_id))
        made = found(queries.certificate(certificate_id), Permit.WORKER_EDIT)
    return page("certificate.html", form=form, row=own(made.worker_id), made=made), 422 if form.errors else 200


@bp.route("/<int:worker_id>/leave", methods=["GET", "POST"])
@guard(Permit.WORKER_EDIT)
def leave(worker_id: int) -> Any:
    """Write down that a person leaves, after a question."""
    row = own(worker_id)
    form = LeaveForm(data={"until_on": beijing_day(now())})
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.end_employment(
                current_actor(), row, form.until_on.data or beijing_day(now()), bool(form.reserve.data), now()
            )
        if tried.ok:
            flash(_("%(name)s 已办理离职，其派驻同时结束。", name=row.name), "success")
            return redirect(url_for("workers.index"))
        row = own(worker_id)
    running = [one for one in queries.postings_of(row.id) if one.state == "running"]
    return page("leave.html", form=form, row=row, running=running), 422 if form.errors else 200
