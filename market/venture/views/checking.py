"""Pages of the officers after the deadline: the formal check, the jury's draw, the pitch day, the residents' codes."""

from __future__ import annotations

import secrets
from typing import Any

import segno
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.panels import queries as panels
from market.panels.rules import least_size
from market.venture import actions, queries
from market.venture.forms import BonusForm, CodesForm, DrawForm, PitchForm, ReasonForm, ScreenForm, VoteForm
from market.venture.models import Round
from market.venture.queries import SUBJECT
from market.venture.rules.scores import ScoreModel, ScoreRule
from market.venture.rules.timetable import DRAW_FORMULA
from market.venture.states import ApplicationState, RoundState
from market.venture.views.door import bp, may, page, readable, round_for
from market.web.guard import attempt, current_actor, found, guard, now


@bp.route("/applications/<int:application_id>/check", methods=["GET", "POST"])
@guard(Permit.ROUND_DRAFT)
def check(application_id: int) -> Any:
    """Admit or reject one application."""
    one = found(queries.application(application_id))
    row = round_for(one.round_id, Permit.ROUND_DRAFT)
    found(one if readable(row) else None)
    form = ScreenForm()
    if form.validate_on_submit():
        admitted = request.form.get("verdict") == "admit"
        with attempt(form) as tried:
            actions.screen_application(current_actor(), one.id, admitted, form.reason.data or "", now())
        if tried.ok:
            flash(_("已登记审查意见。"), "success")
            return redirect(url_for("venture.show", round_id=row.id))
        one, row = found(queries.application(application_id)), round_for(one.round_id, Permit.ROUND_DRAFT)
    held = actions.findings(row, queries.applications_of(row.id), now())
    given = {"content": one.content, "files": queries.files_of(one.id), "findings": held.get(one.id, [])}
    shown = page("check.html", form=form, one=one, row=row, **given)
    return shown, 422 if form.errors else 200


@bp.route("/applications/<int:application_id>/bonus", methods=["GET", "POST"])
@guard(Permit.ROUND_DRAFT)
def bonus(application_id: int) -> Any:
    """Bonus points, where the regime adds them."""
    one = found(queries.application(application_id))
    row = round_for(one.round_id, Permit.ROUND_DRAFT)
    found(one if readable(row) and ScoreRule.from_rules(queries.rules_of(row)).model is ScoreModel.POINTS else None)
    form = BonusForm(data=one.bonus)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.set_bonus(current_actor(), one.id, form.fundraising.data or 0, form.policy.data or 0, now())
        if tried.ok:
            flash(_("已登记加分。"), "success")
            return redirect(url_for("venture.show", round_id=row.id))
    return page("bonus.html", form=form, one=one, row=row, rules=queries.rules_of(row)), 422 if form.errors else 200


# --- the jury ---------------------------------------------------------------------------------------------------------


@bp.route("/<int:round_id>/jury", methods=["GET", "POST"])
@guard(Permit.PANEL_DRAW)
def jury(round_id: int) -> Any:
    """Before the draw its form, afterwards members and record."""
    row = round_for(round_id)
    found(row if row.closing_digest and may(row, Permit.PANEL_DRAW) else None)
    panel = panels.panel_for(SUBJECT, row.id)
    if panel is not None:
        return _record_page(row, ReasonForm())
    least = least_size(queries.rules_of(row), row.pool_fen)
    form = DrawForm(data={"size": least})
    writers = queries.writers(row)
    people = panels.representatives(row.subject.scope, writers)
    form.sitting.choices = [(user.id, user.name) for user in people]
    if form.validate_on_submit():
        with attempt(form) as tried:
            size, sitting = form.size.data or 0, form.sitting.data or []
            drawn = size - len(sitting)
            actions.draw_jury(current_actor(), row.id, now(), size=size, expert_seats=drawn, sitting=sitting)
        if tried.ok:
            flash(_("评委已抽取，已通知各位成员。"), "success")
            return redirect(url_for("venture.jury", round_id=round_id))
        row = round_for(round_id)
    preview, trouble = None, None
    try:
        preview = actions.draw_preview(row, writers)
    except Refused as refused:
        trouble = refused
    shown = page(
        "draw.html", form=form, row=row, preview=preview, trouble=trouble, least=least, formula=DRAW_FORMULA,
        open=row.state in (RoundState.SCREENING, RoundState.JURY),
    )  # fmt: skip
    return shown, 422 if form.errors else 200


def _record_page(row: Round, form: ReasonForm) -> str:
    panel = found(panels.panel_for(SUBJECT, row.id))
    return page(
        "jury.html",
        form=form,
        row=row,
        panel=panel,
        vacant=panel.size - len(panels.live(panel)),
        records=panels.draws(panel.id),
        formula=DRAW_FORMULA,
        shown=row.state in (RoundState.DECIDED, RoundState.FINISHED),
        working=panel.closed_at is None,
    )


@bp.post("/<int:round_id>/jury/refill")
@guard(Permit.PANEL_DRAW)
def refill(round_id: int) -> Any:
    """Fill vacant seats after experts have been added to the register."""
    form, row = ReasonForm(), round_for(round_id)
    found(row if may(row, Permit.PANEL_DRAW) else None)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.refill_jury(current_actor(), round_id, form.reason.data or "", now())
        if tried.ok:
            flash(_("空缺席位已补抽，已通知新成员。"), "success")
            return redirect(url_for("venture.jury", round_id=round_id))
    return _record_page(round_for(round_id), form), 422


@bp.route("/<int:round_id>/seats/<int:seat_id>/release", methods=["GET", "POST"])
@guard(Permit.PANEL_DRAW)
def release(round_id: int, seat_id: int) -> Any:
    """Replace a juror who does not appear."""
    row = round_for(round_id)
    found(row if may(row, Permit.PANEL_DRAW) else None)
    panel = found(panels.panel_for(SUBJECT, row.id))
    seat = found(next((one for one in panels.live(panel) if one.id == seat_id), None))
    form = ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            new = actions.release(current_actor(), seat_id, form.reason.data or "", now())
        if tried.ok:
            text = _("已由递补人员接替。") if new else _("席位已空出，暂无可递补的专家。")
            flash(text, "success" if new else "warning")
            return redirect(url_for("venture.jury", round_id=round_id))
        seat = found(panels.seat(seat_id, person=True))
        row = round_for(round_id)
    return page("release.html", form=form, row=row, seat=seat), 422 if form.errors else 200


# --- pitch day --------------------------------------------------------------------------------------------------------


@bp.route("/<int:round_id>/pitch", methods=["GET", "POST"])
@guard(Permit.ROUND_SEE)
def pitch(round_id: int) -> Any:
    """The pitch day: its order, drawn by the published seed, and the time each project has."""
    row = round_for(round_id)
    rules = queries.rules_of(row) if row.notice_at else None
    minutes = int(rules["round.pitch_minutes"]) if rules else 0
    found(row if minutes and row.closing_digest else None)
    form = PitchForm(data={"pitch_at": row.pitch_at})
    if form.validate_on_submit() and form.pitch_at.data is not None:
        with attempt(form) as tried:
            actions.set_pitch(current_actor(), row.id, form.pitch_at.data, now())
        if tried.ok:
            flash(_("现场展示时间和顺序已确定。"), "success")
            return redirect(url_for("venture.pitch", round_id=round_id))
        row = round_for(round_id)
    rows = [one for one in queries.applications_of(row.id) if one.pitch_order]
    shown = page(
        "pitch.html",
        form=form,
        row=row,
        rows=sorted(rows, key=lambda one: one.pitch_order or 0),
        minutes=minutes,
        sets=may(row, Permit.ROUND_DRAFT) and row.state == RoundState.JURY,
        formula=DRAW_FORMULA,
    )
    return shown, 422 if form.errors else 200


# --- the residents' vote ----------------------------------------------------------------------------------------------


def _voting(round_id: int) -> Round:
    row = round_for(round_id, Permit.ROUND_DRAFT)
    has_vote = row.notice_at is not None and ScoreRule.from_rules(queries.rules_of(row)).has_vote
    return found(row if has_vote and row.state not in (RoundState.OPEN, RoundState.SCREENING) else None)


def _vote_page(row: Round, form: VoteForm, codes: CodesForm) -> Any:
    shown = page(
        "voting.html",
        form=form if form.errors or not codes.errors else codes,
        times=form,
        codes=codes,
        row=row,
        rule=ScoreRule.from_rules(queries.rules_of(row)),
        used=queries.codes_used(row.id),
        works=row.state == RoundState.JURY,
        candidates=queries.applications_of(row.id, [ApplicationState.ADMITTED]),
    )
    return shown, 422 if form.errors or codes.errors else 200


@bp.get("/<int:round_id>/voting")
@guard(Permit.ROUND_DRAFT)
def voting(round_id: int) -> Any:
    """Until when residents vote, and the slips."""
    row = _voting(round_id)
    return _vote_page(row, VoteForm(data={"until": row.vote_until}), CodesForm())


@bp.post("/<int:round_id>/voting")
@guard(Permit.ROUND_DRAFT)
def open_voting(round_id: int) -> Any:
    """Open the vote, or let it run longer."""
    row, form = _voting(round_id), VoteForm()
    if form.validate_on_submit() and form.until.data is not None:
        with attempt(form) as tried:
            actions.open_vote(current_actor(), row.id, form.until.data, now())
        if tried.ok:
            flash(_("投票时间已设定。"), "success")
            return redirect(url_for("venture.voting", round_id=round_id))
    return _vote_page(_voting(round_id), form, CodesForm(formdata=None))


@bp.post("/<int:round_id>/codes")
@guard(Permit.ROUND_DRAFT)
def codes(round_id: int) -> Any:
    """Make slips and show them this once."""
    row, form = _voting(round_id), CodesForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            number, token = form.number.data or 0, form.token.data
            made = actions.make_codes(current_actor(), row.id, number, now(), token=token)
        if tried.ok:
            slips = [_slip(code) for code in made]
            return page("slips.html", row=round_for(round_id, Permit.ROUND_DRAFT), slips=slips)
        # A spent token does not come back: a batch that is really wanted would be refused with it.
        form.token.data, form.token.raw_data = secrets.token_hex(16), None
    return _vote_page(_voting(round_id), VoteForm(formdata=None, data={"until": row.vote_until}), form)


def _slip(code: str) -> dict[str, str]:
    """A code with the page's address, and both as a picture."""
    picture = segno.make(url_for("venture.vote", code=code, _external=True), error="m")
    return {
        "code": code,
        "picture": picture.svg_data_uri(scale=4, border=2),
        "address": url_for("venture.vote", _external=True),
    }
