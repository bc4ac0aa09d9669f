"""Colleagues' accounts: opened by the organisation, their identity confirmed by the registrar's district."""

from __future__ import annotations

import secrets
from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from market.kernel.clock import system_now
from market.kernel.permits import ROLE_LABELS, Permit, Role, Scope
from market.organisations import actions, queries
from market.organisations.forms import AddressForm, MemberForm
from market.organisations.models import Organisation
from market.organisations.views.door import bp
from market.people.actions import close_account, confirm_identity, hash_password, reopen_account
from market.people.mail import send_invitation
from market.people.models import User
from market.people.queries import members, sealing_keys, was_here
from market.web.guard import attempt, before_writing, current_actor, found, guard


@bp.route("/<int:organisation_id>/members", methods=["GET", "POST"])
@guard(Permit.MEMBERS_MANAGE)
def people(organisation_id: int) -> Any:
    """Colleagues and their roles; a new one sets the password with a link that nobody else sees.

    The demonstration sends no mail and shows the link.
    """
    row = found(queries.organisation(organisation_id), Permit.MEMBERS_MANAGE, Scope(organisation_id=organisation_id))
    form = MemberForm()
    if form.validate_on_submit():
        hashed = before_writing(lambda: hash_password(secrets.token_urlsafe(24)))
        at = system_now()
        with attempt(form) as tried:
            user, code = actions.add_member(
                current_actor(),
                row,
                form.login.data or "",
                form.name.data or "",
                form.email.data or "",
                form.role.data,
                at,
                hashed,
            )
            link = _send_link(user, code)
        if tried.ok:
            return render_template("market/organisations/invited.html", row=row, person=user, link=link)
    page = render_template(
        "market/organisations/people.html",
        form=form,
        row=row,
        people=_team(row, closed=True),
    )
    return page, 422 if form.errors else 200


def _send_link(user: User, code: str) -> str | None:
    """Mail somebody the link that sets the password; returned where no mail is sent, in the demonstration."""
    settings = current_app.extensions["linli"].settings
    link = str(settings.base_url + url_for("people.reset", code=code))
    send_invitation(user, link, system_now())
    return link if settings.is_demonstration else None


def _team(row: Organisation, *, closed: bool = False) -> list[tuple[User, list[str]]]:
    """People of an organisation, each with the names of the roles held there."""
    return [(user, _roles_in(row, user)) for user in members(row.id, closed=closed)]


def _roles_in(row: Organisation, user: User) -> list[str]:
    return [ROLE_LABELS[Role(g.role)] for g in user.grants if g.organisation_id == row.id and g.revoked_at is None]


@bp.route("/<int:organisation_id>/members/<int:user_id>", methods=["GET", "POST"])
@guard(Permit.MEMBERS_MANAGE)
def colleague(organisation_id: int, user_id: int) -> Any:
    """One colleague's account: the address as long as nobody has used the account, closing it, opening it again."""
    row, user = _colleague(organisation_id, user_id)
    form = AddressForm(data={"email": user.email})
    if form.validate_on_submit():
        with attempt(form) as tried:
            code = actions.correct_member_address(current_actor(), row, user, form.email.data or "", system_now())
            link = _send_link(user, code)
        if tried.ok:
            return render_template("market/organisations/invited.html", row=row, person=user, link=link, again=True)
        row, user = _colleague(organisation_id, user_id)
    page = render_template(
        "market/organisations/colleague.html",
        row=row,
        person=user,
        roles=_roles_in(row, user),
        form=form,
        was_here=was_here(user.id),
        oneself=user.id == current_actor().user_id,
    )
    return page, 422 if form.errors else 200


@bp.post("/<int:organisation_id>/members/<int:user_id>/<verb>")
@guard(Permit.MEMBERS_MANAGE)
def switch_colleague(organisation_id: int, user_id: int, verb: str) -> Any:
    """Close a colleague's account, or open it again."""
    row, user = _colleague(organisation_id, user_id)
    act = found({"close": close_account, "reopen": reopen_account}.get(verb))
    act(current_actor(), user, system_now())
    flash(_("账号已恢复。") if user.active else _("账号已停用，所有设备都已退出。"), "success")
    return redirect(url_for("organisations.colleague", organisation_id=row.id, user_id=user.id))


def _colleague(organisation_id: int, user_id: int) -> tuple[Organisation, User]:
    """An organisation that this person manages, and somebody of it; 404 otherwise."""
    row = found(queries.organisation(organisation_id), Permit.MEMBERS_MANAGE, Scope(organisation_id=organisation_id))
    return row, found(next((one for one in members(row.id, closed=True) if one.id == user_id), None))


@bp.get("/<int:organisation_id>/identities")
@guard(Permit.CERTIFICATE_ISSUE)
def identities(organisation_id: int) -> Any:
    """For the registrar's district: whose identity to confirm before keys are made."""
    row = _registered_here(organisation_id)
    team = _team(row)
    return render_template(
        "market/organisations/identities.html", row=row, people=team, keys=sealing_keys(u.id for u, _roles in team)
    )


@bp.post("/<int:organisation_id>/identities/<int:user_id>")
@guard(Permit.CERTIFICATE_ISSUE)
def identity(organisation_id: int, user_id: int) -> Any:
    """Confirm who somebody is; the code is shown once."""
    row = _registered_here(organisation_id)
    user = found(next((u for u in members(row.id) if u.id == user_id), None))
    code = confirm_identity(current_actor(), user, Scope(row.registrar_district_id), system_now())
    return render_template("market/organisations/identity.html", row=row, person=user, code=code)


def _registered_here(organisation_id: int) -> Organisation:
    """An organisation whose registrar is this officer's district; 404 otherwise."""
    row = found(queries.organisation(organisation_id))
    return found(row, Permit.CERTIFICATE_ISSUE, Scope(row.registrar_district_id))
