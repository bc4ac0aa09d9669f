"""Proposing the early end of a contract, and deciding on it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from contracts.agreements.queries import agreement as find_agreement
from contracts.agreements.states import AGREEMENT_MACHINE, AgreementVerb
from contracts.endings import actions, queries
from contracts.endings.forms import AnswerForm, TerminationForm
from contracts.endings.models import Termination
from contracts.endings.states import TerminationState
from contracts.endings.views.door import bp, status_of
from market.kernel.permits import Permit, allowed
from market.web.guard import attempt, current_actor, found, guard, now


@bp.get("")
@guard(Permit.AGREEMENT_SEE)
def index() -> Any:
    """Contracts that ended early, or are to, newest first."""
    rows = queries.terminations_for(current_actor(), request.args.get("before", type=int))
    shown = rows[: queries.PAGE]
    more = url_for("endings.index", before=shown[-1].id) if len(rows) > queries.PAGE else None
    return render_template("contracts/endings/index.html", rows=shown, next_url=more)


@bp.route("/new/<int:agreement_id>", methods=["GET", "POST"])
@guard(Permit.AGREEMENT_DRAFT)
def propose(agreement_id: int) -> Any:
    """What would follow, and the proposal."""
    row = found(find_agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    waiting = queries.termination_of(agreement_id)
    if waiting is not None:
        return redirect(url_for("endings.show", termination_id=waiting.id))
    AGREEMENT_MACHINE.step(row.state, AgreementVerb.TERMINATE)
    form = TerminationForm(data={"settle_bp": 0})
    if form.validate_on_submit():
        with attempt(form) as tried:
            made = actions.propose_termination(
                current_actor(),
                row.id,
                form.ground.data,
                form.reason.data or "",
                form.settle_bp.data or 0,
                now(),
                claim_bp=form.claim_bp.data or 0,
            )
        if tried.ok:
            flash(_("已提出终止，等待批准；批准前合同照常履行。"), "success")
            return redirect(url_for("endings.show", termination_id=made.id))
        row = found(find_agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    facts = actions.figures(row, None, now())
    page = render_template("contracts/endings/propose.html", form=form, row=row, facts=facts)
    return page, status_of(form)


@bp.get("/<int:termination_id>")
@guard(Permit.AGREEMENT_SEE)
def show(termination_id: int) -> Any:
    """One termination: why, what follows or followed, and the second person's decision."""
    row = found(queries.termination(termination_id), Permit.AGREEMENT_SEE)
    return _page(row, AnswerForm())


def _page(row: Termination, form: AnswerForm) -> Any:
    actor, waits = current_actor(), row.state == TerminationState.PROPOSED
    facts = actions.figures(row.agreement, row, now()) if waits else None
    page = render_template(
        "contracts/endings/show.html",
        row=row,
        contract=row.agreement,
        form=form,
        facts=facts,
        shown=actions.figures_mark(facts) if facts else "",
        decides=waits
        and allowed(actor, Permit.AGREEMENT_TERMINATE, row.subject.scope)
        and row.proposed_by != actor.user_id,
    )
    return page, status_of(form)


@bp.post("/<int:termination_id>/approve")
@guard(Permit.AGREEMENT_TERMINATE)
def approve(termination_id: int) -> Any:
    """Approve as the second person."""
    found(queries.termination(termination_id), Permit.AGREEMENT_TERMINATE)
    actions.approve_termination(current_actor(), termination_id, now(), seen=request.form.get("seen", ""))
    flash(_("合同已终止并公告。"), "success")
    return redirect(url_for("endings.show", termination_id=termination_id))


@bp.post("/<int:termination_id>/reject")
@guard(Permit.AGREEMENT_TERMINATE)
def reject(termination_id: int) -> Any:
    """Do not approve, with a reason."""
    row, form = found(queries.termination(termination_id), Permit.AGREEMENT_TERMINATE), AnswerForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.reject_termination(current_actor(), termination_id, form.answer.data or "", now())
        if tried.ok:
            flash(_("已退回，合同继续履行。"), "success")
            return redirect(url_for("endings.show", termination_id=termination_id))
        row = found(queries.termination(termination_id), Permit.AGREEMENT_TERMINATE)
    return _page(row, form)
