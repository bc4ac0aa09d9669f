"""Error pages that say what to do next, problem documents for machines, and the headers every answer carries."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import werkzeug.exceptions as http
from flask import Response, current_app, json, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError

from market.kernel.errors import DomainError
from market.kernel.text import N_
from market.web import filters
from market.web.catalogues import ENGLISH, chosen_locale

if TYPE_CHECKING:
    from flask import Flask

HEADERS = {
    # Tabler draws its arrows from data: images; everything else is a file of ours, nothing is inline.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TWO_YEARS = 63_072_000
_KEPT_FIELDS = 300
_KEPT_CHARACTERS = 500_000
# What must not be written into a page, and what belongs to the old page only.
_NEVER_KEPT = ("password", "passphrase", "secret")
# What our own pages put into their forms: nobody typed it.
_OWN_FIELDS = {"seen", "shown", "token", "version", "field", "next"}
_NEVER_KEPT_NAMES = {"csrf_token", "form_token", "code", "otp"}


@dataclass(frozen=True)
class Trouble:
    """What went wrong, as a page says it: a heading, a sentence, and what to do next."""

    title: str
    text: str
    advice: Sequence[str] = ()


_BACK = N_("返回上一页，改正后再提交；已填写的内容仍在上一页。")
# Refused acts: the matter is still there, seen anew.
_GO_ON = {409, 422}
_HOME = N_("回到首页，从菜单重新进入。")
_TROUBLES = {
    400: Trouble(
        N_("无法识别这次请求"), N_("浏览器发来的内容不完整或格式不对。"), (N_("返回上一页，刷新后再试一次。"), _HOME)
    ),
    401: Trouble(N_("请先登录"), N_("登录后才能看到这一页。"), (N_("登录后再打开这个链接。"),)),
    403: Trouble(
        N_("没有权限"),
        N_("您的账号不能办理此事。"),
        (N_("确认登录的是办理此事的账号。"), N_("如确需办理，请联系本单位管理员授权。")),
    ),
    404: Trouble(
        N_("没有找到这一页"),
        N_("链接可能写错或已失效，也可能不在您的管理范围内。"),
        (N_("检查网址是否完整。"), _HOME),
    ),
    405: Trouble(
        N_("这个地址不能这样打开"),
        N_("这个地址只接收表单提交，不能直接在浏览器中打开。"),
        (N_("从原来的页面用按钮办理。"), _HOME),
    ),
    409: Trouble(
        N_("内容已有变化"),
        N_("您打开页面之后，他人已经办理或修改了此事。"),
        (N_("返回上一页并刷新，查看最新情况后再办理。"),),
    ),
    413: Trouble(
        N_("上传的内容太大"),
        N_("附件合计超过了允许的大小，没有保存。"),
        (N_("压缩附件，或分几次上传。"), _BACK),
    ),
    422: Trouble(N_("没有办成"), N_("提交的内容不符合要求。"), (_BACK,)),
    429: Trouble(N_("操作太频繁"), N_("短时间内请求太多，已暂停受理。"), (N_("请过几分钟再试。"),)),
    500: Trouble(
        N_("系统出错"),
        N_("系统没能完成这次操作，刚才提交的内容没有保存。"),
        (N_("过几分钟再试一次。"), N_("如仍不行，请把下面的编号告诉管理员。")),
    ),
    503: Trouble(N_("系统暂时不可用"), N_("系统正在维护或繁忙。"), (N_("请过几分钟再试。"),)),
}


def register(app: Flask) -> None:
    """Hang up the error handlers and the security headers."""
    app.before_request(_refuse_nul)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(http.HTTPException, _http_error)
    app.register_error_handler(500, _crash)
    app.after_request(_with_headers)
    app.url_defaults(_with_stamp)


def _refuse_nul() -> None:
    """No address holds a zero byte by right, and PostgreSQL takes none in a text."""
    if "\0" in request.path or any("\0" in value for values in request.args.listvalues() for value in values):
        raise http.BadRequest


def wants_json() -> bool:
    """True for the API and for clients that prefer JSON to HTML."""
    if request.path.startswith("/api/"):
        return True
    kinds = request.accept_mimetypes
    best = kinds.best_match(["text/html", "application/json", "application/problem+json"], "text/html")
    return best != "text/html" and kinds[best] > kinds["text/html"]


def problem(status: int, title: str, detail: str, **more: object) -> Response:
    """A problem document (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(body), status=status, mimetype="application/problem+json")


def _answer(status: int, detail: str = "", **more: Any) -> Response:
    trouble = _TROUBLES.get(status) or _TROUBLES[500 if status >= 500 else 400]
    title, sentence = filters.text(trouble.title), detail or filters.text(trouble.text)
    if wants_json():
        return problem(status, title, sentence, **more)
    near = _near() if status in _GO_ON else None
    # "Go back and mend it" is said only where something was typed.
    advice = [filters.text(one) for one in trouble.advice if status != 422 or one is not _BACK or _typed()]
    if near and status == 422:
        advice.append(gettext("打开下面的页面，查看最新情况后再办理。"))
    advice = advice or [filters.text(_HOME)]
    page = render_template("shared/error.html", title=title, text=sentence, advice=advice, near=near, status=status)
    return Response(page, status=status, mimetype="text/html")


def _typed() -> bool:
    """True when a person wrote something into the form that was refused, or attached something."""
    words = any(value.strip() for name, value in kept_fields() if name not in _OWN_FIELDS)
    return request.method == "POST" and (words or any(one.filename for one in request.files.values()))


def _near() -> str | None:
    """The page to go on from: the one with the form, or else the nearest page above this address."""
    before = urlsplit(request.referrer or "")
    if request.method == "POST" and _from_our_page() and _is_page(before.path):
        return f"{before.path}?{before.query}" if before.query else before.path
    path = request.path
    while path := path.rpartition("/")[0]:
        if _is_page(path):
            return path
    return None


def _is_page(path: str) -> bool:
    """True for an address of ours that can be opened. Some pages stand at an address that only takes a form."""
    with suppress(http.HTTPException):
        current_app.url_map.bind("").match(path, "GET")
        return not path.startswith("//")
    return False


def _domain_error(error: DomainError) -> Response:
    """A refusal no view caught: its own sentence on the page of its status."""
    more = {"field": error.field} if error.field else {}
    return _answer(error.status, filters.text(error), **more)


def _http_error(error: http.HTTPException) -> Response:
    """Errors of the framework; redirects and ready answers pass as they are."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()  # type: ignore[return-value]
    answer = _answer(status)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            answer.headers[name] = value
    return answer


def _crash(error: http.InternalServerError) -> Response:
    """Anything unforeseen: logged under a number to pass on; the page needs no database and no session."""
    number = secrets.token_hex(4)
    current_app.logger.error("error %s at %s %s", number, request.method, request.path)
    title, sentence = filters.text(_TROUBLES[500].title), filters.text(_TROUBLES[500].text)
    if wants_json():
        return problem(500, title, sentence, number=number)
    # Rendered without the app's context processors, which may be what failed.
    page = current_app.jinja_env.get_template("shared/error.html").render(
        title=title, text=sentence, advice=[filters.text(one) for one in _TROUBLES[500].advice], number=number,
        status=500, actor=None, menu=(), demo=None, locale=chosen_locale(),
    )  # fmt: skip
    return Response(page, status=500, mimetype="text/html")


def kept_fields() -> list[tuple[str, str]]:
    """What was posted, fit to be carried through a new sign-in: no secrets, no tokens, not without end."""
    pairs = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in _NEVER_KEPT_NAMES and not any(word in name for word in _NEVER_KEPT)
    ]
    within = len(pairs) <= _KEPT_FIELDS and sum(len(value) for _, value in pairs) <= _KEPT_CHARACTERS
    return pairs if within else []


def keep_typed(status: int = 401) -> Response:
    """The page for a POST that came after the sign-in or the form's token had ended: nothing typed is lost.

    It carries the posted fields, offers to sign in beside it, and sends the same form again. Fields are only carried
    for posts from our own pages, so that no other site can have its words sent by our button.
    """
    if wants_json():
        return _answer(status, gettext("登录或页面已过期，请登录后再提交一次。"))
    kept = kept_fields() if _from_our_page() else []
    secrets_left_out = any(value and word in name for name, value in request.form.items() for word in _NEVER_KEPT)
    page = render_template(
        "shared/expired.html", kept=kept, shown=[value for _, value in kept if value.strip()],
        files=any(file.filename for file in request.files.values()), secrets_left_out=secrets_left_out,
        address=request.full_path.rstrip("?"),
    )  # fmt: skip
    return Response(page, status=status, mimetype="text/html")


def _from_our_page() -> bool:
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    source = request.headers.get("Origin") or request.referrer or ""
    return urlsplit(source).netloc == request.host


def _expired_form(error: CSRFError) -> Response:
    """The form's token no longer fits the session: it ended, or the person signed in again meanwhile."""
    return keep_typed(400)


def _with_stamp(endpoint: str, values: dict[str, Any]) -> None:
    """Static files carry a stamp of their content in the address, so browsers may keep them for a year."""
    folder = current_app.static_folder
    if endpoint != "static" or folder is None or "v" in values:
        return
    path = Path(folder, values["filename"])
    with suppress(OSError):
        values["v"] = _stamp(path, path.stat().st_mtime_ns)


@cache
def _stamp(path: Path, changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={_TWO_YEARS}; includeSubDomains")
    if request.endpoint == "static" and "v" in request.args and response.status_code in {200, 304}:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    # Fresh on each visit, yet the browser keeps what was typed when somebody goes back: hence not no-store.
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers.setdefault("Content-Language", "en" if chosen_locale() == ENGLISH else "zh-Hans")
    return response
