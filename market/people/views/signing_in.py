"""Signing in and out, the second factor, a forgotten password. All instants here are real time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyotp
from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from market.db.session import commit
from market.kernel.clock import system_now
from market.kernel.errors import DomainError, Refused
from market.people import actions, queries
from market.people.forms import CodeForm, ForgottenForm, NewPasswordForm, SignInForm
from market.people.models import User
from market.people.views.door import bp, status
from market.records import codes
from market.records.messages import post_mail
from market.web.fields import show_refusal
from market.web.guard import actor_or_none, attempt, before_writing, found, public

_PENDING_LIFE = timedelta(minutes=10)
_RESET_LIFE = timedelta(hours=2)


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
    return render_template("market/people/sign_in.html", form=form, wanted=request.values.get("next", "")), status(form)


def _checked_password(form: SignInForm) -> User:
    """Check outside the write lock, because hashing is slow; write a failure down at once."""
    at = system_now()
    login, password = form.login.data or "", form.password.data or ""
    try:
        return before_writing(lambda: actions.check_password(login, password, _address(), at))
    except Refused as error:
        if error.field == "password":
            actions.note_failure(login, _address(), at)
        commit()
        raise


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
        "market/people/second_factor.html", form=form, shown=shown, wanted=request.values.get("next", "")
    )
    return page, status(form)


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
        user = queries.person_by_login(form.login.data or "")
        if user is not None and actions.may_send_link(user, at + _RESET_LIFE):
            code = actions.new_password_link(user, at, _RESET_LIFE)
            link = current_app.extensions["linli"].settings.base_url + url_for("people.reset", code=code)
            post_mail(
                user.email,
                "重设邻里购密码",  # zh-only
                f"{user.name}，您好：\n\n请在两小时内打开以下链接，并按下页面上的按钮重设密码：\n{link}\n\n"  # zh-only
                "如果不是您本人申请，请忽略此邮件，密码不会改变。\n",  # zh-only
                at,
            )
        return render_template("market/people/forgotten_sent.html")
    return render_template("market/people/forgotten.html", form=form), status(form)


@bp.route("/reset/<code>", methods=["GET", "POST"])
@public("the link in the reset mail")
def reset(code: str) -> Any:
    """Set a new password with a one-time link. Opening the link changes nothing; only the button does."""
    at = system_now()
    form = NewPasswordForm()
    hashed = None
    if form.validate_on_submit():
        hashed = before_writing(lambda: _hashed_for(code, form, at))
    row = codes.look_up(actions.RESET, code, at)
    user = found(queries.person(row.subject_id))
    if hashed is not None:
        with attempt(form) as tried:
            codes.use(row, at)
            actions.set_password(user, form.password.data or "", at, hashed=hashed)
        if tried.ok:
            flash(_("密码已更改，请用新密码登录。其他设备上的登录都已退出；密钥口令没有变化。"), "success")
            return redirect(url_for("people.sign_in"))
    return render_template("market/people/reset.html", form=form, person=user), status(form)


def _hashed_for(code: str, form: NewPasswordForm, at: datetime) -> str:
    """Hash the new password, for a live link only."""
    codes.look_up(actions.RESET, code, at)
    return actions.hash_password(form.password.data or "")
