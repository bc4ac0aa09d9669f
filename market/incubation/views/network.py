"""The tree of a district, its nodes with rooms and staff, and the plan of cultivation."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from market.incubation import actions, queries
from market.incubation.actions import NodeFacts, RoomFacts
from market.incubation.forms import NodeForm, RoomForm, SchemeForm, StaffForm
from market.incubation.models import Node
from market.incubation.rules import Count, slot_text
from market.incubation.states import LEVEL_LABELS, NODE_LABELS, NODE_MACHINE, NodeLevel, NodeState
from market.incubation.views.door import ANYBODY, bp, found_node, may, shown_district
from market.kernel.errors import Refused
from market.kernel.permits import Permit, Scope
from market.kernel.text import N_
from market.places.models import District
from market.places.queries import district as find_district
from market.places.queries import street as find_street
from market.places.queries import streets, streets_by_id
from market.web.guard import attempt, current_actor, found, guard, now


@bp.get("")
@guard(*ANYBODY)
def index() -> Any:
    """A district's network as a tree, with its figures."""
    actor = current_actor()
    district, offered = shown_district(actor)
    branches = queries.nodes_of(district.id)
    counts = queries.supported_by_node([b.node.id for b in branches])
    return render_template(
        "market/incubation/index.html",
        district=district,
        districts=offered,
        branches=branches,
        counts=counts,
        nobody=Count(),
        streets=streets_by_id({b.node.street_id for b in branches if b.node.street_id is not None}),
        by_level=queries.node_counts(branches),
        ever=sum(b.node.earlier_count for b in branches) + sum(c.ever for c in counts.values()),
        supported=sum(c.now for c in counts.values()),
        graduated=sum(c.graduated for c in counts.values()),
        levels=LEVEL_LABELS,
        states=NODE_LABELS,
        manages=may(Permit.INCUBATION_MANAGE, district.subject),
    )


def _managed(district_id: int) -> District:
    row = found(find_district(district_id))
    return found(row, Permit.INCUBATION_MANAGE, Scope(row.id))


def _offer_places(form: NodeForm, district: District) -> None:
    form.street.choices = [(s.id, s.name) for s in streets(district.id)]
    form.parent.choices = [
        (b.node.id, f"{'　' * b.depth}{b.node.name}")
        for b in queries.nodes_of(district.id)
        if b.node.state == NodeState.OPEN and b.node.level != NodeLevel.COURTYARD
    ]


def _facts(form: NodeForm) -> NodeFacts:
    return NodeFacts(
        level=form.level.data,
        name=form.name.data or "",
        street_id=form.street.data,
        parent_id=form.parent.data,
        operator_id=_operator(form.operator.data or ""),
        address=form.address.data or "",
        area_m2=form.area.data or 0,
        workstations=form.workstations.data or 0,
        premises=form.premises.data or "",
        earlier_count=form.earlier.data or 0,
    )


def _operator(text: str) -> int | None:
    if not text.strip():
        return None
    known = queries.legal_person_named(text)
    if known is None:
        raise Refused(N_("没有找到这个已确认的机构，请填写登记的全称或统一社会信用代码。"), field="operator")
    return known


@bp.route("/districts/<int:district_id>/nodes/new", methods=["GET", "POST"])
@guard(Permit.INCUBATION_MANAGE)
def new_node(district_id: int) -> Any:
    """Open a node."""
    district, form = _managed(district_id), NodeForm()
    _offer_places(form, district)
    if form.validate_on_submit():
        with attempt(form) as tried:
            row = actions.open_node(current_actor(), district, _facts(form), form.token.data, now())
        if tried.ok:
            flash(_("节点“%(name)s”已开通并公布。", name=row.name), "success")
            return redirect(url_for("incubation.node", node_id=row.id))
    page = render_template("market/incubation/node_form.html", form=form, row=None, district=district)
    return page, 422 if form.errors else 200


@bp.route("/nodes/<int:node_id>/edit", methods=["GET", "POST"])
@guard(Permit.INCUBATION_MANAGE)
def edit_node(node_id: int) -> Any:
    """Change a node; its place in the tree stays."""
    row = found(found_node(node_id), Permit.INCUBATION_MANAGE)
    form = NodeForm(
        data={
            "name": row.name,
            "operator": row.operator.name if row.operator else "",
            "address": row.address,
            "area": row.area_m2,
            "workstations": row.workstations,
            "premises": row.premises,
            "earlier": row.earlier_count,
        }
    )
    for fixed in ("level", "street", "parent"):
        delattr(form, fixed)
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.save_node(current_actor(), row, _changed(form, row), now())
        if tried.ok:
            flash(_("已保存并公布。"), "success")
            return redirect(url_for("incubation.node", node_id=node_id))
        row = found_node(node_id)
    page = render_template("market/incubation/node_form.html", form=form, row=row, district=row.district)
    return page, 422 if form.errors else 200


def _changed(form: NodeForm, row: Node) -> NodeFacts:
    return NodeFacts(
        level=NodeLevel(row.level),
        name=form.name.data or "",
        street_id=row.street_id,
        parent_id=row.parent_id,
        operator_id=_operator(form.operator.data or ""),
        address=form.address.data or "",
        area_m2=form.area.data or 0,
        workstations=form.workstations.data or 0,
        premises=form.premises.data or "",
        earlier_count=form.earlier.data or 0,
    )


@bp.get("/nodes/<int:node_id>")
@guard(*ANYBODY)
def node(node_id: int) -> Any:
    """One node: where, who runs it, its rooms, what can be done here."""
    row = found_node(node_id)
    actor = current_actor()
    permits = actor.permits(row.scope)
    return render_template(
        "market/incubation/node.html",
        row=row,
        street=find_street(row.street_id) if row.street_id is not None else None,
        parent=queries.node(row.parent_id) if row.parent_id is not None else None,
        rooms=queries.rooms_of(row.id),
        count=queries.supported_by_node([row.id]).get(row.id, Count()),
        hours=slot_text,
        levels=LEVEL_LABELS,
        states=NODE_LABELS,
        verbs=NODE_MACHINE.verbs_from(row.state, permits),
        manages=Permit.INCUBATION_MANAGE in permits,
        works=Permit.INCUBATION_WORK in permits,
        applies=bool(actor.scopes(Permit.INCUBATION_APPLY)) and row.state == NodeState.OPEN,
    )


@bp.post("/nodes/<int:node_id>/<any(close, reopen):verb>")
@guard(Permit.INCUBATION_MANAGE)
def move_node(node_id: int, verb: str) -> Any:
    """Take a node out of use, or back."""
    row = found(found_node(node_id), Permit.INCUBATION_MANAGE)
    (actions.close_node if verb == "close" else actions.reopen_node)(current_actor(), row, now())
    flash(_("已办理并公布。"), "success")
    return redirect(url_for("incubation.node", node_id=node_id))


@bp.route("/nodes/<int:node_id>/staff", methods=["GET", "POST"])
@guard(Permit.INCUBATION_MANAGE)
def staff(node_id: int) -> Any:
    """Who works at a node; one more person."""
    row = found(found_node(node_id), Permit.INCUBATION_MANAGE)
    form = StaffForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.appoint(current_actor(), row, form.login.data or "", now())
        if tried.ok:
            flash(_("已授予。"), "success")
            return redirect(url_for("incubation.staff", node_id=node_id))
        row = found_node(node_id)
    page = render_template("market/incubation/staff.html", form=form, row=row, names=queries.staff_of(row))
    return page, 422 if form.errors else 200


@bp.route("/nodes/<int:node_id>/rooms/new", methods=["GET", "POST"])
@guard(Permit.INCUBATION_MANAGE, Permit.INCUBATION_WORK)
def new_room(node_id: int) -> Any:
    """Add a bookable room."""
    row = found_node(node_id)
    if not current_actor().permits(row.scope) & {Permit.INCUBATION_MANAGE, Permit.INCUBATION_WORK}:
        found(None)
    form = RoomForm(data={"opens": 16, "closes": 44})
    if form.validate_on_submit():
        facts = RoomFacts(
            form.name.data or "", form.seats.data or 1, form.equipment.data or "", form.opens.data, form.closes.data
        )
        with attempt(form) as tried:
            actions.add_room(current_actor(), row, facts, now())
        if tried.ok:
            flash(_("场地已登记，可以预约。"), "success")
            return redirect(url_for("incubation.node", node_id=node_id))
        row = found_node(node_id)
    return render_template("market/incubation/room_form.html", form=form, row=row), 422 if form.errors else 200


@bp.route("/districts/<int:district_id>/scheme", methods=["GET", "POST"])
@guard(Permit.INCUBATION_MANAGE)
def scheme(district_id: int) -> Any:
    """The plan of cultivation: stages with criteria, dimensions, levels. Saving makes a new edition."""
    district = _managed(district_id)
    plan = queries.plan_of(queries.scheme(district.id))
    # One empty row each, for one more; a row whose title is emptied is left out.
    stages = [*plan.stages, {"title": "", "by_month": None, "criteria": ""}]
    dimensions = [*plan.dimensions, {"title": "", "hint": ""}]
    form = SchemeForm(data={"stages": stages, "dimensions": dimensions, "levels": list(plan.levels)})
    refused = False
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.save_scheme(
                current_actor(), district, _stages(form), _dimensions(form, plan), form.levels.data, now()
            )
        if tried.ok:
            flash(_("培育方案已更新，适用于此后准予入驻的机构。"), "success")
            return redirect(url_for("incubation.scheme", district_id=district.id))
        refused = True
    page = render_template("market/incubation/scheme.html", form=form, district=district, plan=plan)
    # A refusal at a part inside the form does not show among the errors of the form itself.
    return page, 422 if form.errors or refused else 200


def _stages(form: SchemeForm) -> list[dict[str, Any]]:
    found_rows = []
    for number, entry in enumerate(form.stages.entries):
        data = entry.form.data
        if not data["title"]:
            continue
        if data["by_month"] is None:
            raise Refused(N_("请填写完成月份。"), field=f"stages-{number}-by_month")
        found_rows.append({"title": data["title"], "by_month": data["by_month"], "criteria": data["criteria"] or ""})
    return found_rows


def _dimensions(form: SchemeForm, plan: queries.Plan) -> list[dict[str, str]]:
    """A dimension keeps its key while it keeps its title, so that editions can be compared."""
    known = {one["title"]: one["key"] for one in plan.dimensions}
    titled = [entry.form.data for entry in form.dimensions.entries if entry.form.data["title"]]
    used = set(known.values())
    rows = []
    for number, data in enumerate(titled, 1):
        key = known.get(data["title"])
        if key is None:
            key = next(f"d{n}" for n in range(number, number + 99) if f"d{n}" not in used)
            used.add(key)
        rows.append({"key": key, "title": data["title"], "hint": data["hint"] or ""})
    return rows
