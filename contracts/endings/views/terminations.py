"""Proposing the early end of a contract, and deciding on it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from contracts.agreements.models import Agreement
from contracts.agreements.queries import agreement as find_agreement
from contracts.agreements.states import AGREEMENT_MACHINE, AgreementVerb
from contracts.endings import actions, queries
from contracts.endings.forms import AnswerForm, TerminationForm
from contracts.endings.models import Termination
from contracts.endings.rules import claim_amount, follows_recovery, settles
from contracts.endings.states import Ground, TerminationState
from contracts.endings.views.door import bp, status_of
from contracts.payouts.actions import left_committed
from contracts.payouts.queries import accepted_unearned, failed_for_good
from market.kernel.clock import beijing_day
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
    page = render_template("contracts/endings/propose.html", form=form, row=row, facts=_facts(row))
    return page, status_of(form)


def _facts(row: Agreement, termination: Termination | None = None) -> dict[str, Any]:
    """What the books say of a contract that is to end."""
    arrived, open_ones = queries.apart(queries.payments_of(row.id))
    paid = queries.by_line(arrived)
    left = left_committed(row)
    ground = Ground(termination.ground) if termination else None
    recovery = row.data.get("recovery")
    today = beijing_day(now())
    claims = bool(recovery) and (ground is None or follows_recovery(ground, row.data))
    claim_bp = recovery["claim_bp"] if claims else termination.claim_bp if termination else 0
    stuck = queries.stuck_among(open_ones, today)
    owed = queries.by_line([*arrived, *stuck]) if claims else paid
    return {
        "paid_fen": sum(paid.values()),
        "open_fen": sum(one.amount_fen for one in open_ones),
        "rest_fen": row.amount_fen - sum(left.values()),
        "failed": failed_for_good(row.id),
        "accepted": [one.milestone for one in accepted_unearned(row.id, now())],
        "settles": ground is None or settles(ground, row.data),
        "recovery": recovery,
        "claim_bp": claim_bp,
        "claim_fen": claim_amount(sorted(owed.items()), claim_bp).amount_fen if claim_bp else None,
        "stuck_fen": sum(one.amount_fen for one in stuck),
    }


@bp.get("/<int:termination_id>")
@guard(Permit.AGREEMENT_SEE)
def show(termination_id: int) -> Any:
    """One termination: why, what follows or followed, and the second person's decision."""
    row = found(queries.termination(termination_id), Permit.AGREEMENT_SEE)
    return _page(row, AnswerForm())


def _page(row: Termination, form: AnswerForm) -> Any:
    actor, waits = current_actor(), row.state == TerminationState.PROPOSED
    page = render_template(
        "contracts/endings/show.html",
        row=row,
        contract=row.agreement,
        form=form,
        facts=_facts(row.agreement, row) if waits else None,
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
    actions.approve_termination(current_actor(), termination_id, now())
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
