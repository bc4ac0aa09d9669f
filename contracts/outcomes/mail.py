"""What people are told about evaluations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.outcomes.models import Evaluation, Invitation
from contracts.outcomes.states import GRADE_LABELS, Grade, Source
from market.kernel.clock import deadline_text
from market.kernel.permits import Permit, Scope
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell


def _params(row: Evaluation, **more: Any) -> dict[str, Any]:
    milestone = row.milestone
    until = deadline_text(row.collect_until)
    return {"title": milestone.agreement.title, "milestone": milestone.title, "until": until, **more}


def tell_opened(row: Evaluation, at: datetime) -> None:
    """The evaluation has begun: the organisation rates itself, the street asks the others."""
    tell(
        holders(Permit.OUTCOME_RATE_SELF, row.subject.scope),
        N_("请提交自评"),
        N_("“%(title)s”的节点“%(milestone)s”开始四方评估，请在 %(until)s 前提交自评。"),
        f"/outcomes/{row.id}/self",
        at,
        _params(row),
    )
    tell(
        holders(Permit.OUTCOME_ORGANISE, row.subject.scope),
        N_("请组织四方评估"),
        N_("“%(title)s”的节点“%(milestone)s”开始四方评估，请邀请互评机构和第三方评估员，并发放居民评价码。"),
        f"/outcomes/{row.id}",
        at,
        _params(row),
    )


def tell_invited(invitation: Invitation, at: datetime) -> None:
    """An organisation or an evaluator is asked to rate."""
    row = invitation.evaluation
    if invitation.source == Source.MUTUAL:
        people = holders(Permit.OUTCOME_RATE_MUTUAL, Scope(organisation_id=invitation.organisation_id))
        subject = N_("邀请贵机构参加互评")
    else:
        people = [invitation.user_id] if invitation.user_id is not None else []
        subject = N_("邀请您担任第三方评估员")
    body = N_("请就“%(title)s”的节点“%(milestone)s”先声明有无利害关系，再在 %(until)s 前评分。")
    tell(people, subject, body, f"/outcomes/invitations/{invitation.id}", at, _params(row))


def tell_declined(invitation: Invitation, at: datetime) -> None:
    """Somebody who was asked has a tie: another is needed."""
    row = invitation.evaluation
    tell(
        holders(Permit.OUTCOME_ORGANISE, row.subject.scope),
        N_("有受邀方回避评估"),
        N_("“%(title)s”的一个受邀方声明有利害关系或不能参加，请另行邀请。"),
        f"/outcomes/{row.id}",
        at,
        _params(row),
    )


def tell_closed(row: Evaluation, at: datetime) -> None:
    """The result, with what to do if it is thought wrong."""
    body = (
        N_(
            "“%(title)s”的节点“%(milestone)s”评估为不合格，本节点暂不付款。请按合同整改，街道可以组织一次复评；对结果有异议的，可以向街道书面提出。"
        )
        if row.grade == Grade.FAIL
        else N_(
            "“%(title)s”的节点“%(milestone)s”评估等次为%(grade)s，街道将按合同付款。对结果有异议的，可以向街道书面提出。"
        )
    )
    grade = GRADE_LABELS[Grade(row.grade)] if row.grade else ""
    people = holders(Permit.OUTCOME_RATE_SELF, row.subject.scope)
    tell(people, N_("四方评估结果"), body, f"/outcomes/{row.id}", at, _params(row, grade=grade))
