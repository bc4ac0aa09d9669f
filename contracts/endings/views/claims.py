"""Claims: the list, one claim with its parts and receipts, entering and checking what came back, waiving the rest."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from contracts.endings import actions, queries
from contracts.endings.actions import ReceiptFacts
from contracts.endings.forms import AnswerForm, ReceiptForm, WaiveForm
from contracts.endings.models import Claim, ClaimReceipt
from contracts.endings.rules import is_overdue
from contracts.endings.states import CLAIM_MACHINE, ClaimState, ClaimVerb, ReceiptState
from contracts.endings.views.door import bp, status_of
from contracts.payouts.queries import live_accounts
from market.kernel.clock import beijing_day
from market.kernel.permits import Permit, allowed
from market.web.guard import attempt, current_actor, found, guard, now


@bp.get("/claims")
@guard(Permit.PAYOUT_SEE, Permit.CLAIM_WAIVE)
def claims() -> Any:
    """Claims this person may see, newest first; the open ones, or all."""
    everything = request.args.get("all") == "1"
    before = request.args.get("before", type=int)
    rows = queries.claims_for(current_actor(), open_only=not everything, before=before)
    shown = rows[: queries.PAGE]
    kept = "1" if everything else None
    more = url_for("endings.claims", all=kept, before=shown[-1].id) if len(rows) > queries.PAGE else None
    today = beijing_day(now())
    return render_template(
        "contracts/endings/claims.html",
        rows=shown,
        everything=everything,
        late={row.id for row in shown if is_overdue(row.state == ClaimState.CLAIMED, row.due_on, today)},
        next_url=more,
    )


def _seen(claim_id: int) -> Claim:
    """Return a claim this person may see or waive; 404 otherwise."""
    row = found(queries.claim(claim_id))
    scope, actor = row.subject.scope, current_actor()
    sees = allowed(actor, Permit.PAYOUT_SEE, scope) or allowed(actor, Permit.CLAIM_WAIVE, scope)
    return found(row if sees else None)


@bp.route("/claims/<int:claim_id>", methods=["GET", "POST"])
@guard(Permit.PAYOUT_SEE, Permit.CLAIM_WAIVE)
def claim(claim_id: int) -> Any:
    """One claim; the cashier enters here what came back."""
    row = _seen(claim_id)
    form = ReceiptForm(data={"received_on": beijing_day(now())})
    if form.validate_on_submit():
        with attempt(form) as tried:
            assert form.received_on.data is not None
            facts = ReceiptFacts(form.amount_fen.data or 0, form.bank_reference.data or "", form.received_on.data)
            actions.enter_receipt(current_actor(), claim_id, facts, now(), token=form.token.data)
        if tried.ok:
            flash(_("到账已登记，等待另一人复核。"), "success")
            return redirect(url_for("endings.claim", claim_id=claim_id))
        row = _seen(claim_id)
    actor, scope, today = current_actor(), row.subject.scope, beijing_day(now())
    is_open = row.state == ClaimState.CLAIMED
    page = render_template(
        "contracts/endings/claim.html",
        row=row,
        form=form,
        rooms={room.line_id: room for room in queries.rooms_of(row)},
        accounts=live_accounts(row.street_id),
        overdue=is_overdue(is_open, row.due_on, today),
        enters=is_open and allowed(actor, Permit.PAYOUT_REQUEST, scope) and row.open_fen > row.entered_fen,
        checks=is_open and allowed(actor, Permit.PAYOUT_APPROVE, scope),
        waives=is_open and allowed(actor, Permit.CLAIM_WAIVE, scope) and not row.entered_fen,
        pays=is_open and allowed(actor, Permit.PAYOUT_CONFIRM, scope),
        user_id=actor.user_id,
    )
    return page, status_of(form)


def _receipt(receipt_id: int) -> ClaimReceipt:
    return found(queries.receipt(receipt_id), Permit.PAYOUT_APPROVE)


@bp.post("/receipts/<int:receipt_id>/confirm")
@guard(Permit.PAYOUT_APPROVE)
def confirm(receipt_id: int) -> Any:
    """Confirm as the second person that an amount has arrived."""
    row = actions.confirm_receipt(current_actor(), _receipt(receipt_id).id, now())
    flash(_("到账已确认并公布。"), "success")
    return redirect(url_for("endings.claim", claim_id=row.id))


@bp.route("/receipts/<int:receipt_id>/reject", methods=["GET", "POST"])
@guard(Permit.PAYOUT_APPROVE)
def reject_receipt(receipt_id: int) -> Any:
    """Send an entry back, with a reason."""
    found_receipt, form = _receipt(receipt_id), AnswerForm()
    row = _seen(found_receipt.claim_id)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.reject_receipt(current_actor(), receipt_id, form.answer.data or "", now())
        if tried.ok:
            flash(_("已退回，出纳会看到原因。"), "success")
            return redirect(url_for("endings.claim", claim_id=row.id))
        found_receipt = _receipt(receipt_id)
        row = _seen(found_receipt.claim_id)
    waits = found_receipt.state == ReceiptState.ENTERED
    page = render_template(
        "contracts/endings/reject_receipt.html", row=row, receipt=found_receipt, form=form, waits=waits
    )
    return page, status_of(form)


@bp.route("/claims/<int:claim_id>/waive", methods=["GET", "POST"])
@guard(Permit.CLAIM_WAIVE)
def waive(claim_id: int) -> Any:
    """Waive what is still owed, with a reason that is published."""
    row = found(queries.claim(claim_id), Permit.CLAIM_WAIVE)
    CLAIM_MACHINE.step(row.state, ClaimVerb.WAIVE)
    form = WaiveForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            reason, shown = form.reason.data or "", form.seen.data or ""
            actions.waive_claim(current_actor(), claim_id, reason, now(), seen=shown)
        if tried.ok:
            flash(_("已决定免予追回并公布。"), "success")
            return redirect(url_for("endings.claim", claim_id=claim_id))
        row = found(queries.claim(claim_id), Permit.CLAIM_WAIVE)
    form.seen.data = str(row.open_fen)
    return render_template("contracts/endings/waive.html", row=row, form=form), status_of(form)
