"""The plan of cultivation that a district starts from: stages with criteria, dimensions of capacity, five levels."""

from __future__ import annotations

from typing import Any

# Months after the start by which a stage should be passed; criteria one a line.
STAGES: tuple[dict[str, Any], ...] = (
    {
        "title": "立项建档期",
        "by_month": 2,
        "criteria": "完成需求评估和孵化计划\n明确服务领域、服务对象和负责人\n完成入驻评估",
    },
    {
        "title": "规范建设期",
        "by_month": 5,
        "criteria": "章程、会议、财务和志愿者管理制度齐全并开始执行\n有固定的会议和活动记录\n"
        "尚未登记的，已向登记管理机关提出申请",
    },
    {
        "title": "项目实训期",
        "by_month": 9,
        "criteria": "独立设计并完成一个小型服务项目\n服务台账、签收和财务凭证齐全\n参加的居民有书面反馈",
    },
    {
        "title": "出壳评估期",
        "by_month": 12,
        "criteria": "形成可以承接的服务清单和报价依据\n完成出壳评估\n有出壳后的场地和人员安排",
    },
)
DIMENSIONS: tuple[dict[str, str], ...] = (
    {"key": "governance", "title": "内部治理", "hint": "章程、决策、分工和信息公开"},
    {"key": "team", "title": "人员队伍", "hint": "专职人员、持证社工、志愿者"},
    {"key": "finance", "title": "财务管理", "hint": "账目、凭证、预算和公开"},
    {"key": "service", "title": "服务能力", "hint": "需求评估、项目设计、实施和记录"},
    {"key": "resources", "title": "资源动员", "hint": "场地、资金、伙伴和居民参与"},
    {"key": "guidance", "title": "党建引领", "hint": "党建联系、参与社区治理"},
)
LEVELS: tuple[str, ...] = (
    "尚未开展",
    "有人负责，做法不固定",
    "有制度，基本执行",
    "执行稳定，有记录可查",
    "成熟，能带动其他组织",
)
