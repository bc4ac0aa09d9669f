"""Award terms for tests: one purchase of home visits at 432,000 yuan, three milestones, four sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from market.awards.rules import (
    EvaluationTerms,
    FundingTerms,
    MilestoneTerms,
    PartySnapshot,
    RuleFacts,
    Terms,
    milestone_amounts,
)
from market.kernel.rulebook import load

# A lot's evaluation terms as the tender stores them.
EVALUATION: dict[str, Any] = {
    "weights_bp": {"self": 1000, "mutual": 1500, "public": 3000, "third": 4500},
    "renormalise": True,
    "min_mutual": 3,
    "min_public": 10,
    "bands": [
        {"grade": "excellent", "from_centi": 9000, "share_bp": 10000},
        {"grade": "good", "from_centi": 8000, "share_bp": 10000},
        {"grade": "pass", "from_centi": 6000, "share_bp": 9000},
        {"grade": "fail", "from_centi": 0, "share_bp": 0},
    ],
    "indicators": [
        {"code": "A1", "title": "探访完成率", "target": "全年 1,200 人次", "max_centi": 4000},
        {"code": "A2", "title": "紧急情况响应", "target": "30 分钟内", "max_centi": 3000},
        {"code": "A3", "title": "台账与安全", "target": "完整、无事故", "max_centi": 3000},
    ],
}


def rule_facts(place: str = "320115", regime: str = "comparison") -> RuleFacts:
    """The rulebook's numbers on the day the demonstration begins."""
    return RuleFacts.from_rules(load().at(place, regime, date(2026, 3, 31)))


def make_terms(
    amount_fen: int = 43_200_000,
    shares_bp: tuple[int, ...] = (3000, 4000, 3000),
    funding: tuple[tuple[int, int], ...] = ((1, 48_000_000),),
    **changes: Any,
) -> Terms:
    """Terms whose last milestone depends on the evaluation."""
    amounts = milestone_amounts(amount_fen, shares_bp)
    days = [date(2026, 5, 20), date(2026, 10, 31), date(2027, 4, 30)]
    milestones = tuple(
        MilestoneTerms(
            number=number,
            title=("启动与建档", "中期服务", "全年服务与总结")[(number - 1) % 3],
            share_bp=share,
            amount_fen=amount,
            base="evaluation" if number == len(shares_bp) else "acceptance",
            due_on=days[min(number - 1, 2)],
            evidence="服务台账、签到表和照片",
        )
        for number, (share, amount) in enumerate(zip(shares_bp, amounts, strict=True), 1)
    )
    terms = Terms(
        buyer=PartySnapshot(1, "南京市江宁区东山街道办事处", "320115001", "street_office", "周正", "南京市江宁区"),
        supplier=PartySnapshot(
            1, "江宁区暖邻社会工作服务中心", "52320115MJ1234561N", "service_agency", "欧阳喆", "江宁区天元东路8号"
        ),
        title="东山街道独居老人探访服务",
        category="elder_care",
        requirement="为辖区内80周岁以上独居老人每月提供两次上门探访，建立一人一档。\n紧急情况30分钟内到场。",
        regime="comparison",
        amount_fen=amount_fen,
        starts_on=date(2026, 5, 1),
        ends_on=date(2027, 4, 30),
        noticed_on=date(2026, 4, 7),
        milestones=milestones,
        evaluation=EvaluationTerms.from_data(EVALUATION),
        funding=tuple(FundingTerms(line, "fiscal", "养老服务购买", amount) for line, amount in funding),
        rules=rule_facts(),
        rules_digest="0" * 64,
        offer_digest="1" * 64,
    )
    return replace(terms, **changes)
