"""The read API: the change feed, purchases and organisations, page by page. Described by `rules/openapi.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request, url_for

from market.kernel.canonical import sha256_hex
from market.kernel.errors import DomainError
from market.kernel.text import N_
from market.public.queries import entries, opendata
from market.public.rules import openapi
from market.public.rules.packages import LICENCE
from market.records.notices import z
from market.web.guard import found, public
from market.web.parameters import nothing_else, require

bp = Blueprint("api", __name__, url_prefix="/api/v1")
OPEN = "open data"


class CursorUnknown(DomainError):
    """A place of the feed that was never reached: whoever waited behind it would miss all that is published before."""

    status = 400


@bp.get("/openapi.json")
@public(OPEN)
def description() -> Response:
    """The description of this API."""
    settings = current_app.extensions["linli"].settings
    server = url_for("api.description").removesuffix("/openapi.json")
    return _answer(openapi.description(server, settings.publisher, LICENCE))


@bp.get("/changes")
@public(OPEN)
def changes() -> Response:
    """What was published after a cursor, in the order of commitment; `next` is where to ask again."""
    after, limit = _cursor(), _limit()
    nothing_else("after", "limit")
    rows = opendata.changes(after, limit)
    if not rows and not opendata.was_given(after):
        raise CursorUnknown(N_("这个游标从未发出过，请不带游标从头开始。"), field="after")
    items = [
        {
            "cursor": str(row.seq),
            "kind": row.kind,
            "tag": row.tag,
            "id": row.release_id,
            "ocid": row.ocid,
            "published_at": z(row.published_at),
            "digest": row.digest,
            "url": url_for("public.notice_json", release_id=row.release_id),
        }
        for row in rows
    ]
    return _answer({"items": items, "next": str(rows[-1].seq if rows else after)})


@bp.get("/purchases")
@public(OPEN)
def purchases() -> Response:
    """Purchases behind a cursor, in the order in which they began."""
    after, limit, narrowed = _cursor(), _limit(), _narrowed()
    nothing_else("after", "limit", "district", "street", "year", "method", "stage")
    rows = opendata.summaries(after, limit + 1, **narrowed)
    more = str(rows[limit - 1].file_id) if len(rows) > limit else None
    return _answer({"items": [_purchase(row) for row in rows[:limit]], "next": more})


@bp.get("/purchases/<ocid>")
@public(OPEN)
def purchase(ocid: str) -> Response:
    """One purchase in short, and where its releases are."""
    nothing_else()
    return _answer(_purchase(found(opendata.summary(ocid))))


@bp.get("/organisations")
@public(OPEN)
def organisations() -> Response:
    """Organisations behind a cursor, in the order of their registration."""
    after, limit = _cursor(), _limit()
    nothing_else("after", "limit")
    rows = opendata.entries_after("organisation", after, limit + 1)
    more = str(rows[limit - 1].id) if len(rows) > limit else None
    return _answer({"items": [_organisation(row.key, row) for row in rows[:limit]], "next": more})


@bp.get("/organisations/<key>")
@public(OPEN)
def organisation(key: str) -> Response:
    """One organisation as it is published."""
    nothing_else()
    return _answer(_organisation(key, found(entries(key).get("organisation"))))


# --- parameters -------------------------------------------------------------------------------------------------------


def _cursor() -> int:
    return int(_matched("after", openapi.CURSOR) or 0)


def _limit() -> int:
    return _whole("limit", 1, openapi.MOST) or openapi.LIMIT


def _narrowed() -> Mapping[str, object]:
    """Columns of the card and the values asked for; a district or street that is not there has no purchases."""
    lookups: dict[str, Callable[[str], int | None]] = {
        "district": opendata.district_id,
        "street": opendata.street_id,
    }
    asked: dict[str, object] = {}
    for name, lookup in lookups.items():
        code = _matched(name, openapi.CODE)
        if code is not None:
            asked[f"{name}_id"] = lookup(code) or 0
    for name, words in (("method", openapi.METHOD_LABELS), ("stage", openapi.STAGES)):
        value = request.args.get(name)
        if value is not None:
            require(value in words, name)
            asked[name] = value
    year = _whole("year", 2000, 2999)
    return asked if year is None else {**asked, "year": year}


def _matched(name: str, pattern: str) -> str | None:
    value = request.args.get(name)
    require(value is None or bool(re.fullmatch(pattern, value, re.ASCII)), name)
    return value


def _whole(name: str, least: int, most: int) -> int | None:
    value = _matched(name, "^[0-9]{1,4}$")
    if value is None:
        return None
    require(least <= int(value) <= most, name)
    return int(value)


# --- answers ----------------------------------------------------------------------------------------------------------


def _answer(data: Mapping[str, Any]) -> Response:
    body = orjson.dumps(data)
    answer = Response(body, mimetype="application/json")
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.set_etag(sha256_hex(body)[:32])
    answer.make_conditional(request)
    return answer


def _purchase(row: Any) -> dict[str, Any]:
    kept = (
        "ocid", "title", "stage", "method", "category", "place", "buyer", "supplier", "year",
        "amount_fen", "awarded_fen", "paid_fen",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in kept},
        "deadline_at": _instant(row.deadline_at),
        "updated_at": _instant(row.updated_at),
        "links": {
            "page": url_for("public.show", ocid=row.ocid),
            "releases": url_for("public.ocds_releases", ocid=row.ocid),
            "record": url_for("public.ocds_record", ocid=row.ocid),
        },
    }


def _organisation(key: str, row: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": row.title,
        "updated_at": z(row.published_at),
        "notice": url_for("public.notice_json", release_id=row.release_id),
        "data": row.data,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else z(at)
