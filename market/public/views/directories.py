"""Organisations: found by field, area and words, and one page each."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from market.kernel.categories import CATEGORY_LABELS
from market.kernel.clock import beijing_day
from market.public import queries
from market.public.rules import figures, network
from market.public.rules.cards import worked
from market.public.views.door import OPEN, asked_for, bp, by_district, folder, pages
from market.records.projections import directory_mark
from market.web.guard import found, now, public


@bp.get("/organisations-directory")
@public(OPEN)
def organisations() -> Any:
    """Organisations that are registered here."""
    wanted, today, before = asked_for(), beijing_day(now()), request.args.get("before", type=int)
    marks = directory_mark(wanted.category, wanted.district)
    listing = queries.directory("organisation", wanted.words, before, marks=marks)
    counts = queries.workforces(row.key for row in listing.rows)
    return render_template(
        "market/public/organisations.html",
        asked=wanted,
        listing=listing,
        organisations=[
            (row.key, figures.organisation(row.data, row.title, today, counts.get(row.key))) for row in listing.rows
        ],
        districts=list(by_district(queries.places())),
        categories=CATEGORY_LABELS,
        **pages("public.organisations", listing, wanted),
    )


@bp.get("/organisations-directory/<key>")
@public(OPEN)
def organisation(key: str) -> Any:
    """One organisation: registration, grade and stars, its people in numbers, its work with results, money received."""
    found_entries, at = queries.entries(key), now()
    entry, party = found(found_entries.get("organisation")), f"org-{key}"
    there = folder()
    rows, more = queries.works_of(party, request.args.get("before", type=int))
    counts, grown = found_entries.get("workforce"), found_entries.get("capable")
    return render_template(
        "market/public/organisation.html",
        key=key,
        one=figures.organisation(entry.data, entry.title, beijing_day(at), counts.data if counts else None),
        entry=entry,
        graduate=network.graduate(grown.data, grown.title) if grown else None,
        district=queries.district_name(entry.district_id),
        earnings=queries.earnings(party),
        works=[worked(card, awarded, received, party, at, there) for card, awarded, received in rows],
        onward=url_for("public.organisation", key=key, before=more) if more else None,
        back=url_for("public.organisation", key=key) if "before" in request.args else None,
    )
