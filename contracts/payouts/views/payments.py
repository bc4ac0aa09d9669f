"""Lists of payments, one payment with its arithmetic and its movements, and what may be done with it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contracts.agreements.queries import agreement as find_agreement
from contracts.payouts import actions, queries
from contracts.payouts.forms import ReasonForm
from contracts.payouts.models import Payment
from contracts.payouts.providers import installed
from contracts.payouts.rules import EVALUATION, closing_bar, days_late, is_overdue, late_interest_fen
from contracts.payouts.states import PAYMENT_MACHINE, PaymentState, PaymentVerb, Result, Route
from contracts.payouts.views.door import bp, status_of
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope, allowed
from market.ledger.states import PLACE_LABELS, REASON_LABELS
from market.organisations.queries import live_bank_account
from market.places.queries import streets_by_id
from market.web.guard import attempt, current_actor, found, guard, now

_SEES_ACCOUNTS = (Permit.PAYOUT_REQUEST, Permit.PAYOUT_APPROVE, Permit.PAYOUT_SEND, Permit.PAYOUT_CONFIRM)


@bp.get("")
@guard(Permit.PAYOUT_SEE)
def index() -> Any:
    """A street's payments by what is to be done; people of an organisation are sent to theirs."""
    actor = current_actor()
    if all(grant.organisation_id is not None for grant in actor.scopes(Permit.PAYOUT_SEE)):
        return redirect(url_for("payouts.mine", group=request.args.get("group", "")))
    grants = [g for p in (Permit.PAYOUT_SEND, Permit.PAYOUT_APPROVE) for g in actor.scopes(p)]
    wanted = {g.street_id for g in grants if g.street_id is not None}
    streets = streets_by_id(wanted) if wanted else {}
    return _list("contracts/payouts/index.html", mine=False, streets=list(streets.values()))


@bp.get("/mine")
@guard(Permit.PAYOUT_SEE)
def mine() -> Any:
    """What an organisation is paid: each payment's progress, and what to confirm."""
    return _list("contracts/payouts/mine.html", mine=True)


def _list(template: str, *, mine: bool, **more: Any) -> Any:
    actor, today = current_actor(), beijing_day(now())
    group = request.args.get("group", "")
    group = group if group in queries.GROUPS else "open"
    page = queries.payments_for(actor, group, after=request.args.get("after", ""), today=today, mine=mine)
    here = "payouts.mine" if mine else "payouts.index"
    return render_template(
        template,
        page=page,
        group=group,
        groups=[(name, url_for(here, group=name)) for name in queries.GROUPS],
        next_url=url_for(here, group=group, after=page.after) if page.after else None,
        late={row.id: days_late(row.pay_by, today) for row in page.rows if is_overdue(row.state, row.pay_by, today)},
        promptness=queries.promptness_of(actor, today, mine=mine),
        year=today.year,
        **more,
    )


@bp.get("/<int:payment_id>")
@guard(Permit.PAYOUT_SEE)
def payment(payment_id: int) -> Any:
    """One payment: how its amount came about, where its money is, every order and what became of it."""
    actor = current_actor()
    row = found(queries.payment(payment_id), Permit.PAYOUT_SEE)
    today, route = beijing_day(now()), actions.route_of(row.organisation_id)
    late_days = days_late(row.pay_by, row.settled_on or today)
    overdue = is_overdue(row.state, row.pay_by, today)
    return render_template(
        "contracts/payouts/payment.html",
        row=row,
        verbs=_verbs(actor, row),
        steps=_steps(row),
        basis=row.basis,
        evaluated=is_evaluated(row),
        movements=queries.movements(row),
        places=PLACE_LABELS,
        reasons=REASON_LABELS,
        route=route,
        unbound=row.state == PaymentState.APPROVED and not _is_bound(row, _destination(row, route)),
        sees_accounts=_sees_accounts(actor, row),
        sees_files=allowed(actor, Permit.PAYOUT_SEE, Scope(row.district_id, row.street_id)),
        late_days=late_days if row.settled_on or overdue else 0,
        interest_fen=late_interest_fen(row.amount_fen, row.basis["late_interest_day_bp"], late_days),
        has_direct_line=installed.has_direct_line(),
    )


def _is_bound(row: Payment, destination: actions.Destination | None) -> bool:
    """True while an approved payment would go where it was approved to go."""
    return destination is not None and row.checked == destination.compared


def is_evaluated(row: Payment) -> bool:
    """True when a score decided the amount; a settlement may have come before any."""
    return row.basis["base"] == EVALUATION and row.basis["score"] is not None


def _sees_accounts(actor: Actor, row: Payment) -> bool:
    return any(allowed(actor, permit, row.subject.scope) for permit in _SEES_ACCOUNTS)


def _verbs(actor: Actor, row: Payment) -> set[str]:
    return {str(move.verb) for move in PAYMENT_MACHINE.verbs_from(row.state, actor.permits(row.subject.scope))}


_PATH = (PaymentState.DUE, PaymentState.REQUESTED, PaymentState.APPROVED, PaymentState.ORDERED, PaymentState.PAID)


def _steps(row: Payment) -> list[dict[str, Any]]:
    """The path from due to received with where this payment stands; a failure shows at the step where it happened."""
    state = PaymentState(row.state)
    names = [_("应付"), _("申请"), _("复核"), _("发出指令"), _("银行付出"), _("确认收款")]
    if state in (PaymentState.FAILED, PaymentState.RETURNED):
        marks = ["done"] * 4 + ["failed", "next"]
    else:
        reached = len(names) if state is PaymentState.CONFIRMED else _PATH.index(state) + 1
        marks = ["done"] * reached + ["now"] + ["next"] * len(names)
    return [{"label": name, "state": mark} for name, mark in zip(names, marks, strict=False)]


@bp.post("/<int:payment_id>/request")
@guard(Permit.PAYOUT_REQUEST)
def ask(payment_id: int) -> Response:
    """Ask for a payment, or anew after a failure."""
    row = found(queries.payment(payment_id), Permit.PAYOUT_REQUEST)
    again = PaymentVerb.REQUEST_AGAIN in _verbs(current_actor(), row)
    (actions.request_again if again else actions.request_payment)(current_actor(), payment_id, now())
    flash(_("已提出付款申请，等待复核人复核。"), "success")
    return redirect(url_for("payouts.payment", payment_id=payment_id))


@bp.route("/<int:payment_id>/check", methods=["GET", "POST"])
@guard(Permit.PAYOUT_APPROVE)
def check(payment_id: int) -> Any:
    """The second person's page: compare, then approve, or send back with a reason."""
    row = found(queries.payment(payment_id), Permit.PAYOUT_APPROVE)
    form = ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.send_back(current_actor(), payment_id, form.reason.data or "", now())
        if tried.ok:
            flash(_("已退回，出纳会看到原因。"), "success")
            return redirect(url_for("payouts.payment", payment_id=payment_id))
        row = found(queries.payment(payment_id), Permit.PAYOUT_APPROVE)
    route = actions.route_of(row.organisation_id)
    destination = _destination(row, route)
    page = render_template(
        "contracts/payouts/check.html",
        row=row,
        form=form,
        basis=row.basis,
        evaluated=is_evaluated(row),
        verbs=_verbs(current_actor(), row),
        payee=destination.payee if destination else live_bank_account(row.organisation_id),
        payer=destination.payer if destination else queries.live_accounts(row.street_id).get(row.line.source),
        route=route,
        destination=destination,
        failed_there=_failed_there(row, destination),
    )
    return page, status_of(form)


def _destination(row: Payment, route: Route) -> actions.Destination | None:
    """Where the payment would go; None while an account is missing."""
    try:
        return actions.destination_of(row, queries.live_accounts(row.street_id).get(row.line.source), route)
    except Refused:
        return None


def _failed_there(row: Payment, destination: actions.Destination | None) -> bool:
    """True when the last order went to the same account and did not stay there."""
    if destination is None or not row.attempts or row.attempts[-1].outcome not in (Result.FAILED, Result.RETURNED):
        return False
    last = row.attempts[-1].instruction
    if destination.stripe_account is not None:
        return bool(last["stripe_account"] == destination.stripe_account)
    return last["stripe_account"] is None and bool(last["account_no"] == destination.payee.account_no)


@bp.post("/<int:payment_id>/approve")
@guard(Permit.PAYOUT_APPROVE)
def approve(payment_id: int) -> Response:
    """Approve as the second person."""
    found(queries.payment(payment_id), Permit.PAYOUT_APPROVE)
    actions.approve_payment(current_actor(), payment_id, now(), seen=request.form.get("seen", ""))
    flash(_("复核通过，出纳可以付款了。"), "success")
    return redirect(url_for("payouts.payment", payment_id=payment_id))


@bp.post("/<int:payment_id>/send")
@guard(Permit.PAYOUT_SEND)
def send(payment_id: int) -> Response:
    """Order one payment over a line; the worker sends it after this has been written down."""
    row = found(queries.payment(payment_id), Permit.PAYOUT_SEND)
    by_stripe = actions.route_of(row.organisation_id) is Route.STRIPE
    (actions.order_stripe if by_stripe else actions.order_direct)(current_actor(), [payment_id], now())
    flash(_("付款指令已登记，正在发出；结果会自动登记在本页。"), "success")
    return redirect(url_for("payouts.payment", payment_id=payment_id))


@bp.post("/<int:payment_id>/confirm")
@guard(Permit.PAYOUT_CONFIRM)
def confirm(payment_id: int) -> Response:
    """The payee confirms that the money has arrived."""
    found(queries.payment(payment_id), Permit.PAYOUT_CONFIRM)
    actions.confirm_receipt(current_actor(), payment_id, now())
    flash(_("已确认收款，谢谢。"), "success")
    return redirect(url_for("payouts.payment", payment_id=payment_id))


@bp.route("/<int:payment_id>/reverse", methods=["GET", "POST"])
@guard(Permit.PAYOUT_SEND)
def reverse(payment_id: int) -> Any:
    """Ask a Stripe transfer back, with a reason."""
    row = found(queries.payment(payment_id), Permit.PAYOUT_SEND)
    form = ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.reverse_payment(current_actor(), payment_id, form.reason.data or "", now())
        if tried.ok:
            flash(_("已登记撤回，结果会自动登记在付款单上。"), "success")
            return redirect(url_for("payouts.payment", payment_id=payment_id))
        row = found(queries.payment(payment_id), Permit.PAYOUT_SEND)
    return render_template("contracts/payouts/reverse.html", row=row, form=form), status_of(form)


@bp.get("/contracts/<int:agreement_id>")
@guard(Permit.PAYOUT_SEE)
def contract(agreement_id: int) -> Any:
    """All money of one contract: per milestone what was planned, earned, withheld and paid."""
    row = found(find_agreement(agreement_id), Permit.PAYOUT_SEE)
    payments = queries.payments_of(row.id)
    lines = queries.contract_lines(row, payments)
    closes = allowed(current_actor(), Permit.AGREEMENT_DRAFT, Scope(row.district_id, row.street_id))
    closes = closes and row.state == "in_force"
    bar = closing_bar([one.earning is not None for one in lines], [one.state for one in payments])
    return render_template(
        "contracts/payouts/contract.html",
        row=row,
        lines=lines,
        totals=queries.totals(lines),
        closes=closes,
        bar=bar if closes else None,
    )


@bp.post("/contracts/<int:agreement_id>/complete")
@guard(Permit.AGREEMENT_DRAFT)
def complete(agreement_id: int) -> Response:
    """Close a contract whose milestones are all settled."""
    found(find_agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    actions.complete_contract(current_actor(), agreement_id, now())
    flash(_("合同已结清。"), "success")
    return redirect(url_for("payouts.contract", agreement_id=agreement_id))
