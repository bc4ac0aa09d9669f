"""Trying scores out: what a contract would pay for them. Nothing is written."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from contracts.agreements.queries import agreement as find_agreement
from contracts.outcomes.forms import WhatIfForm
from contracts.outcomes.rules import earned, evaluate, least_ratings
from contracts.outcomes.views.door import bp, outcome_values
from market.awards.rules import EVALUATION, EvaluationTerms
from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.web.drawing import show_refusal
from market.web.guard import found, guard


@bp.get("/agreements/<int:agreement_id>/what-if")
@guard(Permit.AGREEMENT_SEE)
def what_if(agreement_id: int) -> Any:
    """Four scores in, grade, share and amounts out, by the contract's own frozen rule."""
    contract = found(find_agreement(agreement_id), Permit.AGREEMENT_SEE)
    form = WhatIfForm(request.args)
    terms = EvaluationTerms.from_data(contract.data["evaluation"])
    outcome = None
    if request.args and form.validate():
        # As many equal ratings as the source needs: then its mean is the score that was filled in.
        ratings = {source: [score] * max(least_ratings(terms, source), 1) for source, score in form.scores().items()}
        try:
            outcome = evaluate(terms, ratings, gap_flag_centi=contract.data["rules"]["gap_flag_centi"])
        except Refused as refusal:
            show_refusal(form, refusal)
    rows = [
        (one, earned(one["amount_fen"], outcome.share_bp if one["base"] == EVALUATION else 10_000) if outcome else None)
        for one in contract.data["milestones"]
    ]
    page = render_template(
        "contracts/outcomes/what_if.html",
        contract=contract,
        form=form,
        terms=terms,
        outcome=outcome_values(outcome) if outcome else None,
        rows=rows,
        total=sum(money.earned_fen for _, money in rows if money),
    )
    return page, 422 if form.errors else 200
