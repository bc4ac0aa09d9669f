"""Levels and tiers of social workers, and the states of a certificate and of a posting."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class Level(StrEnum):
    """Level of a certificate, lowest first."""

    ASSISTANT = "assistant"
    SOCIAL_WORKER = "social_worker"
    SENIOR = "senior"


LEVEL_LABELS = {
    Level.ASSISTANT: N_("助理社会工作师"),
    Level.SOCIAL_WORKER: N_("社会工作师"),
    Level.SENIOR: N_("高级社会工作师"),
}


class Tier(StrEnum):
    """Place in the talent programme 千百十 (江宁). Supervising is an ability, not a title: the district names it."""

    WORKER = "worker"
    SUPERVISOR = "supervisor"
    LEADER = "leader"


TIER_LABELS = {
    Tier.WORKER: N_("社会工作专业人才"),
    Tier.SUPERVISOR: N_("督导"),
    Tier.LEADER: N_("领军人才"),
}
SUPERVISING = (Tier.SUPERVISOR, Tier.LEADER)


class LearningKind(StrEnum):
    """How continuing education was done."""

    COURSE = "course"
    LECTURE = "lecture"
    ONLINE = "online"
    PRACTICE = "practice"
    DEGREE = "degree"


LEARNING_LABELS = {
    LearningKind.COURSE: N_("面授培训"),
    LearningKind.LECTURE: N_("讲座、研讨"),
    LearningKind.ONLINE: N_("网络课程"),
    LearningKind.PRACTICE: N_("实务研修"),
    LearningKind.DEGREE: N_("学历教育"),
}


class SupervisionMode(StrEnum):
    """How supervision was given."""

    INDIVIDUAL = "individual"
    GROUP = "group"
    FIELD = "field"
    REMOTE = "remote"


MODE_LABELS = {
    SupervisionMode.INDIVIDUAL: N_("个别督导"),
    SupervisionMode.GROUP: N_("小组督导"),
    SupervisionMode.FIELD: N_("现场督导"),
    SupervisionMode.REMOTE: N_("远程督导"),
}


class CertificateState(StrEnum):
    """A certificate of one registration period."""

    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    LAPSED = "lapsed"


class CertificateVerb(StrEnum):
    """What happens to a certificate."""

    SUBMIT = "submit"
    CONFIRM = "confirm"
    RETURN = "return"
    LAPSE = "lapse"


CERTIFICATE_LABELS = {
    CertificateState.SUBMITTED: N_("待区民政核对"),
    CertificateState.CONFIRMED: N_("已核对"),
    CertificateState.RETURNED: N_("退回修改"),
    CertificateState.LAPSED: N_("登记期满"),
}

_S, _V, _P = CertificateState, CertificateVerb, Permit

CERTIFICATE_MACHINE = Machine(
    CertificateState,
    name="worker-certificate",
    start=_S.SUBMITTED,
    moves=[
        Move(_S.SUBMITTED, _V.CONFIRM, _S.CONFIRMED, _P.WORKER_CONFIRM, N_("核对无误")),
        Move(_S.SUBMITTED, _V.RETURN, _S.RETURNED, _P.WORKER_CONFIRM, N_("退回修改")),
        Move(_S.RETURNED, _V.SUBMIT, _S.SUBMITTED, _P.WORKER_EDIT, N_("重新提交")),
        Move(_S.CONFIRMED, _V.LAPSE, _S.LAPSED, by_clock=True),
    ],
)


class PostingState(StrEnum):
    """A posting of a social worker to a project under contract."""

    RUNNING = "running"
    ENDED = "ended"


class PostingVerb(StrEnum):
    """What happens to a posting."""

    END = "end"


POSTING_LABELS = {PostingState.RUNNING: N_("派驻中"), PostingState.ENDED: N_("已结束")}

POSTING_MACHINE = Machine(
    PostingState,
    name="posting",
    start=PostingState.RUNNING,
    moves=[
        Move(PostingState.RUNNING, PostingVerb.END, PostingState.ENDED, _P.WORKER_EDIT, N_("结束派驻"), by_clock=True)
    ],
)
