"""The open door for residents: a one-time code, a ballot that fits a phone, no name."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.errors import Refused
from market.kernel.text import N_
from market.venture import actions, queries
from market.venture.forms import BallotForm, CodeForm
from market.venture.models import Round
from market.venture.rules.scores import ScoreRule
from market.venture.states import ApplicationState
from market.venture.views.door import bp, page
from market.web.drawing import show_refusal
from market.web.filters import text
from market.web.guard import attempt, now, public
from market.web.slips import code_at_hand, drop_code, hold_code

_HELD = "vote_code"
_WHY = "residents vote with a one-time code and without an account"


def _behind(code: str) -> Round:
    if not code:
        raise Refused(N_("请填写投票码。"), field="code")
    return actions.voting_round(code, now())


def _ask_for_code(code: str = "", refusal: Refused | None = None) -> Any:
    form = CodeForm(formdata=None, data={"code": code})
    if refusal is not None:
        show_refusal(form, refusal)
    return page("code.html", form=form), 422 if refusal else 200


@bp.route("/vote", methods=["GET", "POST"])
@public(_WHY)
def vote() -> Any:
    """Enter a code, then choose; the slip's picture carries the code and opens the ballot at once."""
    if "code" in request.args:
        return enter_code()
    code = code_at_hand(_HELD)
    if code is None:
        return _ask_for_code()
    try:
        row = _behind(code)
    except Refused as refusal:
        drop_code(_HELD)
        return _ask_for_code(code, refusal)
    rows = queries.applications_of(row.id, [ApplicationState.ADMITTED])
    form = BallotForm(data={"code": code})
    form.choices.choices = [(one.id, f"{one.number}. {one.content['title']}") for one in rows]
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.vote(code, form.choices.data, now())
        if tried.ok:
            drop_code(_HELD)
            return redirect(url_for("venture.thanks"))
        row = actions.voting_round(code, now())
        rows = queries.applications_of(row.id, [ApplicationState.ADMITTED])
    shown = page(
        "ballot.html",
        form=form,
        row=row,
        rows=rows,
        fields={one.id: text(CATEGORY_LABELS[Category(one.content["field"])]) for one in rows},
        most=ScoreRule.from_rules(queries.rules_of(row)).choices_max,
    )
    return shown, 422 if form.errors else 200


@bp.post("/vote/code")
@public(_WHY)
def enter_code() -> Any:
    """The code is held by the session; the ballot follows."""
    hold_code(_HELD)
    return redirect(url_for("venture.vote"))


@bp.get("/vote/thanks")
@public(_WHY)
def thanks() -> Any:
    """The ballot was taken."""
    return page("thanks.html")
