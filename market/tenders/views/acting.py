"""What is done with a draft and a published tender: each act one POST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from market.kernel.permits import Permit
from market.tenders import actions
from market.tenders.forms import CancelForm, ReasonForm
from market.tenders.rules import is_open
from market.tenders.states import TenderState
from market.tenders.views.door import bp, page, seen
from market.tenders.views.reading import review_page
from market.web import fields, filters
from market.web.guard import attempt, current_actor, guard, now


def _do(act: Callable[[], Any], done: str, then: str, otherwise: str) -> Response:
    """Try an act without a form of its own; a refusal is shown on the page it came from."""
    with attempt(fields.Part()) as tried:
        act()
    if tried.ok:
        flash(done, "success")
        return redirect(then)
    flash(filters.text(tried.error), "danger")
    return redirect(otherwise)


@bp.post("/<int:tender_id>/submit")
@guard(Permit.TENDER_DRAFT)
def submit(tender_id: int) -> Any:
    """Hand a draft to a second officer."""
    row = seen(tender_id, Permit.TENDER_DRAFT)
    return _do(
        lambda: actions.submit_tender(current_actor(), row.id, now()),
        _("已提交审核。审核人通过后即发布公告。"),
        url_for("tenders.detail", tender_id=row.id),
        url_for("tenders.draft", tender_id=row.id),
    )


@bp.post("/<int:tender_id>/intention")
@guard(Permit.TENDER_DRAFT)
def intention(tender_id: int) -> Any:
    """Publish the purchase intention."""
    row = seen(tender_id, Permit.TENDER_DRAFT)
    back = url_for("tenders.draft", tender_id=row.id)
    shown = request.form.get("seen", "")
    return _do(
        lambda: actions.publish_intention(current_actor(), row.id, now(), seen=shown),
        _("采购意向已公开。"),
        back,
        back,
    )


@bp.post("/<int:tender_id>/discard")
@guard(Permit.TENDER_DRAFT)
def discard(tender_id: int) -> Any:
    """Throw a draft away."""
    row = seen(tender_id, Permit.TENDER_DRAFT)
    if row.state != TenderState.DRAFT:
        return redirect(url_for("tenders.detail", tender_id=row.id))
    return _do(
        lambda: actions.cancel_tender(current_actor(), row.id, "", now()),
        _("草稿已删除。"),
        url_for("tenders.index"),
        url_for("tenders.draft", tender_id=row.id),
    )


@bp.post("/<int:tender_id>/repeat")
@guard(Permit.TENDER_DRAFT)
def repeat(tender_id: int) -> Any:
    """Begin a purchase that came to nothing again."""
    row = seen(tender_id, Permit.TENDER_DRAFT)
    back = url_for("tenders.detail", tender_id=row.id)
    with attempt(fields.Part()) as tried:
        token = request.form.get("form_token", "")
        again = actions.repeat_tender(current_actor(), row.id, now(), form_token=token or None)
        there = url_for("tenders.draft", tender_id=again.id)
    if tried.ok:
        flash(_("已按原内容新建草稿，日期和规则按今天计算，请核对。"), "success")
        return redirect(there)
    flash(filters.text(tried.error), "danger")
    return redirect(back)


@bp.post("/<int:tender_id>/lots")
@guard(Permit.TENDER_DRAFT)
def add_lot(tender_id: int) -> Any:
    """One more lot, paid for the time being by one yuan of the first lot's first line."""
    row = seen(tender_id, Permit.TENDER_DRAFT)
    first = row.lots[0].funding[0].line_id
    number = len(row.lots) + 1
    return _do(
        lambda: actions.add_lot(current_actor(), row.id, {first: 100}, now()),
        _("已增加第 %(n)s 包，请安排资金。", n=number),
        url_for("tenders.section", tender_id=row.id, section="money", lot=number),
        url_for("tenders.draft", tender_id=row.id),
    )


@bp.post("/<int:tender_id>/lots/<int:number>/remove")
@guard(Permit.TENDER_DRAFT)
def remove_lot(tender_id: int, number: int) -> Any:
    """Take a lot out of a draft."""
    row = seen(tender_id, Permit.TENDER_DRAFT)
    back = url_for("tenders.draft", tender_id=row.id)
    part = next((lot for lot in row.lots if lot.number == number), None)
    if part is None:
        return redirect(back)
    return _do(lambda: actions.remove_lot(current_actor(), part.id, now()), _("已删除这个采购包。"), back, back)


@bp.post("/<int:tender_id>/publish")
@guard(Permit.TENDER_APPROVE)
def publish(tender_id: int) -> Any:
    """Approve and publish what the review page showed, and nothing else."""
    row = seen(tender_id, Permit.TENDER_APPROVE)
    shown = request.form.get("seen", "")
    return _do(
        lambda: actions.publish_tender(current_actor(), row.id, now(), seen=shown),
        _("公告已发布，资金已预留。"),
        url_for("tenders.detail", tender_id=row.id),
        url_for("tenders.review", tender_id=row.id),
    )


@bp.post("/<int:tender_id>/return")
@guard(Permit.TENDER_APPROVE)
def give_back(tender_id: int) -> Any:
    """Return a draft with the reason."""
    row, form = seen(tender_id, Permit.TENDER_APPROVE), ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.return_tender(
                current_actor(), row.id, form.reason.data, now(), seen=request.form.get("seen", "")
            )
        if tried.ok:
            flash(_("已退回经办人修改。"), "success")
            return redirect(url_for("tenders.detail", tender_id=row.id))
        row = seen(tender_id, Permit.TENDER_APPROVE)
    return review_page(row, form)


@bp.route("/<int:tender_id>/cancel", methods=["GET", "POST"])
@guard(Permit.TENDER_CANCEL)
def cancel(tender_id: int) -> Any:
    """Call a published purchase off, with the reason that will be public."""
    row, form = seen(tender_id, Permit.TENDER_CANCEL), CancelForm()
    if not is_open(row, now()):
        flash(_("只有公告中、递交截止前的项目可以取消。"), "warning")
        return redirect(url_for("tenders.detail", tender_id=row.id))
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.cancel_tender(current_actor(), row.id, form.reason.data, now())
        if tried.ok:
            flash(_("采购已取消，预留资金已退回。"), "success")
            return redirect(url_for("tenders.detail", tender_id=row.id))
    return page("cancel.html", tender=row, form=form), 422 if form.errors else 200
