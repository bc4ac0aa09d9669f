"""Claiming money back: raised with the termination, received in parts by two people, or waived by the district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from contracts.agreements.models import Agreement
from contracts.endings import mail, queries
from contracts.endings.models import Claim, ClaimPart, ClaimReceipt, Termination
from contracts.endings.notices import claim_release, receipt_release
from contracts.endings.rules import check_receipt, claim_amount, claim_due, follows_recovery, receipt_parts
from contracts.endings.states import (
    CLAIM_MACHINE,
    RECEIPT_MACHINE,
    ClaimState,
    ClaimVerb,
    Ground,
    ReceiptState,
    ReceiptVerb,
)
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import CLOCK, Actor, Permit, require
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.ledger.actions import book
from market.ledger.states import Reason
from market.places.models import District
from market.places.queries import calendar_for, rules_for
from market.places.queries import street as find_street
from market.records.audit import record, require_other_hands
from market.records.moves import move
from market.records.notices import CardFacts, publish
from market.records.receipts import next_number

_GONE = N_("没有找到您要的内容，链接可能已失效。")


@dataclass(frozen=True)
class ReceiptFacts:
    """An amount that came back, as the bank shows it."""

    amount_fen: int
    bank_reference: str
    received_on: date


def raise_claim(termination: Termination, contract: Agreement, at: datetime) -> Claim | None:
    """Claim back the share that the contract, or after a breach two people, settled; None when nothing is due."""
    claimed_on, stuck_fen = beijing_day(at), 0
    paid = queries.paid_by_line(contract.id)
    if follows_recovery(Ground(termination.ground), contract.data):
        claim_bp, due_days = contract.data["recovery"]["claim_bp"], contract.data["recovery"]["due_days"]
        owed = queries.owed_by_line(contract.id, claimed_on)
        paid, stuck_fen = owed, sum(owed.values()) - sum(paid.values())
    else:
        claim_bp = termination.claim_bp
        place = db.session.get_one(District, contract.district_id)
        due_days = int(rules_for(place, contract.data["regime"], claimed_on)["contract.claim_due_days"])
    amount = claim_amount(sorted(paid.items()), claim_bp)
    if not amount.amount_fen:
        return None
    due = claim_due(claimed_on, due_days, calendar_for(contract.district_id))
    row = Claim(
        termination_id=termination.id,
        agreement_id=contract.id,
        file_id=contract.file_id,
        district_id=contract.district_id,
        street_id=contract.street_id,
        organisation_id=contract.organisation_id,
        number=f"ZH-{claimed_on.year}-{next_number(f'claim:{claimed_on.year}'):06d}",
        amount_fen=amount.amount_fen,
        basis={
            "paid_fen": amount.paid_fen,
            "claim_bp": amount.claim_bp,
            "due_days": due_days,
            "provisional": due.provisional,
            **({"stuck_fen": stuck_fen} if stuck_fen else {}),
        },
        state=ClaimState.CLAIMED.value,
        claimed_at=at,
        due_on=due.day,
        waived_fen=0,
        waive_reason="",
        parts=[ClaimPart(line_id=line_id, amount_fen=fen) for line_id, fen in amount.parts],
        receipts=[],
        agreement=contract,
    )
    db.session.add(row)
    db.session.flush()
    facts = {"number": row.number, "amount_fen": row.amount_fen, "claim_bp": amount.claim_bp, "due_on": row.due_on}
    record(row.subject, "claim", CLOCK, at, facts=facts)
    mail.tell_claimed(row, contract, at)
    return row


def _locked(claim_id: int) -> Claim:
    row = queries.claim(claim_id, lock=True)
    if row is None:
        raise NotFound(_GONE)
    return row


def enter_receipt(
    actor: Actor, claim_id: int, facts: ReceiptFacts, at: datetime, *, token: str | None = None
) -> ClaimReceipt:
    """Enter an amount that came back; it counts once another person has confirmed it. Raises Refused at a field."""
    made = queries.receipt_by_token(token) if token else None
    if made is not None:
        return made
    row = _locked(claim_id)
    require(actor, Permit.PAYOUT_REQUEST, row.subject.scope)
    CLAIM_MACHINE.step(row.state, ClaimVerb.RECEIVE)
    reference, today = facts.bank_reference.strip(), beijing_day(at)
    if not reference:
        raise Refused(N_("请填写银行流水号。"), field="bank_reference")
    if any(one.bank_reference == reference and one.state != ReceiptState.REJECTED for one in row.receipts):
        raise Refused(N_("这个银行流水号已经登记过。"), field="bank_reference")
    room = min(row.open_fen, sum(line.left_fen for line in queries.rooms_of(row))) - row.entered_fen
    claimed_on = beijing_day(row.claimed_at)
    check_receipt(facts.amount_fen, room, facts.received_on, claimed_on=claimed_on, today=today)
    found = ClaimReceipt(
        file_id=row.file_id,
        district_id=row.district_id,
        street_id=row.street_id,
        organisation_id=row.organisation_id,
        form_token=token,
        number=f"TH-{today.year}-{next_number(f'claim-receipt:{today.year}'):06d}",
        amount_fen=facts.amount_fen,
        bank_reference=reference,
        received_on=facts.received_on,
        state=ReceiptState.ENTERED.value,
        entered_by=actor.user_id,
        entered_at=at,
        answer="",
        parts={},
    )
    row.receipts.append(found)
    db.session.flush()
    told = {"number": found.number, "amount_fen": found.amount_fen, "day": found.received_on.isoformat()}
    private = {"bank_reference": reference}
    record(found.subject, "enter", actor, at, permit=Permit.PAYOUT_REQUEST, facts=told, private=private)
    mail.tell_entered(row, found, at)
    return found


def _entered(actor: Actor, receipt_id: int) -> tuple[Claim, ClaimReceipt]:
    """Return a receipt with its locked claim, for the second person."""
    found = queries.receipt(receipt_id)
    if found is None:
        raise NotFound(_GONE)
    row = _locked(found.claim_id)
    found = next(one for one in row.receipts if one.id == receipt_id)
    require(actor, Permit.PAYOUT_APPROVE, row.subject.scope)
    require_other_hands(actor, Permit.PAYOUT_APPROVE, "receipt", found.id)
    if found.entered_by == actor.user_id:
        raise Forbidden(N_("到账须由登记人以外的另一人复核。"))
    RECEIPT_MACHINE.step(found.state, ReceiptVerb.CONFIRM)
    return row, found


def confirm_receipt(actor: Actor, receipt_id: int, at: datetime) -> Claim:
    """Confirm an amount as the second person: it goes back to the lines it was paid from, and is published.

    The last one closes the claim. Raises Refused when more came back than may: never more than claimed or paid.
    """
    row, found = _entered(actor, receipt_id)
    parts = receipt_parts(found.amount_fen, queries.rooms_of(row))
    found.parts = {str(line_id): fen for line_id, fen in parts}
    found.decided_by, found.decided_at = actor.user_id, at
    facts = {"number": found.number, "amount_fen": found.amount_fen, "parts": found.parts}
    move(found, RECEIPT_MACHINE, ReceiptVerb.CONFIRM, actor, at, facts=facts)
    for line_id, fen in parts:
        key = f"clawback:{found.id}:{line_id}"
        book(Reason.CLAWBACK, line_id, fen, key, ("claim", row.id), row.file_id, at)
    if not row.open_fen:
        move(row, CLAIM_MACHINE, ClaimVerb.RECEIVE, actor, at, facts={"received_fen": row.received_fen})
    street = find_street(row.street_id)
    assert street is not None
    sources = {part.line_id: part.line.source for part in row.parts}
    release = receipt_release(row, found, street, sources)
    publish(row.agreement.file, "implementation", release, CardFacts(), actor, at)
    mail.tell_confirmed(row, found, at)
    return row


def reject_receipt(actor: Actor, receipt_id: int, answer: str, at: datetime) -> Claim:
    """Send an entry back as the second person; the cashier enters it anew."""
    row, found = _entered(actor, receipt_id)
    if not answer.strip():
        raise Refused(N_("请写明复核不通过的原因。"), field="answer")
    found.answer, found.decided_by, found.decided_at = answer.strip(), actor.user_id, at
    move(found, RECEIPT_MACHINE, ReceiptVerb.REJECT, actor, at, private={"answer": found.answer})
    mail.tell_not_confirmed(row, found, at)
    return row


def waive_claim(actor: Actor, claim_id: int, reason: str, at: datetime, *, seen: str | None = None) -> Claim:
    """Waive what is still owed, as the district, with a reason that is published.

    `seen` is what the page said is still owed, in fen; whoever acts without a page leaves it out. Raises Refused when
    it is another sum by now, and while an amount waits for its check: it may have arrived already.
    """
    row = _locked(claim_id)
    require(actor, Permit.CLAIM_WAIVE, row.subject.scope)
    CLAIM_MACHINE.step(row.state, ClaimVerb.WAIVE)
    require_seen(seen, str(row.open_fen))
    if not reason.strip():
        raise Refused(N_("请写明免予追回的理由；会公布。"), field="reason")
    if row.entered_fen:
        raise Refused(N_("还有到账登记等待复核，复核后再决定。"), field="reason")
    row.waived_fen, row.waive_reason, row.waived_at = row.open_fen, reason.strip(), at
    facts = {"waived_fen": row.waived_fen, "reason": row.waive_reason}
    move(row, CLAIM_MACHINE, ClaimVerb.WAIVE, actor, at, facts=facts)
    publish(row.agreement.file, "contractUpdate", claim_release(row), CardFacts(), actor, at)
    mail.tell_waived(row, at)
    return row
