"""Requesting, checking by another person, sending back, confirming the receipt, asking again after a failure."""

from __future__ import annotations

from datetime import datetime

from contracts.agreements.states import AgreementState
from contracts.payouts.actions.destinations import Destination, destination_of, route_of
from contracts.payouts.models import Payment
from contracts.payouts.queries import live_accounts
from contracts.payouts.queries import payment as find_payment
from contracts.payouts.states import PAYMENT_MACHINE, PaymentVerb
from market.awards.queries import award_stands
from market.kernel.errors import NotFound, Refused
from market.kernel.money import format_yuan
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.people.queries import holders
from market.records.audit import require_other_hands
from market.records.messages import tell
from market.records.moves import move

PAYABLE = (AgreementState.IN_FORCE, AgreementState.COMPLETED, AgreementState.TERMINATED)


def locked(payment_id: int) -> Payment:
    """Return the payment with its row held until the commit; raises NotFound."""
    row = find_payment(payment_id, lock=True)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return row


def require_payable(row: Payment) -> None:
    """Raise Refused while the award does not stand or the contract rests: asked again before every payment.

    What a terminated contract still owes was settled with its termination, whatever became of the award since.
    """
    settled = row.agreement.state == AgreementState.TERMINATED
    if not settled and not award_stands(row.agreement.award_id):
        raise Refused(N_("这份合同的成交结果已被暂停或认定无效，现在不能付款；请等质疑处理完毕。"))
    if row.agreement.state not in PAYABLE:
        raise Refused(N_("合同已暂停履行，现在不能付款；请在合同恢复履行后办理。"))


def _ready(row: Payment) -> Destination:
    require_payable(row)
    payer = live_accounts(row.street_id).get(row.line.source)
    return destination_of(row, payer, route_of(row.organisation_id))


def request_payment(actor: Actor, payment_id: int, at: datetime) -> None:
    """Ask for a payment. Raises Refused without a paying or receiving account, or when the award has fallen."""
    row = locked(payment_id)
    require_other_hands(actor, Permit.PAYOUT_REQUEST, "payment", row.id)
    _ready(row)
    row.problem = ""
    move(row, PAYMENT_MACHINE, PaymentVerb.REQUEST, actor, at)
    _tell_checkers(row, at)


def request_again(actor: Actor, payment_id: int, at: datetime) -> None:
    """Ask anew after a failure or return: a new order under a new number, to the account as it is then."""
    row = locked(payment_id)
    require_other_hands(actor, Permit.PAYOUT_REQUEST, "payment", row.id)
    _ready(row)
    row.problem, row.settled_on = "", None
    move(row, PAYMENT_MACHINE, PaymentVerb.REQUEST_AGAIN, actor, at, facts={"orders_so_far": len(row.attempts)})
    _tell_checkers(row, at)


def _tell_checkers(row: Payment, at: datetime) -> None:
    tell(
        holders(Permit.PAYOUT_APPROVE, Scope(row.district_id, row.street_id)),
        N_("有一笔付款待复核"),
        N_("付款单 %(number)s，付给 %(name)s %(amount)s，请核对后复核或退回。"),
        f"/payments/{row.id}/check",
        at,
        {"number": row.number, "name": row.organisation.name, "amount": format_yuan(row.amount_fen)},
    )


def approve_payment(actor: Actor, payment_id: int, at: datetime, *, seen: str | None = None) -> None:
    """Approve amount and accounts as the second person; an order to other accounts needs another approval.

    `seen` is the digest of the accounts that the page showed. Raises Forbidden for whoever asked for this payment,
    Refused when the accounts are others by now.
    """
    row = locked(payment_id)
    require_other_hands(actor, Permit.PAYOUT_APPROVE, "payment", row.id)
    destination = _ready(row)
    if seen is not None and seen != destination.digest:
        raise Refused(N_("您核对之后，收款账户、付款账户或收款方式变了，没有通过；请重新核对这张付款单。"))
    row.checked = destination.compared
    # Not a public fact: account numbers can be tried out against a digest.
    private = {"destination": destination.digest}
    move(row, PAYMENT_MACHINE, PaymentVerb.APPROVE, actor, at, facts={"amount_fen": row.amount_fen}, private=private)
    tell(
        holders(Permit.PAYOUT_SEND, Scope(row.district_id, row.street_id)),
        N_("付款已复核，待发出"),
        N_("付款单 %(number)s（%(amount)s）已复核，请发出付款指令。"),
        f"/payments/{row.id}",
        at,
        {"number": row.number, "amount": format_yuan(row.amount_fen)},
    )


def send_back(actor: Actor, payment_id: int, reason: str, at: datetime) -> None:
    """Send a request (or an approval not yet ordered) back with the reason that the cashier reads."""
    row = locked(payment_id)
    if not reason.strip():
        raise Refused(N_("请写明退回的原因。"), field="reason")
    row.problem = reason.strip()
    move(row, PAYMENT_MACHINE, PaymentVerb.SEND_BACK, actor, at, private={"reason": row.problem})
    tell(
        holders(Permit.PAYOUT_REQUEST, Scope(row.district_id, row.street_id)),
        N_("付款申请被退回"),
        N_("付款单 %(number)s 被退回，请查看原因，更正后重新申请。"),
        f"/payments/{row.id}",
        at,
        {"number": row.number},
    )


def confirm_receipt(actor: Actor, payment_id: int, at: datetime) -> None:
    """The payee says that the money has arrived."""
    row = locked(payment_id)
    require(actor, Permit.PAYOUT_CONFIRM, Scope(organisation_id=row.organisation_id))
    move(row, PAYMENT_MACHINE, PaymentVerb.CONFIRM, actor, at)
