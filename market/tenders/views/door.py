"""What the pages share: the blueprint, the guard of one tender, words for templates."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template, url_for

from market.budgets.states import FUND_SOURCE_LABELS
from market.kernel.categories import CATEGORY_LABELS
from market.kernel.permits import Permit
from market.tenders import queries
from market.tenders.models import Tender
from market.tenders.rules import FAMILY_LABELS, SECTIONS, STAGE_LABELS, Stage
from market.tenders.states import LOT_LABELS, METHOD_LABELS, MILESTONE_BASE_LABELS, LotState, Method
from market.web.guard import found

bp = Blueprint("tenders", __name__, url_prefix="/tenders")

TONES = {
    Stage.DRAFT: "neutral",
    Stage.REVIEW: "wait",
    Stage.OPEN: "info",
    Stage.CLOSED: "wait",
    Stage.CANCELLED: "bad",
}
LOT_TONES = {LotState.AWARDED: "good", LotState.FAILED: "bad", LotState.CANCELLED: "bad", LotState.DRAFT: "neutral"}


def page(name: str, **values: Any) -> str:
    """Render one of the room's templates with its words."""
    return render_template(
        f"market/tenders/{name}",
        stages=STAGE_LABELS,
        tones=TONES,
        lot_states=LOT_LABELS,
        lot_tones=LOT_TONES,
        methods=METHOD_LABELS,
        method_of=Method,
        families=FAMILY_LABELS,
        sources=FUND_SOURCE_LABELS,
        bases=MILESTONE_BASE_LABELS,
        categories=CATEGORY_LABELS,
        sections=SECTIONS,
        **values,
    )


def link_up(endpoint: str, **values: Any) -> str | None:
    """The address of a higher room's page; None where that room has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def seen(tender_id: int, permit: Permit = Permit.TENDER_SEE, *, locked: bool = False) -> Tender:
    """Return the tender, or 404 when there is none within this person's reach."""
    return found(queries.tender(tender_id, locked=locked), permit)
