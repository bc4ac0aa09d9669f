"""Hosts that answer for groups without legal person."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.incubation import actions, queries
from market.incubation.forms import AcceptForm, HostingForm, ReasonForm
from market.incubation.models import Hosting
from market.incubation.rules import HOSTING_TERMS, term_end
from market.incubation.states import HOSTING_LABELS, HOSTING_MACHINE, HostingVerb
from market.incubation.views.door import PAGE, bp, own_ids, own_organisations
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.organisations.models import Organisation
from market.organisations.queries import organisation
from market.web.guard import attempt, current_actor, found, guard, now

_SEES = (Permit.INCUBATION_APPLY, Permit.HOSTING_AGREE, Permit.INCUBATION_DECIDE)


def _parties() -> list[int]:
    actor = current_actor()
    return sorted({*own_ids(actor), *own_ids(actor, Permit.HOSTING_AGREE)})


def _districts() -> list[int]:
    grants = current_actor().scopes(Permit.INCUBATION_DECIDE)
    return sorted({g.district_id for g in grants if g.district_id is not None})


def _groups() -> list[Organisation]:
    own = own_organisations(current_actor())
    return [o for o in own if o.provider_type == ProviderType.COMMUNITY_GROUP]


@bp.get("/hostings")
@guard(*_SEES)
def hostings() -> Any:
    """Hostings of the own organisations, or in the own district."""
    rows = queries.hostings(_parties(), _districts(), request.args.get("before", type=int), PAGE + 1)
    return render_template(
        "market/incubation/hostings.html",
        rows=rows[:PAGE],
        more=url_for("incubation.hostings", before=rows[PAGE - 1].id) if len(rows) > PAGE else None,
        states=HOSTING_LABELS,
        proposes=bool(_groups()),
    )


@bp.route("/hostings/new", methods=["GET", "POST"])
@guard(Permit.INCUBATION_APPLY)
def new_hosting() -> Any:
    """A group asks a legal person to answer for it."""
    groups, today = {o.id: o for o in _groups()}, beijing_day(now())
    form = HostingForm(
        data={
            "group": next(iter(groups), None),
            "begins_on": today,
            "ends_on": term_end(today, 12),
            "terms": HOSTING_TERMS,
        }
    )
    form.group.choices = [(o.id, o.name) for o in groups.values()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            row = actions.propose_hosting(
                current_actor(),
                found(groups.get(form.group.data)),
                _host(form.host.data or ""),
                form.terms.data or "",
                (form.begins_on.data or today, form.ends_on.data or today),
                form.token.data,
                now(),
            )
        if tried.ok:
            flash(_("已送支持机构，同意后生效。"), "success")
            return redirect(url_for("incubation.hosting", hosting_id=row.id))
    page = render_template("market/incubation/hosting_form.html", form=form, groups=groups)
    return page, 422 if form.errors else 200


def _host(text: str) -> Organisation:
    known = queries.legal_person_named(text)
    row = organisation(known) if known is not None else None
    if row is None:
        raise Refused(N_("没有找到这个已确认的机构，请填写登记的全称或统一社会信用代码。"), field="host")
    return row


def _seen(hosting_id: int) -> Hosting:
    row = found(queries.hosting(hosting_id))
    own = {row.group_id, row.host_id} & set(_parties())
    return found(row if own or row.district_id in _districts() else None)


@bp.get("/hostings/<int:hosting_id>")
@guard(*_SEES)
def hosting(hosting_id: int) -> Any:
    """One hosting with its terms; the host answers here."""
    row = _seen(hosting_id)
    return render_template(
        "market/incubation/hosting.html",
        row=row,
        form=AcceptForm(data={"digest": row.digest}),
        verbs={m.verb.value: m.label for m in HOSTING_MACHINE.verbs_from(row.state, _permits(row))},
        states=HOSTING_LABELS,
        today=beijing_day(now()),
    )


def _permits(row: Hosting) -> set[Permit]:
    return current_actor().permits(row.subject.scope)


@bp.post("/hostings/<int:hosting_id>/agree")
@guard(Permit.HOSTING_AGREE)
def agree(hosting_id: int) -> Any:
    """The host accepts the terms it was shown."""
    row, form = _seen(hosting_id), AcceptForm()
    actions.agree_hosting(current_actor(), row, form.digest.data or "", now())
    flash(_("已同意，支持关系生效。"), "success")
    return redirect(url_for("incubation.hosting", hosting_id=hosting_id))


@bp.route("/hostings/<int:hosting_id>/because/<any(decline, resign, end):verb>", methods=["GET", "POST"])
@guard(Permit.HOSTING_AGREE, Permit.INCUBATION_DECIDE)
def end_hosting(hosting_id: int, verb: str) -> Any:
    """Decline it, or end it early, with a reason."""
    row, form = _seen(hosting_id), ReasonForm()
    offered = {m.verb.value: m for m in HOSTING_MACHINE.verbs_from(row.state, _permits(row))}
    move = found(offered.get(verb))
    if form.validate_on_submit():
        with attempt(form) as tried:
            reason = form.reason.data or ""
            if verb == HostingVerb.DECLINE:
                actions.decline_hosting(current_actor(), row, reason, now())
            else:
                actions.end_hosting(current_actor(), row, HostingVerb(verb), reason, now())
        if tried.ok:
            flash(_("已办理。"), "success")
            return redirect(url_for("incubation.hosting", hosting_id=hosting_id))
        row = _seen(hosting_id)
    page = render_template("market/incubation/end_hosting.html", form=form, row=row, verb=verb, label=move.label)
    return page, 422 if form.errors else 200
