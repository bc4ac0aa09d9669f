"""What all pages of this room share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from market.budgets.states import FUND_SOURCE_LABELS
from market.kernel.categories import CATEGORY_LABELS
from market.kernel.clock import is_before
from market.kernel.permits import Actor, Permit, Scope, allowed
from market.panels.states import AVOIDED_LABELS, SEAT_LABELS
from market.venture import queries
from market.venture.models import Application, Round
from market.venture.states import (
    APPLICATION_LABELS,
    APPLICATION_TONES,
    HANDED_IN,
    ROUND_LABELS,
    ROUND_REGIME_LABELS,
    ROUND_TONES,
    RoundState,
)
from market.web.guard import current_actor, found, now

bp = Blueprint("venture", __name__, url_prefix="/rounds")


def page(name: str, **values: Any) -> str:
    """Render a page of this room with the words it needs."""
    words = {
        "round_states": ROUND_LABELS,
        "round_tones": ROUND_TONES,
        "regimes": ROUND_REGIME_LABELS,
        "states": APPLICATION_LABELS,
        "tones": APPLICATION_TONES,
        "seat_states": SEAT_LABELS,
        "seat_tones": {"drawn": "wait", "declared": "info", "final": "good", "recused": "neutral"},
        "why_avoided": AVOIDED_LABELS,
        "categories": CATEGORY_LABELS,
        "sources": FUND_SOURCE_LABELS,
    }
    return render_template(f"market/venture/{name}", **words, **values)


def round_for(round_id: int, permit: Permit = Permit.ROUND_SEE) -> Round:
    """Return a round the person may see as an official, or answer 404."""
    return found(queries.round_row(round_id), permit)


def may(row: Round, permit: Permit) -> bool:
    """True when the person holds the permit for this round."""
    return permit in current_actor().permits(row.subject.scope)


def readable(row: Round) -> bool:
    """True once officials may read applications: never before the deadline."""
    return row.deadline_at is not None and not is_before(now(), row.deadline_at)


def sides(actor: Actor, one: Application) -> tuple[bool, bool]:
    """Whether the person belongs to the applicant, and whether as an official of the round."""
    own = any(
        allowed(actor, Permit.APPLICATION_DRAFT, Scope(organisation_id=who))
        for who in {one.applicant_id, one.organisation_id}
    )
    official = allowed(actor, Permit.ROUND_SEE, one.round.subject.scope)
    return own, official and one.state in HANDED_IN and readable(one.round)


def my_organisations() -> list[int]:
    """The organisations for which this person writes applications."""
    return [
        g.organisation_id for g in current_actor().scopes(Permit.APPLICATION_DRAFT) if g.organisation_id is not None
    ]


DRAFTING = (RoundState.DRAFT, RoundState.REVIEW)
