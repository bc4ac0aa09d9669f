"""What all pages of this room share: filters as asked, lines of lists, links from page to page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, request, url_for

from market.kernel.categories import CATEGORY_LABELS
from market.public import queries
from market.public.queries import Asked
from market.public.rules import Phase
from market.public.rules.cards import listed
from market.public.rules.labels import METHOD_LABELS

bp = Blueprint("public", __name__)
OPEN = "the public reads the noticeboard"


def lines(rows: Sequence[Any], at: datetime) -> list[dict[str, Any]]:
    """What a list shows of cards."""
    there = folder()
    return [listed(row, at, there) for row in rows]


def folder() -> str:
    """The address below which purchases lie."""
    return url_for("public.show", ocid="-").removesuffix("-")


def by_district(places: Sequence[queries.Place]) -> dict[tuple[str, str], list[queries.Place]]:
    """Streets under code and name of their district."""
    grouped: dict[tuple[str, str], list[queries.Place]] = {}
    for place in places:
        grouped.setdefault((place.district_code, place.district_name), []).append(place)
    return grouped


def asked_for() -> Asked:
    """The filters as asked; a code nobody knows asks for nothing."""
    given = {name: request.args.get(name, "").strip()[:60] for name in Asked.__dataclass_fields__}
    known: dict[str, set[str]] = {
        "category": {str(one) for one in CATEGORY_LABELS},
        "phase": {str(one) for one in Phase},
        "method": set(METHOD_LABELS),
    }
    return Asked(**{name: value for name, value in given.items() if name not in known or value in known[name]})


def pages(endpoint: str, listing: queries.Listing, asked: Asked) -> dict[str, str | None]:
    kept = {name: value for name, value in vars(asked).items() if value}
    return {
        "onward": url_for(endpoint, **kept, before=listing.next_mark) if listing.next_mark else None,
        "back": url_for(endpoint, **kept) if "before" in request.args else None,
    }
