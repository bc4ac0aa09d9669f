"""Lists of an organisation: what it has begun, what can be bid for, and the way to one bid."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from market.bids import queries
from market.bids.views.door import bp, my_organisations, page
from market.kernel.permits import Permit
from market.organisations.queries import organisations_by_id
from market.web.guard import found, guard, now


@bp.get("/")
@guard(Permit.BID_DRAFT)
def mine() -> Any:
    """What the person's organisations have begun or submitted."""
    before = request.args.get("before", type=int)
    rows = queries.my_bids(my_organisations(), before)
    more = rows[queries.PAGE - 1].draft.id if len(rows) > queries.PAGE else None
    return page("mine.html", rows=rows[: queries.PAGE], more=more, at=now())


@bp.get("/open")
@guard(Permit.BID_DRAFT)
def open_lots() -> Any:
    """What can be bid for now."""
    rows = queries.open_lots(my_organisations(), now(), request.args.get("after", type=int))
    more = rows[queries.PAGE - 1].lot.id if len(rows) > queries.PAGE else None
    return page("open.html", rows=rows[: queries.PAGE], more=more)


@bp.get("/purchases/<ocid>")
@guard(Permit.BID_DRAFT)
def of_purchase(ocid: str) -> Any:
    """From a purchase's public page: to the bid for its only lot, or a choice between the lots that take bids."""
    rows = queries.open_lots(my_organisations(), now(), ocid=ocid)
    if len(rows) == 1:
        return redirect(url_for("bids.choose", lot_id=rows[0].lot.id))
    return page("open.html", rows=rows, more=None)


@bp.get("/lots/<int:lot_id>")
@guard(Permit.BID_DRAFT)
def choose(lot_id: int) -> Any:
    """To the bid of the person's only organisation, or a choice between several."""
    ids = my_organisations()
    if len(ids) == 1:
        return redirect(url_for("bids.overview", lot_id=lot_id, organisation_id=ids[0]))
    lot = found(queries.lot_with_tender(lot_id))
    return page("choose.html", lot=lot, organisations=list(organisations_by_id(ids).values()))
