"""Pages of delivery: what is due, one contract's milestones, one milestone, report, evidence, acceptance."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from contracts.agreements.queries import agreement as find_agreement
from contracts.agreements.states import AgreementState
from contracts.delivery import actions, queries
from contracts.delivery.actions import AcceptanceFacts, ReportFacts
from contracts.delivery.forms import AcceptForm, ReportForm, ReturnForm
from contracts.delivery.models import Milestone
from contracts.delivery.rules import has_begun, is_overdue
from contracts.delivery.states import BASE_LABELS, MILESTONE_LABELS, MILESTONE_MACHINE, MilestoneState, MilestoneVerb
from market.db.engine import begin_reading, begin_writing
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.permits import ROLE_LABELS, Permit, Role
from market.kernel.text import N_
from market.people.queries import names
from market.records.audit import history
from market.records.files import SHOWN_INLINE, content_of
from market.records.models import AuditEntry, StoredFile
from market.web.filters import text
from market.web.guard import attempt, current_actor, found, guard, now

bp = Blueprint("delivery", __name__, url_prefix="/delivery")

TONES = {
    MilestoneState.PLANNED: "neutral",
    MilestoneState.REPORTED: "wait",
    MilestoneState.RETURNED: "bad",
    MilestoneState.ACCEPTED: "good",
    MilestoneState.FALLEN: "neutral",
}
# Every act recorded of a milestone, those of the rooms above among them; the walks look for one without words.
STORY = {
    "report": (N_("报告完成"), "info"),
    "return": (N_("退回补正"), "bad"),
    "accept": (N_("验收合格"), "good"),
    "earn": (N_("核定应付金额"), "good"),
    "fall": (N_("合同终止，不再履行"), "neutral"),
}


def _seen(milestone_id: int, permit: Permit = Permit.AGREEMENT_SEE) -> Milestone:
    return found(queries.milestone(milestone_id), permit)


def _to(milestone_id: int) -> Any:
    return redirect(url_for("delivery.show", milestone_id=milestone_id))


@bp.get("")
@guard(Permit.AGREEMENT_SEE)
def index() -> Any:
    """Milestones by due day: the open ones, or all of them."""
    everything = request.args.get("all") == "1"
    day, row_id = request.args.get("after_day", ""), request.args.get("after", type=int)
    before = (date.fromisoformat(day), row_id) if _is_day(day) and row_id is not None else None
    rows = queries.milestones_for(current_actor(), everything=everything, before=before)
    shown, more = rows[: queries.PAGE], len(rows) > queries.PAGE
    last = shown[-1] if shown else None
    after: dict[str, Any] = {"after_day": last.due_on.isoformat(), "after": last.id} if last and more else {}
    return render_template(
        "contracts/delivery/index.html",
        rows=[(row, _late(row)) for row in shown],
        everything=everything,
        states=MILESTONE_LABELS,
        tones=TONES,
        next_url=url_for("delivery.index", all=int(everything), **after) if after else None,
    )


def _is_day(typed: str) -> bool:
    try:
        date.fromisoformat(typed)
    except ValueError:
        return False
    return True


def _late(row: Milestone) -> bool:
    waits_for_the_organisation = row.state in (MilestoneState.PLANNED, MilestoneState.RETURNED)
    return waits_for_the_organisation and is_overdue(row.due_on, beijing_day(now()))


@bp.get("/agreements/<int:agreement_id>")
@guard(Permit.AGREEMENT_SEE)
def board(agreement_id: int) -> Any:
    """One contract's milestones."""
    contract = found(find_agreement(agreement_id), Permit.AGREEMENT_SEE)
    rows = queries.milestones_of(agreement_id)
    return render_template(
        "contracts/delivery/board.html",
        contract=contract,
        rows=[(row, _late(row)) for row in rows],
        waits=contract.state == AgreementState.IN_FORCE and not rows,
        may_plan=not current_actor()
        .permits(contract.subject.scope)
        .isdisjoint({Permit.DELIVERY_ACCEPT, Permit.DELIVERY_REPORT}),
        states=MILESTONE_LABELS,
        bases=BASE_LABELS,
        tones=TONES,
    )


@bp.post("/agreements/<int:agreement_id>/plan")
@guard(Permit.DELIVERY_ACCEPT, Permit.DELIVERY_REPORT)
def plan(agreement_id: int) -> Any:
    """Plan the milestones now instead of waiting for the clock."""
    contract = found(find_agreement(agreement_id), Permit.AGREEMENT_SEE)
    actions.plan_milestones(contract, now())
    return redirect(url_for("delivery.board", agreement_id=agreement_id))


@bp.get("/milestones/<int:milestone_id>")
@guard(Permit.AGREEMENT_SEE)
def show(milestone_id: int) -> Any:
    """One milestone: what it asks, the reports with their evidence, the decisions, what to do."""
    row = _seen(milestone_id)
    permits = current_actor().permits(row.subject.scope)
    in_force = row.agreement.state == AgreementState.IN_FORCE
    verbs = {m.verb.value for m in MILESTONE_MACHINE.verbs_from(row.state, permits)} if in_force else set()
    decided, entries = queries.decisions([row.id]), history("milestone", row.id)
    return render_template(
        "contracts/delivery/show.html",
        row=row,
        late=_late(row),
        verbs=verbs,
        early="report" in verbs and not has_begun(row.agreement.starts_on, beijing_day(now())),
        in_force=in_force,
        organises=Permit.OUTCOME_ORGANISE in permits,
        evidence=queries.evidence([one.id for one in row.reports]),
        decisions={one.report_id: one for one in decided},
        names=names({one.decided_by for one in decided} | {one.reported_by for one in row.reports}),
        states=MILESTONE_LABELS,
        bases=BASE_LABELS,
        tones=TONES,
        story=_story(entries),
        earned_fen=_earned_fen(entries),
    )


def _earned_fen(entries: Iterable[AuditEntry]) -> int | None:
    """What the milestone was found to pay; None before that. Money is reckoned above this room: the chain tells it."""
    found_at = [entry for entry in entries if entry.verb == "earn"]
    return int(json.loads(found_at[-1].header)["facts"]["due_fen"]) if found_at else None


def _story(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    items = []
    for entry in entries:
        title, tone = STORY.get(entry.verb, (entry.verb, "neutral"))
        who = json.loads(entry.header)["actor"]
        name = ROLE_LABELS[Role(who)] if who in set(Role) else N_("系统")
        items.append({"at": entry.at, "title": text(title), "who": text(name), "tone": tone})
    return items[::-1]


# --- the organisation -------------------------------------------------------------------------------------------------


@bp.route("/milestones/<int:milestone_id>/report", methods=["GET", "POST"])
@guard(Permit.DELIVERY_REPORT)
def report(milestone_id: int) -> Any:
    """Write the report. Uploading and removing a file answer with the same page, so that nothing typed is lost."""
    what, _sep, file_id = request.form.get("do", "").partition("-")
    if what == "upload":
        begin_reading(db.session)
    row, form = _seen(milestone_id, Permit.DELIVERY_REPORT), ReportForm()
    MILESTONE_MACHINE.step(row.state, MilestoneVerb.REPORT)
    if what == "upload":
        return _upload(row, form)
    if what == "remove" and file_id.isdigit():
        actions.remove_evidence(current_actor(), milestone_id, int(file_id))
        flash(_("已移除这份材料。"), "success")
        return _report_page(milestone_id, form)
    if form.validate_on_submit():
        with attempt(form) as tried:
            facts = ReportFacts(form.text.data or "", form.people_served.data or 0, form.sessions_held.data or 0)
            token, shown = form.form_token.data, form.seen.data or ""
            actions.report_milestone(current_actor(), milestone_id, facts, token, now(), seen=shown)
        if tried.ok:
            flash(_("报告已提交，等待街道验收。"), "success")
            return _to(milestone_id)
    return _report_page(milestone_id, form)


def _upload(row: Milestone, form: ReportForm) -> Any:
    """Keep one file. It is read and digested before the write lock is taken: the row is used as it was read."""
    db.session.expunge(row)
    begin_writing(db.session)
    given = form.document.data
    if not given:
        form.document.errors = [_("请先选择文件，再按“上传”。")]
        return _report_page(row.id, form)
    with attempt(form) as tried:
        actions.add_evidence(current_actor(), row, given.stream, given.filename or "", now())
    if tried.ok:
        flash(_("已保存“%(name)s”。", name=given.filename), "success")
    return _report_page(row.id, form)


def _report_page(milestone_id: int, form: ReportForm) -> Any:
    row = _seen(milestone_id, Permit.DELIVERY_REPORT)
    last, files = queries.decisions([row.id])[-1:], queries.pending_evidence(row.id)
    form.seen.data = actions.evidence_mark(files)
    page = render_template(
        "contracts/delivery/report.html",
        row=row,
        form=form,
        files=files,
        early=not has_begun(row.agreement.starts_on, beijing_day(now())),
        returned=last[0] if last and not last[0].accepted else None,
    )
    return page, 422 if form.errors else 200


@bp.get("/evidence/<int:file_id>")
@guard(Permit.AGREEMENT_SEE)
def evidence(file_id: int) -> Any:
    """One piece of evidence, for both parties."""
    stored = found(db.session.get(StoredFile, file_id))
    found(queries.milestone_of_evidence(stored), Permit.AGREEMENT_SEE)
    inline = stored.media_type in SHOWN_INLINE
    return send_file(
        BytesIO(content_of(stored)), stored.media_type, as_attachment=not inline, download_name=stored.name
    )


# --- the street -------------------------------------------------------------------------------------------------------


@bp.route("/milestones/<int:milestone_id>/return", methods=["GET", "POST"])
@guard(Permit.DELIVERY_ACCEPT)
def send_back(milestone_id: int) -> Any:
    """Return a report with its reason."""
    row, form = _seen(milestone_id, Permit.DELIVERY_ACCEPT), ReturnForm()
    MILESTONE_MACHINE.step(row.state, MilestoneVerb.RETURN)
    if form.validate_on_submit():
        with attempt(form) as tried:
            opinion, shown = form.opinion.data or "", form.seen.data or ""
            actions.return_report(current_actor(), milestone_id, opinion, now(), seen=shown)
        if tried.ok:
            flash(_("已退回，机构补正后会重新报告。"), "success")
            return _to(milestone_id)
        row = _seen(milestone_id, Permit.DELIVERY_ACCEPT)
    form.seen.data = actions.report_mark(row)
    return render_template("contracts/delivery/return.html", form=form, row=row), 422 if form.errors else 200


@bp.route("/milestones/<int:milestone_id>/accept", methods=["GET", "POST"])
@guard(Permit.DELIVERY_ACCEPT)
def accept(milestone_id: int) -> Any:
    """Accept a milestone, users invited and heard."""
    row, form = _seen(milestone_id, Permit.DELIVERY_ACCEPT), AcceptForm()
    MILESTONE_MACHINE.step(row.state, MilestoneVerb.ACCEPT)
    if form.validate_on_submit():
        with attempt(form) as tried:
            facts = AcceptanceFacts(
                form.opinion.data or "",
                form.users_invited.data or 0,
                form.users_satisfied.data or 0,
                form.users_opinion.data or "",
            )
            shown = form.seen.data or ""
            decision = actions.accept_milestone(current_actor(), milestone_id, facts, now(), seen=shown)
        if tried.ok:
            if decision is None:
                flash(_("成交结果已暂停或被认定无效，合同随之暂停履行，没有验收。"), "danger")
            else:
                flash(_("已验收，结果已公告。"), "success")
            return _to(milestone_id)
        row = _seen(milestone_id, Permit.DELIVERY_ACCEPT)
    latest, form.seen.data = row.reports[-1], actions.report_mark(row)
    page = render_template(
        "contracts/delivery/accept.html",
        form=form,
        row=row,
        latest=latest,
        files=queries.evidence([latest.id]).get(latest.id, []),
    )
    return page, 422 if form.errors else 200
