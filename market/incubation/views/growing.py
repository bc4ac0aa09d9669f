"""What staff write down while an organisation is supported, and what a group says when it has registered."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from wtforms import TextAreaField
from wtforms.validators import Length

from market.incubation import actions, queries
from market.incubation.forms import MentoringForm, StageForm, SuccessorForm
from market.incubation.models import Residency
from market.incubation.states import MOMENT_LABELS, AssessmentMoment, ResidencyState
from market.incubation.views.case import stage_due, worded_plan
from market.incubation.views.door import bp, own_organisations, seen
from market.kernel.clock import beijing_day
from market.kernel.permits import Permit
from market.kernel.uscc import ProviderType
from market.web.fields import Form, PickRadios, Required
from market.web.guard import attempt, current_actor, found, guard, now


def _worked(residency_id: int) -> Residency:
    row = seen(residency_id, Permit.INCUBATION_WORK)
    return found(row if row.state == ResidencyState.INCUBATING else None)


@bp.route("/residencies/<int:residency_id>/stages/<int:position>", methods=["GET", "POST"])
@guard(Permit.INCUBATION_WORK)
def stage(residency_id: int, position: int) -> Any:
    """Write down that a stage is passed."""
    row, form = _worked(residency_id), StageForm()
    stages = worded_plan(row).stages
    one = found(stages[position - 1] if 1 <= position <= len(stages) else None)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.pass_stage(current_actor(), actions.loaded(residency_id), position, form.evidence.data or "", now())
        if tried.ok:
            flash(_("已登记达标。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    due = stage_due(row, int(str(one["by_month"])))
    page = render_template("market/incubation/stage.html", form=form, row=row, stage=one, position=position, due=due)
    return page, 422 if form.errors else 200


@bp.route("/residencies/<int:residency_id>/mentoring", methods=["GET", "POST"])
@guard(Permit.INCUBATION_WORK)
def mentoring(residency_id: int) -> Any:
    """Write down time with a mentor."""
    row = _worked(residency_id)
    form = MentoringForm(data={"day": beijing_day(now()), "minutes": 120})
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.note_mentoring(
                current_actor(),
                actions.loaded(residency_id),
                form.mentor.data or "",
                form.day.data or beijing_day(now()),
                form.minutes.data or 0,
                form.topic.data or "",
                form.token.data,
                now(),
            )
        if tried.ok:
            flash(_("已登记辅导。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    return render_template("market/incubation/mentoring.html", form=form, row=row), 422 if form.errors else 200


def _assessment_form(plan: queries.Plan) -> Form:
    """A form with one field for each dimension of the plan."""
    choices = [(level, f"{level}　{text}") for level, text in enumerate(plan.levels, 1)]
    fields: dict[str, Any] = {
        one["key"]: PickRadios(one["title"], [Required()], choices=choices, description=one["hint"])
        for one in plan.dimensions
    }
    fields["note"] = TextAreaField(_("评估说明"), [Length(max=1000)])
    return type("AssessmentForm", (Form,), fields)()


@bp.route("/residencies/<int:residency_id>/assess/<any(before, after):moment>", methods=["GET", "POST"])
@guard(Permit.INCUBATION_WORK)
def assess(residency_id: int, moment: str) -> Any:
    """A level for each dimension; what is recorded already is shown, not asked for again."""
    row = _worked(residency_id)
    if request.method == "GET" and AssessmentMoment(moment) in queries.assessments_of(row.id):
        flash(_("这次评估已经登记，不能重做；结果见“能力评估”。"), "info")
        return redirect(url_for("incubation.residency", residency_id=residency_id, _anchor="assessments"), 303)
    plan = worded_plan(row)
    form = _assessment_form(plan)
    if form.validate_on_submit():
        levels = {one["key"]: form[one["key"]].data for one in plan.dimensions}
        with attempt(form) as tried:
            actions.assess(
                current_actor(),
                actions.loaded(residency_id),
                AssessmentMoment(moment),
                levels,
                form["note"].data or "",
                now(),
            )
        if tried.ok:
            flash(_("评估已登记。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    label = MOMENT_LABELS[AssessmentMoment(moment)]
    page = render_template("market/incubation/assess.html", form=form, row=row, moment=moment, label=label)
    return page, 422 if form.errors else 200


@bp.route("/residencies/<int:residency_id>/successor", methods=["GET", "POST"])
@guard(Permit.INCUBATION_APPLY)
def successor(residency_id: int) -> Any:
    """Say which legal person a group has become."""
    row = seen(residency_id, Permit.INCUBATION_APPLY)
    group = row.organisation.provider_type == ProviderType.COMMUNITY_GROUP
    found(row if group and row.state == ResidencyState.INCUBATING else None)
    own = {o.id: o for o in own_organisations(current_actor()) if o.provider_type != ProviderType.COMMUNITY_GROUP}
    form = SuccessorForm()
    form.successor.choices = [(o.id, o.name) for o in own.values()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            chosen = found(own.get(form.successor.data))
            actions.name_successor(current_actor(), actions.loaded(residency_id), chosen, now())
        if tried.ok:
            flash(_("已登记，出壳时以登记后的法人列入目录。"), "success")
            return redirect(url_for("incubation.residency", residency_id=residency_id))
        row = seen(residency_id)
    page = render_template("market/incubation/successor.html", form=form, row=row, own=own)
    return page, 422 if form.errors else 200
