"""Drafting, sending for signature, signing, cancelling, and the duties afterwards."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from contracts.agreements import actions, queries
from contracts.agreements.forms import CancelForm, OptionsForm, SignForm
from contracts.agreements.models import Agreement
from contracts.agreements.rules import Dispute, Options, is_long
from contracts.agreements.states import AGREEMENT_MACHINE, PARTY_LABELS, AgreementVerb, Party
from contracts.agreements.views.door import bp, seen, to_contract
from market.awards.queries import award as find_award
from market.awards.queries import contract_bar, may_sign_at
from market.db.engine import begin_reading, begin_writing
from market.db.session import db
from market.kernel.clock import end_of_day, system_now
from market.kernel.permits import Permit, allowed
from market.people.queries import certified_unit
from market.web.guard import attempt, current_actor, found, guard, now


@bp.route("/draft/<int:award_id>", methods=["GET", "POST"])
@guard(Permit.AGREEMENT_DRAFT)
def draft(award_id: int) -> Any:
    """Look at an award's terms and draft its contract."""
    award = found(find_award(award_id), Permit.AGREEMENT_DRAFT)
    existing = queries.by_award(award_id)
    if existing is not None:
        return to_contract(existing)
    if request.method == "POST":
        row = actions.draft_agreement(current_actor(), award_id, now())
        flash(_("合同草稿已生成。请核对并补充约定，然后定稿送签。"), "success")
        return redirect(url_for("agreements.edit", agreement_id=row.id))
    terms = actions.terms_of(award)
    last = end_of_day(award.sign_by)
    return render_template(
        "contracts/agreements/draft.html", award=award, terms=terms, sign_by=last, bar=contract_bar(award)
    )


@bp.route("/<int:agreement_id>/edit", methods=["GET", "POST"])
@guard(Permit.AGREEMENT_DRAFT)
def edit(agreement_id: int) -> Any:
    """Settle the draft's open points."""
    row = found(queries.agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    AGREEMENT_MACHINE.step(row.state, AgreementVerb.ISSUE)
    options, terms = Options.from_data(row.data["options"]), actions.terms_of(row.award)
    data = {name: getattr(options, name) for name in Options.__dataclass_fields__}
    form = OptionsForm(data=data | {"dispute": Dispute(options.dispute), "seen": row.digest})
    form.offer_conditions()
    form.offer_bond(terms)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.save_agreement(current_actor(), agreement_id, form.options(), form.seen.data or "", now())
        if tried.ok:
            flash(_("草稿已保存。核对全文无误后，定稿并送签。"), "success")
            return to_contract(row)
        row = found(queries.agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    long = is_long(row.starts_on, row.ends_on, terms.rules)
    page = render_template("contracts/agreements/edit.html", form=form, row=row, long=long)
    return page, 422 if form.errors else 200


@bp.post("/<int:agreement_id>/issue")
@guard(Permit.AGREEMENT_DRAFT)
def issue(agreement_id: int) -> Any:
    """Freeze the draft and send it for signature."""
    found(queries.agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    row = actions.issue_agreement(current_actor(), agreement_id, now())
    flash(_("合同已定稿，内容摘要已固定，并已通知供应商签署。"), "success")
    return to_contract(row)


@bp.route("/<int:agreement_id>/cancel", methods=["GET", "POST"])
@guard(Permit.AGREEMENT_DRAFT)
def cancel(agreement_id: int) -> Any:
    """Give the contract up before both have signed."""
    row = found(queries.agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    AGREEMENT_MACHINE.step(row.state, AgreementVerb.CANCEL)
    form = CancelForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.cancel_agreement(current_actor(), agreement_id, form.reason.data or "", now())
        if tried.ok:
            flash(_("合同已取消。预留的资金不变；成交结果仍有效的，可以重新起草。"), "success")
            return to_contract(row)
        row = found(queries.agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    return render_template("contracts/agreements/cancel.html", form=form, row=row), 422 if form.errors else 200


@bp.route("/<int:agreement_id>/sign", methods=["GET", "POST"])
@guard(Permit.AGREEMENT_SIGN_SUPPLIER, Permit.AGREEMENT_SIGN_BUYER)
def sign(agreement_id: int) -> Any:
    """Sign for one party with the own passphrase. Unlocking and signing happen before anything is locked."""
    if request.method == "POST":
        begin_reading(db.session)
    row, form, at = seen(agreement_id), SignForm(), now()
    party = _my_turn(row)
    if form.validate_on_submit():
        with attempt(form) as tried:
            secret = form.passphrase.data or ""
            prepared = actions.prepare_signature(current_actor(), agreement_id, party, secret, at, real=system_now())
            begin_writing(db.session)
            actions.record_signature(current_actor(), prepared, at)
        if tried.ok:
            last = party is Party.BUYER
            flash(_("双方已签署，合同生效并已公告。") if last else _("已签署，等待街道签署。"), "success")
            return redirect(url_for("agreements.show", agreement_id=agreement_id))
        row = seen(agreement_id)
    page = render_template(
        "contracts/agreements/sign.html",
        form=form,
        row=row,
        data=row.data,
        party=PARTY_LABELS[party],
        name=row.data[party.value]["name"],
        unit=certified_unit(current_actor().user_id or 0),
        ready=row.draft_pdf_id is not None,
        bar=may_sign_at(row.award, at, bool(row.data["rules"]["wait_for_windows"])),
    )
    return page, 422 if form.errors else 200


def _my_turn(row: Agreement) -> Party:
    """Return for whom this person may sign now; 404 when the person signs for neither, 422 when it is not the turn."""
    actor = current_actor()
    for party, verb, permit in (
        (Party.SUPPLIER, AgreementVerb.SIGN_SUPPLIER, Permit.AGREEMENT_SIGN_SUPPLIER),
        (Party.BUYER, AgreementVerb.SIGN_BUYER, Permit.AGREEMENT_SIGN_BUYER),
    ):
        if allowed(actor, permit, row.subject.scope):
            AGREEMENT_MACHINE.step(row.state, verb)
            return party
    return found(None)


@bp.post("/<int:agreement_id>/filed")
@guard(Permit.AGREEMENT_DRAFT)
def filed(agreement_id: int) -> Any:
    """Write down that the copy went to finance."""
    row = found(queries.agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    actions.record_filing(current_actor(), agreement_id, now())
    flash(_("已登记报财政部门备案。"), "success")
    return to_contract(row)


@bp.post("/<int:agreement_id>/resume")
@guard(Permit.AGREEMENT_DRAFT)
def resume(agreement_id: int) -> Any:
    """Let a suspended contract go on."""
    found(queries.agreement(agreement_id), Permit.AGREEMENT_DRAFT)
    row = actions.resume_agreement(current_actor(), agreement_id, now())
    flash(_("合同已恢复履行。"), "success")
    return to_contract(row)
