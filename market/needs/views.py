"""What residents ask for, merged into demand items that purchases answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope
from market.kernel.text import N_
from market.needs import actions, queries
from market.needs.forms import DemandForm, NeedForm
from market.needs.models import Need
from market.needs.states import CHANNEL_LABELS, DEMAND_LABELS, DEMAND_MACHINE, DemandState, DemandVerb
from market.places.models import Street
from market.places.queries import communities_in, streets_in
from market.web.guard import attempt, current_actor, found, guard, now

bp = Blueprint("needs", __name__, url_prefix="/needs")
_PAGE = 20


def _streets(actor: Actor, permit: Permit) -> dict[int, Street]:
    """The streets in which this person holds the permit."""
    grants = actor.scopes(permit)
    return {s.id: s for s in streets_in([Scope(g.district_id, g.street_id) for g in grants])}


@bp.get("")
@guard(Permit.NEED_RECORD)
def index() -> Any:
    """Needs that belong to no demand item yet."""
    streets = _streets(current_actor(), Permit.NEED_RECORD)
    rows = queries.loose_needs(streets)
    return render_template(
        "market/needs/index.html",
        rows=rows,
        streets=streets,
        communities=_community_names(rows),
        channels=CHANNEL_LABELS,
        categories=CATEGORY_LABELS,
    )


def _community_names(rows: list[Need]) -> dict[int, str]:
    streets = {row.street_id for row in rows if row.community_id is not None}
    return {c.id: c.name for c in communities_in(streets)} if streets else {}


@bp.route("/new", methods=["GET", "POST"])
@guard(Permit.NEED_RECORD)
def new() -> Any:
    """Record a need."""
    streets = _streets(current_actor(), Permit.NEED_RECORD)
    form = NeedForm(data={"street": next(iter(streets), None)})
    form.street.choices = [(street.id, street.name) for street in streets.values()]
    form.community.choices = [
        (c.id, c.name if len(streets) == 1 else f"{streets[c.street_id].name} {c.name}")
        for c in communities_in(streets)
    ]
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.record_need(
                current_actor(),
                found(streets.get(form.street.data)),
                form.channel.data,
                form.category.data,
                form.summary.data or "",
                form.people_affected.data or 0,
                now(),
                community_id=form.community.data,
            )
        if tried.ok:
            flash(_("诉求已登记。"), "success")
            return redirect(url_for("needs.index"))
    return render_template("market/needs/new.html", form=form), 422 if form.errors else 200


@bp.route("/merge", methods=["GET", "POST"])
@guard(Permit.NEED_RECORD)
def merge() -> Any:
    """Merge the chosen needs into one demand item."""
    streets = _streets(current_actor(), Permit.NEED_RECORD)
    wanted = request.args.getlist("need", type=int)[:200]
    chosen = [n for n in queries.needs_by_id(wanted) if n.street_id in streets and n.demand_id is None]
    form = DemandForm(
        data={"needs": [n.id for n in chosen], "category": Category(chosen[0].category) if chosen else None}
    )
    form.needs.choices = [(n.id, n.summary) for n in chosen]
    if form.validate_on_submit():
        with attempt(form) as tried:
            street = streets[_one_street(chosen, form.needs.data)]
            row = actions.make_demand(
                current_actor(),
                street,
                form.title.data or "",
                form.description.data or "",
                form.category.data,
                form.needs.data,
                now(),
            )
        if tried.ok:
            flash(_("已归并为需求“%(title)s”，可以据此编制采购。", title=row.title), "success")
            return redirect(url_for("needs.demand", demand_id=row.id))
    page = render_template("market/needs/merge.html", form=form, chosen=chosen, wanted=wanted)
    return page, 422 if form.errors else 200


def _one_street(chosen: list[Need], ids: list[int]) -> int:
    """The street all chosen needs belong to."""
    streets = {n.street_id for n in chosen if n.id in ids}
    if len(streets) != 1:
        raise Refused(N_("一个需求只能归并同一街道的诉求，请分开办理。"), field="needs")
    return streets.pop()


@bp.get("/demands")
@guard(Permit.NEED_RECORD, Permit.TENDER_SEE)
def demands() -> Any:
    """Demand items, newest first, page by key."""
    actor = current_actor()
    streets = _streets(actor, Permit.NEED_RECORD) | _streets(actor, Permit.TENDER_SEE)
    wanted = request.args.get("state", "")
    state = DemandState(wanted) if wanted in set(DemandState) else None
    rows = queries.demands(streets, request.args.get("before", type=int), _PAGE + 1, state)
    more = url_for("needs.demands", before=rows[_PAGE - 1].id, state=wanted or None) if len(rows) > _PAGE else None
    return render_template(
        "market/needs/demands.html",
        rows=rows[:_PAGE],
        more=more,
        streets=streets,
        state=state,
        states=DEMAND_LABELS,
        categories=CATEGORY_LABELS,
        records=any(actor.scopes(Permit.NEED_RECORD)),
    )


@bp.get("/demands/<int:demand_id>")
@guard(Permit.NEED_RECORD, Permit.TENDER_SEE)
def demand(demand_id: int) -> Any:
    """One demand item with the needs behind it."""
    row = found(queries.demand(demand_id))
    permits = current_actor().permits(row.subject.scope)
    if not permits & {Permit.NEED_RECORD, Permit.TENDER_SEE}:
        found(None)
    street = found(next(iter(streets_in([Scope(row.district_id, row.street_id)])), None))
    needs = queries.needs_of(row.id)
    return render_template(
        "market/needs/demand.html",
        row=row,
        street=street,
        needs=needs,
        communities=_community_names(needs),
        # A demand item is taken into a purchase by publishing it, not by a button here.
        verbs=[m for m in DEMAND_MACHINE.verbs_from(row.state, permits) if m.verb != DemandVerb.PLAN],
        drafts=Permit.TENDER_DRAFT in permits and row.state == DemandState.OPEN,
        states=DEMAND_LABELS,
        channels=CHANNEL_LABELS,
        categories=CATEGORY_LABELS,
    )


@bp.post("/demands/<int:demand_id>/<verb>")
@guard(Permit.NEED_RECORD)
def act(demand_id: int, verb: str) -> Any:
    """Put a demand item back on the list, or close it as answered."""
    row = found(queries.demand(demand_id), Permit.NEED_RECORD)
    act_for = {DemandVerb.REOPEN.value: actions.reopen, DemandVerb.ANSWER.value: actions.answer}
    found(act_for.get(verb))(row, current_actor(), now())
    flash(_("已办理。"), "success")
    return redirect(url_for("needs.demand", demand_id=demand_id))
