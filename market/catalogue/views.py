"""The guidance catalogue and the negative list for everybody signed in; editions for the district's officer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.catalogue import actions, queries
from market.catalogue.actions import ItemFacts
from market.catalogue.forms import EditionForm, ItemForm
from market.catalogue.models import CatalogueItem, CatalogueVersion
from market.catalogue.rules import negative_hits, parse_indicators, typed_indicators
from market.catalogue.states import CATEGORY_LABELS, Category
from market.kernel.clock import beijing_day
from market.kernel.permits import Permit, Scope, allowed
from market.places.models import District
from market.places.queries import districts
from market.web.guard import attempt, current_actor, found, guard, now

bp = Blueprint("catalogue", __name__, url_prefix="/catalogue")
_LONGEST_TEXT = 2000


def _grouped(items: list[CatalogueItem]) -> list[tuple[Category, list[CatalogueItem]]]:
    groups = [(category, [row for row in items if row.category == category]) for category in Category]
    return [(category, rows) for category, rows in groups if rows]


def _chosen(places: list[District]) -> District | None:
    """The district asked for, else the person's own, else the first."""
    own = {grant.district_id for grant in current_actor().grants}
    wanted = request.args.get("district", type=int)
    ranked = sorted(places, key=lambda d: (d.id != wanted, d.id not in own, d.code))
    return ranked[0] if ranked else None


def _edits(district_id: int) -> bool:
    return allowed(current_actor(), Permit.CATALOGUE_EDIT, Scope(district_id))


@bp.get("")
@guard(Permit.DESK_SEE)
def index() -> Any:
    """The edition in force in one district, by category."""
    places = districts()
    district = _chosen(places)
    version = queries.version_in_force(district.id, beijing_day(now())) if district else None
    edits = district is not None and _edits(district.id)
    return render_template(
        "market/catalogue/index.html",
        districts=places,
        district=district,
        version=version,
        groups=_grouped(queries.items_of(version.id)) if version else [],
        labels=CATEGORY_LABELS,
        edits=edits,
        editions=queries.editions(district.id) if district and edits else [],
    )


@bp.get("/items/<int:item_id>")
@guard(Permit.DESK_SEE)
def item(item_id: int) -> Any:
    """One service: content, requirements, price reference, usual indicators."""
    row = found(queries.item(item_id))
    version = found(queries.edition(row.version_id))
    if version.published_at is None and not _edits(version.district_id):
        found(None)
    return render_template("market/catalogue/item.html", row=row, version=version, labels=CATEGORY_LABELS)


@bp.get("/negative")
@guard(Permit.DESK_SEE)
def negative() -> Any:
    """The negative list, and a box to try a text against it."""
    rows = queries.negatives()
    text = request.args.get("text", "")
    # Of a text read in part nobody could say that nothing was found.
    too_long = len(text) > _LONGEST_TEXT
    hits = [] if too_long else negative_hits(text, rows)
    return render_template(
        "market/catalogue/negative.html", rows=rows, text=text, hits=hits, most=_LONGEST_TEXT if too_long else None
    )


@bp.route("/editions/new", methods=["GET", "POST"])
@guard(Permit.CATALOGUE_EDIT)
def new_edition() -> Any:
    """Begin a new edition from the one in force."""
    district = found(next((d for d in districts() if _edits(d.id) and _is_wanted(d)), None))
    today = beijing_day(now())
    form = EditionForm(data={"effective_from": today})
    if form.validate_on_submit():
        with attempt(form) as tried:
            row = actions.open_edition(
                current_actor(),
                district,
                form.number.data or "",
                form.effective_from.data or today,
                form.source.data or "",
                now(),
            )
        if tried.ok:
            flash(_("新版本已建立，内容照现行版本抄录。修改后发布才会生效。"), "success")
            return redirect(url_for("catalogue.edition", version_id=row.id))
    page = render_template("market/catalogue/edition_new.html", form=form, district=district)
    return page, 422 if form.errors else 200


def _is_wanted(district: District) -> bool:
    wanted = request.args.get("district", type=int)
    return wanted is None or wanted == district.id


def _edition(version_id: int) -> CatalogueVersion:
    return found(queries.edition(version_id), Permit.CATALOGUE_EDIT)


@bp.get("/editions/<int:version_id>")
@guard(Permit.CATALOGUE_EDIT)
def edition(version_id: int) -> Any:
    """One edition with its items; buttons while it is being edited."""
    version = _edition(version_id)
    items = queries.items_of(version.id)
    return render_template(
        "market/catalogue/edition.html",
        version=version,
        groups=_grouped(items),
        shown=queries.content_digest(version, items),
        labels=CATEGORY_LABELS,
        open=version.published_at is None,
    )


@bp.route("/editions/<int:version_id>/items/new", methods=["GET", "POST"])
@guard(Permit.CATALOGUE_EDIT)
def new_item(version_id: int) -> Any:
    """Add a service."""
    return _item_page(_edition(version_id), None)


@bp.route("/editions/<int:version_id>/items/<int:item_id>", methods=["GET", "POST"])
@guard(Permit.CATALOGUE_EDIT)
def edit_item(version_id: int, item_id: int) -> Any:
    """Change a service."""
    row = found(queries.item(item_id))
    if row.version_id != version_id:
        found(None)
    return _item_page(_edition(version_id), row)


def _item_page(version: CatalogueVersion, row: CatalogueItem | None) -> Any:
    form = ItemForm(data=_form_data(row) if row else None)
    item_id = row.id if row else None
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.save_item(current_actor(), version.id, item_id, _facts(form), now())
        if tried.ok:
            flash(_("“%(name)s”已保存。", name=form.name.data), "success")
            return redirect(url_for("catalogue.edition", version_id=version.id))
    page = render_template("market/catalogue/item_edit.html", form=form, version=version, row=row)
    return page, 422 if form.errors else 200


def _form_data(row: CatalogueItem) -> dict[str, Any]:
    names = ("code", "name", "unit", "description", "requirements", "guiding_department")
    return {
        **{name: getattr(row, name) for name in names},
        "category": Category(row.category),
        "price_low_yuan": row.price_low_fen,
        "price_high_yuan": row.price_high_fen,
        "indicators": typed_indicators(row.indicators),
    }


def _facts(form: ItemForm) -> ItemFacts:
    return ItemFacts(
        code=form.code.data or "",
        category=form.category.data,
        name=form.name.data or "",
        unit=form.unit.data or "",
        description=form.description.data or "",
        requirements=form.requirements.data or "",
        guiding_department=form.guiding_department.data or "",
        price_low_fen=form.price_low_yuan.data,
        price_high_fen=form.price_high_yuan.data,
        indicators=parse_indicators(form.indicators.data or ""),
        negatives_checked=bool(form.negatives_checked.data),
    )


@bp.post("/editions/<int:version_id>/items/<int:item_id>/remove")
@guard(Permit.CATALOGUE_EDIT)
def remove_item(version_id: int, item_id: int) -> Any:
    """Take a service out."""
    version = _edition(version_id)
    actions.remove_item(current_actor(), version.id, item_id, now())
    flash(_("已从这个版本中删去。"), "success")
    return redirect(url_for("catalogue.edition", version_id=version_id))


@bp.post("/editions/<int:version_id>/publish")
@guard(Permit.CATALOGUE_EDIT)
def publish(version_id: int) -> Any:
    """Publish the edition."""
    version = _edition(version_id)
    actions.publish_edition(current_actor(), version.id, now(), seen=request.form.get("seen", ""))
    flash(_("目录已发布。"), "success")
    return redirect(url_for("catalogue.index", district=version.district_id))
