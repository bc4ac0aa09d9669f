"""Abnormally low prices: the officer's page, the bidder's answer, the members' opinions, the conclusion."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from urllib.parse import quote

from flask import Response, flash, redirect, url_for
from flask_babel import gettext as _

from market.evaluation import actions, queries
from market.evaluation.actions.lots import SUBJECT
from market.evaluation.actions.prices import FILES, sitting
from market.evaluation.forms import AnswerForm, AskForm, DecideForm, JudgeForm, OpinionForm, SureForm
from market.evaluation.models import PriceInquiry
from market.evaluation.rules import MOST_EXPLAIN_DAYS, MOST_EXPLAIN_MINUTES, low_price_hits, may_be_judged
from market.evaluation.states import Mark
from market.evaluation.views.door import bp, lot_for, may, page
from market.kernel.permits import Permit, Scope, allowed
from market.panels.models import Seat
from market.panels.queries import panel_for, seat_in
from market.panels.states import SeatState
from market.records.files import content_of, files_of
from market.tenders.models import Lot
from market.tenders.queries import rules_of
from market.tenders.states import LotState
from market.web.guard import attempt, current_actor, found, guard, now

# Two forms on one page ask for the same things.
_ASK = "ask-"


@bp.get("/lots/<int:lot_id>/prices")
@guard(Permit.TENDER_SEE)
def prices(lot_id: int) -> Any:
    """Every raw price against the lines, and what has been asked."""
    return _prices(lot_for(lot_id), None, None)


def _prices(lot: Lot, ask: AskForm | None, judge: JudgeForm | None) -> str:
    rules = rules_of(lot.tender)
    least = rules["low_price.explain_minutes"]
    bids, asked = queries.bids(lot.id), queries.inquiries(lot.id)
    conforming = queries.conforming(bids, asked)
    lines = queries.price_lines(lot, rules, [bid.price_fen for bid in conforming])
    before = {one.opened_bid_id for one in asked}
    rows = [(bid, low_price_hits(bid.price_fen, lines)) for bid in conforming]
    free = [(bid.id, bid.organisation.name) for bid in conforming if bid.id not in before]
    ask_form, judge_form = (
        ask or AskForm(prefix=_ASK, data={"minutes": least}),
        judge or JudgeForm(data={"minutes": least}),
    )
    judge_form.bid.choices = free
    writes = may(lot, Permit.EVALUATION_REPORT) and lot.state == LotState.QUALIFIED
    return page(
        "prices.html",
        form=ask or judge,
        ask=ask_form,
        judge=judge_form,
        lot=lot,
        lines=[(line, _half_up(line.line), _half_up(line.against)) for line in lines],
        rows=rows,
        asked=asked,
        heard=queries.hearings(asked, panel_for(SUBJECT, lot.id)) if asked else {},
        unasked=[bid for bid, hits in rows if hits and bid.id not in before],
        free=free,
        least=least,
        most=MOST_EXPLAIN_MINUTES,
        days=MOST_EXPLAIN_DAYS,
        writes=writes,
        at=now(),
    )


def _half_up(exact: Any) -> int:
    """A line for the eye; the comparison itself is exact."""
    return int((exact * 2 + 1) // 2)


@bp.post("/lots/<int:lot_id>/prices")
@guard(Permit.EVALUATION_REPORT)
def ask(lot_id: int) -> Any:
    """Ask everybody whose price is below a line."""
    form = AskForm(prefix=_ASK)
    lot_for(lot_id, Permit.EVALUATION_REPORT)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.ask_price(current_actor(), lot_id, now(), minutes=form.minutes.data)
        if tried.ok:
            flash(_("已要求投标人说明报价，计时开始。"), "success")
            return redirect(url_for("evaluation.prices", lot_id=lot_id))
    return _prices(lot_for(lot_id), form, None), 422


@bp.post("/lots/<int:lot_id>/prices/judgement")
@guard(Permit.EVALUATION_REPORT)
def ask_by_judgement(lot_id: int) -> Any:
    """Ask one bidder because the panel thinks so."""
    form = JudgeForm()
    lot_for(lot_id, Permit.EVALUATION_REPORT)
    form.bid.choices = [(bid.id, bid.organisation.name) for bid in queries.bids(lot_id)]
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.ask_price(
                current_actor(),
                lot_id,
                now(),
                minutes=form.minutes.data,
                bid_id=form.bid.data,
                reason=form.reason.data,
            )
        if tried.ok:
            flash(_("已要求投标人说明报价，计时开始。"), "success")
            return redirect(url_for("evaluation.prices", lot_id=lot_id))
    return _prices(lot_for(lot_id), None, form), 422


# --- one inquiry ------------------------------------------------------------------------------------------------------


def _is_bidder(row: PriceInquiry) -> bool:
    return allowed(current_actor(), Permit.BID_DRAFT, Scope(organisation_id=row.bid.organisation_id))


@dataclass(frozen=True)
class Seen:
    """An inquiry with its lot, and the seat of whoever looks at it as a member of the panel."""

    row: PriceInquiry
    lot: Lot
    bidder: bool
    seat: Seat | None


def _inquiry(inquiry_id: int) -> Seen:
    """An inquiry for its bidder, an officer of the street or a member who has declared; 404 for everybody else."""
    row = found(queries.inquiry(inquiry_id))
    lot = found(queries.lot(row.bid.lot_id))
    if bidder := _is_bidder(row):
        return Seen(row, lot, bidder, None)
    if not may(lot, Permit.TENDER_SEE):
        return Seen(row, lot, bidder, sitting(current_actor(), lot.id))
    seat = seat_in(current_actor(), SUBJECT, lot.id) if may(lot, Permit.BID_SCORE) else None
    return Seen(row, lot, bidder, seat if seat and seat.state in {SeatState.DECLARED, SeatState.FINAL} else None)


@bp.get("/inquiries/<int:inquiry_id>")
@guard(Permit.BID_DRAFT, Permit.TENDER_SEE, Permit.BID_SCORE)
def inquiry(inquiry_id: int) -> Any:
    """What was asked, answered, thought of it and concluded."""
    return _inquiry_page(_inquiry(inquiry_id))


def _inquiry_page(seen: Seen, form: Any = None) -> str:
    row, lot, at = seen.row, seen.lot, now()
    judged = may_be_judged(row.replied_at, row.until, at)
    waits = row.decided_at is None and lot.state == LotState.QUALIFIED
    heard = None if seen.bidder else queries.hearings([row], panel_for(SUBJECT, lot.id))[row.id]
    mine = next((one for one in heard.given if one.seat_id == seen.seat.id), None) if heard and seen.seat else None
    opines = waits and judged and seen.seat is not None and mine is None
    whole = heard is not None and heard.accepts is not None
    forms = {
        "answer_form": AnswerForm if seen.bidder and row.decided_at is None and not judged else None,
        "opinion_form": OpinionForm if opines else None,
        "decide_form": DecideForm if waits and whole and may(lot, Permit.EVALUATION_REPORT) else None,
    }
    return page(
        "inquiry.html",
        form=form,
        row=row,
        lot=lot,
        seat=seen.seat,
        bidder=seen.bidder,
        judged=judged,
        heard=heard,
        mine=mine,
        files=files_of(FILES, row.id) if row.replied_at else [],
        sums={
            hit["test"]: (hit["rate_bp"], _half_up(Fraction(*hit["against"])), _half_up(Fraction(*hit["line"])))
            for hit in row.hits
            if "line" in hit
        },
        **{name: _the(form, kind, heard) for name, kind in forms.items()},
    )


def _the(form: Any, kind: type[SureForm] | None, heard: queries.Hearing | None) -> SureForm | None:
    """What was sent where it is of this kind, else a fresh form; a conclusion begins with the members' reasons."""
    if kind is None or isinstance(form, kind):
        return form if kind else None
    return kind(data={"reason": heard.reasons}) if heard and kind is DecideForm else kind()


@bp.post("/inquiries/<int:inquiry_id>")
@guard(Permit.BID_DRAFT)
def answer(inquiry_id: int) -> Any:
    """The bidder's explanation."""
    form = AnswerForm()
    if form.validate_on_submit():
        evidence = [(file.stream, file.filename or "") for file in form.evidence.data]
        with attempt(form) as tried:
            actions.answer_price(current_actor(), inquiry_id, form.reply.data, now(), evidence=evidence)
        if tried.ok:
            flash(_("说明已提交。"), "success")
            return redirect(url_for("evaluation.inquiry", inquiry_id=inquiry_id))
    return _inquiry_page(_inquiry(inquiry_id), form), 422


@bp.post("/inquiries/<int:inquiry_id>/opinion")
@guard(Permit.BID_SCORE)
def opine(inquiry_id: int) -> Any:
    """A member's opinion on the explanation."""
    form = OpinionForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.give_opinion(current_actor(), inquiry_id, form.accepted.data is Mark.MET, form.reason.data, now())
        if tried.ok:
            seen = _inquiry(inquiry_id)
            whole = queries.hearings([seen.row], panel_for(SUBJECT, seen.lot.id))[inquiry_id].accepts is not None
            waits = _("意见已提交。全体成员提出意见之前，互相看不到意见。")
            flash(_("意见已提交。全体成员都提出了意见，等待经办人记录结论。") if whole else waits, "success")
            return redirect(url_for("evaluation.inquiry", inquiry_id=inquiry_id))
    return _inquiry_page(_inquiry(inquiry_id), form), 422


@bp.post("/inquiries/<int:inquiry_id>/decision")
@guard(Permit.EVALUATION_REPORT)
def decide(inquiry_id: int) -> Any:
    """The panel's conclusion, written down by the officer."""
    form = DecideForm()
    lot_id = _inquiry(inquiry_id).lot.id
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.decide_price(current_actor(), inquiry_id, form.reason.data, now())
        if tried.ok:
            flash(_("结论已记录。"), "success")
            return redirect(url_for("evaluation.prices", lot_id=lot_id))
    return _inquiry_page(_inquiry(inquiry_id), form), 422


@bp.get("/inquiries/<int:inquiry_id>/files/<int:file_id>")
@guard(Permit.BID_DRAFT, Permit.TENDER_SEE, Permit.BID_SCORE)
def evidence(inquiry_id: int, file_id: int) -> Any:
    """A proof of costs."""
    row = _inquiry(inquiry_id).row
    file = found(next((one for one in files_of(FILES, row.id) if one.id == file_id), None))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"}
    return Response(content_of(file), mimetype=file.media_type, headers=headers)
