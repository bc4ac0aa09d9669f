"""Pages of an applicant: what is open, the draft, what is missing, the one button, the receipt, the result."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _

from market.kernel.canonical import instant_text
from market.kernel.errors import DomainError, NotFound
from market.kernel.permits import Permit, Scope
from market.kernel.seen import marks_in, seen_mark
from market.kernel.text import N_
from market.organisations.queries import organisations_by_id
from market.venture import actions, queries
from market.venture.actions import Desk, TooLate
from market.venture.forms import ApplicationForm, SubmitForm, application_form, box_of
from market.venture.rules.grants import GrantModel, GrantRule, gap_fen, grant_most_fen
from market.venture.rules.scores import ScoreModel, ScoreRule
from market.venture.states import HANDED_IN, ApplicationState
from market.venture.views.door import bp, my_organisations, page, sides
from market.web import pages
from market.web.guard import attempt, current_actor, found, guard, now

_PAGE = queries.PAGE


@bp.get("/open")
@guard(Permit.APPLICATION_DRAFT)
def open_rounds() -> Any:
    """The rounds that take applications now."""
    rows = queries.open_rounds(now(), request.args.get("after", type=int), _PAGE + 1)
    mine = organisations_by_id(my_organisations())
    more = url_for("venture.open_rounds", after=rows[_PAGE - 1].id) if len(rows) > _PAGE else None
    return page("open.html", rows=rows[:_PAGE], more=more, organisations=list(mine.values()))


@bp.get("/purchases/<ocid>")
@guard(Permit.APPLICATION_DRAFT)
def of_purchase(ocid: str) -> Any:
    """From a round's public page: to the application of the person's only organisation, or a choice between several."""
    rows, mine = queries.open_rounds(now(), ocid=ocid), organisations_by_id(my_organisations())
    if rows and len(mine) == 1:
        return redirect(url_for("venture.draft", round_id=rows[0].id, applicant_id=next(iter(mine))))
    return page("open.html", rows=rows, more=None, organisations=list(mine.values()))


@bp.get("/mine")
@guard(Permit.APPLICATION_DRAFT)
def mine() -> Any:
    """What the person's organisations have begun or handed in."""
    rows = queries.my_applications(my_organisations(), request.args.get("before", type=int), _PAGE + 1)
    more = url_for("venture.mine", before=rows[_PAGE - 1].id) if len(rows) > _PAGE else None
    return page("mine.html", rows=rows[:_PAGE], more=more)


# --- the draft --------------------------------------------------------------------------------------------------------


def _desk(round_id: int, applicant_id: int) -> Desk:
    return actions.desk_for(current_actor(), round_id, applicant_id, now())


@bp.get("/<int:round_id>/apply/<int:applicant_id>")
@guard(Permit.APPLICATION_DRAFT)
def draft(round_id: int, applicant_id: int) -> Any:
    """The draft, as it is; once handed in, the application."""
    desk = _desk(round_id, applicant_id)
    if desk.application is not None and desk.application.state != ApplicationState.DRAFT:
        return redirect(url_for("venture.application", application_id=desk.application.id))
    return _draft_page(desk, application_form(desk.round.themes, desk.doc["values"]))


def _draft_page(desk: Desk, form: ApplicationForm, theirs: Any = ()) -> str:
    version = desk.application.version if desk.application else 0
    form.version.data = str(version)
    form.seen.data = json.dumps({name: seen_mark(desk.doc["values"].get(name)) for name in form.named()})
    rules = queries.rules_of(desk.round)
    grant = GrantRule.from_rules(rules, desk.round.project_cap_fen)
    values = desk.doc["values"]
    total, own, asked = (values.get(name) or 0 for name in ("total_fen", "own_fen", "asked_fen"))
    return page(
        "draft.html",
        form=form,
        desk=desk,
        row=desk.round,
        theirs={box_of(one.field): one for one in theirs},
        attached=len(queries.files_of(desk.application.id)) if desk.application else 0,
        writable=actions.writable(desk, now()),
        findings=actions.party_findings(desk, now()),
        gaps=actions.gaps(desk),
        box_of=box_of,
        money=grant.model is GrantModel.COFUNDED,
        grant=grant,
        most_fen=grant_most_fen(total, own, grant) if total else None,
        gap_fen=gap_fen(total, own, asked) if total else None,
        autosave=url_for("venture.save_field", round_id=desk.round.id, applicant_id=desk.applicant.id, v=version),
    )


@bp.post("/<int:round_id>/apply/<int:applicant_id>")
@guard(Permit.APPLICATION_DRAFT)
def save(round_id: int, applicant_id: int) -> Any:
    """Save everything on the page. What cannot be saved stays in its box."""
    desk = _desk(round_id, applicant_id)
    form = application_form(desk.round.themes, {})
    form.validate()
    version, seen = _marks(form)
    conflicts: list[Any] = []
    with attempt(form) as tried:
        saved = actions.save_fields(current_actor(), round_id, applicant_id, form.typed(), version, now(), seen=seen)
        conflicts = list(saved.conflicts)
    if tried.ok and not form.errors and not conflicts:
        flash(_("已保存。草稿不是申报：提交后拿到回执才算。"), "info")
        return redirect(url_for("venture.draft", round_id=round_id, applicant_id=applicant_id))
    for one in conflicts:
        field = form[box_of(one.field)]
        said = _("%(who)s 刚刚改过这一栏。您填写的内容仍在框里；核对后再保存，会以您的为准。", who=one.by)
        field.errors = [*field.errors, said]
    return _draft_page(_desk(round_id, applicant_id), form, conflicts), 422


def _marks(form: ApplicationForm) -> tuple[int, dict[str, str]]:
    """What the page had seen: the draft's version and a mark for each box."""
    typed = form.version.data or "0"
    return int(typed) if typed.isdigit() else 0, marks_in(form.seen.data)


@bp.post("/<int:round_id>/apply/<int:applicant_id>/field")
@guard(Permit.APPLICATION_DRAFT)
def save_field(round_id: int, applicant_id: int) -> Any:
    """Save one box as it is left."""
    desk = _desk(round_id, applicant_id)
    # The direction's own box is called "field" as well; which box was left comes last.
    form, name = application_form(desk.round.themes, {}), (request.form.getlist("field") or [""])[-1]
    key = {field.short_name: key for key, field in form.named().items()}.get(name)
    if key is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    field = form[name]
    if not field.validate(form):
        return pages.problem(422, _("没有保存"), str(field.errors[0]))
    version = request.args.get("v", 0, type=int)
    saved = actions.save_fields(current_actor(), round_id, applicant_id, {key: form.typed()[key]}, version, now())
    if saved.conflicts:
        text = _(
            "%(who)s 刚刚改过这一栏，您的内容没有保存，仍在框里。请复制后刷新页面核对。", who=saved.conflicts[0].by
        )
        return pages.problem(409, _("没有保存"), text)
    return jsonify(saved_at=instant_text(saved.at), version=saved.version)


# --- handing in -------------------------------------------------------------------------------------------------------


def _may_submit(desk: Desk) -> bool:
    host = desk.host.id if desk.host else desk.applicant.id
    return Permit.APPLICATION_SUBMIT in current_actor().permits(Scope(organisation_id=host))


@bp.route("/<int:round_id>/apply/<int:applicant_id>/submit", methods=["GET", "POST"])
@guard(Permit.APPLICATION_DRAFT)
def hand_in(round_id: int, applicant_id: int) -> Any:
    """The last look, everything that is missing, and the one button."""
    at, form = now(), SubmitForm()
    if form.validate_on_submit():
        refusal: DomainError | None = None
        with attempt(form) as tried:
            seen = form.seen.data or ""
            one = actions.submit_application(current_actor(), round_id, applicant_id, at, seen=seen)
        if tried.ok:
            return redirect(url_for("venture.application", application_id=one.id, new=1))
        refusal = tried.error
        if isinstance(refusal, TooLate):
            # The refusal rolled everything back; the attempt itself is kept.
            actions.note_late_attempt(current_actor(), round_id, applicant_id, at)
    desk = _desk(round_id, applicant_id)
    if desk.application is not None and desk.application.state in HANDED_IN:
        return redirect(url_for("venture.application", application_id=desk.application.id))
    return _submit_page(form, desk, at), 422 if form.errors else 200


def _submit_page(form: SubmitForm, desk: Desk, at: datetime) -> str:
    shown = actions.content_mark(desk)
    if form.seen.data != shown:
        form.seen.data, form.true.data = shown, False  # a promise is about what its page showed
    return page(
        "submit.html",
        form=form,
        desk=desk,
        files=queries.files_of(desk.application.id) if desk.application else [],
        row=desk.round,
        gaps=actions.gaps(desk),
        findings=actions.party_findings(desk, at),
        labels=_labels(),
        box_of=box_of,
        writable=actions.writable(desk, at),
        may_submit=_may_submit(desk),
    )


def _labels() -> dict[str, str]:
    form = application_form((), {})
    return {name: str(field.label.text) for name, field in form.named().items()}


@bp.post("/<int:round_id>/apply/<int:applicant_id>/withdraw")
@guard(Permit.APPLICATION_SUBMIT)
def withdraw(round_id: int, applicant_id: int) -> Any:
    """Take a handed in application back, to change it."""
    actions.withdraw_application(current_actor(), round_id, applicant_id, now())
    flash(_("已撤回为草稿，请在截止前重新提交。"), "info")
    return redirect(url_for("venture.draft", round_id=round_id, applicant_id=applicant_id))


@bp.get("/applications/<int:application_id>")
@guard(Permit.APPLICATION_DRAFT, Permit.ROUND_SEE)
def application(application_id: int) -> Any:
    """One application: for its applicant with receipt and result, for officials after the deadline."""
    one = found(queries.application(application_id))
    own, official = sides(current_actor(), one)
    found(one if own or official else None)
    row = found(queries.round_row(one.round_id))
    at = now()
    held = actions.findings(row, queries.applications_of(row.id), at) if official and row.state == "screening" else {}
    desk = actions.desk_for(current_actor(), row.id, one.applicant_id, at) if own else None
    organises = official and Permit.ROUND_DRAFT in current_actor().permits(row.subject.scope)
    return page(
        "application.html",
        one=one,
        row=row,
        own=own,
        official=official,
        content=one.content or one.doc["values"],
        files=queries.files_of(one.id),
        findings=held.get(one.id, []),
        new=request.args.get("new", type=int),
        open=bool(row.deadline_at and at < row.deadline_at and row.state == "open"),
        may_withdraw=bool(desk and _may_submit(desk)),
        screens=organises and row.state == "screening",
        adds=organises
        and (row.state, one.state) == ("jury", "admitted")
        and ScoreRule.from_rules(queries.rules_of(row)).model is ScoreModel.POINTS,
    )
