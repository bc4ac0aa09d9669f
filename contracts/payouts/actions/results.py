"""Booking what became of an order: settled, failed, returned. Every way of paying ends here, once for each fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from contracts.payouts.models import Attempt, Payment
from contracts.payouts.notices import paid_release, returned_release
from contracts.payouts.providers.port import Outcome, OutcomeState
from contracts.payouts.queries import payment as find_payment
from contracts.payouts.rules import Standing, read_result
from contracts.payouts.states import PAYMENT_MACHINE, PaymentVerb, Result
from market.kernel.clock import beijing_day
from market.kernel.money import format_yuan
from market.kernel.permits import CLOCK, Actor, Permit, Scope
from market.kernel.text import N_
from market.ledger.actions import book
from market.ledger.states import Reason
from market.people.queries import holders
from market.places.queries import street as find_street
from market.records.audit import record
from market.records.messages import tell
from market.records.moves import move
from market.records.notices import CardFacts, publish

SILENT = N_("银行没有说明原因；请向银行了解，更正后重新申请。")


def standing_of(attempt: Attempt, payment: Payment) -> Standing:
    """What is known of an order (the payment's orders must be loaded)."""
    return Standing(
        amount_fen=attempt.amount_fen,
        since=payment.settled_on or beijing_day(attempt.ordered_at),
        newest=payment.attempts[-1].id == attempt.id,
        outcome=Result(attempt.outcome) if attempt.outcome else None,
    )


def apply_verbs(
    payment: Payment,
    attempt: Attempt,
    verbs: Sequence[PaymentVerb],
    actor: Actor,
    at: datetime,
    *,
    day: date,
    reference: str = "",
    reason: str = "",
) -> None:
    """Carry out what a result means (`rules.read_result`): move, book, publish, tell. `payment` is locked."""
    for verb in verbs:
        match verb:
            case PaymentVerb.SETTLE:
                _settle(payment, attempt, actor, at, day, reference)
            case PaymentVerb.FAIL:
                _fail(payment, attempt, actor, at, reason)
            case PaymentVerb.BOUNCE:
                bounce(payment, attempt, actor, at, day=day, reason=reason)


def _settle(payment: Payment, attempt: Attempt, actor: Actor, at: datetime, day: date, reference: str) -> None:
    payment.settled_on, payment.problem = day, ""
    attempt.outcome, attempt.outcome_at = Result.PAID.value, at
    attempt.reference = reference or attempt.reference
    facts = {"order": attempt.key, "day": day.isoformat(), "reference": attempt.reference}
    move(payment, PAYMENT_MACHINE, PaymentVerb.SETTLE, actor, at, facts=facts)
    subject = ("payment", payment.id)
    book(Reason.PAY, payment.line_id, payment.amount_fen, f"pay:{attempt.key}", subject, payment.file_id, at)
    street = find_street(payment.street_id)
    assert street is not None
    release = paid_release(payment, attempt, street, day)
    publish(payment.agreement.file, "implementation", release, CardFacts(), actor, at)
    _tell_payee(payment, N_("款项已付出"), N_("付款单 %(number)s，%(amount)s 已付出，请核对到账后确认收款。"), at)


def _fail(payment: Payment, attempt: Attempt, actor: Actor, at: datetime, reason: str) -> None:
    payment.problem, attempt.detail = reason or SILENT, attempt.detail or reason[:500]
    attempt.outcome, attempt.outcome_at = Result.FAILED.value, at
    move(
        payment, PAYMENT_MACHINE, PaymentVerb.FAIL, actor, at, facts={"order": attempt.key}, private={"reason": reason}
    )
    _tell_cashier(payment, N_("付款失败"), N_("付款单 %(number)s（%(amount)s）没有付出，请更正后重新申请。"), at)
    _tell_payee(payment, N_("付款未成功"), N_("付款单 %(number)s，%(amount)s 没有付成，请核对收款账户。"), at)


def bounce(payment: Payment, attempt: Attempt, actor: Actor, at: datetime, *, day: date, reason: str) -> None:
    """Book money that came back: it is owed again, and the publication gets its counter-entry."""
    payment.problem, attempt.detail = reason or SILENT, attempt.detail or reason[:500]
    attempt.outcome, attempt.outcome_at = Result.RETURNED.value, at
    facts = {"order": attempt.key, "day": day.isoformat()}
    move(payment, PAYMENT_MACHINE, PaymentVerb.BOUNCE, actor, at, facts=facts, private={"reason": reason})
    subject = ("payment", payment.id)
    book(Reason.BOUNCE, payment.line_id, payment.amount_fen, f"bounce:{attempt.key}", subject, payment.file_id, at)
    street = find_street(payment.street_id)
    assert street is not None
    release = returned_release(payment, attempt, street, day)
    publish(payment.agreement.file, "implementation", release, CardFacts(), actor, at)
    _tell_cashier(payment, N_("付款被退回"), N_("付款单 %(number)s（%(amount)s）被退回，请更正后重新申请。"), at)
    _tell_payee(payment, N_("款项被退回"), N_("付款单 %(number)s，%(amount)s 已退回，请核对收款账户。"), at)


def record_outcome(attempt: Attempt, outcome: Outcome, at: datetime) -> bool:
    """Write down what a provider says of an order over a line; True when that changed anything.

    Called by jobs and webhooks as often as they like: what is known already is left alone.
    """
    payment = _locked_payment(attempt)
    attempt = next(one for one in payment.attempts if one.id == attempt.id)
    if attempt.reference is None:
        attempt.reference = outcome.reference
    if outcome.state is OutcomeState.ACCEPTED:
        return False
    if outcome.state is OutcomeState.PAID and 0 < outcome.returned_fen < outcome.amount_fen:
        note_trouble(attempt, N_("这笔款被部分退回，系统不自动处理；请财务人员核对。"), at)
    standing, reason = standing_of(attempt, payment), outcome.reason or attempt.reversal_reason or ""
    # The day is our own here: that on which the news came.
    day = max(beijing_day(at), standing.since)
    reading = read_result(Result(outcome.state.value), outcome.amount_fen, day, standing, day)
    apply_verbs(payment, attempt, reading.verbs, CLOCK, at, day=day, reference=outcome.reference, reason=reason)
    return bool(reading.verbs)


def record_declined(attempt: Attempt, reason: str, detail: str, at: datetime) -> None:
    """Write down a definite no: no money has moved under this number and none will."""
    payment = _locked_payment(attempt)
    attempt = next(one for one in payment.attempts if one.id == attempt.id)
    if attempt.outcome is None:
        attempt.detail = detail[:500]
        _fail(payment, attempt, CLOCK, at, reason)


def note_trouble(attempt: Attempt, reason: str, at: datetime) -> None:
    """Show the cashier that a person must look; the payment stays where it is."""
    payment = _locked_payment(attempt)
    if payment.problem == reason:
        return
    payment.problem = reason
    record(payment.subject, "trouble", CLOCK, at, facts={"order": attempt.key})
    _tell_cashier(payment, N_("付款须人工核对"), N_("付款单 %(number)s（%(amount)s）须人工核对，请查看说明。"), at)


def _locked_payment(attempt: Attempt) -> Payment:
    found = find_payment(attempt.payment_id, lock=True)
    assert found is not None
    return found


def _tell_payee(payment: Payment, subject: str, body: str, at: datetime) -> None:
    _tell(payment, holders(Permit.PAYOUT_CONFIRM, Scope(None, None, payment.organisation_id)), subject, body, at)


def _tell_cashier(payment: Payment, subject: str, body: str, at: datetime) -> None:
    _tell(payment, holders(Permit.PAYOUT_REQUEST, Scope(payment.district_id, payment.street_id)), subject, body, at)


def _tell(payment: Payment, people: Sequence[int], subject: str, body: str, at: datetime) -> None:
    params = {"number": payment.number, "amount": format_yuan(payment.amount_fen)}
    tell(people, subject, body, f"/payments/{payment.id}", at, params)
