"""Pages of one bid: the draft, what is missing, and the submission."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

import wtforms
from flask import flash, jsonify, redirect, request, send_file, url_for
from flask_babel import gettext as _

from market.bids import actions, queries
from market.bids.forms import ConfirmForm, SubmitForm, blank, draft_form, draft_values, field_name
from market.bids.queries import BidDesk
from market.bids.rules import FILE, BidContent, Conflict, Gap, TooLate, content_mark, draft_content, named_ids
from market.bids.views.door import before_the_lock, bp, page
from market.db.session import db
from market.kernel.canonical import instant_text
from market.kernel.clock import beijing_day, is_before
from market.kernel.errors import DomainError, NotFound, Refused, Stale
from market.kernel.permits import Permit, Scope
from market.kernel.seen import seen_mark
from market.kernel.text import N_
from market.organisations.queries import may_bid
from market.organisations.rules import may_claim_small
from market.records.files import EncryptedUpload, SecretFile, encrypt_upload, open_secret
from market.records.models import StoredFile
from market.tenders.states import CriterionKind, LotState
from market.web import filters, pages
from market.web.guard import attempt, current_actor, found, guard, now, reads_first
from market.workers.actions import weekly_limit
from market.workers.queries import nameable, spans
from market.workers.rules import overloads, peak_centi
from market.workers.states import LEVEL_LABELS

# --- one bid ----------------------------------------------------------------------------------------------------------


def _writable(desk: BidDesk) -> bool:
    deadline = desk.lot.tender.deadline_at
    return desk.lot.state == LotState.SEALED and deadline is not None and is_before(now(), deadline)


@bp.get("/<int:lot_id>/<int:organisation_id>")
@guard(Permit.BID_DRAFT)
def overview(lot_id: int, organisation_id: int) -> Any:
    """Where the organisation's bid stands."""
    desk = actions.desk_for(current_actor(), lot_id, organisation_id)
    return page(
        "overview.html",
        desk=desk,
        submissions=queries.submissions(lot_id, organisation_id),
        late=queries.late_attempts(lot_id, organisation_id),
        opening=queries.opening_of(lot_id),
        writable=_writable(desk),
        may_submit=_may_submit(organisation_id),
    )


def _may_submit(organisation_id: int) -> bool:
    return Permit.BID_SUBMIT in current_actor().permits(Scope(organisation_id=organisation_id))


def _form_class(desk: BidDesk) -> Any:
    """The draft's form: an answer for each criterion, planned hours for each person of the own register."""
    quality = [c for c in desk.lot.criteria if c.kind == CriterionKind.QUALITY]
    people = nameable(desk.organisation.id, beijing_day(now()))
    made = draft_form(quality, [(one.id, one.name) for one in people])
    made.roster = {one.id: one for one in people}
    return made


def _content(desk: BidDesk, doc: dict[str, Any]) -> tuple[BidContent, tuple[str, ...]]:
    """The bid the draft would make now."""
    return draft_content(doc, desk.criteria, queries.people_named(doc, desk.organisation.id, beijing_day(now())))


def _crew(form: Any, desk: BidDesk, content: BidContent) -> list[dict[str, Any]]:
    """The people who may be named, what they are posted to already, and whether the plan is too much (a warning)."""
    if not form.roster:
        return []
    tender, day = desk.lot.tender, beijing_day(now())
    term = (tender.starts_on or day, tender.ends_on or day)
    posted = spans(form.roster, desk.organisation.id)
    planned = {one["worker_id"]: one["weekly_centi"] for one in content.workers}
    over = {o.worker_id: o for o in overloads(planned, posted, *term, weekly_limit(tender.district_id, day))}
    return [
        {
            "field": field,
            "level": form.roster[key].level,
            "posted_centi": peak_centi(posted.get(key, ()), *term),
            "over": over.get(key),
        }
        for key, field in form.people
    ]


def _fill_choices(form: Any, doc: dict[str, Any]) -> None:
    """Which parts may be marked as business secrets: every text the panel reads and every file, never the price."""
    names = ["plan", "team", "schedule", *(n for n in form.named() if n.startswith("answers/"))]
    form.secret.choices = [(n, _("商业秘密")) for n in (*names, *(f"{FILE}{f['file_id']}" for f in doc["files"]))]


@bp.get("/<int:lot_id>/<int:organisation_id>/draft")
@guard(Permit.BID_DRAFT)
def draft(lot_id: int, organisation_id: int) -> Any:
    """The draft, as it is."""
    desk = actions.desk_for(current_actor(), lot_id, organisation_id)
    doc = queries.draft_doc(desk.draft, desk.organisation)
    form = _form_class(desk)(data=draft_values(doc["values"]))
    _fill_choices(form, doc)
    return _draft_page(form, desk, doc, ())


@bp.post("/<int:lot_id>/<int:organisation_id>/draft")
@guard(Permit.BID_DRAFT)
def save_draft(lot_id: int, organisation_id: int) -> Any:
    """Save everything on the page, add and remove files. What cannot be saved stays in its box."""
    conflicts: list[Conflict] = []
    with before_the_lock():
        at, actor = now(), current_actor()
        desk = actions.desk_for(actor, lot_id, organisation_id)
        doc = queries.draft_doc(desk.draft, desk.organisation)
        form = _form_class(desk)()
        _fill_choices(form, doc)
        form.validate()
        version, seen = form.seen_marks()
        uploads = _encrypted(form) if _writable(desk) else []
    with attempt(form) as tried:
        saved = actions.save_fields(actor, lot_id, organisation_id, form.typed(), version, at, seen=seen)
        conflicts = list(saved.conflicts)
        if uploads:
            actions.add_files(actor, lot_id, organisation_id, uploads, at)
        if gone := request.form.get("remove", type=int):
            actions.remove_file(actor, lot_id, organisation_id, gone, at)
    if tried.ok and not form.errors and not conflicts:
        # Without JavaScript the question is a page of its own; what was typed is saved by now.
        if unsure := request.form.get("ask_remove", type=int):
            return redirect(url_for("bids.remove_file", lot_id=lot_id, organisation_id=organisation_id, file_id=unsure))
        flash(_("已保存。草稿不是投标：递交后拿到回执才算。"), "info")
        return redirect(url_for("bids.draft", lot_id=lot_id, organisation_id=organisation_id))
    _show_conflicts(form, conflicts)
    desk = actions.desk_for(actor, lot_id, organisation_id)
    return _draft_page(form, desk, queries.draft_doc(desk.draft, desk.organisation), conflicts), 422


def _encrypted(form: Any) -> list[EncryptedUpload]:
    """Encrypt each upload; one that is not taken is refused by name, the others are kept."""
    taken = []
    for upload in form.uploads.data:
        if not upload.filename:
            continue
        upload.stream.seek(0)
        try:
            taken.append(encrypt_upload(upload.stream, upload.filename))
        except Refused as error:
            form.uploads.errors = [*form.uploads.errors, filters.text(error)]
    return taken


def _show_conflicts(form: Any, conflicts: list[Conflict]) -> None:
    fields = form.named()
    for one in conflicts:
        text = _("%(who)s 刚刚改过这一栏。您填写的内容仍在框里；核对下面对方的内容后再保存，会以您的为准。", who=one.by)
        fields[one.field].errors = [*fields[one.field].errors, text]


def _when(said: Mapping[str, Any]) -> dict[str, Any]:
    return {**said, "at": datetime.fromisoformat(said["at"])}


def _draft_page(form: Any, desk: BidDesk, doc: dict[str, Any], conflicts: Any) -> str:
    form.version.data = str(desk.draft.version if desk.draft else 0)
    marks = {name: seen_mark(doc["values"].get(name, blank(name))) for name in form.named()}
    form.seen.data = json.dumps(marks)
    content, secret_fields = _content(desk, doc)
    names = {field.short_name: name for name, field in form.named().items()}
    return page(
        "draft.html",
        form=form,
        desk=desk,
        doc=doc,
        names=names,
        touched={field_name(name): _when(who) for name, who in doc["touched"].items()},
        theirs={field_name(one.field): _when({"theirs": one.theirs, "by": one.by, "at": one.at}) for one in conflicts},
        secret=dict(zip([value for value, _label in form.secret.choices], form.secret, strict=True)),
        secret_fields=secret_fields,
        content=content,
        criteria={f"answer_{c.id}": c for c in desk.lot.criteria},
        crew=_crew(form, desk, content),
        lost_people=len(named_ids(doc)) - len(content.workers),
        levels=LEVEL_LABELS,
        writable=_writable(desk),
        live=queries.my_bid(desk.lot.id, desk.organisation.id),
        written=desk.draft is not None and desk.draft.ciphertext is not None,
        small=may_claim_small(desk.organisation.provider_type),
        gap_count=len(desk.gaps(content)),
        autosave=url_for(
            "bids.save_field", lot_id=desk.lot.id, organisation_id=desk.organisation.id, v=form.version.data
        ),
    )


@bp.post("/<int:lot_id>/<int:organisation_id>/field")
@guard(Permit.BID_DRAFT)
def save_field(lot_id: int, organisation_id: int) -> Any:
    """Save one field as it is left."""
    name, missing = request.form.get("field", ""), 0
    changes: dict[str, Any] = {}
    with before_the_lock():
        at, actor = now(), current_actor()
        desk = actions.desk_for(actor, lot_id, organisation_id)
        doc = queries.draft_doc(desk.draft, desk.organisation)
        form = _form_class(desk)()
        _fill_choices(form, doc)
        wanted = {field.short_name: key for key, field in form.named().items()}
        key = wanted.get(name)
        if key is not None and form[name].validate(form):
            changes = {key: form.typed()[key]}
            missing = _missing_with(desk, doc, changes)
    if key is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    field: wtforms.Field = form[name]
    if not changes:
        return pages.problem(422, _("没有保存"), str(field.errors[0]))
    saved = actions.save_fields(actor, lot_id, organisation_id, changes, request.args.get("v", 0, type=int), at)
    if saved.conflicts:
        who = saved.conflicts[0].by
        text = _("%(who)s 刚刚改过这一栏，您的内容没有保存，仍在框里。请复制后刷新页面核对。", who=who)
        return pages.problem(409, _("没有保存"), text)
    return jsonify(saved_at=instant_text(saved.at), version=saved.version, missing=missing)


def _missing_with(desk: BidDesk, doc: dict[str, Any], changes: Mapping[str, Any]) -> int:
    """How many things are missing once these changes are saved; reckoned before anything is locked."""
    content, _secret = _content(desk, {**doc, "values": {**doc["values"], **changes}})
    return len(desk.gaps(content))


@bp.get("/<int:lot_id>/<int:organisation_id>/files/<int:file_id>")
@guard(Permit.BID_DRAFT)
def draft_file(lot_id: int, organisation_id: int, file_id: int) -> Any:
    """A file of the draft, decrypted for its own organisation."""
    desk = actions.desk_for(current_actor(), lot_id, organisation_id)
    doc = queries.draft_doc(desk.draft, desk.organisation)
    entry = found(next((one for one in doc["files"] if one["file_id"] == file_id), None))
    row = found(db.session.get(StoredFile, file_id))
    content = open_secret(row, SecretFile(**entry))
    return send_file(BytesIO(content), entry["media_type"], as_attachment=True, download_name=entry["name"])


@bp.route("/<int:lot_id>/<int:organisation_id>/files/<int:file_id>/remove", methods=["GET", "POST"])
@guard(Permit.BID_DRAFT)
def remove_file(lot_id: int, organisation_id: int, file_id: int) -> Any:
    """Take a file out of the draft, after a question; one that is gone already is out of it."""
    desk = actions.desk_for(current_actor(), lot_id, organisation_id)
    back = redirect(url_for("bids.draft", lot_id=lot_id, organisation_id=organisation_id))
    if request.method == "POST":
        actions.remove_file(current_actor(), lot_id, organisation_id, file_id, now())
        flash(_("附件已删除。"), "info")
        return back
    doc = queries.draft_doc(desk.draft, desk.organisation)
    entry = next((one for one in doc["files"] if one["file_id"] == file_id), None)
    if entry is None:
        flash(_("附件已删除。"), "info")
        return back
    return page("remove_file.html", desk=desk, file=entry)


@bp.route("/<int:lot_id>/<int:organisation_id>/discard", methods=["GET", "POST"])
@guard(Permit.BID_DRAFT)
def discard(lot_id: int, organisation_id: int) -> Any:
    """Throw the draft away, after a question."""
    desk = actions.desk_for(current_actor(), lot_id, organisation_id)
    form = ConfirmForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.discard_draft(current_actor(), lot_id, organisation_id, now())
        if tried.ok:
            flash(_("草稿已清空。已递交的投标不受影响。"), "info")
            return redirect(url_for("bids.overview", lot_id=lot_id, organisation_id=organisation_id))
    return page("discard.html", form=form, desk=desk), 422 if form.errors else 200


# --- before and at submission -----------------------------------------------------------------------------------------


@bp.get("/<int:lot_id>/<int:organisation_id>/check")
@guard(Permit.BID_DRAFT)
def check(lot_id: int, organisation_id: int) -> Any:
    """Everything that is missing, each with a link to where it is mended."""
    desk = actions.desk_for(current_actor(), lot_id, organisation_id)
    doc = queries.draft_doc(desk.draft, desk.organisation)
    content, _secret = _content(desk, doc)
    missing = queries.missing_files([one["file_id"] for one in content.files]) if content.files else set()
    lost = [Gap("uploads", N_("附件“%(name)s”没有存好，请删除后重新上传。"), {"name": one["name"]})
            for one in content.files if one["file_id"] in missing]  # fmt: skip
    return page(
        "check.html",
        desk=desk,
        gaps=[(gap, field_name(gap.field)) for gap in (*desk.gaps(content), *lost)],
        trouble=may_bid(desk.organisation, beijing_day(now())),
        files=len(content.files),
        qualifications=queries.qualification_items(desk.lot.tender_id),
        readers=len(queries.signatory_keys(organisation_id)),
        writable=_writable(desk),
        may_submit=_may_submit(organisation_id),
    )


@bp.get("/<int:lot_id>/<int:organisation_id>/submit")
@guard(Permit.BID_SUBMIT)
def submit(lot_id: int, organisation_id: int) -> Any:
    """The last look before the one button."""
    desk = actions.desk_for(current_actor(), lot_id, organisation_id)
    doc = queries.draft_doc(desk.draft, desk.organisation)
    content, secret_fields = _content(desk, doc)
    if not _writable(desk) or desk.gaps(content):
        return redirect(url_for("bids.check", lot_id=lot_id, organisation_id=organisation_id))
    return _submit_page(SubmitForm(), desk, content, secret_fields)


def _submit_page(form: Any, desk: BidDesk, content: Any, secret_fields: Any) -> str:
    shown = content_mark(content, secret_fields)
    if form.seen.data != shown:
        form.seen.data, form.sure.data = shown, False  # a tick is for what its page showed
    live = queries.my_bid(desk.lot.id, desk.organisation.id)
    return page(
        "submit.html",
        form=form,
        desk=desk,
        content=content,
        secret_fields=secret_fields,
        trouble=may_bid(desk.organisation, beijing_day(now())),
        live=live,
        levels=LEVEL_LABELS,
    )


@bp.post("/<int:lot_id>/<int:organisation_id>/submit")
@guard(Permit.BID_SUBMIT)
@reads_first
def submit_now(lot_id: int, organisation_id: int) -> Any:
    """Submit. The instant is read first, before anything is locked; a second press finds the first one's receipt."""
    form, actor = SubmitForm(), current_actor()
    with before_the_lock():
        at = now()
        refusal: DomainError | None = None
        sealed: actions.Sealed | None = None
        if form.validate_on_submit():
            with attempt(form) as tried:
                sealed = actions.seal_bid(
                    actor, lot_id, organisation_id, form.form_token.data, at, seen=form.seen.data or ""
                )
            refusal = tried.error
    if sealed is not None:
        with attempt(form) as tried:
            actions.hand_in(actor, sealed, at)
        if tried.ok:
            return redirect(url_for("bids.receipt", number=sealed.receipt_number, new=1))
        refusal = tried.error
    return _not_submitted(form, refusal, lot_id, organisation_id)


def _not_submitted(form: Any, refusal: Any, lot_id: int, organisation_id: int) -> Any:
    actor = current_actor()
    if isinstance(refusal, TooLate):
        # The refusal rolled everything back; the attempt itself is kept.
        actions.note_late_attempt(actor, lot_id, organisation_id, now())
        desk = actions.desk_for(actor, lot_id, organisation_id)
        return page("late.html", desk=desk, refusal=refusal), 422
    if refusal is not None and (done := queries.bid_by_token(form.form_token.data, organisation_id)):
        return redirect(url_for("bids.receipt", number=done.receipt_number))
    if isinstance(refusal, Stale):
        raise refusal
    desk = actions.desk_for(actor, lot_id, organisation_id)
    content, secret_fields = _content(desk, queries.draft_doc(desk.draft, desk.organisation))
    return _submit_page(form, desk, content, secret_fields), 422
