"""Rules in words: headings of their groups, units, and values that are words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from market.kernel.money import format_bp, format_centi, format_yuan
from market.kernel.naming import BARRED_ROLE_LABELS
from market.kernel.text import N_

# First word of a key: the group's heading, in the order of the page.
GROUPS = {
    "budget": N_("资金计划"),
    "fund": N_("资金用途"),
    "plan": N_("采购意向"),
    "threshold": N_("限额和采购方式"),
    "purchase": N_("采购规模"),
    "tender": N_("公告和期限"),
    "single_source": N_("单一来源采购"),
    "framework": N_("框架协议"),
    "provider": N_("供应商"),
    "organisations": N_("机构评估等级"),
    "workers": N_("社会工作者"),
    "sme": N_("小微企业"),
    "bids": N_("投标"),
    "security": N_("保证金"),
    "panel": N_("评审小组"),
    "evaluation": N_("评分"),
    "low_price": N_("异常低价"),
    "round": N_("资助轮次"),
    "award": N_("成交结果"),
    "objection": N_("公示异议"),
    "challenge": N_("质疑"),
    "complaint": N_("投诉"),
    "contract": N_("合同"),
    "outcome": N_("成效评价"),
    "payment": N_("付款"),
    "archive": N_("档案"),
    "network": N_("社会组织培育"),
}
_UNITS = {
    "days": N_("%(n)s 日"),
    "working_days": N_("%(n)s 个工作日"),
    "months": N_("%(n)s 个月"),
    "years": N_("%(n)s 年"),
    "minutes": N_("%(n)s 分钟"),
    "hours": N_("%(n)s 小时"),
    "centi": N_("%(n)s 分"),
}
# Values that are words.
_WORDS = {
    "requirement": N_("参与制定需求"),
    "standard": N_("参与制定规范"),
    "management": N_("参与项目管理"),
    "testing": N_("参与检测"),
    "legal_representative": N_("法定代表人相同"),
    "direct_control": N_("直接控股"),
    "content_stable": N_("内容相对固定"),
    "continuous": N_("连续性强"),
    "funding_stable": N_("经费来源稳定"),
    "price_stable": N_("价格变化幅度小"),
    "lowest_price": N_("低价优先法"),
    "total": N_("总分"),
    "price": N_("报价"),
    "quality": N_("质量分"),
    "draw": N_("抽签"),
    "*": N_("不限"),
    "acceptance": N_("验收"),
    "evaluation": N_("验收并评估"),
    "cofunded": N_("按比例资助"),
    "graded": N_("按等次奖励"),
    "weighted": N_("加权"),
    "points": N_("加分"),
    "reception": N_("接待"),
    "foreign_trip": N_("出国（境）"),
    "vehicle": N_("车辆"),
    "public_body_running": N_("机关运行"),
    "bonus": N_("奖金津贴"),
    "building": N_("基建"),
    "profit_activity": N_("营利活动"),
    "staffing": N_("人员编制和用工"),
    "financing": N_("融资"),
    "goods": N_("货物"),
    "works": N_("工程"),
    "budget_balancing": N_("平衡预算"),
    "elder_care": N_("养老服务"),
    "disability": N_("助残服务"),
    "child_welfare": N_("儿童福利"),
    "social_relief": N_("社会救助"),
    "charity_relief": N_("慈善救济"),
    "budget": N_("预算金额大"),
    "technical_complexity": N_("技术复杂"),
    "social_effect": N_("社会影响大"),
    "spouse": N_("配偶"),
    "direct_kin": N_("直系血亲"),
    "collateral_third_degree": N_("三代以内旁系血亲"),
    "close_in_law": N_("近姻亲"),
    "last": N_("余数归末期"),
    "public_institution_class_1": N_("公益一类事业单位"),
    "guaranteed_mass_group": N_("财政保障的群团组织"),
    "budget_item": N_("同一预算项目"),
    "category": N_("同一品目"),
    "fiscal_year": N_("同一财政年度"),
    "prison_enterprise": N_("监狱企业"),
    "disability_welfare_unit": N_("残疾人福利性单位"),
}


def shown(value: Any, unit: str) -> list[tuple[str, str]]:
    """Return a value as (sentence, number) pairs: the sentence is a catalogue key with %(n)s, or empty."""
    if unit == "ratio":
        return [("", "/".join(str(one) for one in value))]
    if unit == "bp:points":
        return [(N_("%(n)s 分"), f"≥ {format_bp(share)}: {points}") for share, points in value]
    if isinstance(value, list | tuple):
        return [pair for one in value for pair in shown(one, unit)]
    words = BARRED_ROLE_LABELS | _WORDS
    if not isinstance(value, int):
        return [(words[value], "") if value in words else ("", str(value))]
    if unit == "yes_no":
        return [(N_("是") if value else N_("否"), "")]
    plain: dict[str, Callable[[int], str]] = {"fen": format_yuan, "bp": format_bp, "centi": format_centi}
    return [(_UNITS.get(unit, ""), plain.get(unit, str)(value))]
