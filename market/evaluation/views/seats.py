"""A member's seat: the declaration, stepping down, the sheet, the last act."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _

from market.evaluation import actions, queries
from market.evaluation.actions.lots import SUBJECT
from market.evaluation.forms import DeclareForm, FinishForm, ReasonForm, SheetForm, sheet_form
from market.evaluation.rules import may_be_judged
from market.evaluation.views.door import bp, page
from market.kernel.permits import Permit
from market.kernel.seen import seen_mark
from market.panels import queries as panels
from market.panels.actions import Given
from market.panels.models import Seat
from market.panels.rules import DECLARATION
from market.panels.states import SeatState
from market.tenders.models import Lot
from market.tenders.states import LotState
from market.web.filters import iso
from market.web.guard import attempt, current_actor, found, guard, now


def _seat(seat_id: int, *, lock: bool = False) -> Seat:
    """The person's own seat, or 404; locked before what is saved is compared with what a page showed."""
    row = panels.seat(seat_id, lock=lock)
    own = row is not None and row.user_id == current_actor().user_id and row.panel.subject_kind == SUBJECT
    return found(row if own else None)


def _lot(seat: Seat, **parts: bool) -> Lot:
    return found(queries.lot(seat.panel.subject_id, **parts))


@bp.get("/seats/<int:seat_id>")
@guard(Permit.BID_SCORE)
def seat(seat_id: int) -> Any:
    """Where this member stands: what is done, what comes next."""
    row = _seat(seat_id)
    if row.state == SeatState.DRAWN and row.panel.closed_at is None:
        return redirect(url_for("evaluation.declaration", seat_id=seat_id))
    return _overview(row, FinishForm())


def _overview(row: Seat, form: FinishForm) -> str:
    lot = _lot(row, criteria=True)
    criteria = queries.quality_criteria(lot)
    sighted = row.state in {SeatState.DECLARED, SeatState.FINAL} and lot.state != LotState.OPENED
    bids = queries.bids(lot.id, valid_only=True) if sighted else []
    scores = panels.own_scores(current_actor(), row)
    done = {
        bid.id: sum(s.scored_id == bid.id and s.score_centi is not None and bool(s.reason) for s in scores)
        for bid in bids
    }
    whole = sum(count == len(criteria) for count in done.values())
    asked = queries.inquiries(lot.id) if sighted else []
    heard = queries.opinions(one.id for one in asked) if asked else {}
    return page(
        "seat.html",
        form=form,
        seat=row,
        lot=lot,
        bids=bids,
        criteria=criteria,
        done=done,
        whole=whole,
        asked=asked,
        heard={one.id for one in asked if any(given.seat_id == row.id for given in heard.get(one.id, ()))},
        judged={one.id for one in asked if may_be_judged(one.replied_at, one.until, now())},
        scoring=row.state == SeatState.DECLARED and lot.state == LotState.QUALIFIED,
    )


@bp.route("/seats/<int:seat_id>/declaration", methods=["GET", "POST"])
@guard(Permit.BID_SCORE)
def declaration(seat_id: int) -> Any:
    """Names of bidders, and one tick for each."""
    row = _seat(seat_id)
    if row.state != SeatState.DRAWN:
        return redirect(url_for("evaluation.seat", seat_id=seat_id))
    form = DeclareForm()
    form.confirmed.choices = _bidders(row)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.declare(current_actor(), seat_id, form.confirmed.data, now())
        if tried.ok:
            flash(_("声明已记录，现在可以查看投标内容并打分。"), "success")
            return redirect(url_for("evaluation.seat", seat_id=seat_id))
        row = _seat(seat_id)
    shown = page("declaration.html", form=form, seat=row, lot=_lot(row), text=DECLARATION)
    return shown, 422 if form.errors else 200


def _bidders(row: Seat) -> list[tuple[int, str]]:
    lot_id = row.panel.subject_id
    rows: list[Any] = [*queries.bids(lot_id), *queries.unreadable(lot_id)]
    return [(bid.organisation_id, bid.organisation.name) for bid in sorted(rows, key=lambda bid: bid.number)]


@bp.route("/seats/<int:seat_id>/recusal", methods=["GET", "POST"])
@guard(Permit.BID_SCORE)
def recusal(seat_id: int) -> Any:
    """Step down."""
    row = _seat(seat_id)
    form = ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.recuse(current_actor(), seat_id, form.reason.data, now())
        if tried.ok:
            flash(_("已回避，由递补人员接替。谢谢您如实申报。"), "success")
            return redirect(url_for("evaluation.index"))
        row = _seat(seat_id)
    return page("recusal.html", form=form, seat=row, lot=_lot(row)), 422 if form.errors else 200


# --- the sheet --------------------------------------------------------------------------------------------------------


@bp.get("/seats/<int:seat_id>/bids/<int:bid_id>")
@guard(Permit.BID_SCORE)
def sheet(seat_id: int, bid_id: int) -> Any:
    """One bid beside its criteria."""
    row = _seat(seat_id)
    if row.state != SeatState.DECLARED:
        return redirect(url_for("evaluation.seat", seat_id=seat_id))
    lot = actions.scoring_lot(row)
    return _sheet_page(row, lot, bid_id, _form(row, lot, bid_id))


def _form(row: Seat, lot: Lot, bid_id: int) -> SheetForm:
    scores = [s for s in panels.own_scores(current_actor(), row) if s.scored_id == bid_id]
    return sheet_form(queries.quality_criteria(lot), scores)


def _sheet_page(row: Seat, lot: Lot, bid_id: int, form: SheetForm) -> str:
    order = queries.bids(lot.id, valid_only=True)
    bid = found(next((one for one in order if one.id == bid_id), None))
    place = order.index(bid)
    fields = {criterion: (score, reason) for criterion, score, reason in form.rows}
    return page(
        "sheet.html",
        form=form,
        seat=row,
        lot=lot,
        bid=found(queries.bid(bid_id)),
        fields=fields,
        criteria=queries.quality_criteria(lot),
        place=place + 1,
        count=len(order),
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
    )


def _given(form: SheetForm) -> list[Given]:
    return [
        Given(criterion, score.data, reason.data or "", clear=score.data is None)
        for criterion, score, reason in form.rows
    ]


@bp.post("/seats/<int:seat_id>/bids/<int:bid_id>")
@guard(Permit.BID_SCORE)
def save_sheet(seat_id: int, bid_id: int) -> Any:
    """Save all scores of one bid, and go on to the next; not over what another page has saved since."""
    row = _seat(seat_id, lock=True)
    lot = actions.scoring_lot(row)
    form, at = _form(row, lot, bid_id), now()
    if form.validate_beside(request.form.get("shown")):
        with attempt(form) as tried:
            actions.put_scores(current_actor(), seat_id, bid_id, _given(form), at)
        if tried.ok:
            flash(_("已保存。"), "success")
            target = request.form.get("next_bid", type=int)
            if target:
                return redirect(url_for("evaluation.sheet", seat_id=seat_id, bid_id=target))
            return redirect(url_for("evaluation.seat", seat_id=seat_id))
        row = _seat(seat_id)
        lot = actions.scoring_lot(row)
    return _sheet_page(row, lot, bid_id, form), 422


@bp.post("/seats/<int:seat_id>/bids/<int:bid_id>/field")
@guard(Permit.BID_SCORE)
def save_score(seat_id: int, bid_id: int) -> Any:
    """Save one score or one reason as it is left."""
    row = _seat(seat_id, lock=True)
    lot = actions.scoring_lot(row)
    name, at = request.form.get("field", ""), now()
    value = _form(row, lot, bid_id).left(name, request.form.get("shown"))
    criterion = int(name.split("-")[1])
    if name.startswith("score-"):
        actions.put_score(current_actor(), seat_id, bid_id, criterion, at, score_centi=value, clear=value is None)
    else:
        actions.put_score(current_actor(), seat_id, bid_id, criterion, at, reason=value)
    return jsonify(saved_at=iso(at), shown=seen_mark(value))


@bp.post("/seats/<int:seat_id>/finish")
@guard(Permit.BID_SCORE)
def finish(seat_id: int) -> Any:
    """Make the sheet final."""
    _seat(seat_id)
    form = FinishForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.finish_sheet(current_actor(), seat_id, form.dissent.data or "", now())
        if tried.ok:
            flash(_("评分已提交，不能再修改。谢谢您的评审。"), "success")
            return redirect(url_for("evaluation.seat", seat_id=seat_id))
    return _overview(_seat(seat_id), form), 422
