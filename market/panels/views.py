"""The register of experts, kept by the districts; every expert sees and completes the own entry."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.kernel.categories import CATEGORY_LABELS
from market.kernel.errors import Refused
from market.kernel.permits import Permit
from market.kernel.text import N_
from market.organisations.queries import organisations_by_id
from market.panels import actions, queries
from market.panels.forms import ExpertForm, TieForm
from market.panels.models import Expert
from market.panels.states import TIE_LABELS
from market.places.queries import streets, streets_by_id
from market.web.guard import attempt, current_actor, found, guard, now

bp = Blueprint("panels", __name__, url_prefix="/experts")
PAGE = 50


@bp.get("")
@guard(Permit.EXPERT_MANAGE)
def index() -> Any:
    """The register, by number."""
    rows = queries.experts(request.args.get("after", 0, int), PAGE + 1)
    return render_template(
        "market/panels/index.html",
        rows=rows[:PAGE],
        more=rows[PAGE - 1].id if len(rows) > PAGE else None,
        categories=CATEGORY_LABELS,
    )


@bp.route("/new", methods=["GET", "POST"])
@guard(Permit.EXPERT_MANAGE)
def new() -> Any:
    """Enter an expert."""
    form = ExpertForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            user = queries.account(form.login.data or "")
            if user is None:
                raise Refused(N_("没有这个登录名的账号，请先在账号管理中开通。"), field="login")
            row = actions.add_expert(
                current_actor(), user, form.fields.data, form.employer.data or "", form.title.data or "", now()
            )
        if tried.ok:
            flash(_("已登记入库。"), "success")
            return redirect(url_for("panels.show", expert_id=row.id))
    return render_template("market/panels/new.html", form=form), 422 if form.errors else 200


@bp.get("/me")
@guard(Permit.BID_SCORE)
def me() -> Any:
    """The own entry."""
    row = found(queries.expert_of(current_actor().user_id or 0))
    return redirect(url_for("panels.show", expert_id=row.id))


def _entry(expert_id: int) -> Expert:
    """An entry for the register's keepers and for the expert."""
    row, actor = found(queries.expert(expert_id)), current_actor()
    mine = row.user_id == actor.user_id
    return found(row if mine or actor.scopes(Permit.EXPERT_MANAGE) else None)


@bp.get("/<int:expert_id>")
@guard(Permit.EXPERT_MANAGE, Permit.BID_SCORE)
def show(expert_id: int) -> Any:
    """One expert with the ties."""
    return _page(_entry(expert_id), TieForm())


def _page(row: Expert, form: TieForm) -> str:
    form.street.choices = [(s.id, f"{s.district.name}{s.name}") for s in streets()]
    return render_template(
        "market/panels/show.html",
        form=form,
        row=row,
        kinds=TIE_LABELS,
        categories=CATEGORY_LABELS,
        organisations=organisations_by_id(t.organisation_id for t in row.ties if t.organisation_id is not None),
        streets=streets_by_id(t.street_id for t in row.ties if t.street_id is not None),
        keeps=bool(current_actor().scopes(Permit.EXPERT_MANAGE)),
    )


@bp.post("/<int:expert_id>/ties")
@guard(Permit.EXPERT_MANAGE, Permit.BID_SCORE)
def add_tie(expert_id: int) -> Any:
    """Write down a tie."""
    row, form = _entry(expert_id), TieForm()
    form.street.choices = [(s.id, s.name) for s in streets()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.add_tie(
                current_actor(),
                row,
                form.kind.data,
                now(),
                organisation_id=_organisation(form.organisation.data),
                street_id=form.street.data,
                began_on=form.began_on.data,
                ended_on=form.ended_on.data,
                note=form.note.data or "",
            )
        if tried.ok:
            flash(_("已登记，抽取时自动回避。"), "success")
            return redirect(url_for("panels.show", expert_id=expert_id))
        row = _entry(expert_id)
    return _page(row, form), 422


def _organisation(text: str | None) -> int | None:
    if not text:
        return None
    known = queries.organisation_named(text)
    if known is None:
        raise Refused(N_("没有找到这个机构，请填写登记的全称或统一社会信用代码。"), field="organisation")
    return known


@bp.post("/<int:expert_id>/<any(activate, deactivate):verb>")
@guard(Permit.EXPERT_MANAGE)
def set_active(expert_id: int, verb: str) -> Any:
    """Take an expert out of coming draws, or back in."""
    actions.set_active(current_actor(), _entry(expert_id), verb == "activate", now())
    flash(_("已恢复参加抽取。") if verb == "activate" else _("已停止参加抽取。"), "success")
    return redirect(url_for("panels.show", expert_id=expert_id))
