"""The qualification desk, a bid's content, and its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Response, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _

from market.bids.models import OpenedBid
from market.evaluation import actions, queries
from market.evaluation.actions.lots import GONE
from market.evaluation.actions.qualifying import WHY_UNMET, Tick, desk_marks, system_findings
from market.evaluation.actions.reading import open_file, reading
from market.evaluation.forms import GridForm, HelperForm, SureForm, WithdrawHelperForm, grid_form
from market.evaluation.models import QualificationCheck
from market.evaluation.rules import enough
from market.evaluation.states import FINDING_LABELS, Mark, Verdict
from market.evaluation.views.door import before_the_lock, bp, lot_for, may, page
from market.kernel.errors import NotFound, Refused
from market.kernel.naming import BARRED_ROLE_LABELS
from market.kernel.permits import Permit
from market.tenders.models import Lot
from market.tenders.queries import rules_of
from market.tenders.states import LotState
from market.web import filters
from market.web.filters import iso
from market.web.guard import attempt, current_actor, guard, now


@dataclass(frozen=True)
class Desk:
    """What the page and its form are made of."""

    lot: Lot
    bids: list[OpenedBid]
    known: dict[tuple[int, int], QualificationCheck]

    def grid(self, *, sent: bool = True) -> GridForm:
        """The form, filled with what is saved; a bid that is invalid already has no cells.

        Not `sent` when the request comes from another form of the page: its ticks would all seem to be empty.
        """
        rows = [bid for bid in self.bids if bid.verdict != Verdict.INVALID]
        return grid_form(rows, self.lot.tender.qualifications, self.known, sent=sent)


def _load(lot_id: int, permit: Permit = Permit.TENDER_SEE) -> Desk:
    return Desk(lot_for(lot_id, permit, qualifications=True), queries.bids(lot_id), queries.checks(lot_id))


@bp.get("/lots/<int:lot_id>/qualification")
@guard(Permit.BID_QUALIFY, Permit.TENDER_SEE)
def qualification(lot_id: int) -> Any:
    """Every bid against every condition."""
    desk = _load(lot_id)
    return _page(desk, desk.grid(), SureForm(), HelperForm())


def _page(
    desk: Desk, grid: GridForm, sure: SureForm, helper: HelperForm, form: Any = None, *, filled: bool = False
) -> str:
    lot, bids, known = desk.lot, desk.bids, desk.known
    helper.offer(bids)
    items = lot.tender.qualifications
    held = system_findings(lot, bids, now()) if lot.state == LotState.OPENED else {}
    wanted = [b for b in bids if b.verdict != Verdict.INVALID and not held.get(b.number)]
    ticked = {key for key, row in known.items() if row.passed is not None}
    to_check = {b.id: sum((b.id, i.id) not in ticked for i in items) for b in wanted}
    unmet = {bid_id for (bid_id, _item), row in known.items() if row.passed is False}
    staying, least = sum(b.id not in unmet for b in wanted), rules_of(lot.tender)["evaluation.min_qualified"]
    return page(
        "qualification.html",
        form=form or grid,
        grid=grid,
        sure=sure,
        helper=helper,
        lot=lot,
        bids=bids,
        unreadable=queries.unreadable(lot.id),
        items=items,
        known=known,
        held=held,
        shown=json.dumps(desk_marks(known, held)),
        findings=FINDING_LABELS,
        helpers=queries.helpers(lot.tender_id),
        roles=BARRED_ROLE_LABELS,
        open=lot.state == LotState.OPENED and may(lot, Permit.BID_QUALIFY),
        to_check=to_check,
        missing=sum(to_check.values()),
        filled=filled,
        staying=staying,
        fails=not enough(staying, least),
        least=least,
    )


def _ticks(grid: GridForm, only: str | None = None) -> list[Tick]:
    found = []
    for bid, item, mark, reason in grid.cells:
        if only in (None, mark.short_name) and mark.data is not None:
            found.append(Tick(bid, item, mark.data is Mark.MET, None))
        if only in (None, reason.short_name) and (only or reason.data):
            found.append(Tick(bid, item, None, reason.data or ""))
    return found


def _mark_unexplained(desk: Desk, grid: GridForm) -> int:
    """Mark the reason of every saved “not met” that has none; return how many there are."""
    bids, held = {b.id: b for b in desk.bids}, system_findings(desk.lot, desk.bids, now())
    found = 0
    for bid_id, item_id, mark, reason in grid.cells:
        row, bid = desk.known.get((bid_id, item_id)), bids[bid_id]
        if row is not None and row.passed is False and not row.reason and not held[bid.number]:
            text = filters.text(WHY_UNMET, name=bid.organisation.name, item=mark.label.text)
            reason.errors = [*(one for one in reason.errors if one != text), text]
            found += 1
    return found


@bp.post("/lots/<int:lot_id>/qualification")
@guard(Permit.BID_QUALIFY)
def save_qualification(lot_id: int) -> Any:
    """Save the whole desk; or fill it in and show it again, so that a person looks before anything is stored."""
    desk = _load(lot_id, Permit.BID_QUALIFY)
    grid, met = desk.grid(), request.form.get("met", "")
    if met == "all" or met.isdecimal():
        grid.fill_met(int(met) if met != "all" else None)
        flash(_("已填为“符合”，还没有保存。请核对，不符合的改过来并写明理由，再按“保存”。"), "warning")
        return _page(desk, grid, SureForm(), HelperForm(), filled=True)
    if grid.validate_on_submit():
        with attempt(grid) as tried:
            actions.check_bids(current_actor(), lot_id, _ticks(grid), now())
        desk = _load(lot_id)
        if tried.ok and (left := _mark_unexplained(desk, grid)):
            flash(_("已保存。还有 %(n)s 项“不符合”没有写理由，已在下面标出。", n=left), "warning")
        elif tried.ok:
            flash(_("已保存。"), "success")
            return redirect(url_for("evaluation.qualification", lot_id=lot_id))
        return _page(desk, grid, SureForm(), HelperForm()), 422
    return _page(_load(lot_id), grid, SureForm(), HelperForm()), 422


@bp.post("/lots/<int:lot_id>/qualification/field")
@guard(Permit.BID_QUALIFY)
def save_cell(lot_id: int) -> Any:
    """Save one mark or one reason as it is left."""
    grid, name = _load(lot_id, Permit.BID_QUALIFY).grid(), request.form.get("field", "")
    if name not in grid:
        raise NotFound(GONE)
    if not grid[name].validate(grid):
        raise Refused(str(grid[name].errors[0]))
    at = now()
    actions.check_bids(current_actor(), lot_id, _ticks(grid, name), at)
    return jsonify(saved_at=iso(at))


@bp.post("/lots/<int:lot_id>/qualification/finish")
@guard(Permit.BID_QUALIFY)
def finish_qualification(lot_id: int) -> Any:
    """Decide on every bid."""
    sure = SureForm()
    desk = _load(lot_id, Permit.BID_QUALIFY)
    if not sure.validate_on_submit():
        return _page(desk, desk.grid(sent=False), sure, HelperForm(), form=sure), 422
    grid, checked = desk.grid(sent=False), sum(bid.verdict != Verdict.INVALID for bid in desk.bids)
    with attempt(grid) as tried:
        valid = actions.finish_qualification(current_actor(), lot_id, now(), seen=request.form.get("seen", ""))
    if tried.ok:
        if not enough(valid, rules_of(desk.lot.tender)["evaluation.min_qualified"]):
            flash(_("资格审查已完成。有效投标只有 %(n)s 家，本采购包已按规定废标。", n=valid), "warning")
        elif valid < checked:
            flash(_("资格审查已完成，未通过的投标人已收到原因。"), "success")
        else:
            flash(_("资格审查已完成，所审查的投标全部通过。"), "success")
        return redirect(url_for("evaluation.board", lot_id=lot_id))
    desk = _load(lot_id)
    _mark_unexplained(desk, grid)
    sure.sure.data = False  # a tick is for what its page showed
    return _page(desk, grid, sure, HelperForm()), 422


@bp.post("/lots/<int:lot_id>/helpers")
@guard(Permit.BID_QUALIFY)
def note_helper(lot_id: int) -> Any:
    """Write down that a bidder shaped this purchase."""
    form = HelperForm()
    lot_for(lot_id, Permit.BID_QUALIFY)
    form.offer(queries.bids(lot_id))
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.note_helper(current_actor(), lot_id, form.helper.data, form.role.data, now())
        if tried.ok:
            flash(_("已登记。该机构的投标将按无效处理；完成资格审查之前可以取消登记。"), "success")
            return redirect(url_for("evaluation.qualification", lot_id=lot_id))
    desk = _load(lot_id)
    return _page(desk, desk.grid(sent=False), SureForm(), form, form=form), 422


@bp.route("/lots/<int:lot_id>/helpers/<int:organisation_id>/withdraw", methods=["GET", "POST"])
@guard(Permit.BID_QUALIFY)
def withdraw_helper(lot_id: int, organisation_id: int) -> Any:
    """Take back that a bidder shaped this purchase."""
    lot, form, refusal = lot_for(lot_id, Permit.BID_QUALIFY), WithdrawHelperForm(), None
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.withdraw_helper(current_actor(), lot_id, organisation_id, form.reason.data, now())
        if tried.ok:
            flash(_("登记已取消，理由已写入记录。"), "success")
            return redirect(url_for("evaluation.qualification", lot_id=lot_id))
        refusal = tried.error
        lot = lot_for(lot_id, Permit.BID_QUALIFY)
    noted = (one for one in queries.helpers(lot.tender_id) if one.organisation_id == organisation_id)
    row = next(noted, None)
    if row is None or lot.state != LotState.OPENED:
        if refusal is not None:
            flash(filters.text(refusal), "warning")
        return redirect(url_for("evaluation.qualification", lot_id=lot_id))
    shown = page("withdraw_helper.html", form=form, lot=lot, row=row, roles=BARRED_ROLE_LABELS)
    return shown, 422 if form.errors else 200


# --- content ----------------------------------------------------------------------------------------------------------


@bp.get("/bids/<int:bid_id>")
@guard(Permit.BID_QUALIFY, Permit.AWARD_CONFIRM, Permit.BID_SCORE)
def bid(bid_id: int) -> Any:
    """The whole content of one opened bid, business secrets marked as such."""
    seen = reading(current_actor(), bid_id)
    return page("bid.html", lot=seen.lot, bid=seen.bid, seat=seen.seat)


@bp.post("/bids/<int:bid_id>/files/<int:file_id>")
@guard(Permit.BID_QUALIFY, Permit.AWARD_CONFIRM, Permit.BID_SCORE)
def bid_file(bid_id: int, file_id: int) -> Any:
    """One file of a bid, decrypted for this reader. A POST, because every reading is written down."""
    with before_the_lock():
        file = open_file(current_actor(), bid_id, file_id)
    actions.note_reading(current_actor(), bid_id, file_id, now())
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"}
    return Response(file.content, mimetype=file.media_type, headers=headers)
