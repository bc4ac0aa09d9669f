"""The demonstration's own pages: its clock, its accounts. Registered in demonstration mode only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from market.db.session import db
from market.demo import cast, nursery
from market.demo.queries import after, next_deadline
from market.kernel.clock import beijing_day, instant, system_now
from market.kernel.permits import ROLE_LABELS, Role
from market.kernel.workdays import next_working_day
from market.people.actions import begin_session
from market.people.models import User
from market.places.queries import calendar_for, districts
from market.records.democlock import set_demonstration_now
from market.web.filters import instant as shown_instant
from market.web.guard import found, now, public

bp = Blueprint("demo", __name__, url_prefix="/demonstration")


def _back() -> Any:
    target = request.form.get("next", "/")
    return redirect(target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/")


@bp.post("/next-working-day")
@public("a visitor moves the demonstration's time")
def next_working_morning() -> Any:
    """Move the clock to nine o'clock of the next working day."""
    place = found(next(iter(districts()), None))
    day = next_working_day(beijing_day(now()), calendar_for(place.id)).day
    set_demonstration_now(instant(day, 9, 0))
    flash(_("演示时钟已走到 %(at)s，到期事项几秒内办理完毕。", at=shown_instant(instant(day, 9, 0))), "success")
    return _back()


@bp.post("/next-deadline")
@public("a visitor moves the demonstration's time")
def to_next_deadline() -> Any:
    """Move the clock just past the next deadline."""
    deadline = next_deadline(now())
    if deadline is None:
        flash(_("现在没有等待到期的事项。"), "warning")
        return _back()
    set_demonstration_now(after(deadline))
    flash(_("演示时钟已走到 %(at)s 之后，到期事项几秒内办理完毕。", at=shown_instant(deadline)), "success")
    return _back()


@bp.get("")
@public("what the demonstration is, and who plays in it")
def about() -> Any:
    """The accounts and a walk to try."""
    logins, places = set(db.session.scalars(select(User.login))), districts()
    return render_template(
        "market/demo/about.html",
        groups=[(place.full_name, _officials(place.code, logins)) for place in places],
        firms=[
            (firm.name, [(f"{firm.short}-admin", firm.admin), (f"{firm.short}-sign", firm.signatory)])
            for firm in cast.FIRMS
            if f"{firm.short}-admin" in logins
        ],
        young=[
            (f"{one.short}-admin", one.name, next(d.name for d in places if d.code == one.district))
            for one in nursery.YOUNG
            if f"{one.short}-admin" in logins
        ],
        others=_others(logins),
        waiting=_waiting([judge.login for judge in cast.EXPERTS] + [login for login, _name in cast.EVALUATORS]),
        password=cast.PASSWORD,
        passphrase=cast.PASSPHRASE,
        factor=cast.TOTP_SECRET,
    )


def _officials(code: str, logins: set[str]) -> list[tuple[str, str, str]]:
    plan = next((d for d in cast.DISTRICTS if d.code == code), None)
    if plan is None:
        return []
    rows = [
        (f"{o.login}-{plan.short}", cast.NAMES[plan.short][o.login], ROLE_LABELS[o.roles[0]]) for o in cast.OFFICIALS
    ]
    rows += [(f"incubator-{p.short}", p.staff, ROLE_LABELS[Role.INCUBATOR]) for p in nursery.PATCHES if p.code == code]
    return [row for row in rows if row[0] in logins]


def _others(logins: set[str]) -> list[tuple[str, str, str]]:
    """Experts and evaluators with how much waits for them: who was drawn differs from load to load."""
    rows = [(judge.login, judge.name, ROLE_LABELS[Role.EXPERT]) for judge in cast.EXPERTS]
    rows += [(login, name, ROLE_LABELS[Role.EVALUATOR]) for login, name in cast.EVALUATORS]
    rows += [(*cast.OPERATOR, ROLE_LABELS[Role.OPERATOR]), (*cast.AUDITOR, ROLE_LABELS[Role.AUDITOR])]
    return [row for row in rows if row[0] in logins]


def _waiting(logins: list[str]) -> dict[str, int]:
    linli = current_app.extensions["linli"]
    people = db.session.scalars(select(User).where(User.login.in_(logins)).options(selectinload(User.grants)))
    return {user.login: len(linli.waiting(user.actor(), now())) for user in people}


@bp.post("/sign-in/<login>")
@public("a visitor steps into a role of the demonstration")
def step_in(login: str) -> Any:
    """Sign in as one of the demonstration's people without typing."""
    user = found(db.session.scalar(select(User).filter_by(login=login, active=True)))
    token = begin_session(user, request.user_agent.string, request.remote_addr or "", system_now())
    session.clear()
    session["token"] = token
    return redirect(url_for("people.desk"))
