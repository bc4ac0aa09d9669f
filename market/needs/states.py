"""States of a demand item and the channels a need comes through."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class NeedChannel(StrEnum):
    """Where a need was heard (吴兴, 温江)."""

    HOTLINE_12345 = "hotline_12345"
    HOTLINE_12349 = "hotline_12349"
    MAILBOX = "mailbox"
    PLATFORM = "platform"
    COUNCIL = "council"
    VISIT = "visit"


CHANNEL_LABELS = {
    NeedChannel.HOTLINE_12345: N_("12345 热线"),
    NeedChannel.HOTLINE_12349: N_("12349 热线"),
    NeedChannel.MAILBOX: N_("书记信箱"),
    NeedChannel.PLATFORM: N_("社区网络平台"),
    NeedChannel.COUNCIL: N_("街道议事会"),
    NeedChannel.VISIT: N_("入户走访"),
}


class DemandState(StrEnum):
    """A demand item."""

    OPEN = "open"
    PLANNED = "planned"
    ANSWERED = "answered"


class DemandVerb(StrEnum):
    """What happens to a demand item."""

    PLAN = "plan"
    REOPEN = "reopen"
    ANSWER = "answer"


DEMAND_LABELS = {
    DemandState.OPEN: N_("待安排"),
    DemandState.PLANNED: N_("已列入采购"),
    DemandState.ANSWERED: N_("已办结"),
}

DEMAND_MACHINE = Machine(
    DemandState,
    name="demand-item",
    start=DemandState.OPEN,
    moves=[
        Move(DemandState.OPEN, DemandVerb.PLAN, DemandState.PLANNED, Permit.TENDER_APPROVE, N_("列入采购")),
        Move(
            DemandState.PLANNED, DemandVerb.REOPEN, DemandState.OPEN, Permit.NEED_RECORD, N_("重新安排"), by_clock=True
        ),
        Move(DemandState.PLANNED, DemandVerb.ANSWER, DemandState.ANSWERED, Permit.NEED_RECORD, N_("办结")),
    ],
)
