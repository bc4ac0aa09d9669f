"""What all pages of this room share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, render_template, request

from market.bids import queries
from market.db.engine import begin_reading, begin_writing
from market.db.session import db
from market.kernel.permits import Permit
from market.web.guard import current_actor, now

bp = Blueprint("bids", __name__, url_prefix="/bids")


@contextmanager
def before_the_lock() -> Iterator[None]:
    """Read, check, decrypt and seal without holding the write lock; what follows the block writes.

    Rows loaded inside are out of date afterwards and must be loaded again.
    """
    if request.method == "GET":
        yield
        return
    begin_reading(db.session)
    try:
        yield
    finally:
        begin_writing(db.session)


def my_organisations() -> list[int]:
    """The organisations for which the person prepares bids."""
    return sorted({g.organisation_id for g in current_actor().scopes(Permit.BID_DRAFT) if g.organisation_id})


def page(name: str, **values: Any) -> str:
    """Render a page of this room; whoever has written a bid and not submitted it sees so on every one."""
    mine = my_organisations()
    unsent = queries.unsent(mine, now()) if mine else []
    return render_template(f"market/bids/{name}", unsent=unsent, **values)
