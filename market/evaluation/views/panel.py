"""The draw, its record, and replacements."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from market.evaluation import actions, queries
from market.evaluation.actions.lots import SUBJECT
from market.evaluation.actions.scoring import draw_preview
from market.evaluation.forms import DrawForm, ReasonForm
from market.evaluation.views.door import bp, lot_for, may, page
from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.panels import queries as panels
from market.panels.models import Panel
from market.panels.rules import FORMULA, least_size
from market.panels.states import AVOIDED_LABELS
from market.tenders.models import Lot
from market.tenders.queries import rules_of
from market.tenders.rules import Audience, Fact
from market.web.guard import attempt, current_actor, found, guard, now


@bp.get("/lots/<int:lot_id>/panel")
@guard(Permit.PANEL_DRAW, Permit.TENDER_SEE)
def panel(lot_id: int) -> Any:
    """The panel of a lot: before the draw the form, afterwards members and record."""
    lot = lot_for(lot_id)
    row = panels.panel_for(SUBJECT, lot.id)
    if row is None:
        return _draw_page(lot, _fresh(lot))
    return _record_page(lot, row, ReasonForm())


def _fresh(lot: Lot) -> DrawForm:
    least = least_size(rules_of(lot.tender), lot.tender.budget_fen)
    return DrawForm(data={"size": least, "expert_seats": least})


def _draw_page(lot: Lot, form: DrawForm) -> str:
    rules, writers = rules_of(lot.tender), queries.writers(lot.tender)
    preview, trouble = None, None
    try:
        preview = draw_preview(lot, writers)
    except Refused as refused:
        trouble = refused
    people = panels.representatives(lot.subject.scope, writers)
    form.offer([(user.id, user.name) for user in people], rules.get("panel.large_grounds", ()))
    return page(
        "draw.html",
        form=form,
        lot=lot,
        preview=preview,
        trouble=trouble,
        least=least_size(rules, lot.tender.budget_fen),
        formula=FORMULA,
        why=AVOIDED_LABELS,
        draws=may(lot, Permit.PANEL_DRAW),
    )


@bp.post("/lots/<int:lot_id>/panel")
@guard(Permit.PANEL_DRAW)
def draw(lot_id: int) -> Any:
    """Draw."""
    lot = lot_for(lot_id, Permit.PANEL_DRAW)
    form = DrawForm()
    people = panels.representatives(lot.subject.scope, queries.writers(lot.tender))
    form.offer([(user.id, user.name) for user in people], rules_of(lot.tender).get("panel.large_grounds", ()))
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.draw_panel(
                current_actor(),
                lot_id,
                now(),
                size=form.size.data or 0,
                expert_seats=form.expert_seats.data or 0,
                grounds=form.grounds.data or (),
                sitting=form.sitting.data or (),
            )
        if tried.ok:
            flash(_("评审组已抽取，已通知各位成员。"), "success")
            return redirect(url_for("evaluation.panel", lot_id=lot_id))
    return _draw_page(lot_for(lot_id), form), 422


def _record_page(lot: Lot, row: Panel, form: ReasonForm) -> str:
    seats = panels.live(row)
    draws = may(lot, Permit.PANEL_DRAW) and row.closed_at is None
    return page(
        "panel.html",
        form=form,
        lot=lot,
        panel=row,
        vacant=row.size - len(seats),
        records=panels.draws(row.id),
        formula=FORMULA,
        why=AVOIDED_LABELS,
        seed_shown=queries.may_see(lot, Fact.DRAW_SEED, Audience.OFFICER),
        draws=draws,
        owing=queries.seats_owing(lot.id, now()) if draws else set(),
    )


@bp.post("/lots/<int:lot_id>/panel/refill")
@guard(Permit.PANEL_DRAW)
def refill(lot_id: int) -> Any:
    """Fill vacant seats after experts have been added to the register."""
    form = ReasonForm()
    lot_for(lot_id, Permit.PANEL_DRAW)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.refill_panel(current_actor(), lot_id, form.reason.data, now())
        if tried.ok:
            flash(_("空缺席位已补抽，已通知新成员。"), "success")
            return redirect(url_for("evaluation.panel", lot_id=lot_id))
    return _record_page(lot_for(lot_id), found(panels.panel_for(SUBJECT, lot_id)), form), 422


@bp.route("/lots/<int:lot_id>/seats/<int:seat_id>/release", methods=["GET", "POST"])
@guard(Permit.PANEL_DRAW)
def release(lot_id: int, seat_id: int) -> Any:
    """Replace a member who does not appear."""
    lot = lot_for(lot_id, Permit.PANEL_DRAW)
    row = found(panels.panel_for(SUBJECT, lot.id))
    seat = found(next((one for one in panels.live(row) if one.id == seat_id), None))
    form = ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            new = actions.release(current_actor(), seat_id, form.reason.data, now())
        if tried.ok:
            flash(
                _("已由递补人员接替。") if new else _("席位已空出，暂无可递补的专家。"), "success" if new else "warning"
            )
            return redirect(url_for("evaluation.panel", lot_id=lot_id))
        lot = lot_for(lot_id, Permit.PANEL_DRAW)
        seat = found(panels.seat(seat_id, person=True))
    return page("release.html", form=form, lot=lot, seat=seat), 422 if form.errors else 200
