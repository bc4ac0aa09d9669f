"""Confirming awards, and the letters to bidders."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.awards import actions, queries
from market.awards.forms import ConfirmForm, DeclineForm, RefuseForm
from market.awards.rules import confirm_bar, decline_bar, next_in_rank
from market.awards.states import AWARD_LABELS, AWARD_MACHINE, PROJECT_WORDS, AwardState, AwardVerb, ObjectionState
from market.awards.views.door import TONES, bp
from market.db.session import db
from market.evaluation.queries import results
from market.kernel.errors import Refused
from market.kernel.permits import Permit, Scope, allowed
from market.records.files import content_of
from market.records.models import StoredFile
from market.tenders.queries import lot as find_lot
from market.tenders.states import LotState
from market.web.guard import attempt, current_actor, found, guard, now

_PAGE = 20
_LABELS = {False: AWARD_LABELS, True: PROJECT_WORDS}


@bp.get("")
@guard(Permit.AWARD_CONFIRM, Permit.TENDER_SEE, Permit.BID_DRAFT)
def index() -> Any:
    """What waits for a decision, what was awarded; for an organisation its letters."""
    actor = current_actor()
    streets = [g.street_id for g in actor.scopes(Permit.TENDER_SEE) if g.street_id is not None]
    own = [g.organisation_id for g in actor.scopes(Permit.BID_DRAFT) if g.organisation_id is not None]
    before = request.args.get("before", type=int)
    rows = queries.awards_in(streets, before, _PAGE + 1) if streets else []
    more = url_for("awards.index", before=rows[_PAGE - 1].id) if len(rows) > _PAGE else None
    return render_template(
        "market/awards/index.html",
        waiting=queries.ranked_lots(streets) if streets else [],
        rows=rows[:_PAGE],
        more=more,
        letters=queries.letters_to(own) if own else [],
        official=bool(streets),
        states=_LABELS,
        tones=TONES,
        decides=bool(actor.scopes(Permit.OBJECTION_DECIDE)),
    )


@bp.route("/lots/<int:lot_id>", methods=["GET", "POST"])
@guard(Permit.AWARD_CONFIRM)
def confirm(lot_id: int) -> Any:
    """The ranking with the candidate, and the confirmation in rank order."""
    lot = found(find_lot(lot_id), Permit.AWARD_CONFIRM)
    form = ConfirmForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            reason, shown = form.reason.data or "", form.seen.data or ""
            row = actions.award_lot(current_actor(), lot.id, reason, now(), seen=shown)
        if tried.ok:
            flash(_("成交结果已公布，通知书已送达各投标人。"), "success")
            return redirect(url_for("awards.show", award_id=row.id))
    ranked, fallen = results(lot.id), queries.fallen_organisations("lot", lot.id)
    is_open = lot.state == LotState.RANKED
    turn = next_in_rank([r.organisation_id for r in ranked], fallen) if is_open else None
    form.seen.data = str(turn or "")
    page = render_template(
        "market/awards/confirm.html",
        form=form,
        lot=lot,
        ranked=ranked,
        firms={r.organisation_id: r.organisation for r in ranked},
        candidate=next((r for r in ranked if r.organisation_id == turn), None),
        fallen=fallen,
        open=is_open,
        until=queries.choose_until([lot]).get(lot.id) if is_open else None,
    )
    return page, 422 if form.errors else 200


@bp.get("/<int:award_id>")
@guard(Permit.AWARD_CONFIRM, Permit.TENDER_SEE, Permit.BID_DRAFT)
def show(award_id: int) -> Any:
    """One award: windows, state, next step."""
    row = found(queries.award(award_id))
    actor = current_actor()
    official = allowed(actor, Permit.TENDER_SEE, row.subject.scope)
    if not official and not allowed(actor, Permit.BID_DRAFT, Scope(organisation_id=row.organisation_id)):
        found(None)
    at = now()
    objections = queries.objections_to(row.id) if row.is_project else []
    decides = allowed(actor, Permit.AWARD_CONFIRM, row.subject.scope)
    confirms = row.state == AwardState.PENDING and decides
    signed = row.state == AwardState.ACTIVE and queries.contract_signed(row)
    return render_template(
        "market/awards/show.html",
        row=row,
        states=_LABELS[row.is_project],
        tones=TONES,
        bar=queries.may_sign_at(row, at, bool(row.terms["rules"]["wait_for_windows"])),
        signed=signed,
        can_decline=row.state == AwardState.ACTIVE and decides and not signed,
        official=official,
        objections=objections,
        open_objections=sum(one.state == ObjectionState.FILED for one in objections),
        confirms=confirms,
        confirm_bar=confirm_bar(at, row.publicity_until, [one.state for one in objections]) if confirms else None,
    )


@bp.post("/<int:award_id>/confirm")
@guard(Permit.AWARD_CONFIRM)
def confirm_proposal(award_id: int) -> Any:
    """Confirm a proposed award after its notice."""
    row = found(queries.award(award_id), Permit.AWARD_CONFIRM)
    actions.confirm_award(current_actor(), row.id, now())
    flash(_("结果已确认并公布，可以起草合同。"), "success")
    return redirect(url_for("awards.show", award_id=row.id))


@bp.route("/<int:award_id>/refuse", methods=["GET", "POST"])
@guard(Permit.AWARD_CONFIRM)
def refuse(award_id: int) -> Any:
    """Do not confirm a proposed award, with the reason that is published."""
    row = found(queries.award(award_id), Permit.AWARD_CONFIRM)
    AWARD_MACHINE.step(row.state, AwardVerb.REFUSE)
    form = RefuseForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.refuse_award(current_actor(), award_id, form.reason.data or "", now())
        if tried.ok:
            flash(_("已办理不予确认并公布。"), "success")
            return redirect(url_for("awards.show", award_id=award_id))
        row = found(queries.award(award_id), Permit.AWARD_CONFIRM)
    return render_template("market/awards/refuse.html", form=form, row=row), 422 if form.errors else 200


@bp.route("/<int:award_id>/decline", methods=["GET", "POST"])
@guard(Permit.AWARD_CONFIRM)
def decline(award_id: int) -> Any:
    """Write down that the supplier gave the award up."""
    row = found(queries.award(award_id), Permit.AWARD_CONFIRM)
    AWARD_MACHINE.step(row.state, AwardVerb.DECLINE)
    bar = decline_bar(signed=queries.contract_signed(row))
    if bar is not None:
        raise Refused(bar)
    form = DeclineForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.decline(current_actor(), row, form.reason.data or "", now())
        if tried.ok:
            if row.is_project:
                flash(_("已登记放弃并公布。"), "success")
                return redirect(url_for("awards.show", award_id=row.id))
            flash(_("已登记放弃并公布，可以确定下一名。"), "success")
            return redirect(url_for("awards.confirm", lot_id=row.subject_id))
        row = found(queries.award(award_id), Permit.AWARD_CONFIRM)
    return render_template("market/awards/decline.html", form=form, row=row), 422 if form.errors else 200


@bp.get("/letters/<int:letter_id>")
@guard(Permit.BID_DRAFT)
def letter(letter_id: int) -> Any:
    """A bidder's letter."""
    row = found(queries.letter(letter_id))
    found(row if allowed(current_actor(), Permit.BID_DRAFT, Scope(organisation_id=row.organisation_id)) else None)
    award = found(queries.award(row.award_id))
    open_window = now() < award.challenge_until and award.state != AwardState.ANNULLED
    return render_template("market/awards/letter.html", row=row, award=award, open_window=open_window)


@bp.get("/letters/<int:letter_id>.pdf")
@guard(Permit.BID_DRAFT)
def letter_pdf(letter_id: int) -> Any:
    """The letter as PDF."""
    row = found(queries.letter(letter_id))
    found(row if allowed(current_actor(), Permit.BID_DRAFT, Scope(organisation_id=row.organisation_id)) else None)
    file = found(db.session.get(StoredFile, row.pdf_file_id) if row.pdf_file_id else None)
    return Response(
        content_of(file),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="letter-{row.id}.pdf"'},
    )
