"""Open data: releases and records of a purchase, everything in bulk, grants, and a page that says what there is."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any

import orjson
from flask import Response, current_app, render_template, request, url_for

from market.db.session import db
from market.kernel.canonical import sha256_hex
from market.kernel.clock import beijing
from market.kernel.errors import Refused
from market.kernel.text import N_
from market.public import queries
from market.public.queries import opendata
from market.public.rules import extension as extensions
from market.public.rules import grants as giving
from market.public.rules import packages, sheet
from market.public.views.door import OPEN, bp, by_district
from market.web.filters import text
from market.web.guard import found, now, public
from market.web.parameters import nothing_else

_SOON = "public, no-cache"
# Fast rather than small: at higher levels the compressor, not the database, sets the speed.
_LEVEL = 1


@bp.get("/open-data")
@public(OPEN)
def open_data() -> Any:
    """What can be downloaded, in which formats, under which licence, and how to ask the API."""
    return render_template(
        "market/public/open_data.html",
        years=opendata.years(),
        districts=list(by_district(queries.places())),
        licence=packages.LICENCE,
    )


@bp.get("/purchases/<ocid>/releases.json", endpoint="releases_json")
@bp.get("/ocds/releases/<ocid>.json")
@public("open data")
def ocds_releases(ocid: str) -> Response:
    """A purchase's release package, each release with the very bytes of its notice."""
    nothing_else()
    card = found(queries.purchase_head(ocid))
    notices = queries.notices_of(card.file_id)
    head = _frame(notices[-1].published_at)
    return as_json(packages.release_package(head, queries.release_bodies(card.file_id)), notices[-1].digest)


@bp.get("/ocds/records/<ocid>.json")
@public("open data")
def ocds_record(ocid: str) -> Response:
    """A purchase's record package: the releases and what they come to."""
    nothing_else()
    head = found(queries.purchase_head(ocid))
    notices, card = queries.notices_of(head.file_id), queries.purchase(head.file_id)
    body = packages.record_package(
        _frame(notices[-1].published_at), card.compiled, queries.release_bodies(head.file_id)
    )
    return as_json(body, notices[-1].digest)


@bp.get("/ocds/extension/<any('extension.json', 'release-schema.json'):name>")
@public("open data")
def extension(name: str) -> Response:
    """Our own fields as an extension of the standard, for the tools that check or read releases."""
    nothing_else()
    settings = current_app.extensions["linli"].settings
    body = orjson.dumps(extensions.files(settings.publisher, settings.base_url + url_for("public.open_data"))[name])
    return as_json(body, sha256_hex(body)[:32])


@bp.get("/ocds/releases.jsonl.gz")
@public("open data")
def ocds_bulk() -> Response:
    """All releases, one a line, compressed; of a year or a district where asked. Streamed, whatever the size."""
    year, district = _narrowed()
    lines = compressed(opendata.bodies(db.engine, year, district))
    answer = Response(lines, mimetype="application/gzip")
    return _download(answer, f"releases{_suffix(year)}.jsonl.gz")


@bp.get("/ocds/purchases.xlsx")
@public("open data")
def purchases_sheet() -> Response:
    """Purchases, awards, contracts and payments as an Excel workbook; of a year or a district where asked."""
    year, district = _narrowed()
    out = tempfile.TemporaryFile()  # noqa: SIM115  closed when it has been sent
    sheet.write(opendata.cards(year, district), out, text)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _download(Response(_sent(out), mimetype=kind), f"purchases{_suffix(year)}.xlsx")


@bp.get("/360giving/grants.json")
@public("open data")
def grants() -> Response:
    """Grants of rounds, subsidies and rewards, as the 360Giving standard writes them."""
    cards = opendata.cards(*_narrowed(), giving.METHODS)
    body = orjson.dumps({"grants": list(giving.grants_of(cards, _folder()))})
    return as_json(body, sha256_hex(body)[:32])


def compressed(batches: Iterable[Sequence[bytes]]) -> Iterator[bytes]:
    """One release a line, as one gzip stream."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for batch in batches:
        yield packer.compress(b"\n".join([*batch, b""]))
    yield packer.flush()


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(64 * 1024):
            yield piece


def _folder() -> str:
    """The full address below which purchases lie."""
    base: str = current_app.extensions["linli"].settings.base_url
    return base + url_for("public.show", ocid="-").removesuffix("-")


def _narrowed() -> tuple[int | None, int | None]:
    """Year and district. Raises Refused for any other parameter."""
    nothing_else("year", "district")
    return asked_year(), asked_district()


def asked_year() -> int | None:
    """The year asked for. Raises Refused for what is none."""
    given = request.args.get("year", "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and 2000 <= int(given) <= beijing(now()).year + 1):
        raise Refused(N_("没有这一年的数据。"), field="year")
    return int(given)


def asked_district() -> int | None:
    """The district asked for, by its division code. Raises Refused for one that is not here."""
    code = request.args.get("district", "").strip()
    if not code:
        return None
    district = opendata.district_id(code[:12])
    if district is None:
        raise Refused(N_("没有这个区划的数据。"), field="district")
    return district


def _frame(at: datetime) -> dict[str, Any]:
    settings = current_app.extensions["linli"].settings
    own = settings.base_url + url_for("public.extension", name=extensions.METADATA)
    return packages.frame(f"{settings.base_url}{request.path}", settings.publisher, at, own)


def _suffix(year: int | None) -> str:
    code = request.args.get("district", "").strip()
    return "".join(f"-{one}" for one in (code, year) if one)


def as_json(body: bytes, tag: str, cached: str = _SOON) -> Response:
    """Bytes of JSON that anyone may read from anywhere, with the tag by which a reader knows them again."""
    answer = Response(body, mimetype="application/json")
    answer.headers["Cache-Control"] = cached
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.set_etag(tag)
    answer.make_conditional(request)
    return answer


def _download(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = _SOON
    return answer
