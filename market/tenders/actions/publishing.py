"""From the finished draft to the notice: submission, return, intention, and the publication by a second officer."""

from __future__ import annotations

from datetime import datetime

from market.db.session import db
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.rulebook import Regime
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.ledger.actions import book
from market.ledger.states import Reason
from market.needs.actions import plan
from market.needs.queries import demand
from market.needs.states import DemandState
from market.places.actions import publish_rules
from market.records.audit import record, require_other_hands
from market.records.moves import move
from market.records.notices import publish
from market.tenders.actions.keys import make_lot_keys, opener_keys
from market.tenders.mail import tell_approvers, tell_drafter, tell_published
from market.tenders.models import Tender
from market.tenders.notices import card_facts, intention_release, tender_release
from market.tenders.queries import Situation, content_digest, earlier_files, tender, version_of
from market.tenders.rules import Finding, intention_needed
from market.tenders.states import LOT_MACHINE, TENDER_MACHINE, LotVerb, TenderState, TenderVerb


def locked(tender_id: int) -> Tender:
    """Return a tender, whole and locked until the transaction ends."""
    found = tender(tender_id, locked=True)
    if found is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return found


def refuse(findings: list[Finding]) -> None:
    """Raise Refused with the first thing to be mended; the page lists them all."""
    if findings:
        raise Refused(findings[0].text, **dict(findings[0].params))


def submit_tender(actor: Actor, tender_id: int, at: datetime) -> Tender:
    """Hand a finished draft to a second officer. Raises Refused naming what is missing."""
    row = locked(tender_id)
    require(actor, Permit.TENDER_DRAFT, row.subject.scope)
    if row.state == TenderState.DRAFT:
        refuse(Situation(row, at).blocking)
    row.return_reason = ""
    move(row, TENDER_MACHINE, TenderVerb.SUBMIT, actor, at)
    tell_approvers(row, at, but=actor.user_id)
    return row


def return_tender(actor: Actor, tender_id: int, reason: str, at: datetime, *, seen: str | None = None) -> Tender:
    """Give a draft back with the reason; its content is remembered, so that the next review shows what changed.

    `seen` is the `content_digest` of what the page showed: raises Refused when it is another by now.
    """
    row = locked(tender_id)
    require(actor, Permit.TENDER_APPROVE, row.subject.scope)
    if not reason.strip():
        raise Refused(N_("请写明退回的理由，经办人才知道改什么。"), field="reason")
    TENDER_MACHINE.step(row.state, TenderVerb.RETURN)
    require_seen(seen, content_digest(row))
    row.return_reason, row.seen = reason.strip(), version_of(row)
    move(row, TENDER_MACHINE, TenderVerb.RETURN, actor, at, facts={"reason": reason.strip()})
    tell_drafter(row, reason.strip(), at)
    return row


def publish_intention(actor: Actor, tender_id: int, at: datetime, *, seen: str | None = None) -> Tender:
    """Make the purchase intention public (财库〔2020〕10号): name, outline, budget and planned month.

    `seen` is the `content_digest` of what the page showed: raises Refused when it is another by now.
    """
    row = locked(tender_id)
    require(actor, Permit.TENDER_DRAFT, row.subject.scope)
    found = Situation(row, at)
    if row.state != TenderState.DRAFT or row.intention_at is not None:
        raise Refused(N_("采购意向已经公开，或项目已不在编制中。"))
    require_seen(seen, content_digest(row))
    if not intention_needed(found.book):
        raise Refused(N_("本项目的采购方式不要求公开采购意向。"))
    refuse([f for f in found.blocking if f.section in {"basics", "money"}])
    row.intention_at = at
    _name_file(row)
    record(row.subject, "publish_intention", actor, at, permit=Permit.TENDER_DRAFT)
    starts = row.starts_on.strftime("%Y-%m")
    publish(row.file, "planning", intention_release(row, starts), card_facts(row, "planning"), actor, at)
    return row


def publish_tender(actor: Actor, tender_id: int, at: datetime, *, seen: str | None = None) -> Tender:
    """Approve and publish, in one transaction: rules and calendar frozen, dates computed, keys made, money reserved.

    `seen` is the `content_digest` of what the approver's page showed; whoever acts without a page leaves it out.
    Raises Forbidden for whoever worked on the draft, Refused when rules, money or openers do not allow it, or when the
    content is no longer what was seen.
    """
    row = locked(tender_id)
    require(actor, Permit.TENDER_APPROVE, row.subject.scope)
    require_other_hands(actor, Permit.TENDER_APPROVE, "tender", row.id)
    TENDER_MACHINE.step(row.state, TenderVerb.PUBLISH)
    require_seen(seen, content_digest(row))
    found = Situation(row, at, publishing=True)
    refuse(found.blocking)
    for part in row.lots:
        opener_keys(part)
    _freeze(row, found)
    move(row, TENDER_MACHINE, TenderVerb.PUBLISH, actor, at, facts=_facts(row))
    for part in row.lots:
        make_lot_keys(part, at)
        facts = {"ceiling_fen": part.ceiling_fen, "draw_commitment": part.draw_commitment}
        move(part, LOT_MACHINE, LotVerb.PUBLISH, actor, at, facts=facts)
    _reserve(row, at)
    _plan(row, actor, at)
    _name_file(row)
    db.session.flush()
    rules = publish_rules(row.street.district, found.book, found.calendar, actor, at)
    release = tender_release(row, found.timetable, found.book, earlier_files(row.file_id), rules)
    publish(row.file, "tender", release, card_facts(row, "tender"), actor, at)
    tell_published(row, at)
    return row


def _freeze(row: Tender, found: Situation) -> None:
    """Set what the tender is judged by to its end; written together with the state."""
    table = found.timetable
    row.rules, row.rules_digest = found.book, found.book.digest
    row.resolution = found.resolution.as_data()
    row.calendar_version, row.provisional = found.calendar.version, table.provisional
    row.notice_at, row.deadline_at = table.notice_at, table.deadline_at
    row.documents_until = end_of_day(table.documents_until)


def _facts(row: Tender) -> dict[str, object]:
    return {
        "rules": row.rules_digest,
        "calendar": row.calendar_version,
        "method": row.method,
        "budget_fen": row.budget_fen,
        "deadline": row.deadline_at,
    }


def _reserve(row: Tender, at: datetime) -> None:
    for part in row.lots:
        for share in part.funding:
            key = f"reserve:lot:{part.id}:line:{share.line_id}"
            book(Reason.RESERVE, share.line_id, share.amount_fen, key, ("lot", part.id), row.file_id, at)


def _plan(row: Tender, actor: Actor, at: datetime) -> None:
    item = demand(row.demand_id) if row.demand_id else None
    if item is not None and item.state == DemandState.OPEN:
        plan(item, actor, at)


def _name_file(row: Tender) -> None:
    row.file.title, row.file.regime = row.title, Regime(row.method).value


def fiscal_year(at: datetime) -> int:
    """The year whose budget lines pay for a tender drafted at `at`."""
    return beijing_day(at).year
