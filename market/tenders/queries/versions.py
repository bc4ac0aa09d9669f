"""One version of a tender's content, for the approver's comparison."""

from __future__ import annotations

from typing import Any

from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.canonical import digest
from market.kernel.clock import beijing
from market.kernel.money import format_bp, format_centi, format_yuan
from market.kernel.text import N_
from market.tenders.models import Lot, Tender
from market.tenders.states import METHOD_LABELS, MILESTONE_BASE_LABELS, Method, MilestoneBase

# The lines are kept as they were read, in the language of the documents.
_RATERS = {"self": "自评", "mutual": "互评", "public": "群众评", "third": "第三方评"}
_GRADES = {"excellent": "优秀", "good": "良好", "pass": "合格", "fail": "不合格"}


def version_of(subject: Tender) -> list[dict[str, Any]]:
    """Return the content as parts with lines (see `rules.differences`)."""
    deadline = beijing(subject.deadline_at).strftime("%Y-%m-%d %H:%M") if subject.deadline_at else ""
    parts: list[tuple[str, int | None, list[str]]] = [
        (N_("项目名称"), None, [subject.title]),
        (N_("采购需求"), None, subject.requirement.splitlines()),
        (N_("服务期"), None, [f"{subject.starts_on.isoformat()} / {subject.ends_on.isoformat()}"]),
        (N_("采购方式"), None, [METHOD_LABELS[Method(subject.method)]]),
        (N_("递交截止"), None, [deadline] if deadline else []),
        (N_("小微企业价格扣除"), None, [format_bp(subject.small_deduction_bp)]),
        (N_("履约保证金"), None, [format_bp(subject.bond_bp)] if subject.bond_bp else []),
        (N_("负面清单说明"), None, [subject.negative_note] if subject.negative_note else []),
        (N_("不公开采购意向的理由"), None, [subject.intention_waiver] if subject.intention_waiver else []),
        (N_("资格条件"), None, [f"{q.title}｜{q.evidence}" for q in subject.qualifications]),
    ]
    for part in subject.lots:
        parts += [(label, part.number, lines) for label, lines in _lot_lines(part)]
    return [{"label": label, "lot": number, "lines": lines} for label, number, lines in parts]


def content_digest(subject: Tender) -> str:
    """Return the digest by which a page remembers which content it showed: `version_of` and what it leaves open."""
    lines = [[share.line_id for share in part.funding] for part in subject.lots]
    return digest([version_of(subject), subject.demand_id, subject.term_conditions, lines])


def _lot_lines(part: Lot) -> list[tuple[str, list[str]]]:
    terms = part.evaluation_terms
    return [
        (N_("采购包"), [part.title]),
        (
            N_("资金来源"),
            [
                f"{share.line.title}（{FUND_SOURCE_LABELS[FundSource(share.line.source)]}）"
                f"{format_yuan(share.amount_fen)}"
                for share in part.funding
            ],
        ),
        (N_("评审标准"), [f"{c.title}｜{format_centi(c.max_centi)}｜{c.guidance}" for c in part.criteria]),
        (
            N_("付款节点"),
            [
                f"{m.title}｜{format_bp(m.share_bp)}｜{MILESTONE_BASE_LABELS[MilestoneBase(m.base)]}｜"
                f"{m.due_on.isoformat()}｜{m.evidence}"
                for m in part.milestones
            ],
        ),
        (N_("评估权重"), [f"{_RATERS[name]}｜{format_bp(bp)}" for name, bp in terms["weights_bp"].items()]),
        (
            N_("等级与兑付"),
            [
                f"{_GRADES[b['grade']]}｜{format_centi(b['from_centi'])}｜{format_bp(b['share_bp'])}"
                for b in terms["bands"]
            ],
        ),
        (
            N_("评估规则"),
            [
                f"互评至少 {terms['min_mutual']} 家",
                f"群众评至少 {terms['min_public']} 份",
                "缺少来源时按权重折算" if terms["renormalise"] else "缺少来源时不折算",
            ],
        ),
        (
            N_("评估指标"),
            [f"{i['title']}｜{i['target']}｜{format_centi(i['max_centi'])}" for i in terms["indicators"]],
        ),
    ]
