"""Attachments of an application: uploaded and removed by its applicant, read by whoever may read the application."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, redirect, send_file, url_for
from flask_babel import gettext as _

from market.db.engine import begin_reading, begin_writing
from market.db.session import db
from market.kernel.permits import Permit
from market.panels import queries as panels
from market.panels.states import SeatState
from market.records.files import SHOWN_INLINE, content_of
from market.records.models import StoredFile
from market.venture import actions, queries
from market.venture.forms import FileForm
from market.venture.models import Application
from market.venture.queries import FILES, SUBJECT
from market.venture.states import HANDED_IN, ApplicationState, RoundState
from market.venture.views.door import bp, page, sides
from market.web.guard import attempt, current_actor, found, guard, now

_JUDGED = tuple(state for state in HANDED_IN if state not in (ApplicationState.SUBMITTED, ApplicationState.REJECTED))


@bp.route("/<int:round_id>/apply/<int:applicant_id>/files", methods=["GET", "POST"])
@guard(Permit.APPLICATION_DRAFT)
def files(round_id: int, applicant_id: int) -> Any:
    """The draft's attachments. A file is read and digested before the write lock is taken."""
    form, actor, at = FileForm(), current_actor(), now()
    if form.is_submitted():
        begin_reading(db.session)
    desk = actions.desk_for(actor, round_id, applicant_id, at)
    if form.validate_on_submit():
        given = form.document.data
        if not given:
            form.document.errors = [_("请先选择文件，再按“上传”。")]
        else:
            db.session.expunge_all()
            begin_writing(db.session)
            with attempt(form) as tried:
                kept = actions.attach_file(actor, desk, given.stream, given.filename or "", at)
            if tried.ok:
                flash(_("已保存“%(name)s”。", name=kept.name), "success")
                return redirect(url_for("venture.files", round_id=round_id, applicant_id=applicant_id))
        desk = actions.desk_for(actor, round_id, applicant_id, at)
    shown = page(
        "files.html",
        form=form,
        desk=desk,
        row=desk.round,
        files=queries.files_of(desk.application.id) if desk.application else [],
        writable=actions.writable(desk, at),
    )
    return shown, 422 if form.errors else 200


@bp.post("/<int:round_id>/apply/<int:applicant_id>/files/<int:file_id>/remove")
@guard(Permit.APPLICATION_DRAFT)
def remove_file(round_id: int, applicant_id: int, file_id: int) -> Any:
    """Take a file out of the draft."""
    actions.remove_file(current_actor(), round_id, applicant_id, file_id, now())
    flash(_("已移除这份附件。"), "success")
    return redirect(url_for("venture.files", round_id=round_id, applicant_id=applicant_id))


@bp.get("/files/<int:file_id>")
@guard(Permit.APPLICATION_DRAFT, Permit.ROUND_SEE, Permit.BID_SCORE)
def file(file_id: int) -> Any:
    """One attachment: for the applicant always, for officials after the deadline, for jurors who have declared."""
    stored = found(db.session.get(StoredFile, file_id))
    one = found(queries.application(stored.subject_id) if stored.subject_kind == FILES else None)
    own, official = sides(current_actor(), one)
    found(one if own or official or _judges(one) else None)
    inline = stored.media_type in SHOWN_INLINE
    return send_file(
        BytesIO(content_of(stored)), stored.media_type, as_attachment=not inline, download_name=stored.name
    )


def _judges(one: Application) -> bool:
    """True for a juror of the round who has declared, once the formal check has admitted the application."""
    if one.state not in _JUDGED or one.round.state == RoundState.SCREENING:
        return False
    seat = panels.seat_in(current_actor(), SUBJECT, one.round_id)
    return seat is not None and seat.state in (SeatState.DECLARED, SeatState.FINAL)
