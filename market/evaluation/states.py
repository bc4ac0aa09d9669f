"""Words for what an evaluation finds: verdicts, findings, ties, low-price tests. The lot's states are in tenders."""

from __future__ import annotations

from enum import StrEnum

from market.evaluation.rules import Finding, LowTest, Tie
from market.kernel.text import N_


class Verdict(StrEnum):
    """Outcome of the qualification check for one bid."""

    OPEN = ""
    VALID = "valid"
    INVALID = "invalid"


VERDICT_LABELS = {
    Verdict.OPEN: N_("待审查"),
    Verdict.VALID: N_("有效"),
    Verdict.INVALID: N_("无效"),
}

FINDING_LABELS = {
    Finding.OVER_CEILING: N_("报价超过最高限价"),
    Finding.DESIGNER: N_("曾为本项目提供需求设计、标准编制、管理、检测，或扶持过本轮投标人"),
    Finding.MAY_NOT_BID: N_("不具备参加采购的资格"),
}

TIE_LABELS = {
    Tie.PRICE: N_("总分相同，报价低者排前"),
    Tie.QUALITY: N_("总分和报价相同，质量得分高者排前"),
    Tie.DRAW: N_("总分和报价均相同，按公布的种子抽签排序"),
}

LOW_TEST_LABELS = {
    LowTest.AVERAGE: N_("低于有效报价平均值的规定比例"),
    LowTest.SECOND: N_("低于次低报价的规定比例"),
    LowTest.CEILING: N_("低于最高限价的规定比例"),
    LowTest.JUDGEMENT: N_("评审组认为报价明显偏低"),
}


class Mark(StrEnum):
    """One tick of the qualification desk."""

    MET = "met"
    UNMET = "unmet"


MEMBER_LABELS = {"expert": N_("专家"), "representative": N_("采购人代表")}
MARK_LABELS = {Mark.MET: N_("符合"), Mark.UNMET: N_("不符合")}
