"""The growth record of one person: page, document, learning, supervision, postings."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, url_for
from flask_babel import gettext as _

from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.permits import Permit
from market.places.queries import district as find_district
from market.records.files import content_of
from market.records.models import StoredFile
from market.web.guard import attempt, current_actor, found, guard, now
from market.workers import actions, queries
from market.workers.forms import LearningForm, ReasonForm, SupervisionForm, TierForm
from market.workers.models import SocialWorker
from market.workers.states import CERTIFICATE_MACHINE, SUPERVISING, CertificateVerb, PostingState, Tier
from market.workers.views.door import bp, own, page, seen


@bp.get("/<int:worker_id>")
@guard(Permit.WORKER_EDIT, Permit.WORKER_CONFIRM)
def show(worker_id: int) -> Any:
    """The growth record card as a page."""
    return show_page(seen(worker_id))


def show_page(row: SocialWorker, **forms: Any) -> str:
    """The page; a form that failed is given back where it stands."""
    held = current_actor().permits(row.scope)
    values = {"tier_form": TierForm(data={"tier": Tier(row.tier)}), **forms}
    return page(
        "show.html",
        row=row,
        growth=queries.growth(row, found(find_district(row.district_id)), beijing_day(now())),
        today=beijing_day(now()),
        cards=queries.cards_of(row.id),
        edits=Permit.WORKER_EDIT in held,
        confirms=Permit.WORKER_CONFIRM in held,
        verbs={
            one.id: {m.verb.value for m in CERTIFICATE_MACHINE.verbs_from(one.state, held)} for one in row.certificates
        },
        confirm_verb=CertificateVerb.CONFIRM.value,
        marks={one.id: actions.certificate_mark(one) for one in row.certificates},
        **values,
    )


@bp.post("/<int:worker_id>/card")
@guard(Permit.WORKER_EDIT, Permit.WORKER_CONFIRM)
def issue_card(worker_id: int) -> Any:
    """Hand the growth record card out as a document; a job lays it out."""
    actions.issue_card(current_actor(), seen(worker_id), now())
    flash(_("成长纪实卡正在生成，一般几秒钟就好；请稍后刷新页面下载。"), "success")
    return redirect(url_for("workers.show", worker_id=worker_id))


@bp.get("/cards/<int:card_id>.pdf")
@guard(Permit.WORKER_EDIT, Permit.WORKER_CONFIRM)
def card_pdf(card_id: int) -> Any:
    """A card as PDF."""
    made = found(queries.card(card_id))
    seen(made.worker_id)
    file = found(db.session.get(StoredFile, made.pdf_file_id) if made.pdf_file_id else None)
    headers = {"Content-Disposition": f'attachment; filename="growth-card-{made.id}.pdf"'}
    return Response(content_of(file), mimetype="application/pdf", headers=headers)


@bp.route("/<int:worker_id>/learning", methods=["GET", "POST"])
@guard(Permit.WORKER_EDIT)
def learn(worker_id: int) -> Any:
    """Write down continuing education."""
    row, form = own(worker_id), LearningForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.add_learning(
                current_actor(),
                row,
                form.kind.data,
                form.day.data or beijing_day(now()),
                form.title.data or "",
                form.provider.data or "",
                form.hours.data,
                form.token.data,
                now(),
            )
        if tried.ok:
            flash(_("学习记录已登记。"), "success")
            return redirect(url_for("workers.show", worker_id=worker_id))
        row = own(worker_id)
    return page("learning.html", form=form, row=row), 422 if form.errors else 200


@bp.route("/<int:worker_id>/supervision", methods=["GET", "POST"])
@guard(Permit.WORKER_EDIT)
def supervise(worker_id: int) -> Any:
    """Write one supervision of this person into the log."""
    row, form = own(worker_id), SupervisionForm()
    inside = {one.id: one for one in queries.supervisors_in(row.organisation_id or 0) if one.id != row.id}
    form.supervisor.choices = [(one.id, one.name) for one in inside.values()]
    if form.validate_on_submit():
        with attempt(form) as tried:
            supervisor = inside.get(form.supervisor.data) or queries.holder_of((form.outside.data or "").strip())
            actions.add_supervision(
                current_actor(),
                row,
                supervisor,
                form.mode.data,
                form.day.data or beijing_day(now()),
                form.hours.data or 0,
                form.topic.data or "",
                form.token.data,
                now(),
            )
        if tried.ok:
            flash(_("督导记录已登记。"), "success")
            return redirect(url_for("workers.show", worker_id=worker_id))
        row = own(worker_id)
    return page("supervision.html", form=form, row=row, supervises=row.tier in SUPERVISING), 422 if form.errors else 200


@bp.route("/postings/<int:posting_id>/end", methods=["GET", "POST"])
@guard(Permit.WORKER_EDIT)
def end_posting(posting_id: int) -> Any:
    """Take a person off a project, with the reason."""
    row = found(queries.posting(posting_id), Permit.WORKER_EDIT)
    found(row if row.state == PostingState.RUNNING else None)
    form = ReasonForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.end_posting(current_actor(), row, form.reason.data or "", now())
        if tried.ok:
            flash(_("派驻已结束。"), "success")
            return redirect(url_for("workers.show", worker_id=row.worker_id))
        row = found(queries.posting(posting_id), Permit.WORKER_EDIT)
    return page("end_posting.html", form=form, row=row), 422 if form.errors else 200
