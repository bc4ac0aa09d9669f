"""The result page: points, the portfolio with its reasons, the approver's decision, and the awards that follow."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from market.awards.queries import awards_of
from market.awards.states import PROJECT_WORDS
from market.kernel.permits import Permit
from market.venture import actions, queries
from market.venture.forms import DecideForm
from market.venture.models import Round
from market.venture.rules.scores import ScoreRule
from market.venture.states import ApplicationState, RoundState
from market.venture.views.door import bp, may, page, round_for
from market.web.filters import yuan
from market.web.guard import attempt, current_actor, found, guard, now

_SHOWN = (
    ApplicationState.ADMITTED,
    ApplicationState.CHOSEN,
    ApplicationState.UNCHOSEN,
    ApplicationState.AWARDED,
    ApplicationState.FALLEN,
)


@bp.get("/<int:round_id>/result")
@guard(Permit.ROUND_SEE)
def result(round_id: int) -> Any:
    """Points, portfolio and reasons; for the approver the decision."""
    row = round_for(round_id)
    found(row if row.portfolio else None)
    return _result_page(row, DecideForm(data={"chosen": row.portfolio["chosen"]}))


def _result_page(row: Round, form: DecideForm) -> str:
    rows = sorted(queries.applications_of(row.id, _SHOWN), key=lambda one: (one.scores["rank"], one.number or 0))
    funded = [one for one in rows if one.granted_fen]
    form.chosen.choices = [(one.id, f"{one.content['title']} {yuan(one.granted_fen)}") for one in funded]
    newest = {award.subject_id: award for award in awards_of("application", [one.id for one in rows])}
    rules = queries.rules_of(row)
    return page(
        "result.html",
        form=form,
        row=row,
        rows=rows,
        proposed=set(row.portfolio["chosen"]),
        awards=newest,
        award_states=PROJECT_WORDS,
        scoring=ScoreRule.from_rules(rules),
        sources_of=queries.sources(row, rules),
        decides=row.state == RoundState.RANKED and may(row, Permit.ROUND_APPROVE),
    )


@bp.post("/<int:round_id>/decide")
@guard(Permit.ROUND_APPROVE)
def decide(round_id: int) -> Any:
    """Decide which projects are proposed."""
    row = round_for(round_id, Permit.ROUND_APPROVE)
    found(row if row.portfolio else None)
    form = DecideForm()
    rows = queries.applications_of(row.id, _SHOWN)
    form.chosen.choices = [(one.id, one.content["title"]) for one in rows if one.granted_fen]
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.decide_round(current_actor(), row.id, form.chosen.data, form.departure.data or "", now())
        if tried.ok:
            flash(_("拟资助名单已公示，公示期满后可以确认。"), "success")
            return redirect(url_for("venture.result", round_id=round_id))
        row = round_for(round_id)
    return _result_page(row, form), 422
