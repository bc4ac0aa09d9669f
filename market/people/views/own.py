"""The own desk, inbox, account and keys."""

from __future__ import annotations

from typing import Any

import pyotp
import segno
from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from sqlalchemy import select, update

from market.db.session import db
from market.kernel.clock import system_now
from market.kernel.permits import ROLE_LABELS, Permit
from market.people import actions, queries
from market.people.forms import CodeForm, KeysForm, NewPasswordForm
from market.people.models import UserSession
from market.people.views.door import bp, status
from market.records.models import Message
from market.web.guard import attempt, before_writing, current_actor, found, guard, now

_PAGE = 30


@bp.get("/desk")
@guard(Permit.DESK_SEE)
def desk() -> Any:
    """工作台: everything that waits for this person, with due dates."""
    linli = current_app.extensions["linli"]
    waiting = linli.waiting(current_actor(), now())
    unread = list(
        db.session.scalars(
            select(Message)
            .where(Message.user_id == current_actor().user_id, Message.read_at.is_(None))
            .order_by(Message.id.desc())
            .limit(5)
        )
    )
    return render_template("market/people/desk.html", waiting=waiting, unread=unread)


@bp.get("/inbox")
@guard(Permit.DESK_SEE)
def inbox() -> Any:
    """Messages, newest first, page by key."""
    before = request.args.get("before", type=int)
    query = select(Message).where(Message.user_id == current_actor().user_id).order_by(Message.id.desc())
    if before:
        query = query.where(Message.id < before)
    rows = list(db.session.scalars(query.limit(_PAGE + 1)))
    more = url_for("people.inbox", before=rows[_PAGE - 1].id) if len(rows) > _PAGE else None
    return render_template("market/people/inbox.html", rows=rows[:_PAGE], more=more)


@bp.post("/inbox/<int:message_id>")
@guard(Permit.DESK_SEE)
def open_message(message_id: int) -> Any:
    """Mark one message as read and go to what it is about."""
    row = found(db.session.scalar(select(Message).filter_by(id=message_id, user_id=current_actor().user_id)))
    row.read_at = row.read_at or now()
    return redirect(row.url)


@bp.post("/inbox/read")
@guard(Permit.DESK_SEE)
def read_all() -> Any:
    """Mark everything as read."""
    db.session.execute(
        update(Message)
        .where(Message.user_id == current_actor().user_id, Message.read_at.is_(None))
        .values(read_at=now())
    )
    flash(_("全部消息已标为已读。"), "success")
    return redirect(url_for("people.inbox"))


@bp.get("/account")
@guard(Permit.DESK_SEE)
def account() -> Any:
    """Own account: roles, second factor, keys, sessions."""
    user = found(queries.person(current_actor().user_id or 0))
    sessions = list(
        db.session.scalars(
            select(UserSession)
            .where(UserSession.user_id == user.id, UserSession.ended_at.is_(None))
            .order_by(UserSession.id.desc())
            .limit(20)
        )
    )
    return render_template(
        "market/people/account.html",
        role_labels=ROLE_LABELS,
        person=user,
        grants=[g for g in user.grants if g.revoked_at is None],
        places=queries.scope_names(user.grants),
        sessions=[s for s in sessions if system_now() - s.created_at <= queries.SESSION_LIFE],
        current=queries.token_digest(session["token"]),
        key=queries.sealing_keys([user.id]).get(user.id),
        certificate=queries.certificate_of(user.id),
        unit=queries.certified_unit(user.id),
    )


@bp.post("/account/sign-out-everywhere")
@guard(Permit.DESK_SEE)
def sign_out_everywhere() -> Any:
    """End all sessions of this person, this one included."""
    actions.end_all_sessions(current_actor().user_id or 0, system_now())
    session.clear()
    flash(_("已在所有设备上退出，请重新登录。"), "success")
    return redirect(url_for("people.sign_in"))


@bp.route("/account/password", methods=["GET", "POST"])
@guard(Permit.DESK_SEE)
def password() -> Any:
    """Change the own password."""
    form = NewPasswordForm()
    sent = form.validate_on_submit()
    hashed = before_writing(lambda: actions.hash_password(form.password.data or "")) if sent else None
    user = found(queries.person(current_actor().user_id or 0))
    if sent:
        with attempt(form) as tried:
            actions.set_password(user, form.password.data or "", system_now(), hashed=hashed)
        if tried.ok:
            session.clear()
            flash(_("密码已更改，请用新密码登录。"), "success")
            return redirect(url_for("people.sign_in"))
    return render_template("market/people/reset.html", form=form, person=user), status(form)


@bp.route("/account/second-factor", methods=["GET", "POST"])
@guard(Permit.DESK_SEE)
def set_second_factor() -> Any:
    """Turn the second factor on: scan, then prove it with one code."""
    user = found(queries.person(current_actor().user_id or 0))
    secret = session.setdefault("new_totp", pyotp.random_base32())
    form = CodeForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.set_totp(user, secret, (form.code.data or "").strip(), system_now())
        if tried.ok:
            session.pop("new_totp")
            flash(_("动态验证码已启用，下次登录时需要输入。"), "success")
            return redirect(url_for("people.account"))
    page = render_template("market/people/second_factor_new.html", form=form, secret=secret)
    return page, status(form)


@bp.get("/account/second-factor.svg")
@guard(Permit.DESK_SEE)
def second_factor_picture() -> Any:
    """The QR code an authenticator scans."""
    user = found(queries.person(current_actor().user_id or 0))
    secret = found(session.get("new_totp"))
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name="Linli")
    picture = (
        segno.make(uri)
        .svg_inline(scale=5, dark="#0b3b3a")
        .replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    )
    return current_app.response_class(picture, mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})


@bp.route("/account/keys", methods=["GET", "POST"])
@guard(Permit.KEY_OWN)
def keys() -> Any:
    """Make the own keys under a passphrase, with the code of the officer who confirmed the identity."""
    user_id = current_actor().user_id or 0
    form, unit = KeysForm(), queries.unit_name(current_actor())
    if form.validate_on_submit():
        passphrase, code, at = form.passphrase.data or "", form.code.data or "", system_now()

        def prepare() -> actions.NewKeys:
            # First what is quick: a wrong code is not worth the slow locking.
            actions.identity_code(user_id, code, at)
            return actions.prepare_keys(passphrase)

        with attempt(form) as tried:
            prepared = before_writing(prepare)
            issuer = actions.redeem_identity(user_id, code, at)
            actions.make_keys(user_id, passphrase, issuer, at, unit, prepared)
        if tried.ok:
            flash(_("密钥和签名证书已生成。请牢记口令，系统不保存口令。"), "success")
            return redirect(url_for("people.account"))
    key = queries.sealing_keys([user_id]).get(user_id)
    return render_template("market/people/keys.html", form=form, key=key, unit=unit), status(form)
