"""The door: who may call a route, and when its transaction is committed.

Every route is marked `@guard(permit)` or `@public("why")`. A GET reads in a snapshot and cannot write. Any other method
writes: the view runs in one transaction, committed when it returns and rolled back when it raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, g, redirect, request, url_for
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.wrappers import Response

from market.db.engine import begin_reading, begin_writing
from market.db.lock import LockTimeout
from market.db.session import commit, db, rollback
from market.kernel.errors import DomainError, Forbidden, NotFound, Stale
from market.kernel.permits import Actor, Permit, Scope, allowed
from market.kernel.text import N_
from market.web.fields import show_refusal
from market.web.pages import keep_typed

View = Callable[..., Any]
T = TypeVar("T")
_TRIES = 4


def current_actor() -> Actor:
    """Return the person signed in; raises RuntimeError outside a guarded view."""
    actor = g.get("actor")
    if actor is None:
        raise RuntimeError("current_actor outside a guarded view")
    return actor


def actor_or_none() -> Actor | None:
    """Return the person signed in, or None."""
    return g.get("actor")


def now() -> datetime:
    """Return the product's present instant: the machine's, or the demonstration clock's. One reading per request."""
    if "now" not in g:
        g.now = current_app.extensions["linli"].now()
    return g.now


def guard(*permits: Permit) -> Callable[[View], View]:
    """Let in people who hold one of the permits somewhere; the action checks the subject's scope again."""

    def mark(view: View) -> View:
        @wraps(view)
        def door(*args: Any, **kwargs: Any) -> Any:
            actor = g.get("actor")
            if actor is None:
                return _to_sign_in()
            if not any(actor.scopes(p) for p in permits):
                raise Forbidden(N_("您没有办理此事的权限；如确需办理，请联系本单位管理员授权。"))
            return _run(view, args, kwargs)

        door.permit = permits  # type: ignore[attr-defined]
        return door

    return mark


def public(why: str) -> Callable[[View], View]:
    """Let anyone in; `why` says for what reason this door is open."""

    def mark(view: View) -> View:
        @wraps(view)
        def door(*args: Any, **kwargs: Any) -> Any:
            return _run(view, args, kwargs)

        door.public = why  # type: ignore[attr-defined]
        return door

    return mark


def reads_first(view: View) -> View:
    """Mark a view that reads first and calls `begin_writing` itself: the read in which the person was found goes on."""
    view.reads_first = True  # type: ignore[attr-defined]
    return view


def _run(view: View, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return view(*args, **kwargs)
    for attempt_no in range(_TRIES):
        for upload in request.files.values():
            upload.stream.seek(0)  # a view that runs again reads its uploads from the start
        if not getattr(view, "reads_first", False):
            begin_writing(db.session)
        try:
            answer = view(*args, **kwargs)
            commit()
            return answer
        except (IntegrityError, OperationalError) as error:
            rollback()
            if attempt_no == _TRIES - 1 or not _lost_a_race(error):
                raise Stale(N_("同一事项正由他人办理，或内容重复提交；请刷新后查看结果。")) from error
        except LockTimeout as error:
            rollback()
            raise Stale(N_("系统正忙，您的内容没有保存；请返回上一页，稍等片刻再提交。")) from error
        except BaseException:
            rollback()
            raise
    raise AssertionError("unreachable")


def _lost_a_race(error: Exception) -> bool:
    """True for a fork of a chain or a serialisation failure: the loser simply tries again."""
    text = str(error)
    return any(
        sign in text for sign in ("uq_audit_entry", "audit_entry.", "uq_chain", "deadlock", "could not serialize")
    )


def _to_sign_in() -> Response:
    """Send to the sign-in page; after a POST show a page that keeps what was typed."""
    if request.method == "GET":
        return redirect(url_for("people.sign_in", next=request.full_path.rstrip("?")))
    return keep_typed()


def before_writing(work: Callable[[], T]) -> T:
    """Do slow work of a POST (hashing, locking) while no write transaction is open; then the view goes on writing.

    What the view has written so far is given up, so this comes first.
    """
    rollback()
    begin_reading(db.session())
    try:
        return work()
    finally:
        begin_writing(db.session())


class Tried:
    """Outcome of an `attempt`."""

    ok = True
    error: DomainError | None = None


@contextmanager
def attempt(form: Any = None) -> Iterator[Tried]:
    """Try an act: a refusal is rolled back, shown at its field or above the form, and `ok` becomes False."""
    tried = Tried()
    try:
        yield tried
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        rollback()
        tried.ok, tried.error = False, error
        if form is None:
            raise
        show_refusal(form, error)


def found(row: T | None, permit: Permit | None = None, scope: Scope | None = None) -> T:
    """Return the row, or answer 404 when there is none or it lies outside the actor's scope: both look the same."""
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    if permit is not None and not allowed(current_actor(), permit, scope if scope is not None else row.subject.scope):  # type: ignore[attr-defined]
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return row
