"""Districts for everybody signed in; a district's own officers keep its calendar, its rules, its communities."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from market.kernel.clock import beijing_day
from market.kernel.naming import REGIME_LABELS
from market.kernel.permits import Permit, Scope, allowed
from market.kernel.rulebook import ASSUMED, MissingRule, Regime, Rule
from market.places import actions, queries
from market.places.actions import OverrideFacts
from market.places.forms import CalendarForm, CommunityForm, OverrideForm
from market.places.models import District
from market.places.rules import UNIT_LABELS, parse_days, show_value
from market.places.states import CONFIDENCE_LABELS
from market.places.wording import GROUPS, shown
from market.web.guard import attempt, current_actor, found, guard, now

bp = Blueprint("places", __name__, url_prefix="/districts")
_STATUTE = "L"


def _keeps(district_id: int) -> bool:
    """Whether this person keeps the district's calendar and rules."""
    return allowed(current_actor(), Permit.RULES_OVERRIDE, Scope(district_id))


def _kept(district_id: int) -> District:
    """The district, for its own officer only; 404 otherwise."""
    return found(queries.district(district_id), Permit.RULES_OVERRIDE)


@bp.get("")
@guard(Permit.DESK_SEE)
def index() -> Any:
    """All districts of this installation."""
    return render_template("market/places/index.html", districts=queries.districts())


@bp.get("/<int:district_id>")
@guard(Permit.DESK_SEE)
def show(district_id: int) -> Any:
    """One district: streets, years of the calendar, own values of rules."""
    row = found(queries.district(district_id))
    streets = queries.streets(row.id)
    counts: dict[int, int] = dict.fromkeys((s.id for s in streets), 0)
    for community in queries.communities_in(counts):
        counts[community.street_id] += 1
    return render_template(
        "market/places/show.html",
        district=row,
        streets=[(street, counts[street.id]) for street in streets],
        years=queries.calendar_years(row.id),
        overrides=queries.overrides(row.id),
        next_year=beijing_day(now()).year + 1,
        keeps=_keeps(row.id),
    )


@bp.route("/streets/<int:street_id>", methods=["GET", "POST"])
@guard(Permit.DESK_SEE)
def street(street_id: int) -> Any:
    """One street with its communities; the district adds what is missing."""
    row = found(queries.street(street_id))
    form = CommunityForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.add_community(current_actor(), row, form.name.data or "", now())
        if tried.ok:
            flash(_("已添加“%(name)s”。", name=form.name.data), "success")
            return redirect(url_for("places.street", street_id=street_id))
    page = render_template(
        "market/places/street.html",
        street=row,
        communities=queries.communities(street_id),
        form=form,
        keeps=_keeps(row.district_id),
    )
    return page, 422 if form.errors else 200


@bp.get("/<int:district_id>/calendar/<int:year>")
@guard(Permit.DESK_SEE)
def calendar(district_id: int, year: int) -> Any:
    """One year: holidays and make-up days with version and source."""
    row = found(queries.district(district_id))
    edition = found(next((y for y in queries.calendar_years(row.id) if y.year == year), None))
    off, on = queries.calendar_days(edition.id)
    return render_template(
        "market/places/calendar.html", district=row, year=edition, off=off, on=on, keeps=_keeps(row.id)
    )


@bp.route("/<int:district_id>/calendar/<int:year>/edit", methods=["GET", "POST"])
@guard(Permit.RULES_OVERRIDE)
def edit_calendar(district_id: int, year: int) -> Any:
    """Write the district's own edition of a year."""
    row = _kept(district_id)
    if not 2015 <= year <= 2100:
        found(None)
    edition = next((y for y in queries.calendar_years(row.id) if y.year == year), None)
    off, on = queries.calendar_days(edition.id) if edition else ([], [])
    form = CalendarForm(data={"off": _listed(off), "on": _listed(on), "source": edition.source if edition else ""})
    if form.validate_on_submit():
        with attempt(form) as tried:
            days_off = parse_days(form.off.data or "", year, field="off")
            days_on = parse_days(form.on.data or "", year, field="on")
            actions.save_calendar(current_actor(), row, year, form.source.data or "", days_off, days_on, now())
        if tried.ok:
            flash(_("%(year)s 年工作日安排已保存并公布。", year=year), "success")
            return redirect(url_for("places.calendar", district_id=district_id, year=year))
    page = render_template("market/places/calendar_edit.html", district=row, year=year, edition=edition, form=form)
    return page, 422 if form.errors else 200


def _listed(days: list[Any]) -> str:
    return "\n".join(day.isoformat() for day in days)


def _shown(rule: Rule) -> dict[str, Any]:
    english = str(get_locale()).startswith("en")
    return {
        "key": rule.key,
        "text": rule.en if english else rule.zh,
        "values": shown(rule.value, rule.unit),
        "unit": "" if rule.unit == "bp" else UNIT_LABELS[rule.unit],
        "source": rule.source,
        "article": rule.article,
        "confidence": rule.confidence,
        "reason": rule.reason,
        "effective_from": rule.effective_from,
    }


@bp.get("/<int:district_id>/rules")
@guard(Permit.DESK_SEE)
def rules(district_id: int) -> Any:
    """The rules in force today for one procedure, each with its source and how sure it is."""
    row = found(queries.district(district_id))
    wanted = request.args.get("regime", Regime.ANY.value)
    regime = Regime(wanted) if wanted in set(Regime) else Regime.ANY
    in_force = queries.rules_for(row, regime, beijing_day(now()))
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in GROUPS}
    for key in in_force:
        groups.setdefault(key.split(".")[0], []).append(_shown(in_force.rule(key)))
    return render_template(
        "market/places/rules.html",
        district=row,
        groups=[(name, GROUPS.get(name, name), rows) for name, rows in groups.items() if rows],
        regime=regime,
        regimes=REGIME_LABELS,
        confidences=CONFIDENCE_LABELS,
        assumed=ASSUMED,
        keeps=_keeps(row.id),
    )


@bp.route("/<int:district_id>/rules/<key>", methods=["GET", "POST"])
@guard(Permit.RULES_OVERRIDE)
def override(district_id: int, key: str) -> Any:
    """Give one rule the district's own value."""
    row = _kept(district_id)
    regime = request.values.get("regime", Regime.ANY.value)
    today = beijing_day(now())
    try:
        rule = queries.rules_for(row, regime if regime in set(Regime) else Regime.ANY, today).rule(key)
    except MissingRule:
        found(None)
        raise
    form = OverrideForm(
        data={"regime": rule.regime, "value": show_value(rule.value, rule.unit), "effective_from": today}
    )
    if form.validate_on_submit():
        facts = OverrideFacts(
            key,
            form.regime.data.value,
            form.value.data or "",
            form.effective_from.data or today,
            form.reason.data or "",
        )
        with attempt(form) as tried:
            actions.override_rule(current_actor(), row, facts, now())
        if tried.ok:
            flash(_("本区取值已保存并公布，自生效日起用于新发布的采购。"), "success")
            return redirect(url_for("places.rules", district_id=district_id, regime=facts.regime))
    page = render_template(
        "market/places/override.html",
        district=row,
        rule=_shown(rule),
        statute=rule.confidence == _STATUTE,
        own=[o for o in queries.overrides(row.id) if o.key == key],
        show=lambda value: shown(value, rule.unit),
        regimes=REGIME_LABELS,
        form=form,
    )
    return page, 422 if form.errors else 200
