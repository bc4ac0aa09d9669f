"""The blueprint that the room's doors hang on, and what its pages share."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flask import Blueprint, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from markupsafe import Markup

from contracts.outcomes.states import GRADE_LABELS
from contracts.payouts.models import Payment
from contracts.payouts.providers.installed import open_providers
from contracts.payouts.states import PAYMENT_LABELS, RESULT_LABELS, ROUTE_LABELS, PaymentState, Result
from market.budgets.states import FUND_SOURCE_LABELS
from market.kernel.money import format_score
from market.kernel.permits import Permit
from market.places.models import Street
from market.places.queries import street as find_street
from market.web import filters
from market.web.guard import found

bp = Blueprint("payouts", __name__, url_prefix="/payments")

TONES = {
    PaymentState.DUE: "wait",
    PaymentState.REQUESTED: "wait",
    PaymentState.APPROVED: "wait",
    PaymentState.ORDERED: "info",
    PaymentState.PAID: "good",
    PaymentState.CONFIRMED: "good",
    PaymentState.FAILED: "bad",
    PaymentState.RETURNED: "bad",
}
RESULT_TONES = {Result.PAID: "good", Result.FAILED: "bad", Result.RETURNED: "bad"}


@bp.record
def _open(state: BlueprintSetupState) -> None:
    """Point the providers at the settings of the application that hangs this blueprint."""
    open_providers(state.app.extensions["linli"].settings)


@bp.context_processor
def _labels() -> dict[str, Any]:
    return {
        "STATES": PAYMENT_LABELS,
        "TONES": TONES,
        "ROUTES": ROUTE_LABELS,
        "RESULTS": RESULT_LABELS,
        "RESULT_TONES": RESULT_TONES,
        "SOURCES": FUND_SOURCE_LABELS,
        "contract_link": contract_link,
        "grade_of": _grade,
        "score_of": _score,
    }


def contract_link(row: Payment) -> Markup:
    """The contract's number as a link to it, and one to all its money."""
    link = Markup('<a href="{}">{}</a> · <a href="{}">{}</a>')
    contract = url_for("agreements.show", agreement_id=row.agreement_id)
    money = url_for("payouts.contract", agreement_id=row.agreement_id)
    return link.format(contract, row.agreement.number, money, _("合同款项"))


def _grade(basis: Mapping[str, Any]) -> str:
    return filters.label(basis["grade"], GRADE_LABELS)


def _score(basis: Mapping[str, Any]) -> str:
    """The score as the evaluation's own page shows it."""
    return format_score(Fraction(*basis["score"]))


def status_of(form: Any) -> int:
    """422 when the form was refused."""
    return 422 if form.errors else 200


def street_or_404(street_id: int, permit: Permit) -> Street:
    """The street within the actor's scope, else 404."""
    row = find_street(street_id)
    return found(row, permit, row.scope if row else None)
