"""Other publishers' purchases: a list with their source, one page each, and the releases as they came."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for

from market.kernel.canonical import sha256_hex
from market.public.queries import imported as shelf
from market.public.rules import foreign, packages
from market.public.views.door import OPEN, bp
from market.public.views.opendata import as_json
from market.web.guard import found, public
from market.web.parameters import nothing_else


@bp.get("/imported")
@public(OPEN)
def imported() -> Any:
    """Imported purchases: search, by source, pages by mark."""
    words = request.args.get("words", "").strip()[:60]
    source = request.args.get("source", type=int)
    listing = shelf.purchases(words, source, request.args.get("before", type=int))
    kept: dict[str, Any] = {name: value for name, value in (("words", words), ("source", source)) if value}
    return render_template(
        "market/public/imported.html",
        words=words,
        source=source,
        sources=shelf.sources(),
        listing=listing,
        onward=url_for("public.imported", **kept, before=listing.next_mark) if listing.next_mark else None,
        back=url_for("public.imported", **kept) if "before" in request.args else None,
    )


@bp.get("/imported/<int:source_id>/<path:ocid>")
@public(OPEN)
def imported_purchase(source_id: int, ocid: str) -> Any:
    """What another publisher says of one purchase."""
    card, source = found(shelf.purchase(source_id, ocid))
    releases = shelf.releases(source_id, ocid)
    return render_template(
        "market/public/imported_purchase.html",
        card=card,
        source=source,
        releases=releases,
        page=foreign.read(shelf.compiled(releases)),
    )


@bp.get("/imported-releases/<int:source_id>/<path:ocid>.json")
@public("open data")
def imported_releases(source_id: int, ocid: str) -> Response:
    """The releases as another publisher wrote them, in a package that names the source."""
    nothing_else()
    card, source = found(shelf.purchase(source_id, ocid))
    releases = shelf.releases(source_id, ocid)
    head = {
        "uri": source.uri,
        "version": "1.1",
        "publishedDate": card.date,
        "publisher": {"name": source.name},
        "license": source.licence,
    }
    body = packages.release_package({k: v for k, v in head.items() if v}, [row.body for row in releases])
    return as_json(body, sha256_hex(body)[:32])
