"""Texts of the demonstration: what bidders, experts and officials of the story write. All of it invented."""

from __future__ import annotations

from market.kernel.money import format_centi

EVIDENCE = "服务台账、现场照片和服务对象签收记录"
TEAM = "项目负责人 1 名，持社会工作师证书；专职社工 3 名，护理员 4 名，志愿者队伍 20 人；全部在签约后五日内到岗。"
SCHEDULE = "第一周完成入户评估和建档；第二周起按计划提供服务；每月底提交服务小结，每季度召开一次居民意见会。"
NO_TIES = "本机构与采购人、代理人员和评审专家之间没有应当回避的关系。"
AWARD_REASON = "按评审报告推荐的顺序，确定排名第一的投标人。"
_ANSWERS = {
    "服务方案": (
        "围绕“{title}”，先逐户评估、分级建档，再按需求强弱排定服务频次；"
        "建立居民、社区、机构三方联络机制，做到当日响应。"
    ),
    "团队与人员安排": "项目组成员均在本机构任职一年以上，负责人主持过两个同类项目；实行 AB 岗，节假日不断档。",
    "质量保障与进度安排": "每次服务有记录、有签收；每月抽查两成服务对象回访；问题三日内整改并复查。",
    "同类服务经验": "近三年承接同类服务四项，均按期完成，服务对象满意度在九成以上，可提供采购人评价。",
}


def answer(criterion: str, title: str) -> str:
    """Return what a bidder writes to a criterion."""
    return _ANSWERS.get(criterion, "完全响应采购要求，具体做法见所附方案。").format(title=title)


def reason(criterion: str, centi: int, most_centi: int) -> str:
    """Return why an expert gave this score."""
    share = centi * 100 // most_centi
    if share >= 88:
        return f"{criterion}具体、可行，与居民需求对应紧密，酌情扣分后得 {format_centi(centi)}。"
    if share >= 75:
        return f"{criterion}总体可行，部分措施不够细，得 {format_centi(centi)}。"
    return f"{criterion}较为笼统，缺少可检验的指标，得 {format_centi(centi)}。"


def report(title: str) -> str:
    """Return what a supplier reports of a milestone."""
    return f"“{title}”已按合同完成，服务台账、照片和签收记录齐全，居民反馈良好；个别老人饮食偏好已记录并调整。"


ACCEPTED = "查阅台账并随机回访，服务内容、数量、质量符合合同要求，同意验收。"
USERS = "参加验收的居民大多满意，建议增加软食选择。"
REMARK = "服务扎实，记录规范。"
GROUNDS = "见服务台账、回访记录和现场查看记录。"


def ledger(title: str) -> str:
    """Return a small service ledger without any resident's name."""
    rows = "\n".join(f"2026-02-{day:02d},{title},{6 + day % 4},已签收" for day in range(9, 19))
    return f"日期,服务内容,人次,签收\n{rows}\n"


CHALLENGE = "评审报告中，我机构“同类服务经验”得分与公布的评分办法不符：所附三份合同均在近三年内，应按满分档评分。"
CHALLENGE_REQUEST = "请求复核该项评分；如影响排名，请求认定成交结果无效并重新确定供应商。"
CHALLENGE_REPLY = "经复核，所附三份合同中有一份签订于四年前，不在评分办法规定的年限内；其余两份已按办法计分，评分无误。"
