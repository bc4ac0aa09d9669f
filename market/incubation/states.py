"""Levels of the network, and states of nodes, bookings, residencies, trainings and hostings."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_

_P = Permit


class NodeLevel(StrEnum):
    """The four levels, from the widest to the nearest (温江; 江宁 has the first three as 1+10+N)."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    COURTYARD = "courtyard"


LEVEL_LABELS = {
    NodeLevel.DISTRICT: N_("区级基地"),
    NodeLevel.STREET: N_("街道孵化中心"),
    NodeLevel.COMMUNITY: N_("社区站"),
    NodeLevel.COURTYARD: N_("院落点"),
}


class Mode(StrEnum):
    """How an organisation is taken in."""

    PHYSICAL = "physical"
    VIRTUAL = "virtual"


MODE_LABELS = {Mode.PHYSICAL: N_("实体入驻"), Mode.VIRTUAL: N_("虚拟入驻")}


class Track(StrEnum):
    """Concentrated in a base, or grown where it works (吴兴: 集中孵化+网格培育)."""

    CONCENTRATED = "concentrated"
    GRID = "grid"


TRACK_LABELS = {Track.CONCENTRATED: N_("集中孵化"), Track.GRID: N_("网格培育")}


class AssessmentMoment(StrEnum):
    """When capacity is assessed."""

    BEFORE = "before"
    AFTER = "after"


MOMENT_LABELS = {AssessmentMoment.BEFORE: N_("入驻评估"), AssessmentMoment.AFTER: N_("出壳评估")}


class NodeState(StrEnum):
    """A node of the network."""

    OPEN = "open"
    CLOSED = "closed"


class NodeVerb(StrEnum):
    """What happens to a node."""

    CLOSE = "close"
    REOPEN = "reopen"


NODE_LABELS = {NodeState.OPEN: N_("运行中"), NodeState.CLOSED: N_("已停用")}

NODE_MACHINE = Machine(
    NodeState,
    name="incubation-node",
    start=NodeState.OPEN,
    moves=[
        Move(NodeState.OPEN, NodeVerb.CLOSE, NodeState.CLOSED, _P.INCUBATION_MANAGE, N_("停用节点")),
        Move(NodeState.CLOSED, NodeVerb.REOPEN, NodeState.OPEN, _P.INCUBATION_MANAGE, N_("恢复运行")),
    ],
)


class BookingState(StrEnum):
    """A booking of a room."""

    BOOKED = "booked"
    CANCELLED = "cancelled"


class BookingVerb(StrEnum):
    """What happens to a booking."""

    CANCEL = "cancel"
    RELEASE = "release"


BOOKING_LABELS = {BookingState.BOOKED: N_("已预约"), BookingState.CANCELLED: N_("已取消")}

BOOKING_MACHINE = Machine(
    BookingState,
    name="room-booking",
    start=BookingState.BOOKED,
    moves=[
        Move(BookingState.BOOKED, BookingVerb.CANCEL, BookingState.CANCELLED, _P.INCUBATION_APPLY, N_("取消预约")),
        Move(BookingState.BOOKED, BookingVerb.RELEASE, BookingState.CANCELLED, _P.INCUBATION_WORK, N_("收回场地")),
    ],
)


class ResidencyState(StrEnum):
    """An organisation's way from application to graduation or leaving."""

    APPLIED = "applied"
    RETURNED = "returned"
    REVIEWING = "reviewing"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ADMITTED = "admitted"
    OFFERED = "offered"
    INCUBATING = "incubating"
    LEAVING = "leaving"
    LEFT = "left"
    GRADUATED = "graduated"


class ResidencyVerb(StrEnum):
    """What happens to a residency."""

    APPROVE = "approve"
    RETURN = "return"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"
    ADMIT = "admit"
    REFUSE = "refuse"
    OFFER = "offer"
    RECALL = "recall"
    ACCEPT = "accept"
    EXTEND = "extend"
    GRADUATE = "graduate"
    GIVE_NOTICE = "give_notice"
    DISMISS = "dismiss"
    HAND_BACK = "hand_back"


RESIDENCY_LABELS = {
    ResidencyState.APPLIED: N_("待初审"),
    ResidencyState.RETURNED: N_("退回补正"),
    ResidencyState.REVIEWING: N_("待评审决定"),
    ResidencyState.REFUSED: N_("不予入驻"),
    ResidencyState.WITHDRAWN: N_("已撤回申请"),
    ResidencyState.ADMITTED: N_("准予入驻，待送达协议"),
    ResidencyState.OFFERED: N_("协议待机构确认"),
    ResidencyState.INCUBATING: N_("孵化中"),
    ResidencyState.LEAVING: N_("退出中"),
    ResidencyState.LEFT: N_("已退出"),
    ResidencyState.GRADUATED: N_("已出壳"),
}

# States in which nothing more is expected of the residency; an organisation may then apply again.
ENDED = (ResidencyState.REFUSED, ResidencyState.WITHDRAWN, ResidencyState.LEFT, ResidencyState.GRADUATED)

_S, _V = ResidencyState, ResidencyVerb

RESIDENCY_MACHINE = Machine(
    ResidencyState,
    name="residency",
    start=_S.APPLIED,
    moves=[
        Move(_S.APPLIED, _V.APPROVE, _S.REVIEWING, _P.INCUBATION_WORK, N_("初审通过")),
        Move(_S.APPLIED, _V.RETURN, _S.RETURNED, _P.INCUBATION_WORK, N_("退回补正")),
        Move(_S.APPLIED, _V.WITHDRAW, _S.WITHDRAWN, _P.INCUBATION_APPLY, N_("撤回申请")),
        Move(_S.RETURNED, _V.RESUBMIT, _S.APPLIED, _P.INCUBATION_APPLY, N_("补正后重新提交")),
        Move(_S.RETURNED, _V.WITHDRAW, _S.WITHDRAWN, _P.INCUBATION_APPLY, N_("撤回申请")),
        Move(_S.REVIEWING, _V.ADMIT, _S.ADMITTED, _P.INCUBATION_DECIDE, N_("准予入驻")),
        Move(_S.REVIEWING, _V.REFUSE, _S.REFUSED, _P.INCUBATION_DECIDE, N_("不予入驻")),
        Move(_S.REVIEWING, _V.WITHDRAW, _S.WITHDRAWN, _P.INCUBATION_APPLY, N_("撤回申请")),
        Move(_S.ADMITTED, _V.OFFER, _S.OFFERED, _P.INCUBATION_WORK, N_("确认并送达协议")),
        Move(_S.ADMITTED, _V.WITHDRAW, _S.WITHDRAWN, _P.INCUBATION_APPLY, N_("放弃入驻")),
        Move(_S.OFFERED, _V.ACCEPT, _S.INCUBATING, _P.INCUBATION_APPLY, N_("确认协议")),
        Move(_S.OFFERED, _V.RECALL, _S.ADMITTED, _P.INCUBATION_WORK, N_("收回协议修改")),
        Move(_S.OFFERED, _V.WITHDRAW, _S.WITHDRAWN, _P.INCUBATION_APPLY, N_("放弃入驻")),
        Move(_S.INCUBATING, _V.EXTEND, _S.INCUBATING, _P.INCUBATION_DECIDE, N_("延长孵化期")),
        Move(_S.INCUBATING, _V.GRADUATE, _S.GRADUATED, _P.INCUBATION_DECIDE, N_("准予出壳")),
        Move(_S.INCUBATING, _V.GIVE_NOTICE, _S.LEAVING, _P.INCUBATION_APPLY, N_("申请退出")),
        Move(_S.INCUBATING, _V.DISMISS, _S.LEAVING, _P.INCUBATION_DECIDE, N_("通知退出")),
        Move(_S.LEAVING, _V.HAND_BACK, _S.LEFT, _P.INCUBATION_WORK, N_("办结交还")),
        Move(_S.GRADUATED, _V.HAND_BACK, _S.GRADUATED, _P.INCUBATION_WORK, N_("办结交还")),
    ],
)


class TrainingState(StrEnum):
    """A training."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class TrainingVerb(StrEnum):
    """What happens to a training."""

    CLOSE = "close"
    CANCEL = "cancel"


TRAINING_LABELS = {
    TrainingState.PLANNED: N_("已安排"),
    TrainingState.HELD: N_("已举办"),
    TrainingState.CANCELLED: N_("已取消"),
}

TRAINING_MACHINE = Machine(
    TrainingState,
    name="training",
    start=TrainingState.PLANNED,
    moves=[
        Move(TrainingState.PLANNED, TrainingVerb.CLOSE, TrainingState.HELD, _P.INCUBATION_WORK, N_("登记签到并办结")),
        Move(TrainingState.PLANNED, TrainingVerb.CANCEL, TrainingState.CANCELLED, _P.INCUBATION_WORK, N_("取消培训")),
    ],
)


class HostingState(StrEnum):
    """An organisation answering for a group without legal person."""

    PROPOSED = "proposed"
    DECLINED = "declined"
    LIVE = "live"
    ENDED = "ended"


class HostingVerb(StrEnum):
    """What happens to a hosting."""

    AGREE = "agree"
    DECLINE = "decline"
    RESIGN = "resign"
    END = "end"
    EXPIRE = "expire"


HOSTING_LABELS = {
    HostingState.PROPOSED: N_("待支持机构同意"),
    HostingState.DECLINED: N_("未同意"),
    HostingState.LIVE: N_("有效"),
    HostingState.ENDED: N_("已终止"),
}

_H, _W = HostingState, HostingVerb

HOSTING_MACHINE = Machine(
    HostingState,
    name="hosting",
    start=_H.PROPOSED,
    moves=[
        Move(_H.PROPOSED, _W.AGREE, _H.LIVE, _P.HOSTING_AGREE, N_("同意支持")),
        Move(_H.PROPOSED, _W.DECLINE, _H.DECLINED, _P.HOSTING_AGREE, N_("不同意")),
        Move(_H.LIVE, _W.RESIGN, _H.ENDED, _P.HOSTING_AGREE, N_("终止支持")),
        Move(_H.LIVE, _W.END, _H.ENDED, _P.INCUBATION_DECIDE, N_("责令终止")),
        Move(_H.LIVE, _W.EXPIRE, _H.ENDED, by_clock=True),
    ],
)
