"""Sign-in, desk, inbox, own account and keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyotp
import segno
from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from sqlalchemy import select, update

from market.db.engine import begin_reading, begin_writing
from market.db.session import commit, db, rollback
from market.kernel.clock import system_now
from market.kernel.errors import DomainError, Refused
from market.kernel.permits import ROLE_LABELS, Permit
from market.people import actions, queries
from market.people.forms import CodeForm, ForgottenForm, KeysForm, NewPasswordForm, SignInForm
from market.people.models import User, UserSession
from market.records import codes
from market.records.messages import post_mail
from market.records.models import Message
from market.web.fields import show_refusal
from market.web.guard import actor_or_none, attempt, current_actor, found, guard, now, public

bp = Blueprint("people", __name__)
_PENDING_LIFE = timedelta(minutes=10)
_RESET_LIFE = timedelta(hours=2)
_PAGE = 30


def _address() -> str:
    return request.remote_addr or ""


def _target() -> str:
    target = request.values.get("next", "")
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else url_for("people.desk")


@bp.route("/sign-in", methods=["GET", "POST"])
@public("everyone signs in here")
def sign_in() -> Any:
    """Login and password; the second factor follows."""
    form = SignInForm()
    if actor_or_none() and request.method == "GET":
        return redirect(_target())
    if form.validate_on_submit():
        try:
            user = _checked_password(form)
        except DomainError as error:
            show_refusal(form, error)
        else:
            if user.totp_secret:
                session["pending"] = [user.id, system_now().isoformat()]
                return redirect(url_for("people.second_factor", next=request.values.get("next", "")))
            return _let_in(user)
    return render_template("market/people/sign_in.html", form=form, next=request.values.get("next", "")), _status(form)


def _status(form: Any) -> int:
    return 422 if form.errors else 200


def _checked_password(form: SignInForm) -> User:
    """Check outside the write lock, because hashing is slow; write a failure down at once."""
    at = system_now()
    rollback()
    begin_reading(db.session())
    try:
        user = actions.check_password(form.login.data or "", form.password.data or "", _address(), at)
    except Refused as error:
        begin_writing(db.session())
        if error.field == "password":
            actions.note_failure(form.login.data or "", _address(), at)
        commit()
        raise
    begin_writing(db.session())
    return user


def _let_in(user: User) -> Any:
    at = system_now()
    actions.forget_failures(user.login)
    token = actions.begin_session(user, request.user_agent.string, _address(), at)
    target = _target()
    session.clear()
    session["token"] = token
    return redirect(target)


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public("second step of the sign-in")
def second_factor() -> Any:
    """The second factor. In the demonstration the page shows the current code."""
    user = _pending_person()
    if user is None:
        flash(_("登录已超时，请重新输入密码。"), "warning")
        return redirect(url_for("people.sign_in", next=request.values.get("next", "")))
    form = CodeForm()
    if form.validate_on_submit():
        tried_code = form.code.data or ""
        with attempt(form) as tried:
            _throttled_code(user, tried_code)
        if tried.ok:
            return _let_in(user)
        actions.note_failure(user.login, _address(), system_now())
    shown = None
    if current_app.extensions["linli"].settings.is_demonstration:
        shown = pyotp.TOTP(actions.totp_secret(user) or "").at(system_now())
    page = render_template(
        "market/people/second_factor.html", form=form, shown=shown, next=request.values.get("next", "")
    )
    return page, _status(form)


def _throttled_code(user: User, code: str) -> None:
    at = system_now()
    actions.check_throttle(user.login, _address(), at)
    actions.check_totp(user, code, at)


def _pending_person() -> User | None:
    pending = session.get("pending")
    if not pending:
        return None
    if system_now() - datetime.fromisoformat(pending[1]) > _PENDING_LIFE:
        return None
    return queries.person(pending[0])


@bp.route("/sign-out", methods=["POST"])
@public("signing out must always work")
def sign_out() -> Any:
    """End this session."""
    if token := session.get("token"):
        actions.end_session(token, system_now())
    session.clear()
    flash(_("您已退出。"), "success")
    return redirect("/")


@bp.route("/forgotten", methods=["GET", "POST"])
@public("people who forgot their password cannot sign in")
def forgotten() -> Any:
    """Ask for a one-time link; the answer is the same whether the login exists or not."""
    form = ForgottenForm()
    if form.validate_on_submit():
        at = system_now()
        user = db.session.scalar(select(User).filter_by(login=(form.login.data or "").strip().lower(), active=True))
        if user is not None:
            code = codes.new_code("reset", ("user", user.id), at + _RESET_LIFE, length=24)
            link = current_app.extensions["linli"].settings.base_url + url_for("people.reset", code=code)
            post_mail(
                user.email,
                "重设邻里购密码",  # zh-only
                f"{user.name}，您好：\n\n请在两小时内打开以下链接，并按下页面上的按钮重设密码：\n{link}\n\n"  # zh-only
                "如果不是您本人申请，请忽略此邮件，密码不会改变。\n",  # zh-only
                at,
            )
        return render_template("market/people/forgotten_sent.html")
    return render_template("market/people/forgotten.html", form=form), _status(form)


@bp.route("/reset/<code>", methods=["GET", "POST"])
@public("the link in the reset mail")
def reset(code: str) -> Any:
    """Set a new password with a one-time link. Opening the link changes nothing; only the button does."""
    at = system_now()
    row = codes.look_up("reset", code, at)
    user = found(queries.person(row.subject_id))
    form = NewPasswordForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.set_password(user, form.password.data or "", at)
            codes.use(row, at)
        if tried.ok:
            flash(_("密码已更改，请用新密码登录。其他设备上的登录都已退出；密钥口令没有变化。"), "success")
            return redirect(url_for("people.sign_in"))
    return render_template("market/people/reset.html", form=form, person=user), _status(form)


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
    user = found(queries.person(current_actor().user_id or 0))
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.set_password(user, form.password.data or "", system_now())
        if tried.ok:
            session.clear()
            flash(_("密码已更改，请用新密码登录。"), "success")
            return redirect(url_for("people.sign_in"))
    return render_template("market/people/reset.html", form=form, person=user), _status(form)


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
    return page, _status(form)


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
    """Make the own keys under a passphrase: for opening bids and for signing."""
    user_id = current_actor().user_id or 0
    form = KeysForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.make_keys(user_id, form.passphrase.data or "", None, system_now())
        if tried.ok:
            flash(_("密钥和签名证书已生成。请牢记口令，系统不保存口令。"), "success")
            return redirect(url_for("people.account"))
    key = queries.sealing_keys([user_id]).get(user_id)
    return render_template("market/people/keys.html", form=form, key=key), _status(form)
