"""Replacing somebody who was promised: the supplier's form, the street's answer."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template
from flask_babel import gettext as _

from contracts.agreements import actions, queries
from contracts.agreements.forms import AnswerForm, SubstitutionForm
from contracts.agreements.models import Agreement
from contracts.agreements.states import AgreementState
from contracts.agreements.views.door import bp, crew, to_contract
from market.kernel.clock import beijing_day
from market.kernel.permits import Permit
from market.web.guard import attempt, current_actor, found, guard, now


@bp.route("/<int:agreement_id>/replace", methods=["GET", "POST"])
@guard(Permit.DELIVERY_REPORT)
def replace_person(agreement_id: int) -> Any:
    """Propose somebody else for a person promised."""
    row, form = found(queries.agreement(agreement_id), Permit.DELIVERY_REPORT), SubstitutionForm()
    _offer(row, form)
    if form.validate_on_submit():
        change = actions.Change(form.leaving_id.data, form.entering_id.data, form.reason.data or "")
        with attempt(form) as tried:
            actions.propose_substitution(current_actor(), row.id, change, now(), token=form.token.data)
        if tried.ok:
            flash(_("已提出换人，等待街道同意；同意之前仍按原约定派驻。"), "success")
            return to_contract(row)
        row = found(queries.agreement(agreement_id), Permit.DELIVERY_REPORT)
    page = render_template(
        "contracts/agreements/replace.html",
        form=form,
        row=row,
        running=row.state == AgreementState.IN_FORCE,
        over=beijing_day(now()) > row.ends_on,
    )
    return page, 422 if form.errors else 200


def _offer(row: Agreement, form: SubstitutionForm) -> None:
    serving = {one["id"]: one["name"] for one in crew(row)}
    form.leaving_id.choices = list(serving.items())
    form.entering_id.choices = [(one.id, one.name) for one in actions.substitutes(row, beijing_day(now()))]


@bp.post("/replacements/<int:substitution_id>/accept")
@guard(Permit.AGREEMENT_DRAFT)
def accept_change(substitution_id: int) -> Any:
    """Agree for the street."""
    change = found(queries.substitution(substitution_id), Permit.AGREEMENT_DRAFT)
    actions.accept_substitution(current_actor(), change.id, now())
    flash(_("已同意换人并公告级别和工时；派驻已更新。"), "success")
    return to_contract(change.agreement)


@bp.route("/replacements/<int:substitution_id>/reject", methods=["GET", "POST"])
@guard(Permit.AGREEMENT_DRAFT)
def reject_change(substitution_id: int) -> Any:
    """Do not agree, with a reason."""
    change, form = found(queries.substitution(substitution_id), Permit.AGREEMENT_DRAFT), AnswerForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.reject_substitution(current_actor(), change.id, form.answer.data or "", now())
        if tried.ok:
            flash(_("已告知供应商不同意换人。"), "success")
            return to_contract(change.agreement)
        change = found(queries.substitution(substitution_id), Permit.AGREEMENT_DRAFT)
    page = render_template("contracts/agreements/keep.html", form=form, row=change.agreement, change=change)
    return page, 422 if form.errors else 200
