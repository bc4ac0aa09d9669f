"""Pages of the office that runs a round: the list, the draft, the board, publication, calling off."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from market.budgets.queries import lines_for
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.clock import beijing_day
from market.kernel.money import format_yuan
from market.kernel.permits import Permit
from market.panels.queries import all_final, panel_for
from market.places.models import Street
from market.places.queries import streets_by_id
from market.venture import actions, queries
from market.venture.forms import NewForm, ReasonForm, ReturnForm, RoundForm, round_form
from market.venture.models import Round
from market.venture.queries import SUBJECT
from market.venture.rules.scores import ScoreRule
from market.venture.states import ROUND_MACHINE, RoundState, RoundVerb
from market.venture.views.door import DRAFTING, bp, may, page, readable, round_for
from market.web import filters
from market.web.guard import attempt, current_actor, guard, now

_PAGE = queries.PAGE


@bp.get("")
@guard(Permit.ROUND_SEE)
def index() -> Any:
    """The rounds of the person's streets or districts, newest first."""
    rows = queries.rounds_for(current_actor(), request.args.get("before", type=int), _PAGE + 1)
    more = url_for("venture.index", before=rows[_PAGE - 1].id) if len(rows) > _PAGE else None
    return page(
        "index.html",
        rows=rows[:_PAGE],
        more=more,
        handed_in=queries.handed_in([row.id for row in rows]),
        drafts=bool(current_actor().scopes(Permit.ROUND_DRAFT)),
    )


def _my_streets() -> list[Street]:
    ids = {g.street_id for g in current_actor().scopes(Permit.ROUND_DRAFT) if g.street_id is not None}
    return sorted(streets_by_id(ids).values(), key=lambda street: street.code)


@bp.route("/new", methods=["GET", "POST"])
@guard(Permit.ROUND_DRAFT)
def new() -> Any:
    """Begin a round."""
    form = NewForm()
    form.street.choices = [(street.id, street.name) for street in _my_streets()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            row = actions.create_round(
                current_actor(),
                form.street.data,
                form.regime.data,
                form.title.data or "",
                now(),
                form_token=form.token.data,
            )
        if tried.ok:
            flash(_("草稿已建好，评分项和申报期已按常用做法填好，请逐项核对。"), "success")
            return redirect(url_for("venture.edit", round_id=row.id))
    return page("new.html", form=form), 422 if form.errors else 200


# --- the draft --------------------------------------------------------------------------------------------------------


def _form(row: Round) -> RoundForm:
    lines = lines_for(row.street_id, beijing_day(now()).year)
    labels = [
        (
            line.id,
            _(
                "%(source)s · %(title)s（未使用 %(left)s）",
                source=filters.text(FUND_SOURCE_LABELS[FundSource(line.source)]),
                title=line.title,
                left=format_yuan(left),
            ),
        )
        for line, left in lines
    ]
    return round_form(labels, row)


@bp.route("/<int:round_id>/edit", methods=["GET", "POST"])
@guard(Permit.ROUND_DRAFT)
def edit(round_id: int) -> Any:
    """Everything of a draft on one page."""
    row = round_for(round_id, Permit.ROUND_DRAFT)
    if row.state != RoundState.DRAFT:
        return redirect(url_for("venture.show", round_id=row.id))
    form = _form(row)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.save_round(current_actor(), row.id, form.facts(), now())
        if tried.ok:
            flash(_("已保存。"), "success")
            return redirect(url_for("venture.show", round_id=row.id))
        row = round_for(round_id, Permit.ROUND_DRAFT)
    return page("edit.html", form=form, row=row), 422 if form.errors else 200


@bp.post("/<int:round_id>/submit")
@guard(Permit.ROUND_DRAFT)
def submit(round_id: int) -> Any:
    """Hand a draft to a second officer."""
    row = round_for(round_id, Permit.ROUND_DRAFT)
    actions.submit_round(current_actor(), row.id, now())
    flash(_("已提交审核。"), "success")
    return redirect(url_for("venture.show", round_id=round_id))


@bp.route("/<int:round_id>/return", methods=["GET", "POST"])
@guard(Permit.ROUND_APPROVE)
def send_back(round_id: int) -> Any:
    """Give a draft back."""
    row, form = round_for(round_id, Permit.ROUND_APPROVE), ReturnForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.return_round(current_actor(), row.id, form.reason.data or "", now())
        if tried.ok:
            flash(_("已退回。"), "success")
            return redirect(url_for("venture.show", round_id=round_id))
    return page("return.html", form=form, row=row), 422 if form.errors else 200


@bp.post("/<int:round_id>/publish")
@guard(Permit.ROUND_APPROVE)
def publish(round_id: int) -> Any:
    """Publish."""
    row = round_for(round_id, Permit.ROUND_APPROVE)
    actions.publish_round(current_actor(), row.id, now(), seen=request.form.get("seen", ""))
    flash(_("征集公告已发布，资金已预留。"), "success")
    return redirect(url_for("venture.show", round_id=round_id))


@bp.route("/<int:round_id>/cancel", methods=["GET", "POST"])
@guard(Permit.ROUND_APPROVE)
def cancel(round_id: int) -> Any:
    """Call a round off."""
    row, form = round_for(round_id, Permit.ROUND_APPROVE), ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.cancel_round(current_actor(), row.id, form.reason.data or "", now())
        if tried.ok:
            flash(_("本轮已取消，资金已退回。"), "success")
            return redirect(url_for("venture.show", round_id=round_id))
    return page("cancel.html", form=form, row=row), 422 if form.errors else 200


# --- the board --------------------------------------------------------------------------------------------------------


@bp.get("/<int:round_id>")
@guard(Permit.ROUND_SEE)
def show(round_id: int) -> Any:
    """Where a round stands: the call, what must be mended, applications after the deadline, the next step."""
    row = round_for(round_id)
    at, draft = now(), row.state in DRAFTING
    situation = actions.situation(row, at) if draft else None
    rules = situation.rules if situation else queries.rules_of(row) if row.notice_at else None
    rows = queries.applications_of(row.id) if readable(row) else []
    held = actions.findings(row, rows, at) if row.state == RoundState.SCREENING else {}
    panel = panel_for(SUBJECT, row.id) if row.closing_digest else None
    verbs = {move.verb for move in ROUND_MACHINE.verbs_from(row.state, current_actor().permits(row.subject.scope))}
    return page(
        "show.html",
        row=row,
        situation=situation,
        sources_of=queries.sources(row, rules) if rules else (),
        scoring=ScoreRule.from_rules(rules) if rules else None,
        rules=rules,
        rows=rows,
        held=held,
        counts=queries.counts(row.id) if row.notice_at else {},
        panel=panel,
        scored=panel is not None and all_final(panel),
        can={verb.value: verb in verbs for verb in RoundVerb},
        organises=may(row, Permit.ROUND_DRAFT),
        draws=may(row, Permit.PANEL_DRAW),
    )


@bp.post("/<int:round_id>/screened")
@guard(Permit.ROUND_DRAFT)
def finish_screening(round_id: int) -> Any:
    """End the formal check."""
    row = round_for(round_id, Permit.ROUND_DRAFT)
    count = actions.finish_screening(current_actor(), row.id, now())
    flash(_("形式审查已完成，%(count)s 份申报进入评审。", count=count), "success")
    return redirect(url_for("venture.show", round_id=round_id))


@bp.post("/<int:round_id>/ranked")
@guard(Permit.ROUND_DRAFT)
def rank(round_id: int) -> Any:
    """Total the points and find the portfolio."""
    row = round_for(round_id, Permit.ROUND_DRAFT)
    actions.rank_round(current_actor(), row.id, now())
    flash(_("评分已汇总，组合已测算，已通知审核人。"), "success")
    return redirect(url_for("venture.result", round_id=round_id))
