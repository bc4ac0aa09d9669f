"""Writing a bid: saved field by field, by several people, never in the clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from market.bids import vault
from market.bids.models import BidDraft
from market.bids.queries import BidDesk, bid_desk, draft_doc, draft_locked
from market.bids.rules import FILE, BidDocument, Conflict, apply_changes, draft_from, reminders_reached
from market.db.session import db
from market.kernel.canonical import instant_text
from market.kernel.clock import is_before
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.records.audit import record, require_other_hands
from market.records.files import EncryptedUpload, keep_encrypted
from market.tenders.states import LotState

MOST_FILES = 30


@dataclass(frozen=True)
class Saved:
    """What a save did: the draft's new version, when, and the fields that somebody else had changed meanwhile."""

    version: int
    at: datetime
    conflicts: Sequence[Conflict] = ()


def desk_for(actor: Actor, lot_id: int, organisation_id: int) -> BidDesk:
    """Return what the actor works on. Raises NotFound for strangers, who see no difference from a wrong address."""
    found = bid_desk(lot_id, organisation_id)
    if found is None or Permit.BID_DRAFT not in actor.permits(Scope(organisation_id=organisation_id)):
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return found


def check_writable(desk: BidDesk, at: datetime) -> None:
    """Raise Refused once the deadline has come or the lot takes no bids any more."""
    deadline = desk.lot.tender.deadline_at
    if desk.lot.state != LotState.SEALED or deadline is None or not is_before(at, deadline):
        raise Refused(N_("投标已截止，草稿不能再修改。"))


def save_fields(
    actor: Actor,
    lot_id: int,
    organisation_id: int,
    changes: Mapping[str, Any],
    seen_version: int,
    at: datetime,
    *,
    seen: Mapping[str, str] | None = None,
) -> Saved:
    """Save changed fields of the draft. What somebody else changed since `seen_version` stays and is returned."""
    draft, doc = _take_up(actor, lot_id, organisation_id, at)
    conflicts = apply_changes(
        doc,
        changes,
        person=_person(actor),
        at=instant_text(at),
        seen_version=seen_version,
        version=draft.version + 1,
        seen=seen,
    )
    _put_back(draft, doc, actor, at)
    return Saved(draft.version, at, conflicts)


def add_files(
    actor: Actor, lot_id: int, organisation_id: int, uploads: Sequence[EncryptedUpload], at: datetime
) -> Saved:
    """Attach uploads that are already encrypted and on disk; names and keys go into the encrypted draft alone."""
    draft, doc = _take_up(actor, lot_id, organisation_id, at)
    if len(doc["files"]) + len(uploads) > MOST_FILES:
        raise Refused(N_("一份投标最多附 %(most)s 个文件，请合并后再上传。"), field="uploads", most=MOST_FILES)
    for upload in uploads:
        _, secret = keep_encrypted(upload, ("bid_draft", draft.id), actor, at)
        doc["files"].append(asdict(secret))
    _put_back(draft, doc, actor, at)
    return Saved(draft.version, at)


def remove_file(actor: Actor, lot_id: int, organisation_id: int, file_id: int, at: datetime) -> Saved:
    """Take a file out of the draft; with its key gone nobody can read its content again.

    A file that a colleague has taken out meanwhile is what was wanted: nothing is refused and nothing changes.
    """
    draft, doc = _take_up(actor, lot_id, organisation_id, at)
    kept = [one for one in doc["files"] if one["file_id"] != file_id]
    if len(kept) == len(doc["files"]):
        return Saved(draft.version, at)
    doc["files"] = kept
    marked = doc["values"].get("secret_fields") or []
    doc["values"]["secret_fields"] = [name for name in marked if name != f"{FILE}{file_id}"]
    _put_back(draft, doc, actor, at)
    return Saved(draft.version, at)


def discard_draft(actor: Actor, lot_id: int, organisation_id: int, at: datetime) -> None:
    """Throw the draft's content away; what has been submitted stays submitted."""
    desk_for(actor, lot_id, organisation_id)
    draft = draft_locked(lot_id, organisation_id)
    if draft is None or draft.key_name is None:
        raise Refused(N_("没有可以清空的草稿。"))
    vault.forget_key(draft.key_name)
    draft.key_name = draft.ciphertext = None
    draft.version += 1
    draft.saved_at, draft.saved_by = at, actor.user_id
    db.session.flush()


def continue_from(actor: Actor, document: BidDocument, at: datetime) -> Saved:
    """Put the content of the own submitted bid back into an empty draft, to be changed and submitted anew."""
    draft, doc = _take_up(actor, document.lot_id, document.organisation_id, at)
    if draft.ciphertext is not None:
        raise Refused(N_("草稿中已有内容；如要改用已递交的内容，请先清空草稿。"))
    doc |= {**draft_from(document.content, document.secret_fields), "hands": doc["hands"]}
    _put_back(draft, doc, actor, at)
    return Saved(draft.version, at)


def _person(actor: Actor) -> tuple[int, str]:
    if actor.user_id is None:
        raise Forbidden(N_("投标文件须由人员填写。"))
    return actor.user_id, actor.name


def _take_up(actor: Actor, lot_id: int, organisation_id: int, at: datetime) -> tuple[BidDraft, dict[str, Any]]:
    """The draft, locked, with its document; made at the first save. A new hand is written into the audit."""
    desk = desk_for(actor, lot_id, organisation_id)
    require(actor, Permit.BID_DRAFT, Scope(organisation_id=organisation_id))
    check_writable(desk, at)
    draft = draft_locked(lot_id, organisation_id) or _begin(desk, at)
    doc = draft_doc(draft, desk.organisation)
    doc.pop("lost", None)
    if draft.ciphertext is None and desk.lot.tender.deadline_at is not None:
        # Whoever begins late is not reminded at once of what he is doing.
        draft.reminded = reminders_reached(at, desk.lot.tender.deadline_at)
    if actor.user_id not in doc["hands"]:
        require_other_hands(actor, Permit.BID_DRAFT, "lot", lot_id)
        record(draft.subject, "draft_bid", actor, at, permit=Permit.BID_DRAFT)
        doc["hands"].append(actor.user_id)
    return draft, doc


def _begin(desk: BidDesk, at: datetime) -> BidDraft:
    draft = BidDraft(
        lot_id=desk.lot.id,
        organisation_id=desk.organisation.id,
        version=0,
        saved_at=at,
        saved_by=None,
        reminded=[],
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def _put_back(draft: BidDraft, doc: dict[str, Any], actor: Actor, at: datetime) -> None:
    key = vault.find_key(draft.key_name) if draft.key_name else None
    if key is None or draft.key_name is None:
        draft.key_name, key = vault.make_key()
    draft.ciphertext = vault.close(doc, draft.key_name, key)
    draft.version += 1
    draft.saved_at, draft.saved_by = at, actor.user_id
    db.session.flush()
