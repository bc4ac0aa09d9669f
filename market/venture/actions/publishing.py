"""The call goes out, the deadline comes, a round is called off. The pool's money follows."""

from __future__ import annotations

import base64
from datetime import datetime

from market.db.session import db
from market.kernel.canonical import digest, sha256_hex
from market.kernel.clock import is_before
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import CLOCK, Actor, Permit
from market.kernel.sealing import new_key
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.ledger.actions import book
from market.ledger.states import Reason
from market.places.actions import publish_rules
from market.places.queries import calendar_for
from market.records.audit import require_other_hands
from market.records.keys import lock
from market.records.moves import move
from market.records.notices import publish
from market.venture import mail
from market.venture.actions.common import GONE, locked
from market.venture.actions.drafting import refuse, situation
from market.venture.models import Application, Round
from market.venture.notices import call_release, card_facts, closing_digest_parts, closing_release, status_release
from market.venture.queries import applications_of, round_row, sources
from market.venture.states import (
    APPLICATION_MACHINE,
    ROUND_MACHINE,
    ApplicationState,
    ApplicationVerb,
    RoundState,
    RoundVerb,
)


def publish_round(actor: Actor, round_id: int, at: datetime, *, seen: str | None = None) -> Round:
    """Approve and publish, in one transaction: rules and dates frozen, the draw's secret committed, the pool reserved.

    `seen` is the `content_digest` of what the approver's page showed; whoever acts without a page leaves it out. Raises
    Forbidden for whoever worked on the draft, Refused when rules or money do not allow it, or the content is no longer
    what was seen.
    """
    row = locked(actor, Permit.ROUND_APPROVE, round_id, RoundState.REVIEW)
    require_other_hands(actor, Permit.ROUND_APPROVE, "round", row.id)
    require_seen(seen, row.content_digest)
    found = situation(row, at)
    refuse(found.troubles)
    row.rules, row.rules_digest = found.rules, found.rules.digest
    calendar = calendar_for(row.district_id)
    row.calendar_version, row.provisional = calendar.version, found.table.provisional
    row.notice_at, row.deadline_at = at, found.table.deadline_at
    secret = new_key()
    row.draw_commitment = sha256_hex(secret)
    row.draw_secret = base64.b64encode(lock(f"round-draw:{row.id}", secret)).decode()
    facts = {"rules": row.rules_digest, "pool_fen": row.pool_fen, "deadline": row.deadline_at}
    move(row, ROUND_MACHINE, RoundVerb.PUBLISH, actor, at, facts=facts)
    for share in row.funding:
        key = f"reserve:round:{row.id}:line:{share.line_id}"
        book(Reason.RESERVE, share.line_id, share.amount_fen, key, ("round", row.id), row.file_id, at)
    row.file.title = row.title
    db.session.flush()
    key = publish_rules(row.street.district, found.rules, calendar, actor, at)
    release = call_release(row, found.table, found.rules, sources(row, found.rules), key)
    publish(row.file, "tender", release, card_facts(row, "tender"), actor, at)
    mail.tell_published(row, at)
    return row


def close_round(round_id: int, actor: Actor, at: datetime) -> Round:
    """Write down that the deadline has come; what it means held from the instant itself. Harmless when repeated.

    Applications get their numbers, drafts lapse, and the digest over the receipts becomes the draw's public part.
    """
    row = round_row(round_id, locked=True)
    if row is None:
        raise NotFound(GONE)
    if row.state == RoundState.SCREENING:
        return row
    if row.deadline_at is None or is_before(at, row.deadline_at):
        raise Refused(N_("申报截止时间未到。"))
    rows = applications_of(row.id, (ApplicationState.DRAFT, ApplicationState.SUBMITTED), locked=True)
    sent = sorted((one for one in rows if one.submitted_at is not None), key=lambda one: (one.submitted_at, one.id))
    for number, one in enumerate(sent, 1):
        one.number = number
    db.session.flush()
    row.closing_digest = digest(closing_digest_parts(sent, row.deadline_at))
    facts = {"applications": len(sent), "digest": row.closing_digest}
    move(row, ROUND_MACHINE, RoundVerb.CLOSE, actor, at, facts=facts)
    for one in rows:
        if one.submitted_at is None:
            _lapse(row, one, at)
    publish(row.file, "tenderUpdate", closing_release(row, len(sent)), card_facts(row, "closed"), actor, at)
    mail.tell_closed(row, len(sent), at)
    return row


def _lapse(row: Round, one: Application, at: datetime) -> None:
    move(one, APPLICATION_MACHINE, ApplicationVerb.LAPSE, CLOCK, at)
    mail.tell_lapsed(row, one, at)


def cancel_round(actor: Actor, round_id: int, reason: str, at: datetime) -> Round:
    """Call a round off before its decision, or throw a draft away; the pool returns, the reason is public."""
    row = locked(actor, Permit.ROUND_APPROVE, round_id)
    published = row.notice_at is not None
    if published and not reason.strip():
        raise Refused(N_("请写明取消的理由，理由将随公告公开。"), field="reason")
    row.reason = reason.strip()
    move(row, ROUND_MACHINE, RoundVerb.CANCEL, actor, at, facts={"reason": row.reason})
    if published:
        release_pool(row, {share.line_id: share.amount_fen for share in row.funding}, at)
        release = status_release(row, "cancelled", row.reason)
        publish(row.file, "tenderCancellation", release, card_facts(row, "cancelled"), actor, at)
        mail.tell_cancelled(row, applications_of(row.id, list(ApplicationState)), at)
    return row


def release_pool(row: Round, parts: dict[int, int], at: datetime) -> None:
    """Give what was not awarded back to its lines, in fen by line."""
    for line_id, fen in parts.items():
        if fen:
            key = f"release:round:{row.id}:line:{line_id}"
            book(Reason.RELEASE, line_id, fen, key, ("round", row.id), row.file_id, at)
