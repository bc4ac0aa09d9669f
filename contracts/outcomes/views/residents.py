"""The open door for residents: a one-time code, a few questions, no name."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from contracts.outcomes import actions, queries
from contracts.outcomes.forms import LEVELS, CodeForm, SurveyForm, survey_form
from contracts.outcomes.models import Evaluation
from contracts.outcomes.rules import may_rate
from contracts.outcomes.states import EvaluationState
from contracts.outcomes.views.door import bp, heading
from market.kernel.errors import Refused
from market.kernel.text import N_
from market.records import codes
from market.web.drawing import show_refusal
from market.web.filters import text
from market.web.guard import attempt, found, now, public
from market.web.slips import code_at_hand, drop_code, hold_code

_HELD = "outcome_code"
_WHY = "residents rate with a one-time code and without an account"


def _behind(code: str) -> Evaluation:
    """Return the evaluation a live code belongs to; raises Refused. Looking does not use the code up."""
    if not code:
        raise Refused(N_("请填写评价码。"), field="code")
    at = now()
    kept = codes.look_up(queries.PURPOSE, code, at)
    row = found(queries.evaluation(kept.subject_id))
    may_rate(at, row.collect_until, collecting=row.state == EvaluationState.COLLECTING)
    return row


def _survey(row: Evaluation) -> type[SurveyForm]:
    questions = [text(one) for one in actions.terms_of(row).questions]
    return survey_form(questions, [text(one) for one in LEVELS])


def _ask_for_code(code: str = "", refusal: Refused | None = None) -> Any:
    form = CodeForm(formdata=None, data={"code": code})
    if refusal is not None:
        show_refusal(form, refusal)
    return render_template("contracts/outcomes/code.html", form=form), 422 if refusal else 200


@bp.route("/rate", methods=["GET", "POST"])
@public(_WHY)
def rate() -> Any:
    """Enter a code, then answer; the slip's picture carries the code and opens the questions at once."""
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
    form = _survey(row)(data={"code": code})
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.rate_public(code, form.levels(), form.comment.data or "", now())
        if tried.ok:
            drop_code(_HELD)
            return redirect(url_for("outcomes.thanks"))
        row = _behind(code)
    page = render_template("contracts/outcomes/survey.html", form=form, **heading(row))
    return page, 422 if form.errors else 200


@bp.post("/rate/code")
@public(_WHY)
def enter_code() -> Any:
    """The code is held by the session; the questions follow."""
    hold_code(_HELD)
    return redirect(url_for("outcomes.rate"))


@bp.get("/rate/thanks")
@public(_WHY)
def thanks() -> Any:
    """The answer was taken."""
    return render_template("contracts/outcomes/thanks.html", sentence=N_("您的评价已匿名提交，谢谢。"))
