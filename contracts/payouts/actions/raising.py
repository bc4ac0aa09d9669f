"""Raising what is due: pulled from delivery and evaluation by the timer; nobody decides anything here."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from contracts.payouts.models import Earning, Payment
from contracts.payouts.queries import Ripe, failed_for_good, ripe_milestones
from contracts.payouts.rules import Due, amount_due, is_final, paid_bp, pay_by, stops_on_fail
from contracts.payouts.states import PaymentState
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.money import format_yuan
from market.kernel.permits import CLOCK, Permit, Scope
from market.kernel.text import N_
from market.ledger.actions import book
from market.ledger.states import Reason
from market.people.queries import holders
from market.places.queries import calendar_for
from market.records.audit import record
from market.records.messages import tell
from market.records.receipts import next_number

log = logging.getLogger(__name__)


def raise_payments(at: datetime) -> int:
    """Make a payment for every milestone that has earned one and has none; returns how many payments were raised.

    Per budget line: what is due goes from committed to payable, what the evaluation did not earn back to unspent at
    once. One contract whose books do not fit never stops the others; `market ledger check` names it.
    """
    raised = 0
    for ripe in ripe_milestones():
        if not _may_be_raised(ripe, at):
            continue
        try:
            with db.session.begin_nested():
                raised += raise_one(ripe, at)
        except Refused as refusal:
            log.error("milestone %s cannot be raised: %s", ripe.milestone.id, refusal.message)
    return raised


def _may_be_raised(ripe: Ripe, at: datetime) -> bool:
    if stops_on_fail(ripe.agreement.data) and failed_for_good(ripe.agreement.id):
        return False
    if ripe.evaluation is None:
        return True
    rules = ripe.agreement.data["rules"]
    return is_final(
        ripe.evaluation.grade,
        ripe.evaluation.round,
        reevaluations_max=rules["reevaluations_max"],
        rectify_days=rules["rectify_days"],
        closed_on=beijing_day(ripe.determined_at),
        today=beijing_day(at),
    )


def raise_one(ripe: Ripe, at: datetime, share_bp: int | None = None) -> int:
    """Determine what a milestone earned and make its payments; returns how many.

    `share_bp` is a share agreed in a settlement; without one, acceptance and evaluation decide.
    """
    milestone, agreement = ripe.milestone, ripe.agreement
    if share_bp is None:
        share_bp = paid_bp(milestone.base, ripe.evaluation.share_bp if ripe.evaluation else None)
    due = amount_due(agreement.data["milestones"][milestone.number - 1], share_bp)
    earning = Earning(
        milestone_id=milestone.id,
        agreement_id=agreement.id,
        share_bp=share_bp,
        due_fen=due.due_fen,
        withheld_fen=due.withheld_fen,
        determined_at=ripe.determined_at,
        raised_at=at,
    )
    db.session.add(earning)
    db.session.flush()
    facts = {
        "amount_fen": due.milestone_fen,
        "share_bp": share_bp,
        "due_fen": due.due_fen,
        "withheld_fen": due.withheld_fen,
    }
    record(milestone.subject, "earn", CLOCK, at, facts=facts)
    payments = [_payment(ripe, due, number, at) for number, part in enumerate(due.parts) if part.due_fen]
    for part in due.parts:
        if part.withheld_fen:
            key = f"withhold:{milestone.id}:{part.line_id}"
            subject = ("milestone", milestone.id)
            book(Reason.FREE, part.line_id, part.withheld_fen, key, subject, milestone.file_id, at)
    _tell(ripe, due, payments, at)
    return len(payments)


def _payment(ripe: Ripe, due: Due, index: int, at: datetime) -> Payment:
    milestone, agreement, part = ripe.milestone, ripe.agreement, due.parts[index]
    due_days = agreement.data["options"]["due_days"]
    last = pay_by(beijing_day(ripe.determined_at), due_days, calendar_for(milestone.district_id))
    row = Payment(
        milestone_id=milestone.id,
        agreement_id=agreement.id,
        file_id=milestone.file_id,
        district_id=milestone.district_id,
        street_id=milestone.street_id,
        organisation_id=milestone.organisation_id,
        line_id=part.line_id,
        number=f"ZF-{beijing_day(at).year}-{next_number(f'payment:{beijing_day(at).year}'):06d}",
        amount_fen=part.due_fen,
        basis=_basis(ripe, due, index) | {"due_days": due_days, "provisional": last.provisional},
        state=PaymentState.DUE.value,
        due_at=ripe.determined_at,
        pay_by=last.day,
        settled_on=None,
        problem="",
    )
    db.session.add(row)
    db.session.flush()
    facts = {"number": row.number, "amount_fen": row.amount_fen, "line": row.line_id, "pay_by": row.pay_by.isoformat()}
    record(row.subject, "raise", CLOCK, at, facts=facts)
    book(Reason.OWE, row.line_id, row.amount_fen, f"owe:{row.id}", ("payment", row.id), row.file_id, at)
    return row


def _basis(ripe: Ripe, due: Due, index: int) -> dict[str, Any]:
    """The arithmetic as plain data, so that the page shows it step by step as it was reckoned."""
    part, evaluation = due.parts[index], ripe.evaluation
    score = evaluation.result["outcome"]["score"] if evaluation else None
    return {
        "base": ripe.milestone.base,
        "milestone_fen": due.milestone_fen,
        "score": score,
        "grade": evaluation.grade if evaluation else None,
        "share_bp": due.share_bp,
        "settled": ripe.settled_at is not None,
        "due_fen": due.due_fen,
        "withheld_fen": due.withheld_fen,
        "lines": len(due.parts),
        "line_planned_fen": part.planned_fen,
        "line_due_fen": part.due_fen,
        "line_freed_fen": part.withheld_fen,
        "late_interest_day_bp": ripe.agreement.data["options"]["late_interest_day_bp"],
    }


def _tell(ripe: Ripe, due: Due, payments: list[Payment], at: datetime) -> None:
    street = Scope(ripe.milestone.district_id, ripe.milestone.street_id)
    params = {
        "title": ripe.milestone.title,
        "amount": format_yuan(due.due_fen),
        "withheld": format_yuan(due.withheld_fen),
        "contract": ripe.agreement.number,
    }
    if payments:
        tell(
            holders(Permit.PAYOUT_REQUEST, street),
            N_("有一笔应付款待申请"),
            N_("合同 %(contract)s 的“%(title)s”应付 %(amount)s，请在期限前申请付款。"),
            f"/payments/{payments[0].id}",
            at,
            params,
        )
    payee = Scope(None, None, ripe.milestone.organisation_id)
    tell(
        holders(Permit.PAYOUT_SEE, payee),
        N_("应付金额已确定"),
        N_("合同 %(contract)s 的“%(title)s”应付 %(amount)s，未兑付 %(withheld)s。"),
        f"/payments/{payments[0].id}" if payments else f"/agreements/{ripe.agreement.id}",
        at,
        params,
    )
