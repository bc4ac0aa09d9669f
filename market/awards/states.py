"""States of an award, and of an objection to a proposed one."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class AwardState(StrEnum):
    """From the purchaser's choice to a contract, or to nothing."""

    PENDING = "pending"  # publicity before confirmation (rounds)
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ANNULLED = "annulled"


class AwardVerb(StrEnum):
    """What happens to an award."""

    CONFIRM = "confirm"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    ANNUL = "annul"
    DECLINE = "decline"
    REFUSE = "refuse"


class ObjectionState(StrEnum):
    """From anybody's objection to the district's answer."""

    FILED = "filed"
    UPHELD = "upheld"
    REJECTED = "rejected"


class ObjectionVerb(StrEnum):
    """What happens to an objection."""

    UPHOLD = "uphold"
    REJECT = "reject"


AWARD_LABELS = {
    AwardState.PENDING: N_("拟成交公示中"),
    AwardState.ACTIVE: N_("成交有效"),
    AwardState.SUSPENDED: N_("因质疑暂停"),
    AwardState.ANNULLED: N_("成交无效"),
}

# The same of a project that was proposed for funding: nobody sells anything, so nothing is concluded with a supplier.
PROJECT_WORDS = {
    AwardState.PENDING: N_("拟资助，公示中"),
    AwardState.ACTIVE: N_("已确认资助"),
    AwardState.SUSPENDED: N_("因质疑暂停"),
    AwardState.ANNULLED: N_("资助已撤销"),
}

# Why nothing is drafted or signed on an award that does not stand (采购法实施条例 54).
NO_CONTRACT = {
    AwardState.PENDING: N_("结果还在公示，确认后才能办理合同。"),
    AwardState.SUSPENDED: N_("成交结果因质疑暂停，质疑处理完毕、结果有效后才能办理合同。"),
    AwardState.ANNULLED: N_("成交结果已不再有效，不能据此办理合同；原因见公开页面。"),
}

_A, _V, _P = AwardState, AwardVerb, Permit

AWARD_MACHINE = Machine(
    AwardState,
    name="award",
    start=_A.PENDING,
    moves=[
        # A proposed award is never suspended: what bars it is an open objection. Suspended and reinstated, it would be
        # active without anybody having confirmed it.
        Move(_A.PENDING, _V.CONFIRM, _A.ACTIVE, _P.AWARD_CONFIRM, N_("确认成交")),
        Move(_A.ACTIVE, _V.SUSPEND, _A.SUSPENDED, _P.CHALLENGE_DECIDE, N_("暂停"), by_clock=True),
        Move(_A.SUSPENDED, _V.REINSTATE, _A.ACTIVE, _P.CHALLENGE_DECIDE, N_("恢复"), by_clock=True),
        Move(_A.SUSPENDED, _V.ANNUL, _A.ANNULLED, _P.CHALLENGE_DECIDE, N_("认定无效")),
        Move(_A.PENDING, _V.REFUSE, _A.ANNULLED, _P.AWARD_CONFIRM, N_("不予成交")),
        Move(_A.ACTIVE, _V.DECLINE, _A.ANNULLED, _P.AWARD_CONFIRM, N_("供应商放弃成交")),
    ],
)


OBJECTION_LABELS = {
    ObjectionState.FILED: N_("待核查答复"),
    ObjectionState.UPHELD: N_("异议成立"),
    ObjectionState.REJECTED: N_("异议不成立"),
}

_O = ObjectionState

OBJECTION_MACHINE = Machine(
    ObjectionState,
    name="objection",
    start=ObjectionState.FILED,
    moves=[
        Move(_O.FILED, ObjectionVerb.UPHOLD, _O.UPHELD, _P.OBJECTION_DECIDE, N_("异议成立")),
        Move(
            _O.FILED, ObjectionVerb.REJECT, _O.REJECTED, _P.OBJECTION_DECIDE, N_("异议不成立")
        ),
    ],
)
