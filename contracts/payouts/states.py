"""States of a payment and of a street's paying account; the ways money leaves; what came of a statement's line."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class PaymentState(StrEnum):
    """One payment request from due to received."""

    DUE = "due"
    REQUESTED = "requested"
    APPROVED = "approved"
    ORDERED = "ordered"
    PAID = "paid"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    RETURNED = "returned"


class PaymentVerb(StrEnum):
    """What happens to a payment."""

    REQUEST = "request"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    ORDER = "order"
    SETTLE = "settle"
    FAIL = "fail"
    BOUNCE = "bounce"
    CONFIRM = "confirm"
    REQUEST_AGAIN = "request_again"


PAYMENT_LABELS = {
    PaymentState.DUE: N_("应付，待申请"),
    PaymentState.REQUESTED: N_("待复核"),
    PaymentState.APPROVED: N_("已复核，待付款"),
    PaymentState.ORDERED: N_("已发出付款指令"),
    PaymentState.PAID: N_("已付款，待收款确认"),
    PaymentState.CONFIRMED: N_("收款已确认"),
    PaymentState.FAILED: N_("付款失败"),
    PaymentState.RETURNED: N_("款项退回"),
}

_S, _V, _P = PaymentState, PaymentVerb, Permit

PAYMENT_MACHINE = Machine(
    PaymentState,
    name="payment",
    start=_S.DUE,
    moves=[
        Move(_S.DUE, _V.REQUEST, _S.REQUESTED, _P.PAYOUT_REQUEST, N_("申请付款")),
        Move(_S.REQUESTED, _V.SEND_BACK, _S.DUE, _P.PAYOUT_APPROVE, N_("退回")),
        Move(_S.REQUESTED, _V.APPROVE, _S.APPROVED, _P.PAYOUT_APPROVE, N_("复核通过")),
        Move(_S.APPROVED, _V.SEND_BACK, _S.DUE, _P.PAYOUT_APPROVE, N_("撤回复核")),
        Move(_S.APPROVED, _V.ORDER, _S.ORDERED, _P.PAYOUT_SEND, N_("发出付款指令")),
        Move(_S.ORDERED, _V.SETTLE, _S.PAID, _P.PAYOUT_SEND, N_("登记已付"), by_clock=True),
        Move(_S.ORDERED, _V.FAIL, _S.FAILED, _P.PAYOUT_SEND, N_("登记失败"), by_clock=True),
        Move(_S.PAID, _V.BOUNCE, _S.RETURNED, _P.PAYOUT_SEND, N_("登记退回"), by_clock=True),
        Move(_S.CONFIRMED, _V.BOUNCE, _S.RETURNED, _P.PAYOUT_SEND, N_("登记退回"), by_clock=True),
        Move(_S.PAID, _V.CONFIRM, _S.CONFIRMED, _P.PAYOUT_CONFIRM, N_("确认收款")),
        Move(_S.FAILED, _V.REQUEST_AGAIN, _S.REQUESTED, _P.PAYOUT_REQUEST, N_("更正后重新申请")),
        Move(_S.RETURNED, _V.REQUEST_AGAIN, _S.REQUESTED, _P.PAYOUT_REQUEST, N_("更正后重新申请")),
    ],
)


class Route(StrEnum):
    """How the money leaves."""

    BANK = "bank"
    DIRECT = "direct"
    STRIPE = "stripe"


ROUTE_LABELS = {Route.BANK: N_("银行付款文件"), Route.DIRECT: N_("银企直联"), Route.STRIPE: N_("Stripe 账户")}


class Result(StrEnum):
    """What became of one order, by the bank's or provider's word."""

    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


RESULT_LABELS = {Result.PAID: N_("成功"), Result.FAILED: N_("失败"), Result.RETURNED: N_("退票")}


class RowNote(StrEnum):
    """Why a line of a statement was not applied."""

    UNKNOWN = "unknown"
    AMOUNT = "amount"
    DATE = "date"
    REPEATED = "repeated"
    CONTRADICTS = "contradicts"
    SUPERSEDED = "superseded"


ROW_NOTE_LABELS = {
    RowNote.UNKNOWN: N_("未登记：本街道没有这个编号。编号应是付款文件里的指令编号，末尾带 -1、-2。"),
    RowNote.AMOUNT: N_("金额与付款指令不符，未登记；请向银行核实。"),
    RowNote.DATE: N_("日期早于付款指令（退票早于付款）或晚于今天，未登记；请核对文件后重新导入。"),
    RowNote.REPEATED: N_("这一结果此前已登记，未重复登记。"),
    RowNote.CONTRADICTS: N_("与此前登记的结果矛盾，未登记；请向银行核实，不要另行付款。"),
    RowNote.SUPERSEDED: N_("这笔款已用新的付款单号重新付款，未登记；请立即向银行核实。"),
}


class AccountState(StrEnum):
    """A street's paying account: entered by one person, confirmed by another."""

    PROPOSED = "proposed"
    LIVE = "live"
    RETIRED = "retired"


class AccountVerb(StrEnum):
    """What happens to a paying account."""

    CONFIRM = "confirm"
    REJECT = "reject"
    RETIRE = "retire"


ACCOUNT_LABELS = {
    AccountState.PROPOSED: N_("待另一人复核"),
    AccountState.LIVE: N_("使用中"),
    AccountState.RETIRED: N_("已停用"),
}

ACCOUNT_MACHINE = Machine(
    AccountState,
    name="street-account",
    start=AccountState.PROPOSED,
    moves=[
        Move(AccountState.PROPOSED, AccountVerb.CONFIRM, AccountState.LIVE, _P.PAYOUT_APPROVE, N_("复核通过")),
        Move(AccountState.PROPOSED, AccountVerb.REJECT, AccountState.RETIRED, _P.PAYOUT_APPROVE, N_("复核不通过")),
        Move(AccountState.LIVE, AccountVerb.RETIRE, AccountState.RETIRED, _P.PAYOUT_APPROVE, N_("停用")),
    ],
)
