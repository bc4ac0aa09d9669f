"""States of a proposed termination, of a claim, and of money that came back on one."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class Ground(StrEnum):
    """Why a contract ends before its time."""

    FAILED = "failed"
    BREACH = "breach"
    AGREED = "agreed"
    IMPOSSIBLE = "impossible"
    ANNULLED = "annulled"


GROUND_LABELS = {
    Ground.FAILED: N_("节点最终不合格"),
    Ground.BREACH: N_("供应商违约"),
    Ground.AGREED: N_("双方协商一致"),
    Ground.IMPOSSIBLE: N_("不可抗力，无法继续履行"),
    Ground.ANNULLED: N_("成交结果被认定无效"),
}


class TerminationState(StrEnum):
    """From the clerk's proposal to the second person's decision."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class TerminationVerb(StrEnum):
    """What happens to a proposed termination."""

    APPROVE = "approve"
    REJECT = "reject"


TERMINATION_LABELS = {
    TerminationState.PROPOSED: N_("待批准"),
    TerminationState.APPROVED: N_("合同已终止"),
    TerminationState.REJECTED: N_("未批准"),
}

_P, _T = Permit, TerminationState

TERMINATION_MACHINE = Machine(
    TerminationState,
    name="termination",
    start=_T.PROPOSED,
    moves=[
        Move(
            _T.PROPOSED, TerminationVerb.APPROVE, _T.APPROVED, _P.AGREEMENT_TERMINATE, N_("批准终止"), by_clock=True
        ),
        Move(_T.PROPOSED, TerminationVerb.REJECT, _T.REJECTED, _P.AGREEMENT_TERMINATE, N_("不予批准")),
    ],
)


class ClaimState(StrEnum):
    """Money claimed back."""

    CLAIMED = "claimed"
    RECEIVED = "received"
    WAIVED = "waived"


class ClaimVerb(StrEnum):
    """What happens to a claim."""

    RECEIVE = "receive"
    WAIVE = "waive"


CLAIM_LABELS = {
    ClaimState.CLAIMED: N_("待退回"),
    ClaimState.RECEIVED: N_("已全部收回"),
    ClaimState.WAIVED: N_("已免予追回"),
}

_C = ClaimState

CLAIM_MACHINE = Machine(
    ClaimState,
    name="claim",
    start=_C.CLAIMED,
    moves=[
        Move(_C.CLAIMED, ClaimVerb.RECEIVE, _C.RECEIVED, _P.PAYOUT_APPROVE, N_("全部收回")),
        Move(_C.CLAIMED, ClaimVerb.WAIVE, _C.WAIVED, _P.CLAIM_WAIVE, N_("免予追回")),
    ],
)


class ReceiptState(StrEnum):
    """One amount that came back: entered by the cashier, confirmed by another person."""

    ENTERED = "entered"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class ReceiptVerb(StrEnum):
    """What happens to an amount that came back."""

    CONFIRM = "confirm"
    REJECT = "reject"


RECEIPT_LABELS = {
    ReceiptState.ENTERED: N_("待复核"),
    ReceiptState.CONFIRMED: N_("已确认到账"),
    ReceiptState.REJECTED: N_("复核不通过"),
}

_R = ReceiptState

RECEIPT_MACHINE = Machine(
    ReceiptState,
    name="claim-receipt",
    start=_R.ENTERED,
    moves=[
        Move(_R.ENTERED, ReceiptVerb.CONFIRM, _R.CONFIRMED, _P.PAYOUT_APPROVE, N_("确认到账")),
        Move(_R.ENTERED, ReceiptVerb.REJECT, _R.REJECTED, _P.PAYOUT_APPROVE, N_("复核不通过")),
    ],
)
