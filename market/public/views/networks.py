"""The network of support, district by district."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from market.public import queries
from market.public.queries import Asked
from market.public.rules import network
from market.public.views.door import OPEN, bp, pages
from market.web.guard import found, public


@bp.get("/network")
@public(OPEN)
def networks() -> Any:
    """How far each district's network of support reaches."""
    found_rows = network.by_district(queries.nodes(), queries.places())
    return render_template("market/public/networks.html", districts=found_rows)


@bp.get("/network/<district>")
@public(OPEN)
def district_network(district: str) -> Any:
    """A district's nodes, their counts, and who has graduated."""
    place = found(next((p for p in queries.places() if p.district_code == district), None))
    listing = queries.directory("capable", "", request.args.get("before", type=int), place.district_id)
    return render_template(
        "market/public/network.html",
        place=place,
        page=network.read(queries.nodes(place.district_id)),
        listing=listing,
        graduates=[network.graduate(row.data, row.title) for row in listing.rows],
        **pages("public.district_network", listing, Asked(district=district)),
    )
