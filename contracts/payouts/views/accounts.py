"""From which account a street pays, and how an organisation wants to be paid."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contracts.payouts import actions, queries
from contracts.payouts.actions import AccountFacts
from contracts.payouts.forms import AccountForm, RouteForm
from contracts.payouts.providers import installed
from contracts.payouts.providers.port import ProviderError
from contracts.payouts.states import ACCOUNT_LABELS, ACCOUNT_MACHINE, AccountState, AccountVerb, Route
from contracts.payouts.views.door import bp, status_of, street_or_404
from market.db.engine import begin_reading, begin_writing
from market.db.session import db
from market.kernel.permits import CLOCK, Permit, Scope
from market.organisations.actions import choose_route, keep_stripe_account, note_stripe_state
from market.organisations.models import Organisation
from market.organisations.queries import live_bank_account, organisation, stripe_account
from market.people.queries import names, person
from market.web.filters import text
from market.web.guard import attempt, current_actor, found, guard, now

_TONES = {AccountState.PROPOSED: "wait", AccountState.LIVE: "good", AccountState.RETIRED: "neutral"}


@bp.route("/accounts/<int:street_id>", methods=["GET", "POST"])
@guard(Permit.PAYOUT_REQUEST, Permit.PAYOUT_APPROVE)
def street_accounts(street_id: int) -> Any:
    """A street's paying accounts, one for each fund source; whoever enters one does not confirm it."""
    actor = current_actor()
    street = street_or_404(street_id, Permit.PAYOUT_SEE)
    form = AccountForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.propose_account(actor, street, _facts(form), now())
        if tried.ok:
            flash(_("付款账户已登记，请另一人复核后使用。"), "success")
            return redirect(url_for("payouts.street_accounts", street_id=street_id))
        street = street_or_404(street_id, Permit.PAYOUT_SEE)
    rows = queries.street_accounts(street.id)
    held = actor.permits(street.scope)
    page = render_template(
        "contracts/payouts/accounts.html",
        street=street,
        form=form,
        rows=rows,
        people=names({row.proposed_by for row in rows} | {row.confirmed_by for row in rows if row.confirmed_by}),
        moves={row.id: ACCOUNT_MACHINE.verbs_from(row.state, held) for row in rows},
        may_propose=Permit.PAYOUT_REQUEST in held,
        own_id=actor.user_id,
        labels=ACCOUNT_LABELS,
        tones=_TONES,
    )
    return page, status_of(form)


def _facts(form: AccountForm) -> AccountFacts:
    return AccountFacts(
        form.source.data,
        form.holder.data or "",
        form.account_no.data or "",
        form.bank_name.data or "",
        form.cnaps.data or "",
    )


@bp.post("/accounts/<int:street_id>/<int:account_id>/<any(confirm, reject, retire):verb>")
@guard(Permit.PAYOUT_APPROVE)
def decide_account(street_id: int, account_id: int, verb: str) -> Response:
    """Confirm, reject or retire a paying account."""
    row = found(queries.street_account(account_id), Permit.PAYOUT_APPROVE)
    if verb == AccountVerb.RETIRE:
        actions.retire_account(current_actor(), row.id, now())
        flash(_("付款账户已停用。"), "success")
    else:
        actions.decide_account(current_actor(), row.id, AccountVerb(verb), now())
        flash(_("付款账户已复核。"), "success")
    return redirect(url_for("payouts.street_accounts", street_id=row.street_id))


# --- an organisation's route ------------------------------------------------------------------------------------------


def _organisation(organisation_id: int) -> Organisation:
    return found(organisation(organisation_id), Permit.PAYOUT_SEE, Scope(organisation_id=organisation_id))


@bp.get("/route")
@guard(Permit.PAYOUT_ACCOUNT)
def own_route() -> Response:
    """To the page of the first organisation whose payouts this person looks after."""
    ids = [g.organisation_id for g in current_actor().scopes(Permit.PAYOUT_ACCOUNT) if g.organisation_id is not None]
    return redirect(url_for("payouts.route", organisation_id=found(ids[0] if ids else None)))


@bp.route("/route/<int:organisation_id>", methods=["GET", "POST"])
@guard(Permit.PAYOUT_ACCOUNT)
def route(organisation_id: int) -> Any:
    """How an organisation is paid: its bank account, and a Stripe account where it holds one."""
    row = _organisation(organisation_id)
    connected = stripe_account(row.id)
    wanted = connected is not None and (connected.chosen or connected.asked_by is not None)
    form = RouteForm(route=Route.STRIPE if wanted else Route.BANK)
    if form.validate_on_submit():
        with attempt(form) as tried:
            choose_route(current_actor(), row, form.route.data is Route.STRIPE, now())
        if tried.ok:
            agreed = form.route.data is Route.BANK or (connected is not None and connected.chosen)
            done = _("收款方式已保存，今后的付款按此办理。")
            flash(done if agreed else _("已提出，请机构的另一人复核；复核前仍由银行账户收款。"), "success")
            return redirect(url_for("payouts.route", organisation_id=organisation_id))
        row, connected = _organisation(organisation_id), stripe_account(organisation_id)
    page = render_template(
        "contracts/payouts/route.html",
        row=row,
        form=form,
        bank=live_bank_account(row.id),
        connected=connected,
        has_stripe=installed.has_stripe(),
    )
    return page, status_of(form)


@bp.post("/route/<int:organisation_id>/stripe")
@guard(Permit.PAYOUT_ACCOUNT)
def open_stripe(organisation_id: int) -> Any:
    """Open an account at Stripe (once) and show the link where the organisation completes it.

    Stripe is asked while no transaction is open; the account's key makes a repeat harmless.
    """
    begin_reading(db.session())
    wish, known = _wish(_organisation(organisation_id)), stripe_account(organisation_id)
    account = known.account if known else None
    begin_writing(db.session)
    try:
        account = account or installed.stripe().create_account(**wish).account_id
        link = installed.stripe().onboarding_link(account, **_ways_back(organisation_id))
    except ProviderError as error:
        return _not_reached(organisation_id, error)
    row = _organisation(organisation_id)
    keep_stripe_account(current_actor(), row, account, now())
    return render_template("contracts/payouts/stripe_link.html", row=row, link=link)


def _wish(row: Organisation) -> dict[str, str]:
    """What an account at Stripe is opened with, as plain values: they outlive the read."""
    applicant = found(person(current_actor().user_id or 0))
    return {
        "name": row.name,
        "uscc": row.uscc or "",
        "email": applicant.email,
        "country": "CN",
        "idempotency_key": f"account-{row.id}",
    }


def _ways_back(organisation_id: int) -> dict[str, str]:
    here = current_app.extensions["linli"].settings.base_url
    return {
        "return_url": here + url_for("payouts.stripe_return", organisation_id=organisation_id),
        "refresh_url": here + url_for("payouts.route", organisation_id=organisation_id),
    }


def _not_reached(organisation_id: int, error: ProviderError) -> Response:
    flash(f"{text(error.reason)} {error.detail}".strip(), "danger")
    return redirect(url_for("payouts.route", organisation_id=organisation_id))


@bp.get("/route/<int:organisation_id>/stripe/return")
@guard(Permit.PAYOUT_ACCOUNT)
def stripe_return(organisation_id: int) -> Any:
    """Where Stripe sends the person back: what the account's standing is now, read from Stripe itself."""
    row = _organisation(organisation_id)
    connected = found(stripe_account(organisation_id))
    standing, trouble = None, None
    try:
        standing = installed.stripe().account(connected.account)
    except ProviderError as error:
        trouble = error
    return render_template("contracts/payouts/stripe_return.html", row=row, standing=standing, trouble=trouble)


@bp.post("/route/<int:organisation_id>/stripe/refresh")
@guard(Permit.PAYOUT_ACCOUNT)
def stripe_refresh(organisation_id: int) -> Any:
    """Write down the account's standing as Stripe tells it now; the webhook may come later or never."""
    begin_reading(db.session())
    account = found(stripe_account(_organisation(organisation_id).id)).account
    begin_writing(db.session)
    try:
        standing = installed.stripe().account(account)
    except ProviderError as error:
        return _not_reached(organisation_id, error)
    note_stripe_state(found(stripe_account(organisation_id)), standing.ready, CLOCK, now())
    flash(_("已更新 Stripe 账户状态。"), "success")
    return redirect(url_for("payouts.route", organisation_id=organisation_id))
