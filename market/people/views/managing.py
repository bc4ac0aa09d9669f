"""Accounts of a district and its streets: opening them, giving and taking roles, confirming identities."""

from __future__ import annotations

import secrets
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.kernel.clock import system_now
from market.kernel.errors import Refused
from market.kernel.permits import ROLE_LABELS, Actor, Grant, Permit, Role, Scope, allowed
from market.people import actions, queries
from market.people.forms import AccountForm, GrantForm
from market.people.mail import send_invitation
from market.people.models import RoleGrant, User
from market.people.rules import grantable, misplaced
from market.people.views.door import bp, status
from market.places.queries import districts, streets_in
from market.web.guard import attempt, before_writing, current_actor, found, guard

_PAGE = 30
_EVERYWHERE = "all"


def _reach(actor: Actor) -> list[int] | None:
    """The districts whose people this actor manages; None for all."""
    grants = actor.scopes(Permit.PEOPLE_MANAGE)
    if any(g.district_id is None for g in grants):
        return None
    return sorted({g.district_id for g in grants if g.district_id is not None})


def _places(actor: Actor) -> list[tuple[str, str]]:
    """Where roles can be given: everywhere (operators), districts, streets."""
    reach = _reach(actor)
    own = [d for d in districts() if reach is None or d.id in reach]
    offers = [(_EVERYWHERE, _("全平台"))] if reach is None else []
    names = {d.id: d.name for d in own}
    offers += [(f"district-{d.id}", d.full_name) for d in own]
    streets = streets_in([Scope(d.id) for d in own]) if own else []
    return offers + [(f"street-{s.district_id}-{s.id}", f"{names[s.district_id]} {s.name}") for s in streets]


def _scope(place: str) -> Scope:
    kind, *ids = place.split("-")
    return Scope() if kind == _EVERYWHERE else Scope(*(int(i) for i in ids))


def _managed(user_id: int) -> User:
    """A person with at least one role within reach; 404 otherwise."""
    user = found(queries.person(user_id))
    if _reach(current_actor()) is not None and not any(_mine(row) for row in user.grants):
        found(None)
    return user


def _mine(row: RoleGrant) -> bool:
    """Whether this actor may take the role back."""
    held = Grant(Role(row.role), row.district_id, row.street_id, row.organisation_id)
    return row.revoked_at is None and grantable(current_actor(), held)


@bp.get("/people")
@guard(Permit.PEOPLE_MANAGE)
def people() -> Any:
    """People with a role within reach, newest first, page by key."""
    before = request.args.get("before", type=int)
    rows = queries.people_in(_reach(current_actor()), before, _PAGE + 1)
    shown = rows[:_PAGE]
    grants = [g for user in shown for g in user.grants if g.revoked_at is None]
    return render_template(
        "market/people/people.html",
        rows=[(user, [g for g in user.grants if g.revoked_at is None]) for user in shown],
        places=queries.scope_names(grants),
        role_labels=ROLE_LABELS,
        more=url_for("people.people", before=shown[-1].id) if len(rows) > _PAGE else None,
    )


@bp.route("/people/new", methods=["GET", "POST"])
@guard(Permit.PEOPLE_MANAGE)
def new_person() -> Any:
    """Open an account with one role; a one-time link for the password goes to the person."""
    form = AccountForm()
    form.place.choices = _places(current_actor())
    if form.validate_on_submit():
        hashed = before_writing(lambda: actions.hash_password(secrets.token_urlsafe(24)))
        at = system_now()
        with attempt(form) as tried:
            user, code = actions.invite(
                current_actor(),
                form.login.data or "",
                form.name.data or "",
                form.email.data or "",
                form.role.data,
                _scope(form.place.data),
                at,
                hashed,
            )
            link = _send_link(user, code)
        if tried.ok:
            return render_template("market/people/invited.html", person=user, link=link)
    return render_template("market/people/person_new.html", form=form), status(form)


def _send_link(user: User, code: str) -> str:
    link = str(current_app.extensions["linli"].settings.base_url + url_for("people.reset", code=code))
    send_invitation(user, link, system_now())
    return link


@bp.route("/people/<int:user_id>", methods=["GET", "POST"])
@guard(Permit.PEOPLE_MANAGE)
def person(user_id: int) -> Any:
    """One person: roles to give and take, identity to confirm, account to close."""
    form = GrantForm()
    form.place.choices = _places(current_actor())
    if form.validate_on_submit():
        scope = _scope(form.place.data)
        with attempt(form) as tried:
            _managed(user_id)
            if trouble := misplaced(form.role.data, scope):
                raise Refused(trouble, field="place")
            actions.grant(current_actor(), user_id, form.role.data, scope, system_now())
        if tried.ok:
            flash(_("角色已授予。"), "success")
            return redirect(url_for("people.person", user_id=user_id))
    return _person_page(_managed(user_id), form), status(form)


def _person_page(user: User, form: GrantForm) -> str:
    live = [g for g in user.grants if g.revoked_at is None]
    return render_template(
        "market/people/person.html",
        person=user,
        grants=[(g, _mine(g)) for g in live],
        places=queries.scope_names(live),
        role_labels=ROLE_LABELS,
        key=queries.sealing_keys([user.id]).get(user.id),
        certificate=queries.certificate_of(user.id),
        confirms=user.id != current_actor().user_id and _identity_scope(user) is not None,
        closes=user.id != current_actor().user_id and all(_mine(g) for g in live),
        form=form,
    )


def _identity_scope(user: User) -> Scope | None:
    """Where this actor may confirm the person's identity."""
    scopes = [Scope(g.district_id, g.street_id, g.organisation_id) for g in user.grants if g.revoked_at is None]
    return next((s for s in scopes if allowed(current_actor(), Permit.CERTIFICATE_ISSUE, s)), None)


@bp.post("/people/<int:user_id>/grants/<int:grant_id>/revoke")
@guard(Permit.PEOPLE_MANAGE)
def revoke(user_id: int, grant_id: int) -> Any:
    """Take a role back."""
    user = _managed(user_id)
    row = found(next((g for g in user.grants if g.id == grant_id and g.revoked_at is None), None))
    actions.revoke(current_actor(), row, system_now())
    flash(_("角色已收回。"), "success")
    return redirect(url_for("people.people"))


@bp.post("/people/<int:user_id>/identity")
@guard(Permit.CERTIFICATE_ISSUE)
def confirm_identity(user_id: int) -> Any:
    """Confirm who somebody is; the code is shown once."""
    user = _managed(user_id)
    code = actions.confirm_identity(current_actor(), user, found(_identity_scope(user)), system_now())
    return render_template("market/people/identity.html", person=user, code=code)


@bp.post("/people/<int:user_id>/link")
@guard(Permit.PEOPLE_MANAGE)
def send_link(user_id: int) -> Any:
    """Send a new one-time link for the password."""
    user = _managed(user_id)
    link = _send_link(user, actions.new_password_link(user, system_now(), actions.INVITATION_LIFE))
    return render_template("market/people/invited.html", person=user, link=link)


@bp.post("/people/<int:user_id>/<verb>")
@guard(Permit.PEOPLE_MANAGE)
def switch(user_id: int, verb: str) -> Any:
    """Close or open an account."""
    user = _managed(user_id)
    act = found({"close": actions.close_account, "reopen": actions.reopen_account}.get(verb))
    act(current_actor(), user, system_now())
    flash(_("账号已恢复。") if user.active else _("账号已停用，所有设备都已退出。"), "success")
    return redirect(url_for("people.person", user_id=user_id))
