"""The description of the read API, OpenAPI 3.1. What is described is all there is; a test asks for every answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from market.public.rules.labels import METHOD_LABELS, STAGES

LIMIT, MOST = 100, 500
CURSOR = r"^[0-9]{1,18}$"
CODE = r"^[0-9]{2,12}$"

_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
_FEN = {"type": ["integer", "null"], "description": "in fen, 1/100 yuan"}
_INSTANT = {"type": "string", "format": "date-time"}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _page(row: str, what: str) -> dict[str, Any]:
    return _object(
        items={"type": "array", "items": {"$ref": f"#/components/schemas/{row}"}},
        next={"type": ["string", "null"], "description": what},
    )


_ON = "cursor of the following page; null at the end"
_FEED_ON = "where to ask again, now or later: everything up to here has been seen, nothing after it"

SCHEMAS = {
    "Change": _object(
        cursor=_TEXT,
        kind={"type": "string", "description": "ocds for a release of a purchase; else the directory's kind"},
        tag=_TEXT,
        id=_TEXT,
        ocid=_MAYBE,
        published_at=_INSTANT,
        digest={"type": "string", "description": "SHA-256 of the notice's bytes"},
        url=_TEXT,
    ),
    "Purchase": _object(
        ocid=_TEXT,
        title=_TEXT,
        stage={"type": "string", "enum": list(STAGES)},
        method=_MAYBE,
        category=_MAYBE,
        place=_TEXT,
        buyer=_TEXT,
        supplier=_MAYBE,
        year={"type": "integer"},
        amount_fen=_FEN,
        awarded_fen=_FEN,
        paid_fen=_FEN,
        deadline_at={"type": ["string", "null"], "format": "date-time"},
        updated_at=_INSTANT,
        links=_object(page=_TEXT, releases=_TEXT, record=_TEXT),
    ),
    "Organisation": _object(
        key=_TEXT, name=_TEXT, updated_at=_INSTANT, notice=_TEXT, data={"type": "object", "additionalProperties": True}
    ),
    "Changes": _page("Change", _FEED_ON),
    "Purchases": _page("Purchase", _ON),
    "Organisations": _page("Organisation", _ON),
    "Problem": {
        "type": "object",
        "properties": {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT},
        "required": ["title", "status"],
        "additionalProperties": True,
    },
}


def _query(name: str, what: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": what, "schema": schema}


_AFTER = _query("after", "the cursor of an earlier answer", type="string", pattern=CURSOR)
_SIZE = _query("limit", "rows of a page", type="integer", minimum=1, maximum=MOST, default=LIMIT)
_SEEN = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of an earlier answer",
    "schema": {"type": "string"},
}


def _path(name: str, what: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": what,
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z._-]{1,80}$"},
    }


def _get(
    name: str,
    summary: str,
    answer: str,
    *parameters: Mapping[str, Any],
    missing: bool = False,
    wrong: str = "no address of ours",
) -> dict[str, Any]:
    fault = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers: dict[str, Any] = {
        "200": {
            "description": "the answer",
            "headers": {"ETag": {"schema": _TEXT}},
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer}"}}},
        },
        "304": {"description": "not changed since the answer whose ETag was given"},
        "400": {"description": wrong, "content": fault},
        "422": {"description": "a parameter cannot be understood; `field` names it", "content": fault},
        "503": {"description": "busy or under maintenance", "content": fault},
    }
    if missing:
        answers["404"] = {"description": "there is none", "content": fault}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": [*parameters, _SEEN],
            "responses": answers,
        }
    }


PATHS = {
    "/changes": _get(
        "changes",
        "All notices in the order of their commitment",
        "Changes",
        _AFTER,
        _SIZE,
        wrong="no address of ours, or a cursor that was never given out: begin again without one",
    ),
    "/purchases": _get(
        "purchases",
        "Purchases, in the order in which they began",
        "Purchases",
        _AFTER,
        _SIZE,
        _query("district", "division code of a district", type="string", pattern=CODE),
        _query("street", "division code of a street", type="string", pattern=CODE),
        _query("year", "in which the purchase began", type="integer", minimum=2000, maximum=2999),
        _query("method", "how it is bought or granted", type="string", enum=list(METHOD_LABELS)),
        _query("stage", "where it stands", type="string", enum=list(STAGES)),
    ),
    "/purchases/{ocid}": _get("purchase", "One purchase", "Purchase", _path("ocid", "its ocid"), missing=True),
    "/organisations": _get(
        "organisations", "Organisations, in the order of their registration", "Organisations", _AFTER, _SIZE
    ),
    "/organisations/{key}": _get(
        "organisation", "One organisation", "Organisation", _path("key", "its credit code"), missing=True
    ),
}


def description(server: str, publisher: str, licence: str) -> dict[str, Any]:
    """Return the whole description; `server` is the address below which the paths lie."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Linli read API",
            "version": "1",
            "description": f"Published by {publisher}. Everything here stands on the noticeboard; nothing needs a key.",
            "license": {"name": "CC BY 4.0", "url": licence},
        },
        "servers": [{"url": server}],
        "paths": PATHS,
        "components": {"schemas": SCHEMAS},
    }
