"""States of a tender and of its lots; regimes and methods."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.rulebook import Regime
from market.kernel.states import Machine, Move
from market.kernel.text import N_
from market.tenders.rules import METHOD_NAMES, STAGE_LABELS, Stage


class Method(StrEnum):
    """How suppliers are chosen. `comparison` is 比选, below the threshold."""

    COMPARISON = "comparison"
    OPEN_TENDER = "open_tender"
    CONSULTATION = "consultation"
    NEGOTIATION = "negotiation"
    INQUIRY = "inquiry"
    SINGLE_SOURCE = "single_source"


METHOD_LABELS = {method: METHOD_NAMES[Regime(method.value)] for method in Method}


class TenderState(StrEnum):
    """The tender as a whole, up to the deadline."""

    DRAFT = "draft"
    REVIEW = "review"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class TenderVerb(StrEnum):
    """What happens to a tender."""

    SUBMIT = "submit"
    RETURN = "return"
    PUBLISH = "publish"
    CLOSE = "close"
    CANCEL = "cancel"


TENDER_LABELS = {state: STAGE_LABELS[Stage(state.value)] for state in TenderState}

_T, _V, _P = TenderState, TenderVerb, Permit

TENDER_MACHINE = Machine(
    TenderState,
    name="tender",
    start=_T.DRAFT,
    moves=[
        Move(_T.DRAFT, _V.SUBMIT, _T.REVIEW, _P.TENDER_DRAFT, N_("提交审核")),
        Move(_T.REVIEW, _V.RETURN, _T.DRAFT, _P.TENDER_APPROVE, N_("退回修改")),
        Move(_T.REVIEW, _V.PUBLISH, _T.OPEN, _P.TENDER_APPROVE, N_("审核通过并发布公告")),
        Move(_T.OPEN, _V.CLOSE, _T.CLOSED, by_clock=True),
        Move(_T.OPEN, _V.CANCEL, _T.CANCELLED, _P.TENDER_CANCEL, N_("取消采购")),
        Move(_T.DRAFT, _V.CANCEL, _T.CANCELLED, _P.TENDER_DRAFT, N_("删除草稿")),
    ],
)


class LotState(StrEnum):
    """A lot from publication to award or failure."""

    DRAFT = "draft"
    SEALED = "sealed"
    OPENED = "opened"
    QUALIFIED = "qualified"
    RANKED = "ranked"
    AWARDED = "awarded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class LotVerb(StrEnum):
    """What happens to a lot."""

    PUBLISH = "publish"
    OPEN = "open"
    QUALIFY = "qualify"
    RANK = "rank"
    AWARD = "award"
    UNAWARD = "unaward"
    PASS_OVER = "pass_over"  # noqa: S105 - the next in rank follows; no password
    FAIL = "fail"
    CANCEL = "cancel"


LOT_LABELS = {
    LotState.DRAFT: N_("编制中"),
    LotState.SEALED: N_("密封中"),
    LotState.OPENED: N_("已开标，待资格审查"),
    LotState.QUALIFIED: N_("评审中"),
    LotState.RANKED: N_("已评审，待确定供应商"),
    LotState.AWARDED: N_("已确定供应商"),
    LotState.FAILED: N_("已废标"),
    LotState.CANCELLED: N_("已取消"),
}

_L, _W = LotState, LotVerb

LOT_MACHINE = Machine(
    LotState,
    name="lot",
    start=_L.DRAFT,
    moves=[
        Move(_L.DRAFT, _W.PUBLISH, _L.SEALED, _P.TENDER_APPROVE, N_("发布")),
        Move(_L.SEALED, _W.OPEN, _L.OPENED, _P.BID_OPEN, N_("开标")),
        Move(_L.SEALED, _W.FAIL, _L.FAILED, by_clock=True),
        Move(_L.OPENED, _W.QUALIFY, _L.QUALIFIED, _P.BID_QUALIFY, N_("完成资格审查")),
        Move(_L.OPENED, _W.FAIL, _L.FAILED, _P.BID_QUALIFY, N_("废标")),
        Move(_L.QUALIFIED, _W.RANK, _L.RANKED, _P.EVALUATION_REPORT, N_("形成评审结果")),
        Move(_L.QUALIFIED, _W.FAIL, _L.FAILED, _P.EVALUATION_REPORT, N_("废标")),
        Move(_L.RANKED, _W.AWARD, _L.AWARDED, _P.AWARD_CONFIRM, N_("确定供应商")),
        Move(_L.RANKED, _W.FAIL, _L.FAILED, _P.AWARD_CONFIRM, N_("废标")),
        Move(_L.AWARDED, _W.UNAWARD, _L.RANKED, _P.CHALLENGE_DECIDE, N_("撤销成交结果")),
        Move(_L.AWARDED, _W.PASS_OVER, _L.RANKED, _P.AWARD_CONFIRM, N_("供应商放弃，顺延下一名")),
        Move(_L.AWARDED, _W.FAIL, _L.FAILED, _P.CHALLENGE_DECIDE, N_("废标")),
        Move(_L.SEALED, _W.CANCEL, _L.CANCELLED, _P.TENDER_CANCEL, N_("取消")),
        Move(_L.DRAFT, _W.CANCEL, _L.CANCELLED, _P.TENDER_DRAFT, N_("取消")),
    ],
)


class CriterionKind(StrEnum):
    """Scored by the panel, or computed from the price."""

    QUALITY = "quality"
    PRICE = "price"


class MilestoneBase(StrEnum):
    """What a milestone's money depends on: acceptance alone, or the outcome evaluation as well."""

    ACCEPTANCE = "acceptance"
    EVALUATION = "evaluation"


MILESTONE_BASE_LABELS = {
    MilestoneBase.ACCEPTANCE: N_("验收合格即付"),
    MilestoneBase.EVALUATION: N_("验收并按评估结果付"),
}
