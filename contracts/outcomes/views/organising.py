"""The street's pages: list, one evaluation, inviting, codes, closing."""

from __future__ import annotations

import secrets
from typing import Any

import segno
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from contracts.agreements.states import AgreementState
from contracts.delivery.queries import milestone as find_milestone
from contracts.delivery.rules import final_window
from contracts.outcomes import actions, queries
from contracts.outcomes.forms import CodesForm, InviteEvaluatorForm, InviteOrganisationForm
from contracts.outcomes.models import Evaluation, Invitation, Rating
from contracts.outcomes.rules import Outcome, earned, may_reevaluate, missing_sources, sample_size, sources_bar
from contracts.outcomes.states import EVALUATION_LABELS, GRADE_LABELS, SOURCE_LABELS, EvaluationState, Source
from contracts.outcomes.views.door import GRADE_TONES, TONES, bp, heading, outcome_values, source_lines
from market.kernel.clock import is_before
from market.kernel.permits import Permit, Role, Scope
from market.people.queries import names, with_role
from market.web.guard import attempt, current_actor, found, guard, now

_ALL = (
    Permit.AGREEMENT_SEE,
    Permit.OUTCOME_ORGANISE,
    Permit.OUTCOME_RATE_SELF,
    Permit.OUTCOME_RATE_MUTUAL,
    Permit.OUTCOME_RATE_THIRD,
)


def _organised(evaluation_id: int) -> Evaluation:
    return found(queries.evaluation(evaluation_id), Permit.OUTCOME_ORGANISE)


def _to(evaluation_id: int) -> Any:
    return redirect(url_for("outcomes.show", evaluation_id=evaluation_id))


@bp.get("")
@guard(*_ALL)
def index() -> Any:
    """Evaluations one organises or undergoes, and those one was asked to rate."""
    actor, before = current_actor(), request.args.get("before", type=int)
    rows = queries.evaluations_for(actor, before)
    shown, more = rows[: queries.PAGE], len(rows) > queries.PAGE
    return render_template(
        "contracts/outcomes/index.html",
        rows=shown,
        asked=queries.invitations_to(actor, limit=queries.PAGE) if before is None else [],
        to_open=queries.to_open(actor.scopes(Permit.OUTCOME_ORGANISE), 20) if before is None else [],
        states=EVALUATION_LABELS,
        sources=SOURCE_LABELS,
        grades=GRADE_LABELS,
        tones=TONES,
        grade_tones=GRADE_TONES,
        next_url=url_for("outcomes.index", before=shown[-1].id) if more else None,
    )


@bp.get("/<int:evaluation_id>")
@guard(Permit.AGREEMENT_SEE)
def show(evaluation_id: int) -> Any:
    """One evaluation: how far the sources are, or the result with everything it came from."""
    row = found(queries.evaluation(evaluation_id), Permit.AGREEMENT_SEE)
    permits, at = current_actor().permits(row.subject.scope), now()
    ratings = queries.ratings(row.id)
    closed = row.state == EvaluationState.CLOSED
    return render_template(
        "contracts/outcomes/show.html",
        **heading(row),
        terms=actions.terms_of(row),
        rules=row.terms["rules"],
        states=EVALUATION_LABELS,
        grades=GRADE_LABELS,
        tones=TONES,
        closed=closed,
        ended=not is_before(at, row.collect_until),
        organises=Permit.OUTCOME_ORGANISE in permits,
        rates_self=_may_rate_self(row, ratings, permits) and is_before(at, row.collect_until),
        window=final_window(row.milestone.agreement.ends_on, row.terms["rules"]["final_window_months"]),
        **(_result(row, ratings) if closed else _progress(row, ratings)),
    )


def _may_rate_self(row: Evaluation, ratings: list[Rating], permits: set[Permit]) -> bool:
    rated = any(one.source == Source.SELF for one in ratings)
    return row.state == EvaluationState.COLLECTING and not rated and Permit.OUTCOME_RATE_SELF in permits


def _progress(row: Evaluation, ratings: list[Rating]) -> dict[str, Any]:
    """Before closing: numbers only, no score, so that nobody closes when the answers look right."""
    invited = queries.invitations(row.id)
    answered = {one.invitation_id for one in ratings}
    sources = actions.sources_of(row)
    missing = {one.source for one in missing_sources(sources)}
    return {
        "sources": source_lines(sources, open_=False),
        "invited": [(_name(one), one, _standing(one, one.id in answered)) for one in invited],
        "codes": queries.codes_of(row.id),
        "missing": missing,
        "bar": sources_bar(actions.terms_of(row), sources),
        "in_force": row.milestone.agreement.state == AgreementState.IN_FORCE,
        "all_in": actions.all_in(row, sources),
    }


def _name(one: Invitation) -> str:
    asked = one.organisation or one.user
    return asked.name if asked else ""


def _standing(one: Invitation, answered: bool) -> tuple[str, str]:
    if one.declined:
        return _("已回避"), "bad"
    if answered:
        return _("已评分"), "good"
    return (_("已声明，待评分"), "wait") if one.declared_at else (_("待声明"), "wait")


def _result(row: Evaluation, ratings: list[Rating]) -> dict[str, Any]:
    outcome = Outcome.from_data(row.result["outcome"])
    rounds = queries.rounds_of(row.milestone_id)
    again = rounds[-1].id == row.id and may_reevaluate(row.grade, row.round, row.terms["rules"]["reevaluations_max"])
    listed = sorted((one for one in ratings if one.source != Source.PUBLIC), key=lambda one: one.commitment)
    return {
        "outcome": outcome_values(outcome),
        "pay": earned(row.milestone.amount_fen, outcome.share_bp),
        "may_again": again,
        "ratings": listed,
        "comments": sorted(one.comment for one in ratings if one.source == Source.PUBLIC and one.comment),
        "source_labels": SOURCE_LABELS,
        "root": row.result["inputs"]["root"],
    }


@bp.get("/milestones/<int:milestone_id>")
@guard(Permit.AGREEMENT_SEE)
def of_milestone(milestone_id: int) -> Any:
    """The evaluation of a milestone, or the page that opens it."""
    milestone = found(find_milestone(milestone_id), Permit.AGREEMENT_SEE)
    rounds = queries.rounds_of(milestone_id)
    if rounds:
        return _to(rounds[-1].id)
    organises = Permit.OUTCOME_ORGANISE in current_actor().permits(milestone.subject.scope)
    return render_template("contracts/outcomes/unopened.html", milestone=milestone, organises=organises)


@bp.post("/milestones/<int:milestone_id>/open")
@guard(Permit.OUTCOME_ORGANISE)
def begin(milestone_id: int) -> Any:
    """Open the evaluation, or the re-evaluation after a fail, now."""
    found(find_milestone(milestone_id), Permit.OUTCOME_ORGANISE)
    row = actions.open_evaluation(current_actor(), milestone_id, now())
    flash(_("评估已启动，机构已收到自评通知。请邀请互评机构和第三方评估员，并发放居民评价码。"), "success")
    return _to(row.id)


@bp.route("/<int:evaluation_id>/invite", methods=["GET", "POST"])
@guard(Permit.OUTCOME_ORGANISE)
def invite(evaluation_id: int) -> Any:
    """Ask organisations and evaluators without a tie."""
    row, name = _organised(evaluation_id), request.args.get("name", "").strip()[:60]
    firms, people = InviteOrganisationForm(prefix="firm"), InviteEvaluatorForm(prefix="person")
    firms.organisation.choices = [(one.id, one.name) for one in queries.candidates(row, name)]
    ids = with_role(Role.EVALUATOR, Scope(row.district_id, row.street_id))
    people.evaluator.choices = sorted(names(ids).items())
    chosen = people if request.form.get("who") == "person" else firms
    if chosen.validate_on_submit():
        with attempt(chosen) as tried:
            if chosen is people:
                actions.invite_evaluator(current_actor(), evaluation_id, people.evaluator.data, now())
            else:
                actions.invite_organisation(current_actor(), evaluation_id, firms.organisation.data, now())
        if tried.ok:
            flash(_("已发出邀请。"), "success")
            return redirect(url_for("outcomes.invite", evaluation_id=evaluation_id))
        row = _organised(evaluation_id)
    page = render_template(
        "contracts/outcomes/invite.html",
        **heading(row),
        form=chosen,
        firms=firms,
        people=people,
        name=name,
        invited=[_name(one) for one in queries.invitations(row.id)],
    )
    return page, 422 if chosen.errors else 200


@bp.route("/<int:evaluation_id>/codes", methods=["GET", "POST"])
@guard(Permit.OUTCOME_ORGANISE)
def codes(evaluation_id: int) -> Any:
    """Make residents' codes; the slips are shown this once, to be printed."""
    row, form = _organised(evaluation_id), CodesForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            number, token = form.number.data or 0, form.token.data
            made = actions.make_codes(current_actor(), evaluation_id, number, now(), token=token)
        row = _organised(evaluation_id)
        if tried.ok:
            return render_template("contracts/outcomes/slips.html", **heading(row), slips=[_slip(one) for one in made])
        # The spent token must not come back with the page, or a batch that is really wanted would be refused as well.
        form.token.data, form.token.raw_data = secrets.token_hex(16), None
    served = _served(row)
    rules = row.terms["rules"]
    page = render_template(
        "contracts/outcomes/codes.html",
        **heading(row),
        form=form,
        codes=queries.codes_of(row.id),
        least=actions.terms_of(row).min_public,
        served=served,
        sample=sample_size(served, rules["sample_z_centi"], rules["sample_margin_bp"]) if served else 0,
    )
    return page, 422 if form.errors else 200


def _served(row: Evaluation) -> int:
    milestone = find_milestone(row.milestone_id)
    return milestone.reports[-1].people_served if milestone and milestone.reports else 0


def _slip(code: str) -> dict[str, str]:
    address = url_for("outcomes.rate", code=code, _external=True)
    picture = segno.make(address, error="m").svg_data_uri(scale=4, border=2)
    return {"code": code, "picture": picture, "address": url_for("outcomes.rate", _external=True)}


@bp.post("/<int:evaluation_id>/extend")
@guard(Permit.OUTCOME_ORGANISE)
def extend(evaluation_id: int) -> Any:
    """Collect for longer when a source is missing."""
    _organised(evaluation_id)
    actions.extend_collection(current_actor(), evaluation_id, now())
    flash(_("已延长评分收集，没有用过的评价码继续有效。"), "success")
    return _to(evaluation_id)


@bp.post("/<int:evaluation_id>/close")
@guard(Permit.OUTCOME_ORGANISE)
def close(evaluation_id: int) -> Any:
    """Compute and publish the result."""
    _organised(evaluation_id)
    actions.close_evaluation(current_actor(), evaluation_id, now())
    flash(_("评估结果已汇总并公告。"), "success")
    return _to(evaluation_id)
