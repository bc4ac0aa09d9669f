"""The bidder's own copy: read again with a signatory's passphrase, and every reading written down."""

from __future__ import annotations

import json
from datetime import datetime

from market.bids.queries import with_envelope
from market.bids.rules import BidDocument, envelope_info, read_document, root_matches
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit
from market.kernel.sealing import open_for, public_of
from market.kernel.text import N_
from market.people.actions import open_sealing_key
from market.records.audit import Subject, record


def open_own_copy(actor: Actor, bid_id: int, passphrase: str) -> BidDocument:
    """Open the organisation's own envelope with the actor's key and check it against the receipt. Raises Refused."""
    bid = with_envelope(bid_id)
    if bid is None or actor.user_id is None or Permit.BID_SUBMIT not in actor.permits(bid.subject.scope):
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    private = open_sealing_key(actor.user_id, passphrase)
    info = envelope_info(bid.lot_id, bid.receipt_number)
    document = read_document(json.loads(open_for(bid.envelope, private, public_of(private), info)))
    if not root_matches(document, bid.root):
        raise Refused(N_("内容与回执中的摘要不一致，请联系平台管理员。"))
    return document


def note_reading(actor: Actor, subject: Subject, receipt_number: str, at: datetime) -> None:
    """Write down that somebody has read a sealed bid of the own organisation."""
    record(subject, "read_own_copy", actor, at, permit=Permit.BID_SUBMIT, facts={"receipt": receipt_number})
