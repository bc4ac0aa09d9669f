"""States of a milestone."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class MilestoneState(StrEnum):
    """A stage of work."""

    PLANNED = "planned"
    REPORTED = "reported"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    FALLEN = "fallen"  # the contract ended before it was done


class MilestoneVerb(StrEnum):
    """What happens to a milestone."""

    REPORT = "report"
    RETURN = "return"
    ACCEPT = "accept"
    FALL = "fall"


MILESTONE_LABELS = {
    MilestoneState.PLANNED: N_("待履行"),
    MilestoneState.REPORTED: N_("已报告，待验收"),
    MilestoneState.RETURNED: N_("退回补正"),
    MilestoneState.ACCEPTED: N_("已验收"),
    MilestoneState.FALLEN: N_("合同终止，不再履行"),
}

_S, _V, _P = MilestoneState, MilestoneVerb, Permit

MILESTONE_MACHINE = Machine(
    MilestoneState,
    name="milestone",
    start=_S.PLANNED,
    moves=[
        Move(_S.PLANNED, _V.REPORT, _S.REPORTED, _P.DELIVERY_REPORT, N_("报告完成")),
        Move(_S.RETURNED, _V.REPORT, _S.REPORTED, _P.DELIVERY_REPORT, N_("补正后重报")),
        Move(_S.REPORTED, _V.RETURN, _S.RETURNED, _P.DELIVERY_ACCEPT, N_("退回补正")),
        Move(_S.REPORTED, _V.ACCEPT, _S.ACCEPTED, _P.DELIVERY_ACCEPT, N_("验收合格")),
        Move(_S.PLANNED, _V.FALL, _S.FALLEN, _P.AGREEMENT_TERMINATE, N_("随合同终止"), by_clock=True),
        Move(_S.REPORTED, _V.FALL, _S.FALLEN, _P.AGREEMENT_TERMINATE, N_("随合同终止"), by_clock=True),
        Move(_S.RETURNED, _V.FALL, _S.FALLEN, _P.AGREEMENT_TERMINATE, N_("随合同终止"), by_clock=True),
    ],
)

# What a milestone's money depends on, in the words of the contract.
BASE_LABELS = {"acceptance": N_("验收即付"), "evaluation": N_("验收并评估")}
