"""Sane first values, so that an ordinary comparison tender is ready in minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from market.kernel.rulebook import RuleSet
from market.kernel.workdays import add_months
from market.tenders.rules.content import FULL_SCORE_CENTI

# Time to publish, judge, confirm and sign before the service begins.
_PREPARATION_DAYS = 30
_QUALITY = (
    ("服务方案", 40, "对需求的理解、服务内容和方法是否具体、可行。"),
    ("团队与人员安排", 25, "拟派人员的专业能力、分工和到岗时间是否满足服务需要。"),
    ("质量保障与进度安排", 20, "进度、质量控制、风险应对和居民反馈处理是否周全。"),
    ("同类服务经验", 15, "以往同类服务的成效和服务对象评价。"),
)
_QUALIFICATIONS = (
    ("依法登记，具有独立承担民事责任的能力", "登记证书或营业执照"),
    ("有健全的财务会计制度和良好的商业信誉", "书面承诺，或上一年度财务报告"),
    ("有履行合同所必需的设备和专业技术能力", "书面承诺"),
    ("有依法缴纳税收和社会保障资金的良好记录", "书面承诺，或近期缴纳凭证"),
    ("前三年内在经营活动中没有重大违法记录", "书面承诺"),
    ("未列入严重违法失信名单", "由采购人查询，不需提交"),
)
_MILESTONES = (
    ("服务启动", "实施方案、人员到岗名单和开始服务的记录"),
    ("中期服务", "中期服务台账和中期小结"),
    ("期末服务", "全部服务台账、总结报告和服务对象意见"),
)


def default_term(today: date) -> tuple[date, date]:
    """First and last day of a one-year service that begins on the first of a month, far enough away."""
    starts = add_months((today + timedelta(days=_PREPARATION_DAYS)).replace(day=1), 1)
    return starts, add_months(starts, 12) - timedelta(days=1)


def default_requirement(demand: str, description: str, standard: str) -> str:
    """What is asked for to begin with: the demand's own words, then what the catalogue item says of the service.

    What the demand already says is not said again.
    """
    parts = [demand.strip(), *(text for text in (description.strip(), standard.strip()) if text not in demand)]
    return "\n".join(part for part in parts if part)


def default_criteria(rules: RuleSet) -> list[dict[str, Any]]:
    """Quality factors in usual proportion and the price at its least lawful weight; 100.00 points together."""
    price = int(rules["evaluation.price_weight_min_centi"])
    rest = FULL_SCORE_CENTI - price
    whole = sum(points for _, points, _ in _QUALITY)
    parts = [rest * points // whole // 100 * 100 for _, points, _ in _QUALITY[1:]]
    parts = [rest - sum(parts), *parts]
    rows = [
        {"kind": "quality", "title": title, "guidance": guidance, "max_centi": centi}
        for (title, _, guidance), centi in zip(_QUALITY, parts, strict=True)
    ]
    return [*rows, {"kind": "price", "title": "报价", "guidance": "低价优先法，由系统计算。", "max_centi": price}]


def default_qualifications() -> list[dict[str, str]]:
    """The conditions every supplier must meet (采购法 art. 22)."""
    return [{"title": title, "evidence": evidence} for title, evidence in _QUALIFICATIONS]


def default_milestones(starts_on: date, ends_on: date, rules: RuleSet) -> list[dict[str, Any]]:
    """Begin, middle and end with the rulebook's shares; the last one depends on the evaluation (row 70)."""
    shares = [int(s) for s in rules["payment.milestones_default_bp"]]
    length = (ends_on - starts_on).days
    days = [min(starts_on + timedelta(days=30), ends_on), starts_on + timedelta(days=length // 2), ends_on]
    bases = ("acceptance", "acceptance", "evaluation")
    return [
        {"title": title, "evidence": evidence, "share_bp": share, "base": base, "due_on": day}
        for (title, evidence), share, base, day in zip(_MILESTONES, shares, bases, sorted(days), strict=True)
    ]


def default_terms(rules: RuleSet, indicators: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Evaluation terms from the rulebook, with the catalogue item's usual indicators."""
    grades = ("excellent", "good", "pass", "fail")
    floors = [int(rules[f"outcome.band_{grade}_centi"]) for grade in grades[:-1]]
    return {
        "weights_bp": {s: int(rules[f"outcome.weight_{s}_bp"]) for s in ("self", "mutual", "public", "third")},
        "renormalise": True,
        "min_mutual": int(rules["outcome.mutual_raters_min"]),
        "min_public": int(rules["outcome.public_responses_min"]),
        "bands": [
            {"grade": grade, "from_centi": floor, "share_bp": int(rules[f"outcome.payout_{grade}_bp"])}
            for grade, floor in zip(grades, [*floors, 0], strict=True)
        ],
        "indicators": _indicators(indicators),
    }


def _indicators(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Indicators with points that sum to 100.00; a general one where the catalogue names none."""
    rows: Sequence[Mapping[str, Any]] = given or (
        {"title": "服务任务完成率", "target": "按合同约定的服务量 100% 完成"},
        {"title": "服务对象满意度", "target": "不低于 90%"},
    )
    each = FULL_SCORE_CENTI // len(rows) // 100 * 100
    points = [FULL_SCORE_CENTI - each * (len(rows) - 1), *[each] * (len(rows) - 1)]
    stated = [int(row.get("max_centi") or 0) for row in rows]
    if sum(stated) == FULL_SCORE_CENTI:
        points = stated
    return [
        {
            "code": str(row.get("code") or f"I{number}"),
            "title": str(row["title"]),
            "target": str(row.get("target", "")),
            "max_centi": centi,
        }
        for number, (row, centi) in enumerate(zip(rows, points, strict=True), 1)
    ]
