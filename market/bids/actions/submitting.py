"""Submitting, replacing and withdrawing a bid, and writing down who came too late.

A submission has two halves. `seal_bid` reads, checks, commits and encrypts, before anything is locked. `hand_in` writes
the ciphertext down and empties the draft. The instant at which the request came in is given to both.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, insert, select, update

from market.bids import vault
from market.bids.actions.drafting import desk_for
from market.bids.models import BidDraft, LateAttempt, SealedBid, Withdrawal, sealed_subject
from market.bids.queries import BidDesk, draft_doc, my_bid, people_named, signatory_keys
from market.bids.rules import (
    check_in_time,
    check_may_submit,
    content_mark,
    draft_content,
    envelope_info,
    make_document,
)
from market.db.session import db
from market.kernel.canonical import sha256_hex
from market.kernel.clock import beijing_day, is_before
from market.kernel.errors import Refused, Stale
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.sealing import key_id, seal_for
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.organisations.queries import may_bid
from market.records.audit import Subject, lock_chain, record
from market.records.receipts import give_receipt
from market.tenders.models import Lot
from market.tenders.states import LotState

# Read aloud and typed from paper: no 0/O, 1/I/L. Random, because a running number would tell how many bids there are.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Sealed:
    """A bid ready to be written down; nothing in it can be read any more."""

    lot_id: int
    organisation_id: int
    draft_id: int
    draft_version: int
    key_name: str
    form_token: str
    receipt_number: str
    envelope: bytes = field(repr=False)
    root: str
    stored_file_ids: tuple[int, ...]
    deadline_at: datetime | None
    facts: dict[str, Any]


def new_receipt_number(at: datetime) -> str:
    """A number that says the day and nothing else: T20260420-7KQF-M2XR-9BTA."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return f"T{beijing_day(at):%Y%m%d}-{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def seal_bid(
    actor: Actor, lot_id: int, organisation_id: int, form_token: str, at: datetime, *, seen: str | None = None
) -> Sealed:
    """Check the draft and seal it: for the lot's key and for the organisation's own signatories.

    `at` is the instant at which the request came in, `seen` the `content_mark` of what the signatory's page showed;
    whoever acts without a page leaves it out. Raises TooLate, or Refused when the content is no longer what was seen,
    or with the first thing that is missing. Nothing is locked here: `hand_in` takes the draft in this version alone.
    """
    desk = desk_for(actor, lot_id, organisation_id)
    require(actor, Permit.BID_SUBMIT, Scope(organisation_id=organisation_id))
    lot, draft = desk.lot, desk.draft
    check_may_submit(
        at=at,
        deadline_at=lot.tender.deadline_at,
        sealed=lot.state == LotState.SEALED,
        trouble=may_bid(desk.organisation, beijing_day(at)),
    )
    if draft is None or draft.key_name is None or lot.public_key is None:
        raise Refused(N_("草稿中没有内容，无法递交；请先填写投标文件。"))
    doc = draft_doc(draft, desk.organisation)
    people = people_named(doc, organisation_id, beijing_day(at))
    content, secret_fields = draft_content(doc, desk.criteria, people)
    require_seen(seen, content_mark(content, secret_fields))
    if missing := desk.gaps(content):
        raise Refused(missing[0].text, field=missing[0].field, **missing[0].params)
    number = new_receipt_number(at)
    document, root = make_document(lot_id, organisation_id, number, content, secret_fields)
    readers = list(dict.fromkeys([lot.public_key, *signatory_keys(organisation_id)]))
    envelope = seal_for(document.sealed_bytes(), readers, envelope_info(lot_id, number))
    return Sealed(
        lot_id=lot_id,
        organisation_id=organisation_id,
        draft_id=draft.id,
        draft_version=draft.version,
        key_name=draft.key_name,
        form_token=form_token,
        receipt_number=number,
        envelope=envelope,
        root=root,
        stored_file_ids=tuple(one["file_id"] for one in content.files),
        deadline_at=lot.tender.deadline_at,
        facts=_receipt_facts(desk, root, envelope, lot.public_key),
    )


def _receipt_facts(desk: BidDesk, root: str, envelope: bytes, lot_public_key: bytes) -> dict[str, Any]:
    """What the signed receipt says besides its number and time."""
    lot, tender, organisation = desk.lot, desk.lot.tender, desk.organisation
    return {
        "kind": "bid",
        "ocid": tender.file.ocid,
        "tender": tender.title,
        "lot": {"id": lot.id, "number": lot.number, "title": lot.title},
        "organisation": {"id": organisation.uscc or f"group-{organisation.id}", "name": organisation.name},
        "deadline": tender.deadline_at,
        "root": root,
        "envelope": {"sha256": sha256_hex(envelope), "size": len(envelope)},
        "lot_key": key_id(lot_public_key).hex(),
    }


# Built once: in the hour before a deadline these run most.
_WRITTEN = insert(SealedBid).returning(SealedBid.id)


def hand_in(actor: Actor, sealed: Sealed, at: datetime) -> int:
    """Write a sealed bid down, empty the draft and sign the receipt: one transaction. Returns its id.

    Who submits stands in the chain only under the root, which commits to the organisation too. The lot is held first,
    together with others who submit; the opening holds it alone, so that no bid can arrive after it. The chain of the
    lot's bids, where only one can write, comes last. Raises TooLate, and Stale when the draft changed meanwhile or was
    submitted by another press of the button.
    """
    check_in_time(at, sealed.deadline_at)
    subject = sealed_subject(sealed.lot_id, sealed.organisation_id)
    require(actor, Permit.BID_SUBMIT, subject.scope)
    digest = sha256_hex(sealed.envelope)
    _empty_draft(actor, sealed, at)
    row = {
        "lot_id": sealed.lot_id,
        "organisation_id": sealed.organisation_id,
        "receipt_number": sealed.receipt_number,
        "form_token": sealed.form_token,
        "envelope": sealed.envelope,
        "root": sealed.root,
        "envelope_digest": digest,
        "stored_file_ids": list(sealed.stored_file_ids),
        "received_at": at,
        "submitted_by": actor.user_id,
    }
    bid_id = int(db.session.connection().execute(_WRITTEN, row).scalar_one())
    give_receipt(sealed.receipt_number, ("sealed_bid", bid_id), sealed.facts, at)
    facts = {"receipt": sealed.receipt_number, "root": sealed.root, "envelope": digest}
    record(subject, "submit_bid", actor, at, permit=Permit.BID_SUBMIT, facts=facts)
    return bid_id


_EMPTIED = (
    update(BidDraft)
    .where(
        BidDraft.id == bindparam("draft"),
        BidDraft.version == bindparam("seen"),
        select(Lot.id)
        .where(Lot.id == bindparam("lot"), Lot.state == LotState.SEALED)
        .with_for_update(read=True)
        .exists(),
    )
    .values(
        key_name=None, ciphertext=None, version=BidDraft.version + 1, saved_at=bindparam("at"), saved_by=bindparam("by")
    )
    .execution_options(synchronize_session=False)
)


def _empty_draft(actor: Actor, sealed: Sealed, at: datetime) -> None:
    """Remove the draft's content, provided that it is what was sealed and that the lot is still closed."""
    ours = {"draft": sealed.draft_id, "seen": sealed.draft_version, "lot": sealed.lot_id}
    facts = {**ours, "at": at, "by": actor.user_id}
    done = cast("CursorResult[Any]", db.session.connection().execute(_EMPTIED, facts))
    if done.rowcount != 1:
        raise Stale(N_("草稿刚被他人修改或已经递交，请刷新页面核对后再递交。"))
    vault.forget_key(sealed.key_name)


def submit_bid(actor: Actor, lot_id: int, organisation_id: int, form_token: str, at: datetime) -> SealedBid:
    """Seal the draft and hand it in. A later submission of the same organisation replaces an earlier one."""
    bid_id = hand_in(actor, seal_bid(actor, lot_id, organisation_id, form_token, at), at)
    return db.session.get_one(SealedBid, bid_id)


def withdraw_bid(actor: Actor, lot_id: int, organisation_id: int, at: datetime) -> Withdrawal:
    """Take the live bid back before the deadline; nothing counts for the organisation then. Raises TooLate, Refused."""
    subject = sealed_subject(lot_id, organisation_id)
    lock_chain(*subject.chain)
    desk = desk_for(actor, lot_id, organisation_id)
    require(actor, Permit.BID_SUBMIT, subject.scope)
    deadline = desk.lot.tender.deadline_at
    if deadline is None or not is_before(at, deadline) or desk.lot.state != LotState.SEALED:
        raise Refused(N_("投标已截止，不能再撤回。"))
    bid = my_bid(lot_id, organisation_id)
    if bid is None:
        raise Refused(N_("没有可以撤回的投标。"))
    record(
        subject,
        "withdraw_bid",
        actor,
        at,
        permit=Permit.BID_SUBMIT,
        facts={"receipt": bid.receipt_number},
    )
    row = Withdrawal(bid_id=bid.id, by_user_id=actor.user_id, at=at)
    db.session.add(row)
    db.session.flush()
    return row


def note_late_attempt(actor: Actor, lot_id: int, organisation_id: int, at: datetime) -> LateAttempt:
    """Write down that a submission came at or after the deadline; it was refused before."""
    desk_for(actor, lot_id, organisation_id)
    row = LateAttempt(lot_id=lot_id, organisation_id=organisation_id, by_user_id=actor.user_id, at=at)
    db.session.add(row)
    db.session.flush()
    chain = ("organisation", str(organisation_id))
    subject = Subject("late_attempt", row.id, chain, Scope(organisation_id=organisation_id))
    record(subject, "attempt_late", actor, at, permit=Permit.BID_SUBMIT, facts={"lot": lot_id})
    return row
