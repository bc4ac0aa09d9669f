"""Files of an application: added and removed while it is a draft, frozen by digest when it is handed in."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from market.db.session import db
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.records.audit import require_other_hands
from market.records.files import keep
from market.records.models import StoredFile
from market.venture.actions.applying import Desk, desk_for, writable
from market.venture.actions.common import GONE
from market.venture.queries import FILES, files_of, rules_of

_CLOSED = N_("申报已截止或已提交，附件不能再改。")


def attach_file(actor: Actor, desk: Desk, stream: BinaryIO, name: str, at: datetime) -> StoredFile:
    """Keep one file with the draft. Call it first in a write: the content is read before the lock is taken.

    Raises Refused at `document` for a file that is empty, too large, of an unknown kind, or one too many.
    """
    if desk.application is None:
        raise Refused(N_("请先填写申报内容并保存，再上传附件。"), field="document")
    try:
        kept = keep(stream, name, (FILES, desk.application.id), actor, at)
    except Refused as refusal:
        refusal.field = "document"
        raise
    fresh = desk_for(actor, desk.round.id, desk.applicant.id, at, locked=True)
    if not writable(fresh, at):
        raise Refused(_CLOSED, field="document")
    require_other_hands(actor, Permit.APPLICATION_DRAFT, "round", fresh.round.id)
    there = [one for one in files_of(desk.application.id) if one.id != kept.id]
    if same := [one for one in there if one.sha256 == kept.sha256]:
        # A page sent twice: the first upload is enough.
        db.session.delete(kept)
        db.session.flush()
        return same[0]
    most = int(rules_of(fresh.round).get("round.files_max", 10))
    if len(there) >= most:
        raise Refused(N_("一份申报最多 %(most)d 份附件，请先移除不需要的。"), field="document", most=most)
    return kept


def remove_file(actor: Actor, round_id: int, applicant_id: int, file_id: int, at: datetime) -> None:
    """Take a file out of the draft. Raises NotFound for a file of anybody else."""
    desk = desk_for(actor, round_id, applicant_id, at, locked=True)
    if not writable(desk, at):
        raise Refused(_CLOSED)
    there = files_of(desk.application.id) if desk.application is not None else []
    found = next((one for one in there if one.id == file_id), None)
    if found is None:
        raise NotFound(GONE)
    db.session.delete(found)
    db.session.flush()
