"""Applications and residencies: the list, one on a page, and the acts that move it along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.incubation import actions, queries
from market.incubation.actions import Application
from market.incubation.forms import AcceptForm, ApplicationForm, ExtendForm, GraduateForm, OfferForm, ReasonForm
from market.incubation.models import Node, Residency
from market.incubation.rules import agreement_text
from market.incubation.states import (
    MODE_LABELS,
    RESIDENCY_LABELS,
    RESIDENCY_MACHINE,
    TRACK_LABELS,
    Mode,
    ResidencyState,
    ResidencyVerb,
    Track,
)
from market.incubation.views.case import reading
from market.incubation.views.door import CASE, PAGE, bp, found_node, own_organisations, permits_at, seen
from market.kernel.categories import CATEGORY_LABELS
from market.kernel.permits import Permit
from market.places.queries import street as find_street
from market.web.guard import attempt, current_actor, found, guard, now


@bp.get("/residencies")
@guard(*CASE)
def residencies() -> Any:
    """Residencies at the own nodes, in the own district, of the own organisations; newest first."""
    wanted = request.args.get("state", "")
    state = ResidencyState(wanted) if wanted in set(ResidencyState) else None
    reach = queries.Reach.of(current_actor())
    rows = queries.residencies(reach, request.args.get("before", type=int), PAGE + 1, state)
    before = rows[PAGE - 1].id if len(rows) > PAGE else None
    return render_template(
        "market/incubation/residencies.html",
        rows=rows[:PAGE],
        more=url_for("incubation.residencies", before=before, state=wanted or None) if before else None,
        state=state,
        states=RESIDENCY_LABELS,
        modes=MODE_LABELS,
        applies=bool(current_actor().scopes(Permit.INCUBATION_APPLY)),
    )


def _days(row: Node | Residency, key: str = "first_check") -> int:
    """How many working days an answer, or the handing back, may take here."""
    days: int = actions.rules_of(row, now())[f"network.{key}_working_days"]
    return days


def _wanted(form: ApplicationForm) -> Application:
    return Application(
        form.mode.data,
        form.track.data,
        form.workstations.data or 0,
        form.purpose.data or "",
        form.support_wanted.data or "",
    )


@bp.route("/nodes/<int:node_id>/apply", methods=["GET", "POST"])
@guard(Permit.INCUBATION_APPLY)
def apply(node_id: int) -> Any:
    """Apply to be taken in by a node."""
    node, own = found_node(node_id), {o.id: o for o in own_organisations(current_actor())}
    form = ApplicationForm(data={"organisation": next(iter(own), None), "workstations": 0})
    form.organisation.choices = [(o.id, o.name) for o in own.values()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            subject = found(own.get(form.organisation.data))
            row = actions.apply(current_actor(), node, subject, _wanted(form), form.token.data, now())
        if tried.ok:
            flash(_("申请已提交，初审结果最迟 %(day)s 答复。", day=row.due_on), "success")
            return redirect(url_for("incubation.residency", residency_id=row.id))
        node = found_node(node_id)
    page = render_template("market/incubation/apply.html", form=form, node=node, row=None, days=_days(node))
    return page, 422 if form.errors else 200


@bp.route("/residencies/<int:residency_id>/edit", methods=["GET", "POST"])
@guard(Permit.INCUBATION_APPLY)
def edit(residency_id: int) -> Any:
    """Put a returned application right and hand it in again."""
    row = seen(residency_id, Permit.INCUBATION_APPLY)
    found(row if row.state == ResidencyState.RETURNED else None)
    data = {"mode": Mode(row.mode), "track": Track(row.track), "workstations": row.workstations}
    form = ApplicationForm(data={**data, "purpose": row.purpose, "support_wanted": row.support_wanted})
    del form.organisation
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.resubmit(current_actor(), actions.loaded(residency_id), _wanted(form), now())
        if tried.ok:
            flash(_("已补正并重新提交。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    page = render_template("market/incubation/apply.html", form=form, node=row.node, row=row, days=_days(row.node))
    return page, 422 if form.errors else 200


@bp.get("/residencies/<int:residency_id>")
@guard(*CASE)
def residency(residency_id: int) -> Any:
    """Everything of one residency: where it stands, what was done, what comes next."""
    row = seen(residency_id)
    permits = permits_at(current_actor(), row)
    return render_template(
        "market/incubation/residency.html",
        row=row,
        verbs={m.verb.value: m.label for m in RESIDENCY_MACHINE.verbs_from(row.state, permits)},
        works=Permit.INCUBATION_WORK in permits,
        applies=Permit.INCUBATION_APPLY in permits,
        shown=actions.application_mark(row),
        states=RESIDENCY_LABELS,
        modes=MODE_LABELS,
        tracks=TRACK_LABELS,
        categories=CATEGORY_LABELS,
        **reading(row, now()),
    )


_PLAIN: dict[str, Callable[..., None]] = {
    ResidencyVerb.APPROVE: actions.pass_check,
    ResidencyVerb.ADMIT: actions.admit,
    ResidencyVerb.WITHDRAW: actions.withdraw,
    ResidencyVerb.RECALL: actions.recall,
    ResidencyVerb.HAND_BACK: actions.hand_back,
}
_WITH_REASON: dict[str, Callable[..., None]] = {
    ResidencyVerb.RETURN: actions.send_back,
    ResidencyVerb.REFUSE: actions.refuse,
    ResidencyVerb.GIVE_NOTICE: actions.give_notice,
    ResidencyVerb.DISMISS: actions.dismiss,
}


@bp.post("/residencies/<int:residency_id>/<any(approve, admit, withdraw, recall, hand_back):verb>")
@guard(*CASE)
def act(residency_id: int, verb: str) -> Any:
    """An act that needs no words."""
    seen(residency_id)
    # Only the first check is about words that may have been handed in anew since.
    shown = {"seen": request.form.get("seen", "")} if verb == ResidencyVerb.APPROVE else {}
    _PLAIN[ResidencyVerb(verb)](current_actor(), actions.loaded(residency_id), now(), **shown)
    flash(_("已办理。"), "success")
    return redirect(url_for("incubation.residency", residency_id=residency_id))


@bp.route(
    "/residencies/<int:residency_id>/because/<any('return', refuse, give_notice, dismiss):verb>",
    methods=["GET", "POST"],
)
@guard(*CASE)
def because(residency_id: int, verb: str) -> Any:
    """An act that says why."""
    row = seen(residency_id)
    offered = {m.verb.value: m for m in RESIDENCY_MACHINE.verbs_from(row.state, permits_at(current_actor(), row))}
    move, form = found(offered.get(verb)), ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            done = _WITH_REASON[ResidencyVerb(verb)]
            done(current_actor(), actions.loaded(residency_id), form.reason.data or "", now())
        if tried.ok:
            flash(_("已办理。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    page = render_template(
        "market/incubation/because.html",
        form=form,
        row=row,
        verb=verb,
        label=move.label,
        days=_days(row, "hand_back"),
    )
    return page, 422 if form.errors else 200


@bp.route("/residencies/<int:residency_id>/offer", methods=["GET", "POST"])
@guard(Permit.INCUBATION_WORK)
def offer(residency_id: int) -> Any:
    """Write the agreement, accept it for the node and send it."""
    row = seen(residency_id, Permit.INCUBATION_WORK)
    found(row if row.state == ResidencyState.ADMITTED else None)
    form = OfferForm(data=_drafted(row))
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.offer(
                current_actor(), actions.loaded(residency_id), form.text.data or "", form.months.data or 0, now()
            )
        if tried.ok:
            flash(_("协议已确认并送达机构。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    return render_template("market/incubation/offer.html", form=form, row=row), 422 if form.errors else 200


def _drafted(row: Residency) -> dict[str, Any]:
    """The text that was recalled, else the usual one."""
    rules = actions.rules_of(row, now())
    months = row.term_months or rules["network.term_months"]
    if row.agreement_text:
        return {"months": months, "text": row.agreement_text}
    place = find_street(row.street_id) if row.street_id is not None else None
    office = place.office if place else f"{row.node.district.full_name}民政局"  # zh-only
    text = agreement_text(
        row.node.name,
        row.organisation.name,
        row.node.operator.name if row.node.operator else office,
        MODE_LABELS[Mode(row.mode)],
        row.workstations,
        months,
        rules["network.hand_back_working_days"],
    )
    return {"months": months, "text": text}


@bp.route("/residencies/<int:residency_id>/agreement", methods=["GET", "POST"])
@guard(*CASE)
def agreement(residency_id: int) -> Any:
    """The agreement as it was offered; the organisation accepts it here."""
    row = seen(residency_id)
    found(row if row.agreement_digest else None)
    form = AcceptForm(data={"digest": row.agreement_digest})
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.accept(current_actor(), actions.loaded(residency_id), form.digest.data or "", now())
        if tried.ok:
            flash(_("协议已确认，孵化期开始。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    accepts = row.state == ResidencyState.OFFERED and Permit.INCUBATION_APPLY in permits_at(current_actor(), row)
    page = render_template("market/incubation/agreement.html", form=form, row=row, accepts=accepts)
    return page, 422 if form.errors else 200


@bp.route("/residencies/<int:residency_id>/extend", methods=["GET", "POST"])
@guard(Permit.INCUBATION_DECIDE)
def extend(residency_id: int) -> Any:
    """Make the term longer."""
    row = seen(residency_id, Permit.INCUBATION_DECIDE)
    found(row if row.state == ResidencyState.INCUBATING else None)
    form = ExtendForm(data={"months": 6})
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.extend(
                current_actor(), actions.loaded(residency_id), form.months.data or 0, form.reason.data or "", now()
            )
        if tried.ok:
            flash(_("孵化期已延长。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    return render_template("market/incubation/extend.html", form=form, row=row), 422 if form.errors else 200


@bp.route("/residencies/<int:residency_id>/graduate", methods=["GET", "POST"])
@guard(Permit.INCUBATION_DECIDE)
def graduate(residency_id: int) -> Any:
    """Let an organisation go out into the directory."""
    row = seen(residency_id, Permit.INCUBATION_DECIDE)
    found(row if row.state == ResidencyState.INCUBATING else None)
    held = (row.successor or row.organisation).service_fields.split(",")
    form = GraduateForm(data={"service_fields": [c for c in CATEGORY_LABELS if c.value in held]})
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.graduate(current_actor(), actions.loaded(residency_id), form.service_fields.data, now())
        if tried.ok:
            flash(_("已准予出壳，并列入公开目录。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    page = render_template(
        "market/incubation/graduate.html", form=form, row=row, progress=actions.progress_of(row, now())
    )
    return page, 422 if form.errors else 200
