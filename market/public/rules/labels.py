"""Words for what the notices say in codes. A code nobody knows yet is shown as it stands."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from market.kernel.clock import is_before
from market.kernel.rulebook import Regime
from market.kernel.text import N_, unfilled


class Phase(StrEnum):
    """Where a purchase stands, as coarsely as a reader asks for it."""

    PLANNED = "planned"
    OPEN = "open"
    JUDGED = "judged"
    AWARDED = "awarded"
    RUNNING = "running"
    COMPLETE = "complete"
    ENDED = "ended"


PHASE_LABELS = {
    Phase.PLANNED: N_("采购意向"),
    Phase.OPEN: N_("正在征集"),
    Phase.JUDGED: N_("开标评审"),
    Phase.AWARDED: N_("结果公告"),
    Phase.RUNNING: N_("合同履约"),
    Phase.COMPLETE: N_("已完成"),
    Phase.ENDED: N_("失败或取消"),
}
# Stage of a card: its words, the tone of its tag, and the phase it belongs to.
STAGES: dict[str, tuple[str, str, Phase]] = {
    "planning": (N_("采购意向"), "neutral", Phase.PLANNED),
    "tender": (N_("正在征集"), "info", Phase.OPEN),
    "closed": (N_("已截止，待开标"), "wait", Phase.JUDGED),
    "opened": (N_("已开标，评审中"), "wait", Phase.JUDGED),
    "evaluated": (N_("已评审，待确定供应商"), "wait", Phase.JUDGED),
    "awarded": (N_("结果公告"), "good", Phase.AWARDED),
    "suspended": (N_("暂停中"), "bad", Phase.AWARDED),
    "contract": (N_("合同已签"), "good", Phase.RUNNING),
    "implementation": (N_("履约中"), "good", Phase.RUNNING),
    "complete": (N_("已完成"), "neutral", Phase.COMPLETE),
    "terminated": (N_("合同提前终止"), "bad", Phase.ENDED),
    "failed": (N_("采购失败"), "bad", Phase.ENDED),
    "cancelled": (N_("已取消"), "bad", Phase.ENDED),
}

# What is chosen by a jury has no opening and no supplier.
_JURY = {Regime.VENTURE.value, Regime.SUBSIDY.value, Regime.REWARD.value}
_JURY_STAGES = {
    "tender": (N_("正在征集申报"), "info", Phase.OPEN),
    "closed": (N_("申报已截止，评审中"), "wait", Phase.JUDGED),
    "evaluated": (N_("已评审，待决定资助名单"), "wait", Phase.JUDGED),
}


def by_jury(method: str) -> bool:
    """Whether a jury chooses projects under this method, so that nothing is opened."""
    return method in _JURY


_PROPOSED = (N_("拟资助，公示中"), "wait", Phase.JUDGED)


def stage_words(stage: str, method: str, awarded_fen: int | None = None) -> tuple[str, str, Phase]:
    """Return words, tone and phase of a stage for a method; an unknown stage is shown as it stands.

    A project that a jury evaluated and that has an amount already is proposed, its notice still running.
    """
    found = _JURY_STAGES.get(stage) if by_jury(method) else None
    if found and stage == "evaluated" and awarded_fen is not None:
        return _PROPOSED
    return found or STAGES.get(stage, (stage, "neutral", Phase.PLANNED))


def stage_now(stage: str, deadline_at: datetime | None, at: datetime) -> str:
    """Return the stage at this instant: what is open closes with its deadline, whatever a timer has written down."""
    if stage == "tender" and deadline_at is not None and not is_before(at, deadline_at):
        return "closed"
    return stage


def stages_of(phase: Phase) -> list[str]:
    """Return the stages that make up a phase."""
    return [name for name, (_, _, its) in STAGES.items() if its is phase]


METHOD_LABELS = {
    Regime.COMPARISON.value: N_("比选"),
    Regime.OPEN_TENDER.value: N_("公开招标"),
    Regime.CONSULTATION.value: N_("竞争性磋商"),
    Regime.NEGOTIATION.value: N_("竞争性谈判"),
    Regime.INQUIRY.value: N_("询价"),
    Regime.SINGLE_SOURCE.value: N_("单一来源采购"),
    Regime.VENTURE.value: N_("公益创投"),
    Regime.SUBSIDY.value: N_("项目补贴"),
    Regime.REWARD.value: N_("项目奖励"),
}
SOURCE_LABELS = {
    "fiscal": N_("财政资金"),
    "lottery": N_("福彩公益金"),
    "street_fund": N_("社会组织发展专项资金"),
    "donation": N_("社会捐赠"),
}
_TAGS = {
    "planning": N_("采购意向公开"),
    "planningUpdate": N_("采购意向更新"),
    "tender": N_("采购公告"),
    "tenderUpdate": N_("采购进展"),
    "tenderAmendment": N_("更正公告"),
    "tenderCancellation": N_("终止公告"),
    "award": N_("结果公告"),
    "awardUpdate": N_("结果公告更新"),
    "awardCancellation": N_("结果撤销公告"),
    "contract": N_("合同公告"),
    "contractUpdate": N_("合同进展"),
    "contractAmendment": N_("合同变更公告"),
    "contractTermination": N_("合同结束公告"),
    "implementation": N_("履约和付款"),
    "implementationUpdate": N_("履约进展"),
}
# Before the award, where a jury chooses: what is called for are applications. The rest has the same names.
_JURY_TAGS = {"tender": N_("征集公告"), "tenderUpdate": N_("征集进展"), "tenderCancellation": N_("终止征集公告")}


def tag_words(method: str) -> dict[str, str]:
    """What each tag of a release is called in a purchase or a round of this method."""
    return _TAGS | _JURY_TAGS if by_jury(method) else _TAGS


AWARD_STATES = {
    "proposed": (N_("公示中，待确认"), "wait"),
    "active": (N_("有效"), "good"),
    "pending": (N_("暂停中"), "bad"),
    "suspended": (N_("暂停中"), "bad"),
    "cancelled": (N_("无效"), "bad"),
    "annulled": (N_("无效"), "bad"),
    "unsuccessful": (N_("未成交"), "bad"),
}
BID_STATES = {
    "pending": (N_("有效"), "good"),
    "valid": (N_("有效"), "good"),
    "disqualified": (N_("无效"), "bad"),
    "invalid": (N_("无效"), "bad"),
    "withdrawn": (N_("已撤回"), "neutral"),
}
CONTRACT_STATES = {
    "pending": (N_("待签"), "wait"),
    "active": (N_("履行中"), "good"),
    "in_force": (N_("履行中"), "good"),
    "suspended": (N_("暂停中"), "bad"),
    "terminated": (N_("提前终止"), "bad"),
    "completed": (N_("已履行完毕"), "neutral"),
    "cancelled": (N_("已取消"), "bad"),
}
MILESTONE_STATES = {
    "scheduled": (N_("未到期"), "neutral"),
    "planned": (N_("未到期"), "neutral"),
    "reported": (N_("待验收"), "wait"),
    "returned": (N_("退回补充"), "bad"),
    "met": (N_("已验收"), "good"),
    "accepted": (N_("已验收"), "good"),
    "partiallyMet": (N_("部分完成"), "wait"),
    "notMet": (N_("未完成"), "bad"),
}
CHALLENGE_STATES = {
    "filed": (N_("待答复"), "wait"),
    "replied": (N_("已答复，待处理决定"), "info"),
    "upheld": (N_("质疑成立"), "bad"),
    "rejected": (N_("质疑不成立"), "good"),
    "withdrawn": (N_("已撤回"), "neutral"),
}
GROUND_LABELS = {
    "failed": N_("节点最终不合格"),
    "breach": N_("供应商违约"),
    "agreed": N_("双方协商一致"),
    "impossible": N_("不可抗力，无法继续履行"),
    "annulled": N_("成交结果被认定无效"),
}
CLAIM_STATES = {
    "claimed": (N_("待退回"), "wait"),
    "received": (N_("已全部收回"), "good"),
    "waived": (N_("已免予追回"), "neutral"),
}
OBJECTION_STATES = {"upheld": (N_("异议成立"), "bad"), "rejected": (N_("异议不成立"), "good")}
PARTY_LABELS = {"buyer": N_("采购人"), "supplier": N_("供应商")}
RATER_LABELS = {
    "self": N_("自评"),
    "mutual": N_("互评"),
    "public": N_("群众评"),
    "third": N_("第三方评"),
}
GRADE_LABELS = {"excellent": N_("优秀"), "good": N_("良好"), "pass": N_("合格"), "fail": N_("不合格")}
GRADE_TONES = {"excellent": "good", "good": "good", "pass": "wait", "fail": "bad"}
BASE_LABELS = {"delivery": N_("验收合格即付"), "assessment": N_("验收并按评估结果付")}
ROUTE_LABELS = {"bank": N_("银行付款文件"), "direct": N_("银企直联"), "stripe": N_("Stripe 账户")}
DOCUMENT_LABELS = {
    "contractSigned": N_("已签合同"),
    "contractNotice": N_("合同公告"),
    "evaluationReports": N_("评审报告"),
    "evaluationReport": N_("评审报告"),
    "biddingDocuments": N_("采购文件"),
    "technicalSpecifications": N_("服务要求"),
    "complaints": N_("质疑处理"),
    "completionCertificate": N_("验收报告"),
}
CONFIDENCE_LABELS = {
    "L": N_("法规原文"),
    "P": N_("公开网页"),
    "P-": N_("公开网页，待核实"),
    "G": N_("假定值"),
    "D": N_("本区规定"),
}
# Sources of rules that are no law's name: the product's own words, so they are read in the reader's language.
OWN_SOURCES = (N_("产品默认值，供本区修改"), N_("本区规定"))
JURISDICTIONS = {
    "CN": N_("全国"),
    "CN-32": N_("江苏"),
    "CN-33": N_("浙江"),
    "CN-51": N_("四川"),
    "320115": N_("江宁区"),
    "330502": N_("吴兴区"),
    "510115": N_("温江区"),
}
# What stands in the headers of a purchase's chain.
SUBJECT_LABELS = {
    "notice": N_("公告"),
    "tender": N_("采购"),
    "lot": N_("标段"),
    "panel": N_("评审小组"),
    "seat": N_("评委"),
    "award": N_("成交结果"),
    "challenge": N_("质疑"),
    "objection": N_("异议"),
    "agreement": N_("合同"),
    "milestone": N_("服务节点"),
    "evaluation": N_("成效评价"),
    "payment": N_("付款"),
    "termination": N_("合同终止"),
    "claim": N_("追回款"),
    "receipt": N_("退回款"),
    "budget_line": N_("资金明细"),
}
VERB_LABELS = {
    "accept": N_("验收"),
    "answer_price": N_("说明报价"),
    "approve": N_("复核通过"),
    "annul": N_("认定无效"),
    "ask_price": N_("要求说明报价"),
    "award": N_("确定供应商"),
    "book": N_("记账"),
    "bounce": N_("登记退回"),
    "cancel": N_("取消"),
    "close": N_("到期截止"),
    "close_window": N_("截止收件"),
    "complete": N_("完成"),
    "complete_opening": N_("完成开标"),
    "confirm": N_("确认"),
    "create": N_("起草"),
    "decide_price": N_("认定报价"),
    "declare": N_("声明无利害关系"),
    "decline": N_("放弃"),
    "draft": N_("起草"),
    "draw": N_("抽取"),
    "claim": N_("追回"),
    "earn": N_("核定应付"),
    "enter": N_("登记"),
    "fail": N_("废标"),
    "file": N_("提出质疑"),
    "file_copy": N_("报送副本"),
    "finish": N_("提交评分"),
    "give_opinion": N_("对报价说明提出意见"),
    "helper": N_("登记参与过采购的机构"),
    "invite": N_("邀请评价"),
    "issue": N_("送签"),
    "make": N_("生成"),
    "make_codes": N_("发放评价代码"),
    "object": N_("提出异议"),
    "open": N_("开标"),
    "order": N_("发出付款指令"),
    "pass_over": N_("顺延"),
    "peel": N_("开启第一层密封"),
    "plan_milestones": N_("列出服务节点"),
    "propose": N_("提出"),
    "publish": N_("发布"),
    "publish_intention": N_("公开意向"),
    "qualify": N_("资格审查"),
    "raise": N_("列为应付"),
    "rank": N_("排定名次"),
    "rate": N_("评价"),
    "recuse": N_("回避"),
    "reinstate": N_("恢复"),
    "refuse": N_("不予确认"),
    "reject": N_("认定不成立"),
    "render": N_("生成文件"),
    "reply": N_("答复"),
    "report": N_("报告完成"),
    "request": N_("申请付款"),
    "request_again": N_("重新申请付款"),
    "resume": N_("恢复"),
    "return": N_("退回"),
    "save": N_("保存"),
    "send_back": N_("退回"),
    "settle": N_("登记已付"),
    "sign_buyer": N_("采购人签署"),
    "sign_supplier": N_("供应商签署"),
    "submit": N_("提交"),
    "suspend": N_("暂停"),
    "unaward": N_("撤销成交结果"),
    "terminate": N_("终止"),
    "uphold": N_("认定成立"),
    "waive": N_("免予追回"),
    "withdraw": N_("撤回"),
    "withdraw_helper": N_("取消登记参与过采购的机构"),
}


# How a date came about is published as a Chinese sentence; what is known of it is read in the reader's language.
_HOW = (
    N_("审核通过即发布"),
    N_("自公告次日起 %(n)s 个工作日"),
    N_("距截止不少于 %(n)s 日，再晚须顺延截止时间"),
    N_("自公告次日起满 %(n)s 日，并不早于公告和文件提供期满；最早 %(first)s"),
    N_("不早于公告和文件提供期满；最早 %(first)s"),
)


def how_words(published: str) -> tuple[str, dict[str, str]] | None:
    """Return the marked sentence and the parameters behind a published one, or None for one that is not known."""
    return unfilled(published, _HOW)
