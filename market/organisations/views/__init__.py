"""Registration by anybody, confirmation by the district, bank account and members by the organisation."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from market.kernel.categories import CATEGORY_LABELS
from market.kernel.clock import beijing_day, system_now
from market.kernel.permits import Permit, Scope, allowed
from market.kernel.uscc import ProviderType
from market.organisations import actions, queries
from market.organisations.actions import OrganisationFacts
from market.organisations.forms import BankForm, BarForm, FactsForm, ReasonForm, RegisterForm
from market.organisations.models import Organisation
from market.organisations.rules import edit_bar
from market.organisations.states import (
    BANK_LABELS,
    GRADE_NAMES,
    ORGANISATION_LABELS,
    ORGANISATION_MACHINE,
    STAR_LABELS,
    BankState,
    BankVerb,
    OrganisationVerb,
    RatingState,
)
from market.organisations.views import colleagues, rating
from market.organisations.views.door import bp
from market.people.actions import begin_session, check_login_free, create_user, hash_password
from market.places.queries import districts
from market.records.audit import history
from market.web.guard import actor_or_none, attempt, before_writing, current_actor, found, guard, now, public

__all__ = ["bp", "colleagues", "rating"]


def _facts(form: Any) -> OrganisationFacts:
    provider_type: ProviderType = form.provider_type.data
    return OrganisationFacts(
        name=form.name.data,
        provider_type=provider_type,
        uscc=form.uscc.data or None,
        legal_representative=form.legal_representative.data,
        registered_on=form.registered_on.data,
        address=form.address.data,
        contact_name=form.contact_name.data,
        contact_phone=form.contact_phone.data,
        service_fields=tuple(c.value for c in form.service_fields.data),
        introduction=form.introduction.data or "",
        is_small=bool(form.is_small.data),
    )


def _seen(organisation_id: int) -> Organisation:
    """Return an organisation this person belongs to or checks; 404 otherwise."""
    row = found(queries.organisation(organisation_id))
    actor = current_actor()
    own = any(g.organisation_id == row.id for g in actor.grants)
    if not own and not allowed(actor, Permit.ORGANISATION_CONFIRM, Scope(row.registrar_district_id)):
        found(None)
    return row


@bp.route("/register", methods=["GET", "POST"])
@public("organisations register themselves")
def register() -> Any:
    """Register an organisation; somebody without an account gets one in the same step."""
    form = RegisterForm()
    form.district.choices = [(d.id, d.full_name) for d in districts()]
    actor = actor_or_none()
    if actor:
        for name in ("person_name", "login", "email", "password"):
            delattr(form, name)
    if form.validate_on_submit() and (actor or _free(form)):
        hashed = None if actor else before_writing(lambda: hash_password(form.password.data or ""))
        with attempt(form) as tried:
            at = now()
            if actor is None:
                user = create_user(
                    None, form.login.data, form.person_name.data, form.email.data, form.password.data, at, hashed=hashed
                )
                who = user.actor()
                agent, address = request.user_agent.string, request.remote_addr or ""
                session["token"] = begin_session(user, agent, address, system_now())
            else:
                who = actor
            row = actions.register(who, form.district.data, _facts(form), at)
        if tried.ok:
            flash(_("机构已登记。请核对后提交区民政确认；确认之前就可以开始准备投标。"), "success")
            return redirect(url_for("organisations.show", organisation_id=row.id))
        if actor is None:
            session.pop("token", None)
    return render_template(
        "market/organisations/register.html", form=form, actor_known=actor
    ), 422 if form.errors else 200


def _free(form: RegisterForm) -> bool:
    """Whether nobody has login and code yet, said of both in one round; the actions ask again."""
    for check in (
        lambda: check_login_free(form.login.data or ""),
        lambda: actions.check_code_free(form.uscc.data or None),
    ):
        with attempt(form):
            check()
    return not form.errors


@bp.get("")
@guard(Permit.ORGANISATION_EDIT, Permit.BID_DRAFT, Permit.ORGANISATION_CONFIRM)
def index() -> Any:
    """Own organisations, and for the district the registrations that wait."""
    actor = current_actor()
    confirming = [g.district_id for g in actor.scopes(Permit.ORGANISATION_CONFIRM) if g.district_id is not None]
    return render_template(
        "market/organisations/index.html",
        mine=queries.mine(actor),
        waiting=queries.to_confirm(confirming),
        confirms=bool(confirming),
        states=ORGANISATION_LABELS,
    )


@bp.get("/<int:organisation_id>")
@guard(Permit.ORGANISATION_EDIT, Permit.BID_DRAFT, Permit.ORGANISATION_CONFIRM)
def show(organisation_id: int) -> Any:
    """One organisation: facts, next step, history."""
    row = _seen(organisation_id)
    verbs = ORGANISATION_MACHINE.verbs_from(row.state, current_actor().permits(row.subject.scope))
    edits = allowed(current_actor(), Permit.ORGANISATION_EDIT, Scope(organisation_id=row.id))
    return render_template(
        "market/organisations/show.html",
        row=row,
        shown=actions.facts_mark(row),
        type_label=ProviderType(row.provider_type).label,
        verbs={m.verb.value for m in verbs},
        states=ORGANISATION_LABELS,
        categories=CATEGORY_LABELS,
        history=history("organisation", row.id)[-20:],
        accounts={one.state for one in queries.bank_accounts(row.id)},
        edits=edits and not edit_bar(row.state),
        locked=edit_bar(row.state) if edits else None,
        own=any(g.organisation_id == row.id for g in current_actor().grants),
        identifies=allowed(current_actor(), Permit.CERTIFICATE_ISSUE, Scope(row.registrar_district_id)),
        rates=row.confirmed_at is not None and allowed(current_actor(), Permit.RATING_ENTER, row.subject.scope),
        ratings=[one for one in queries.ratings_of(row.id) if one.state == RatingState.STANDING],
        rating_names={"grade": GRADE_NAMES, "stars": STAR_LABELS},
        reason_form=ReasonForm(),
    )


@bp.route("/<int:organisation_id>/edit", methods=["GET", "POST"])
@guard(Permit.ORGANISATION_EDIT)
def edit(organisation_id: int) -> Any:
    """Change the facts."""
    row = found(queries.organisation(organisation_id), Permit.ORGANISATION_EDIT, Scope(organisation_id=organisation_id))
    if request.method == "GET" and edit_bar(row.state):
        return redirect(url_for("organisations.show", organisation_id=row.id))
    form = FactsForm(data=_form_data(row))
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.save_facts(current_actor(), row, _facts(form), now())
        if tried.ok:
            flash(_("已保存。"), "success")
            return redirect(url_for("organisations.show", organisation_id=row.id))
    return render_template("market/organisations/edit.html", form=form, row=row), 422 if form.errors else 200


def _form_data(row: Organisation) -> dict[str, Any]:
    data = {name: getattr(row, name) for name in OrganisationFacts.__dataclass_fields__}
    data["provider_type"] = ProviderType(row.provider_type)
    data["service_fields"] = [c for c in CATEGORY_LABELS if c.value in row.service_fields.split(",")]
    return data


@bp.post("/<int:organisation_id>/submit")
@guard(Permit.ORGANISATION_EDIT)
def submit(organisation_id: int) -> Any:
    """Hand the registration to the district."""
    row = found(queries.organisation(organisation_id), Permit.ORGANISATION_EDIT, Scope(organisation_id=organisation_id))
    actions.submit(current_actor(), row, now(), seen=request.form.get("seen", ""))
    flash(_("已提交区民政确认。"), "success")
    return redirect(url_for("organisations.show", organisation_id=row.id))


@bp.post("/<int:organisation_id>/confirm")
@guard(Permit.ORGANISATION_CONFIRM)
def confirm(organisation_id: int) -> Any:
    """Confirm a registration."""
    row = found(queries.organisation(organisation_id), Permit.ORGANISATION_CONFIRM)
    actions.confirm(current_actor(), row, now(), seen=request.form.get("seen", ""))
    flash(_("已确认“%(name)s”的登记。", name=row.name), "success")
    return redirect(url_for("organisations.index"))


@bp.post("/<int:organisation_id>/return")
@guard(Permit.ORGANISATION_CONFIRM)
def send_back(organisation_id: int) -> Any:
    """Return a registration with a reason."""
    row = found(queries.organisation(organisation_id), Permit.ORGANISATION_CONFIRM)
    form = ReasonForm()
    if form.validate_on_submit():
        actions.send_back(current_actor(), row, form.reason.data or "", now())
        flash(_("已退回“%(name)s”的登记。", name=row.name), "success")
        return redirect(url_for("organisations.index"))
    return _show_again(row, form)


def _show_again(row: Organisation, form: ReasonForm) -> Any:
    verbs = {OrganisationVerb.RETURN.value, OrganisationVerb.CONFIRM.value}
    page = render_template(
        "market/organisations/show.html",
        row=row,
        shown=actions.facts_mark(row),
        type_label=ProviderType(row.provider_type).label,
        verbs=verbs,
        states=ORGANISATION_LABELS,
        categories=CATEGORY_LABELS,
        history=[],
        accounts=set(),
        edits=False,
        locked=None,
        own=False,
        identifies=False,
        rates=False,
        ratings=[],
        reason_form=form,
        form=form,
    )
    return page, 422


@bp.route("/<int:organisation_id>/bar", methods=["GET", "POST"])
@guard(Permit.ORGANISATION_CONFIRM)
def bar(organisation_id: int) -> Any:
    """Bar an organisation from purchases."""
    row = found(queries.organisation(organisation_id), Permit.ORGANISATION_CONFIRM)
    form = BarForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            until = form.until.data or beijing_day(now())
            actions.bar(current_actor(), row, until, form.reason.data or "", now())
        if tried.ok:
            flash(_("已登记禁止参加采购，并已公布。"), "success")
            return redirect(url_for("organisations.show", organisation_id=row.id))
    return render_template("market/organisations/bar.html", form=form, row=row), 422 if form.errors else 200


@bp.post("/<int:organisation_id>/readmit")
@guard(Permit.ORGANISATION_CONFIRM)
def readmit(organisation_id: int) -> Any:
    """End a bar."""
    row = found(queries.organisation(organisation_id), Permit.ORGANISATION_CONFIRM)
    actions.readmit(current_actor(), row, now())
    flash(_("已恢复资格，并已公布。"), "success")
    return redirect(url_for("organisations.show", organisation_id=row.id))


@bp.route("/<int:organisation_id>/bank", methods=["GET", "POST"])
@guard(Permit.BANK_PROPOSE, Permit.BANK_CONFIRM)
def bank(organisation_id: int) -> Any:
    """The payout account: one person proposes, another confirms."""
    row = found(queries.organisation(organisation_id))
    permits = current_actor().permits(Scope(organisation_id=row.id))
    if not permits & {Permit.BANK_PROPOSE, Permit.BANK_CONFIRM}:
        found(None)
    form = BankForm(data={"holder": row.name})
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.propose_bank(
                current_actor(),
                row,
                form.holder.data or "",
                form.account_no.data or "",
                form.bank_name.data or "",
                form.cnaps.data or "",
                now(),
            )
        if tried.ok:
            flash(_("已提出收款账户，请由机构的另一人复核。"), "success")
            return redirect(url_for("organisations.bank", organisation_id=row.id))
    page = render_template(
        "market/organisations/bank.html",
        form=form,
        row=row,
        accounts=queries.bank_accounts(row.id),
        connected=queries.stripe_account(row.id),
        states=BANK_LABELS,
        proposes=Permit.BANK_PROPOSE in permits,
        confirms=Permit.BANK_CONFIRM in permits,
    )
    return page, 422 if form.errors else 200


@bp.post("/<int:organisation_id>/bank/<int:account_id>/<verb>")
@guard(Permit.BANK_CONFIRM)
def decide_bank(organisation_id: int, account_id: int, verb: str) -> Any:
    """Confirm or reject as the second person."""
    rows = {a.id: a for a in queries.bank_accounts(organisation_id)}
    row = found(rows.get(account_id), Permit.BANK_CONFIRM)
    if verb not in {BankVerb.CONFIRM.value, BankVerb.REJECT.value}:
        found(None)
    actions.decide_bank(current_actor(), row, BankVerb(verb), now())
    flash(_("收款账户已启用。") if row.state == BankState.LIVE else _("已否决这一收款账户。"), "success")
    return redirect(url_for("organisations.bank", organisation_id=organisation_id))


@bp.post("/<int:organisation_id>/route/<any(confirm, reject):verb>")
@guard(Permit.BANK_CONFIRM)
def decide_route(organisation_id: int, verb: str) -> Any:
    """Agree to a Stripe account as the second person, or turn it down."""
    row = found(queries.organisation(organisation_id), Permit.BANK_CONFIRM, Scope(organisation_id=organisation_id))
    actions.decide_route(current_actor(), row, verb == "confirm", now())
    flash(_("今后由 Stripe 账户收款。") if verb == "confirm" else _("已否决，仍由银行账户收款。"), "success")
    return redirect(url_for("organisations.bank", organisation_id=organisation_id))
