"""Receipts, the organisation's own copy, and withdrawal."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _

from market.bids import actions, queries
from market.bids.forms import ConfirmForm, PassphraseForm
from market.bids.models import SealedBid, sealed_subject
from market.bids.views.door import before_the_lock, bp, page
from market.kernel.canonical import canonical_bytes
from market.kernel.clock import is_before
from market.kernel.permits import Permit
from market.tenders.states import LotState
from market.web.guard import attempt, current_actor, found, guard, now
from market.workers.states import LEVEL_LABELS


def _own(number: str, permit: Permit) -> SealedBid:
    return found(queries.bid_by_receipt(number), permit)


def _changeable(lot: Any) -> bool:
    return (
        lot.state == LotState.SEALED and lot.tender.deadline_at is not None and is_before(now(), lot.tender.deadline_at)
    )


@bp.get("/receipts/<number>")
@guard(Permit.BID_DRAFT)
def receipt(number: str) -> Any:
    """The signed receipt, to keep and to print."""
    bid = _own(number, Permit.BID_DRAFT)
    lot = found(queries.lot_with_tender(bid.lot_id))
    history = queries.submissions(bid.lot_id, bid.organisation_id)
    state = next((one for one in history if one.bid.id == bid.id), None)
    return page(
        "receipt.html",
        bid=bid,
        lot=lot,
        signed=found(queries.receipt(number)).payload,
        state=state,
        fresh="new" in request.args,
        changeable=_changeable(lot),
        may_submit=Permit.BID_SUBMIT in current_actor().permits(bid.subject.scope),
    )


@bp.get("/receipts/<number>.json")
@guard(Permit.BID_DRAFT)
def receipt_file(number: str) -> Any:
    """The same receipt as a file: canonical bytes, so that the signature can be checked anywhere."""
    _own(number, Permit.BID_DRAFT)
    body = canonical_bytes(found(queries.receipt(number)).payload)
    headers = {"Content-Disposition": f'attachment; filename="{number}.json"'}
    return Response(body, mimetype="application/json", headers=headers)


@bp.route("/receipts/<number>/copy", methods=["GET", "POST"])
@guard(Permit.BID_SUBMIT)
def own_copy(number: str) -> Any:
    """Read one's own sealed bid again, or put it back into the draft, with one's own passphrase."""
    form, document = PassphraseForm(), None
    actor = current_actor()
    with before_the_lock():
        at, bid = now(), _own(number, Permit.BID_SUBMIT)
        if form.validate_on_submit():
            with attempt(form):
                document = actions.open_own_copy(actor, bid.id, form.passphrase.data)
    if document is not None:
        with attempt(form) as tried:
            again = "again" in request.form
            if again:  # the draft before the chain, as a submission takes them
                actions.continue_from(actor, document, at)
            actions.note_reading(actor, sealed_subject(document.lot_id, document.organisation_id), number, at)
            if again:
                flash(_("已递交的内容已放回草稿。改好后要再次递交，才会替换原来的投标。"), "warning")
                target = url_for("bids.draft", lot_id=document.lot_id, organisation_id=document.organisation_id)
                return redirect(target)
        document = document if tried.ok else None
    bid = _own(number, Permit.BID_SUBMIT)
    lot = found(queries.lot_with_tender(bid.lot_id))
    criteria = queries.criteria_titles(bid.lot_id)
    values = {"form": form, "bid": bid, "lot": lot, "document": document, "criteria": criteria, "levels": LEVEL_LABELS}
    return page("copy.html", **values, changeable=_changeable(lot)), 422 if form.errors else 200


@bp.route("/receipts/<number>/withdraw", methods=["GET", "POST"])
@guard(Permit.BID_SUBMIT)
def withdraw(number: str) -> Any:
    """Take the bid back, after a question."""
    form = ConfirmForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            bid = _own(number, Permit.BID_SUBMIT)
            actions.withdraw_bid(current_actor(), bid.lot_id, bid.organisation_id, now())
        if tried.ok:
            flash(_("投标已撤回。截止前可以重新递交。"), "warning")
            return redirect(url_for("bids.overview", lot_id=bid.lot_id, organisation_id=bid.organisation_id))
    bid = _own(number, Permit.BID_SUBMIT)
    lot = found(queries.lot_with_tender(bid.lot_id))
    return page("withdraw.html", form=form, bid=bid, lot=lot), 422 if form.errors else 200
