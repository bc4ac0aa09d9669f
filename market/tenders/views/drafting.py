"""Writing a draft: the first step, the overview with its check, one page a section, saving field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from market.budgets.queries import lines_for
from market.catalogue.queries import items
from market.kernel.canonical import instant_text
from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.clock import beijing_day
from market.kernel.permits import Permit
from market.kernel.seen import marks_in
from market.needs.queries import demand as find_demand
from market.needs.queries import open_demands
from market.places.models import Street
from market.places.queries import streets_by_id
from market.tenders import actions
from market.tenders.forms import (
    LOT_SECTIONS,
    CreateForm,
    Line,
    RowsForm,
    changes,
    field_named,
    line_label,
    section_form,
)
from market.tenders.models import Lot, Tender
from market.tenders.queries import Situation, begun_for_demand, content_digest
from market.tenders.rules import RUNS_HERE, SECTIONS, intention_needed
from market.tenders.states import Method, TenderState
from market.tenders.views import meanwhile
from market.tenders.views.door import bp, page, seen
from market.web import filters
from market.web.guard import attempt, current_actor, found, guard, now
from market.web.pages import problem

_PAGES = {
    "basics": "section_basics.html",
    "money": "section_money.html",
    "timing": "section_timing.html",
    "criteria": "section_criteria.html",
    "qualification": "section_qualification.html",
    "milestones": "section_milestones.html",
    "evaluation": "section_evaluation.html",
}
_NOT_FIELDS = {"csrf_token", "field", "next", "shown"}


# --- first step ------------------------------------------------------------------------------------------------------


def _my_streets() -> list[Street]:
    """The streets for which this person writes tenders."""
    ids = {g.street_id for g in current_actor().scopes(Permit.TENDER_DRAFT) if g.street_id is not None}
    return sorted(streets_by_id(ids).values(), key=lambda street: street.code)


@bp.route("/new", methods=["GET", "POST"])
@guard(Permit.TENDER_DRAFT)
def new() -> Any:
    """Begin a draft from a catalogue item and a budget line."""
    streets = _my_streets()
    asked = request.args.get("demand", type=int)
    demand = find_demand(asked) if asked else None
    wanted = request.args.get("street", type=int) or (demand.street_id if demand else None)
    street = next((s for s in streets if s.id == wanted), streets[0] if streets else None)
    street = found(street, Permit.TENDER_DRAFT, street.scope if street else None)
    form, lines = CreateForm(), lines_for(street.id, beijing_day(now()).year)
    services = items(street.district_id)
    form.item.choices = [(i.id, f"{_category(i.category)} · {i.code} {i.name}") for i in services]
    form.line.choices = [(line.id, f"{_category(line.category)} · {line_label(line, left)}") for line, left in lines]
    form.demand.choices = [(d.id, d.title) for d in open_demands(street.id)]
    if request.method == "GET" and demand is not None and demand.id in [value for value, _text in form.demand.choices]:
        form.demand.data, form.title.data = demand.id, demand.title
        form.item.data = _only(i.id for i in services if i.category == demand.category)
        form.line.data = _only(line.id for line, _left in lines if line.category == demand.category)
    if form.validate_on_submit():
        with attempt(form) as tried:
            row = actions.create_tender(
                current_actor(),
                street.id,
                form.item.data,
                {form.line.data: form.amount.data or 0},
                now(),
                title=form.title.data or "",
                demand_id=form.demand.data,
                form_token=form.form_token.data,
            )
        if tried.ok:
            flash(_("草稿已建好，各部分已按常用做法填好，请逐项核对。"), "success")
            return redirect(url_for("tenders.draft", tender_id=row.id))
    begun = begun_for_demand(demand.id) if demand is not None and demand.street_id == street.id else None
    answer = page("new.html", form=form, street=street, streets=streets, year=beijing_day(now()).year, begun=begun)
    return answer, 422 if form.errors else 200


def _category(category: str) -> str:
    """What a service and its money have in common: the first word of both lists."""
    return filters.label(Category(category), CATEGORY_LABELS)


def _only(ids: Iterable[int]) -> int | None:
    """The id, when there is but one: with several to choose from a guess would be left standing unread."""
    found_ids = list(ids)
    return found_ids[0] if len(found_ids) == 1 else None


# --- overview --------------------------------------------------------------------------------------------------------


@bp.get("/<int:tender_id>/draft")
@guard(Permit.TENDER_DRAFT)
def draft(tender_id: int) -> Any:
    """Where the draft stands: each section, everything that must be mended, the dates as of now."""
    row = seen(tender_id, Permit.TENDER_DRAFT)
    if row.state != TenderState.DRAFT:
        return redirect(url_for("tenders.detail", tender_id=row.id))
    situation = Situation(row, now())
    return page(
        "draft.html",
        tender=row,
        situation=situation,
        lots=row.lots,
        intention=intention_needed(situation.book) and row.intention_at is None and not row.intention_waiver,
        shown=content_digest(row),
        per_lot=LOT_SECTIONS,
    )


# --- one section -----------------------------------------------------------------------------------------------------


def _part(tender_id: int, section: str, *, locked: bool = False) -> tuple[Tender, Lot]:
    """The draft and the lot meant by the address; 404 for what does not exist, back to reading when it is no draft."""
    row = seen(tender_id, Permit.TENDER_DRAFT, locked=locked)
    number = request.args.get("lot", 1, type=int)
    lot = next((part for part in row.lots if part.number == number), None)
    if section not in SECTIONS or lot is None:
        abort(404)
    return row, lot


def _key(section: str, lot: Lot) -> str:
    return f"{section}:{lot.number}" if section in LOT_SECTIONS else section


def _lines(section: str, row: Tender) -> list[Line]:
    """The lines that may pay, and those that already do."""
    return lines_for(row.street_id, beijing_day(now()).year, row.category) if section == "money" else []


def _form(
    section: str,
    row: Tender,
    lot: Lot,
    lines: list[Line],
    *,
    typed: Mapping[str, list[str]] | None = None,
    posted: MultiDict[str, str] | None = None,
) -> Any:
    form = section_form(section, row, lot, lines, typed=typed, posted=posted)
    if section == "basics":
        demands = open_demands(row.street_id)
        if row.demand_id and row.demand_id not in {d.id for d in demands}:
            demands += [d for d in [find_demand(row.demand_id)] if d is not None]
        form.demand_id.choices = [(d.id, d.title) for d in demands]
    if section == "timing":
        situation = Situation(row, now())
        form.method.members = tuple(Method(m.value) for m in situation.resolution.allowed if m in RUNS_HERE)
        form.bond_bp.description = _(
            "不收取的，留空或填 0；最多为合同金额的 %(most)s。随公告公开，签订合同时不能超过，以非现金形式提交。",
            most=filters.percent_bp(situation.book["security.performance_max_bp"]),
        )
    return form


def _standing(section: str, row: Tender, lot: Lot, lines: list[Line]) -> Any:
    """The section's form as the draft stands, with what was typed and cannot be used yet."""
    kept = row.typed.get(_key(section, lot), {})
    return section_form(section, row, lot, lines, typed={name: list(values) for name, values in kept.items()})


def _section_page(
    section: str, row: Tender, lot: Lot, form: Any, lines: list[Line], theirs: Sequence[tuple[str, str]] = ()
) -> str:
    situation = Situation(row, now())
    order = list(SECTIONS)
    place = order.index(section)
    here = lot.number if section in LOT_SECTIONS and len(row.lots) > 1 else None
    return page(
        _PAGES[section],
        tender=row,
        lot=lot,
        form=form,
        lines=lines,
        section=section,
        shown=meanwhile.marks(_standing(section, row, lot, lines)),
        theirs=theirs,
        per_lot=LOT_SECTIONS,
        situation=situation,
        findings=[f for f in situation.of_section(section) if f.lot in (None, here)],
        several=len(row.lots) > 1 and section in LOT_SECTIONS,
        previous=order[place - 1] if place else None,
        following=order[place + 1] if place + 1 < len(order) else None,
        save_url=url_for("tenders.save_field", tender_id=row.id, section=section, lot=lot.number),
        here_url=url_for("tenders.section", tender_id=row.id, section=section, lot=lot.number),
    )


@bp.get("/<int:tender_id>/draft/<section>")
@guard(Permit.TENDER_DRAFT)
def section(tender_id: int, section: str) -> Any:
    """One section as it stands, with what was typed and cannot be used yet."""
    row, lot = _part(tender_id, section)
    if row.state != TenderState.DRAFT:
        return redirect(url_for("tenders.detail", tender_id=row.id))
    lines, kept = _lines(section, row), row.typed.get(_key(section, lot))
    form = _form(section, row, lot, lines, typed={name: list(values) for name, values in (kept or {}).items()})
    if kept:
        form.validate()
    return _section_page(section, row, lot, form, lines)


@bp.post("/<int:tender_id>/draft/<section>")
@guard(Permit.TENDER_DRAFT)
def save_section(tender_id: int, section: str) -> Any:
    """Save a whole section; what cannot be used stays in its boxes, here and for the next visit.

    Boxes that somebody else changed as well are shown with both contents; saving that page decides.
    """
    row, lot = _part(tender_id, section, locked=True)
    lines = _lines(section, row)
    standing = _standing(section, row, lot, lines)
    sent = _form(section, row, lot, lines, posted=request.form)
    wanted, both = meanwhile.compare(marks_in(request.form.get("shown")), standing, sent, request.form)
    form = _form(section, row, lot, lines, posted=wanted)
    good = form.validate()
    if both:
        return _section_page(section, row, lot, form, lines, meanwhile.tell(form, standing, both)), 422
    if good:
        with attempt(form) as tried:
            _save(section, row, lot, form, quietly=False)
        if tried.ok:
            return _after_save(section, row.id, lot.number)
        row, lot = _part(tender_id, section, locked=True)
        lines = _lines(section, row)
    kept = {n: v for n, v in wanted.to_dict(flat=False).items() if n not in _NOT_FIELDS}
    actions.keep_typed(current_actor(), tender_id, _key(section, lot), kept, now())
    return _section_page(section, row, lot, form, lines), 422


def _save(section: str, row: Tender, lot: Lot, form: Any, *, quietly: bool) -> None:
    wanted = changes(section, form, lot)
    actor, at = current_actor(), now()
    if section in LOT_SECTIONS:
        actions.save_lot(actor, lot.id, at, section=section, quietly=quietly, **wanted)
    else:
        actions.save_tender(actor, row.id, at, section=section, quietly=quietly, **wanted)


def _after_save(section: str, tender_id: int, number: int) -> Response:
    """To the next section when it was asked for and nothing here is wrong; else back here."""
    order = list(SECTIONS)
    place = order.index(section) + 1
    if request.form.get("next"):
        row = seen(tender_id, Permit.TENDER_DRAFT)
        wrong = [f for f in Situation(row, now()).of_section(section) if f.blocks]
        if not wrong and place == len(order):
            flash(_("已保存。"), "success")
            return redirect(url_for("tenders.draft", tender_id=tender_id))
        if not wrong:
            number = number if order[place] in LOT_SECTIONS else 1
            return redirect(url_for("tenders.section", tender_id=tender_id, section=order[place], lot=number))
        flash(_("已保存，但还有问题须改正，见下方提示。"), "warning")
    else:
        flash(_("已保存。"), "success")
    return redirect(url_for("tenders.section", tender_id=tender_id, section=section, lot=number))


@bp.post("/<int:tender_id>/draft/<section>/field")
@guard(Permit.TENDER_DRAFT)
def save_field(tender_id: int, section: str) -> Any:
    """Save one box as it is left. When the section as a whole can be used it takes effect, otherwise it is kept."""
    row, lot = _part(tender_id, section, locked=True)
    name, key = request.form.get("field", ""), _key(section, lot)
    lines, shown = _lines(section, row), request.form.get("shown")
    typed = {n: list(v) for n, v in row.typed.get(key, {}).items()} | {name: request.form.getlist(name)}
    form = _form(section, row, lot, lines, typed=typed)
    field = field_named(form, name)
    if field is None:
        return problem(422, _("没有保存"), _("页面与草稿对不上，请刷新页面。"))
    stands = meanwhile.mark_of(_standing(section, row, lot, lines), name)
    if shown is not None and stands not in (shown, meanwhile.mark_of(form, name)):
        return problem(409, _("没有保存"), _("这一栏刚刚有人改过，您填写的没有保存，仍在框里。请按“保存”核对。"))
    usable = form.validate() and not _shrinks(form)
    error = None
    if usable:
        with attempt(form) as tried:
            _save(section, row, lot, form, quietly=True)
            actions.keep_typed(current_actor(), tender_id, key, {}, now())
        error = tried.error
    if not usable or error:
        actions.keep_typed(current_actor(), tender_id, key, typed, now())
    if field.errors or error:
        detail = str(field.errors[0]) if field.errors else filters.text(error)
        return problem(422, _("已记下，但还不能采用"), detail, shown=_mark(tender_id, section, name))
    return jsonify(saved_at=instant_text(now()), shown=_mark(tender_id, section, name))


def _mark(tender_id: int, section: str, name: str) -> str:
    """What the page is to remember of a box it has just saved: this person's own saving is no other's."""
    row, lot = _part(tender_id, section)
    return meanwhile.mark_of(_standing(section, row, lot, _lines(section, row)), name)


def _shrinks(form: Any) -> bool:
    """True when a row would vanish: field by field that waits for the whole page, or the rows would shift."""
    return isinstance(form, RowsForm) and len(form.wanted()) < form.existing
