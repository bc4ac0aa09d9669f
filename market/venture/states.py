"""Regimes of a round, states of a round and of an application."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.rulebook import Regime
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class RoundRegime(StrEnum):
    """Three ways to fund a project; one machinery, each with its own rows of the rulebook."""

    VENTURE = Regime.VENTURE.value
    SUBSIDY = Regime.SUBSIDY.value
    REWARD = Regime.REWARD.value


ROUND_REGIME_LABELS = {
    RoundRegime.VENTURE: N_("公益创投"),
    RoundRegime.SUBSIDY: N_("项目补贴"),
    RoundRegime.REWARD: N_("项目奖励"),
}
REGIME_HINTS = {
    RoundRegime.VENTURE: N_("面向社会征集项目，现场展示，评委和居民共同评选，按总预算的一定比例资助"),
    RoundRegime.SUBSIDY: N_("对机构自己的项目给予部分补贴，由评委评审"),
    RoundRegime.REWARD: N_("对已完成的优秀项目按等次奖励，由评委评审"),
}


class RoundState(StrEnum):
    """From the draft to the last confirmed award."""

    DRAFT = "draft"
    REVIEW = "review"
    OPEN = "open"
    SCREENING = "screening"
    JURY = "jury"
    RANKED = "ranked"
    DECIDED = "decided"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class RoundVerb(StrEnum):
    """What is done with a round."""

    SUBMIT = "submit"
    RETURN = "return"
    PUBLISH = "publish"
    CLOSE = "close"
    SCREEN = "screen"
    RANK = "rank"
    DECIDE = "decide"
    FINISH = "finish"
    CANCEL = "cancel"


ROUND_LABELS = {
    RoundState.DRAFT: N_("编制中"),
    RoundState.REVIEW: N_("待审核"),
    RoundState.OPEN: N_("申报中"),
    RoundState.SCREENING: N_("形式审查"),
    RoundState.JURY: N_("评审中"),
    RoundState.RANKED: N_("待决定"),
    RoundState.DECIDED: N_("拟资助公示"),
    RoundState.FINISHED: N_("已确认"),
    RoundState.CANCELLED: N_("已取消"),
}
ROUND_TONES = {
    RoundState.DRAFT: "neutral", RoundState.REVIEW: "wait", RoundState.OPEN: "info", RoundState.SCREENING: "wait",
    RoundState.JURY: "wait", RoundState.RANKED: "wait", RoundState.DECIDED: "info", RoundState.FINISHED: "good",
    RoundState.CANCELLED: "bad",
}  # fmt: skip

_S, _V, _P = RoundState, RoundVerb, Permit

ROUND_MACHINE = Machine(
    RoundState,
    name="round",
    start=_S.DRAFT,
    moves=[
        Move(_S.DRAFT, _V.SUBMIT, _S.REVIEW, _P.ROUND_DRAFT, N_("提交审核")),
        Move(_S.REVIEW, _V.RETURN, _S.DRAFT, _P.ROUND_APPROVE, N_("退回修改")),
        Move(_S.REVIEW, _V.PUBLISH, _S.OPEN, _P.ROUND_APPROVE, N_("发布征集公告")),
        Move(_S.OPEN, _V.CLOSE, _S.SCREENING, _P.ROUND_DRAFT, N_("申报截止"), by_clock=True),
        Move(_S.SCREENING, _V.SCREEN, _S.JURY, _P.ROUND_DRAFT, N_("完成形式审查")),
        Move(_S.JURY, _V.RANK, _S.RANKED, _P.ROUND_DRAFT, N_("汇总评分并测算")),
        Move(_S.RANKED, _V.DECIDE, _S.DECIDED, _P.ROUND_APPROVE, N_("决定拟资助项目")),
        Move(_S.DECIDED, _V.FINISH, _S.FINISHED, _P.ROUND_APPROVE, N_("结束公示"), by_clock=True),
        Move(_S.DRAFT, _V.CANCEL, _S.CANCELLED, _P.ROUND_APPROVE, N_("取消")),
        Move(_S.OPEN, _V.CANCEL, _S.CANCELLED, _P.ROUND_APPROVE, N_("取消")),
        Move(_S.SCREENING, _V.CANCEL, _S.CANCELLED, _P.ROUND_APPROVE, N_("取消")),
        Move(_S.JURY, _V.CANCEL, _S.CANCELLED, _P.ROUND_APPROVE, N_("取消")),
        Move(_S.RANKED, _V.CANCEL, _S.CANCELLED, _P.ROUND_APPROVE, N_("取消")),
    ],
)


class ApplicationState(StrEnum):
    """One application, from the first saved field to the award or to nothing."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    LAPSED = "lapsed"
    ADMITTED = "admitted"
    REJECTED = "rejected"
    CHOSEN = "chosen"
    UNCHOSEN = "unchosen"
    AWARDED = "awarded"
    FALLEN = "fallen"


class ApplicationVerb(StrEnum):
    """What is done with an application."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    ADMIT = "admit"
    REJECT = "reject"
    CHOOSE = "choose"
    PASS_OVER = "pass_over"  # noqa: S105  a verb
    CONFIRM = "confirm"
    FALL = "fall"


APPLICATION_LABELS = {
    ApplicationState.DRAFT: N_("草稿，未提交"),
    ApplicationState.SUBMITTED: N_("已提交"),
    ApplicationState.LAPSED: N_("已开始，未提交"),
    ApplicationState.ADMITTED: N_("通过形式审查"),
    ApplicationState.REJECTED: N_("未通过形式审查"),
    ApplicationState.CHOSEN: N_("拟资助"),
    ApplicationState.UNCHOSEN: N_("未入选"),
    ApplicationState.AWARDED: N_("已确认资助"),
    ApplicationState.FALLEN: N_("资助已撤销"),
}
APPLICATION_TONES = {
    ApplicationState.DRAFT: "wait", ApplicationState.SUBMITTED: "info", ApplicationState.LAPSED: "neutral",
    ApplicationState.ADMITTED: "info", ApplicationState.REJECTED: "bad", ApplicationState.CHOSEN: "good",
    ApplicationState.UNCHOSEN: "neutral", ApplicationState.AWARDED: "good", ApplicationState.FALLEN: "bad",
}  # fmt: skip

_A, _W = ApplicationState, ApplicationVerb

APPLICATION_MACHINE = Machine(
    ApplicationState,
    name="application",
    start=_A.DRAFT,
    moves=[
        Move(_A.DRAFT, _W.SUBMIT, _A.SUBMITTED, _P.APPLICATION_SUBMIT, N_("提交申报")),
        Move(_A.SUBMITTED, _W.WITHDRAW, _A.DRAFT, _P.APPLICATION_SUBMIT, N_("撤回修改")),
        Move(_A.DRAFT, _W.LAPSE, _A.LAPSED, None, N_("逾期未提交"), by_clock=True),
        Move(_A.SUBMITTED, _W.ADMIT, _A.ADMITTED, _P.ROUND_DRAFT, N_("通过形式审查")),
        Move(_A.SUBMITTED, _W.REJECT, _A.REJECTED, _P.ROUND_DRAFT, N_("不予通过")),
        Move(_A.ADMITTED, _W.CHOOSE, _A.CHOSEN, _P.ROUND_APPROVE, N_("列为拟资助")),
        Move(_A.ADMITTED, _W.PASS_OVER, _A.UNCHOSEN, _P.ROUND_APPROVE, N_("不列入")),
        Move(_A.CHOSEN, _W.CONFIRM, _A.AWARDED, None, N_("公示期满确认"), by_clock=True),
        Move(_A.CHOSEN, _W.FALL, _A.FALLEN, None, N_("撤销"), by_clock=True),
        Move(_A.AWARDED, _W.FALL, _A.FALLEN, None, N_("撤销"), by_clock=True),
    ],
)
# An application with content somebody handed in; before the deadline only its applicant sees it.
HANDED_IN = (
    _A.SUBMITTED, _A.ADMITTED, _A.REJECTED, _A.CHOSEN, _A.UNCHOSEN, _A.AWARDED, _A.FALLEN,
)  # fmt: skip
# Published rounds, whose draft is frozen.
PUBLISHED = (_S.OPEN, _S.SCREENING, _S.JURY, _S.RANKED, _S.DECIDED, _S.FINISHED)
