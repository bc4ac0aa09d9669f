"""Requesting, checking by another person, sending back, confirming the receipt, asking again after a failure."""

from __future__ import annotations

from datetime import datetime

from contracts.agreements.states import AgreementState
from contracts.payouts.models import Payment, StreetAccount
from contracts.payouts.queries import live_accounts
from contracts.payouts.queries import payment as find_payment
from contracts.payouts.states import PAYMENT_MACHINE, PaymentVerb
from market.awards.queries import award_stands
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.errors import NotFound, Refused
from market.kernel.money import format_yuan
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.organisations.models import BankAccount
from market.organisations.queries import live_bank_account
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


def require_accounts(row: Payment, payer: StreetAccount | None) -> tuple[StreetAccount, BankAccount]:
    """Return the paying and the receiving account; raises Refused where one is missing.

    An organisation that chose Stripe has a bank account as well: it is the way that is left when a transfer fails.
    """
    payee = live_bank_account(row.organisation_id)
    if payee is None:
        raise Refused(N_("%(name)s 还没有经两人复核的收款账户；请通知该机构登记后再申请。"), name=row.organisation.name)
    if payer is None:
        raise Refused(
            N_("街道还没有登记“%(source)s”的付款账户；请先在“付款账户”页登记并由另一人复核。"),
            source=FUND_SOURCE_LABELS[FundSource(row.line.source)],
        )
    return payer, payee


def _require_ready(row: Payment) -> None:
    require_payable(row)
    require_accounts(row, live_accounts(row.street_id).get(row.line.source))


def request_payment(actor: Actor, payment_id: int, at: datetime) -> None:
    """Ask for a payment. Raises Refused without a paying or receiving account, or when the award has fallen."""
    row = locked(payment_id)
    require_other_hands(actor, Permit.PAYOUT_REQUEST, "payment", row.id)
    _require_ready(row)
    row.problem = ""
    move(row, PAYMENT_MACHINE, PaymentVerb.REQUEST, actor, at)
    _tell_checkers(row, at)


def request_again(actor: Actor, payment_id: int, at: datetime) -> None:
    """Ask anew after a failure or return: a new order under a new number, to the account as it is then."""
    row = locked(payment_id)
    require_other_hands(actor, Permit.PAYOUT_REQUEST, "payment", row.id)
    _require_ready(row)
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


def approve_payment(actor: Actor, payment_id: int, at: datetime) -> None:
    """Approve as the second person. Raises Forbidden for whoever asked for this payment."""
    row = locked(payment_id)
    require_other_hands(actor, Permit.PAYOUT_APPROVE, "payment", row.id)
    _require_ready(row)
    move(row, PAYMENT_MACHINE, PaymentVerb.APPROVE, actor, at, facts={"amount_fen": row.amount_fen})
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
