"""The plan of cultivation that a district starts from: stages with criteria, dimensions of capacity, five levels."""

from __future__ import annotations

from typing import Any

from market.kernel.text import N_

# Months after the start by which a stage should be passed; criteria one a line.
STAGES: tuple[dict[str, Any], ...] = (
    {
        "title": N_("立项建档期"),
        "by_month": 2,
        "criteria": N_(
            "完成需求评估和孵化计划\n"
            "明确服务领域、服务对象和负责人\n"
            "完成入驻评估"
        ),
    },
    {
        "title": N_("规范建设期"),
        "by_month": 5,
        "criteria": N_(
            "章程、会议、财务和志愿者管理制度齐全并开始执行\n"
            "有固定的会议和活动记录\n"
            "尚未登记的，已向登记管理机关提出申请"
        ),
    },
    {
        "title": N_("项目实训期"),
        "by_month": 9,
        "criteria": N_(
            "独立设计并完成一个小型服务项目\n"
            "服务台账、签收和财务凭证齐全\n"
            "参加的居民有书面反馈"
        ),
    },
    {
        "title": N_("出壳评估期"),
        "by_month": 12,
        "criteria": N_(
            "形成可以承接的服务清单和报价依据\n"
            "完成出壳评估\n"
            "有出壳后的场地和人员安排"
        ),
    },
)
DIMENSIONS: tuple[dict[str, str], ...] = (
    {"key": "governance", "title": N_("内部治理"), "hint": N_("章程、决策、分工和信息公开")},
    {"key": "team", "title": N_("人员队伍"), "hint": N_("专职人员、持证社工、志愿者")},
    {"key": "finance", "title": N_("财务管理"), "hint": N_("账目、凭证、预算和公开")},
    {"key": "service", "title": N_("服务能力"), "hint": N_("需求评估、项目设计、实施和记录")},
    {"key": "resources", "title": N_("资源动员"), "hint": N_("场地、资金、伙伴和居民参与")},
    {"key": "guidance", "title": N_("党建引领"), "hint": N_("党建联系、参与社区治理")},
)
LEVELS: tuple[str, ...] = (
    N_("尚未开展"),
    N_("有人负责，做法不固定"),
    N_("有制度，基本执行"),
    N_("执行稳定，有记录可查"),
    N_("成熟，能带动其他组织"),
)
WORDS = frozenset(
    [one[part] for one in STAGES for part in ("title", "criteria")]
    + [one[part] for one in DIMENSIONS for part in ("title", "hint")]
    + list(LEVELS)
)
