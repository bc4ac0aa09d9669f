"""A street's yearly fund: plan, checks, approval, and what has become of the money."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.budgets import actions, queries
from market.budgets.actions import LineFacts
from market.budgets.forms import LineForm, PreviousForm, ReturnForm, YearForm
from market.budgets.models import BudgetLine, FundYear
from market.budgets.rules import floor_gap_fen, social_share_bp
from market.budgets.states import FUND_SOURCE_LABELS, FUND_YEAR_LABELS, FUND_YEAR_MACHINE, FundSource, FundYearState
from market.kernel.categories import CATEGORY_LABELS
from market.kernel.clock import beijing_day
from market.kernel.permits import Actor, Permit
from market.kernel.rulebook import RuleSet
from market.ledger.queries import balances, movements
from market.ledger.states import PLACE_LABELS, REASON_LABELS, Place
from market.places.models import Street
from market.places.queries import districts, rules_for, streets_by_id
from market.web.guard import attempt, current_actor, found, guard, now

bp = Blueprint("budgets", __name__, url_prefix="/budgets")
_PAGE = 50
_SHOWN_PLACES = [place for place in Place if place is not Place.OUTSIDE]


def own_streets(actor: Actor) -> list[int]:
    """The streets whose plans this person drafts."""
    return sorted({g.street_id for g in actor.scopes(Permit.BUDGET_DRAFT) if g.street_id is not None})


def _wide(actor: Actor) -> bool:
    """Whether this person sees whole districts."""
    return any(g.street_id is None for g in actor.scopes(Permit.BUDGET_SEE))


@bp.get("")
@guard(Permit.BUDGET_SEE)
def index() -> Any:
    """For the district: all its streets in one year. For a street: its own years."""
    actor = current_actor()
    return _district_page(actor) if _wide(actor) else _street_page(actor)


def _street_page(actor: Actor) -> Any:
    mine = sorted({g.street_id for g in actor.scopes(Permit.BUDGET_SEE) if g.street_id is not None})
    return render_template(
        "market/budgets/index.html",
        rows=queries.year_rows(mine, None),
        states=FUND_YEAR_LABELS,
        drafts=bool(own_streets(actor)),
    )


def _district_page(actor: Actor) -> Any:
    reach = {g.district_id for g in actor.scopes(Permit.BUDGET_SEE) if g.street_id is None}
    places = [d for d in districts() if None in reach or d.id in reach]
    wanted = request.args.get("district", type=int)
    district = found(next((d for d in places if d.id == wanted), places[0] if places else None))
    year = request.args.get("year", type=int) or beijing_day(now()).year
    rules = rules_for(district, "any", beijing_day(now()))
    floor_fen = rules["budget.street_floor_fen"]
    rows = [
        (street, row, floor_gap_fen(row.total_fen if row else 0, floor_fen))
        for street, row in queries.board(district.id, year)
    ]
    return render_template(
        "market/budgets/district.html",
        districts=places,
        district=district,
        year=year,
        rows=rows,
        floor_fen=floor_fen,
        total_fen=sum(row.total_fen for _street, row, _gap in rows if row),
        closed=sum(1 for _street, row, _gap in rows if row and row.year.state == FundYearState.CLOSED),
        social=_social(rules, district.id, year, None),
        states=FUND_YEAR_LABELS,
    )


def _social(rules: RuleSet, district_id: int, year: int, street_id: int | None) -> dict[str, int | None]:
    """The share of signed money that went to social organisations, with the target (row 10)."""
    signed = queries.signed_by_prefix(year, [street_id] if street_id else None, district_id)
    target_bp = rules["budget.social_organisation_share_min_bp"]
    return {
        "signed_fen": sum(signed.values()),
        "share_bp": social_share_bp(signed, rules["budget.social_organisation_prefixes"], target_bp),
        "target_bp": target_bp,
    }


@bp.route("/new", methods=["GET", "POST"])
@guard(Permit.BUDGET_DRAFT)
def new() -> Any:
    """Begin a plan."""
    actor = current_actor()
    mine = streets_by_id(own_streets(actor))
    form = YearForm(
        data={
            "year": request.args.get("year", type=int) or beijing_day(now()).year,
            "street": request.args.get("street", type=int) or next(iter(mine), None),
        }
    )
    form.street.choices = [(street.id, street.name) for street in mine.values()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            street: Street = found(mine.get(form.street.data))
            row = actions.open_year(actor, street, form.year.data or 0, form.previous_yuan.data, now())
        if tried.ok:
            return redirect(url_for("budgets.show", year_id=row.id))
    return render_template("market/budgets/new.html", form=form), 422 if form.errors else 200


def _seen(year_id: int) -> FundYear:
    return found(queries.fund_year(year_id), Permit.BUDGET_SEE)


@bp.get("/<int:year_id>")
@guard(Permit.BUDGET_SEE)
def show(year_id: int) -> Any:
    """One plan: lines, checks, what may be done next, and once approved the money's resting places."""
    return _page(_seen(year_id)), 200


def _rules(row: FundYear) -> RuleSet:
    """The rules a plan is judged by: today's, or those of the day it was approved."""
    return rules_for(row.street.district, "any", beijing_day(row.closed_at or now()))


def _groups(row: FundYear) -> list[tuple[FundSource, list[BudgetLine]]]:
    """The lines of a plan by their source."""
    return [(source, [x for x in row.lines if x.source == source]) for source in FundSource]


def _page(
    row: FundYear,
    line_form: LineForm | None = None,
    return_form: ReturnForm | None = None,
    previous_form: PreviousForm | None = None,
) -> str:
    permits = current_actor().permits(row.subject.scope)
    closed = row.state == FundYearState.CLOSED
    rules = _rules(row)
    last_year_fen, kept = actions.last_year_fen(row)
    failed = next((form for form in (line_form, return_form, previous_form) if form is not None), None)
    return render_template(
        "market/budgets/show.html",
        row=row,
        groups=_groups(row),
        total_fen=sum(x.amount_fen for x in row.lines),
        checks=actions.findings(row, rules, last_year_fen),
        last_year_fen=last_year_fen,
        kept=kept,
        floor_fen=rules["budget.street_floor_fen"],
        left=balances([x.id for x in row.lines]) if closed else {},
        social=_social(rules, row.district_id, row.year, row.street_id) if closed else None,
        verbs={m.verb.value for m in FUND_YEAR_MACHINE.verbs_from(row.state, permits)},
        later=closed and row.year > beijing_day(now()).year,
        drafting=row.state == FundYearState.DRAFT and Permit.BUDGET_DRAFT in permits,
        states=FUND_YEAR_LABELS,
        sources=FUND_SOURCE_LABELS,
        categories=CATEGORY_LABELS,
        places=[(place, PLACE_LABELS[place]) for place in _SHOWN_PLACES],
        line_form=line_form or LineForm(formdata=None),
        return_form=return_form or ReturnForm(formdata=None),
        previous_form=previous_form or PreviousForm(formdata=None, data={"previous_yuan": row.previous_total_fen}),
        form=failed,
    )


@bp.post("/<int:year_id>/lines")
@guard(Permit.BUDGET_DRAFT)
def add_line(year_id: int) -> Any:
    """Add a line."""
    form = LineForm()
    if form.validate_on_submit():
        facts = LineFacts(
            form.source.data,
            form.category.data.value,
            form.title.data or "",
            form.amount_yuan.data or 0,
            form.donor_purpose.data or "",
        )
        with attempt(form) as tried:
            found(queries.fund_year(year_id), Permit.BUDGET_DRAFT)
            actions.add_line(current_actor(), year_id, facts, now())
        if tried.ok:
            flash(_("已添加“%(title)s”。", title=facts.title), "success")
            return redirect(url_for("budgets.show", year_id=year_id))
    return _page(_seen(year_id), line_form=form), 422


@bp.post("/<int:year_id>/lines/<int:line_id>/remove")
@guard(Permit.BUDGET_DRAFT)
def remove_line(year_id: int, line_id: int) -> Any:
    """Take a line out."""
    found(queries.fund_year(year_id), Permit.BUDGET_DRAFT)
    actions.remove_line(current_actor(), year_id, line_id, now())
    flash(_("已删去。"), "success")
    return redirect(url_for("budgets.show", year_id=year_id))


@bp.post("/<int:year_id>/previous")
@guard(Permit.BUDGET_DRAFT)
def previous(year_id: int) -> Any:
    """Write down last year's total."""
    form = PreviousForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            found(queries.fund_year(year_id), Permit.BUDGET_DRAFT)
            actions.set_previous_total(current_actor(), year_id, form.previous_yuan.data, now())
        if tried.ok:
            return redirect(url_for("budgets.show", year_id=year_id))
    return _page(_seen(year_id), previous_form=form), 422


@bp.post("/<int:year_id>/propose")
@guard(Permit.BUDGET_DRAFT)
def propose(year_id: int) -> Any:
    """Hand the plan to the district; a refusal is shown on the plan's own page."""
    form = PreviousForm(formdata=None)
    with attempt(form) as tried:
        found(queries.fund_year(year_id), Permit.BUDGET_DRAFT)
        actions.propose(current_actor(), year_id, now())
    if tried.ok:
        flash(_("资金计划已报区级批复。"), "success")
        return redirect(url_for("budgets.show", year_id=year_id))
    return _page(_seen(year_id), previous_form=form), 422


@bp.post("/<int:year_id>/return")
@guard(Permit.BUDGET_APPROVE)
def send_back(year_id: int) -> Any:
    """Return the plan with a reason."""
    form = ReturnForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            found(queries.fund_year(year_id), Permit.BUDGET_APPROVE)
            actions.send_back(current_actor(), year_id, form.reason.data or "", now())
        if tried.ok:
            flash(_("资金计划已退回街道。"), "success")
            return redirect(url_for("budgets.show", year_id=year_id))
    return _page(_seen(year_id), return_form=form), 422


@bp.route("/<int:year_id>/close", methods=["GET", "POST"])
@guard(Permit.BUDGET_APPROVE)
def close(year_id: int) -> Any:
    """Approve: a page of its own, because the money is appropriated and the plan published."""
    row = found(queries.fund_year(year_id), Permit.BUDGET_APPROVE)
    form = ReturnForm(formdata=None)
    if request.method == "POST":
        with attempt(form) as tried:
            actions.close_year(current_actor(), year_id, now(), seen=request.form.get("seen", ""))
        if tried.ok:
            flash(_("资金计划已批复下达，并已公布。"), "success")
            return redirect(url_for("budgets.show", year_id=year_id))
        row = found(queries.fund_year(year_id))
    page = render_template(
        "market/budgets/close.html",
        row=row,
        form=form,
        shown=queries.content_digest(row),
        total_fen=sum(x.amount_fen for x in row.lines),
        checks=actions.findings(row, _rules(row), actions.last_year_fen(row)[0]),
        groups=_groups(row),
        sources=FUND_SOURCE_LABELS,
        categories=CATEGORY_LABELS,
    )
    return page, 422 if form.errors else 200


@bp.get("/<int:year_id>/lines/<int:line_id>")
@guard(Permit.BUDGET_SEE)
def line(year_id: int, line_id: int) -> Any:
    """One line: where its money rests and every movement, newest first."""
    row = _seen(year_id)
    one = found(next((x for x in row.lines if x.id == line_id), None))
    rows = movements([one.id], before=request.args.get("before", type=int), limit=_PAGE + 1)
    more = (
        url_for("budgets.line", year_id=year_id, line_id=line_id, before=rows[_PAGE - 1].id)
        if len(rows) > _PAGE
        else None
    )
    return render_template(
        "market/budgets/line.html",
        row=row,
        line=one,
        left=balances([one.id])[one.id],
        places=[(place, PLACE_LABELS[place]) for place in _SHOWN_PLACES],
        place_labels=PLACE_LABELS,
        reasons=REASON_LABELS,
        sources=FUND_SOURCE_LABELS,
        categories=CATEGORY_LABELS,
        movements=rows[:_PAGE],
        titles=queries.titles_of_files({m.file_id for m in rows if m.file_id}),
        more=more,
    )
