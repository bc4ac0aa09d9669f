"""What people are told about milestones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.delivery.models import Milestone
from market.kernel.permits import Permit
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell


def _params(row: Milestone, **more: Any) -> dict[str, Any]:
    return {"title": row.agreement.title, "milestone": row.title, **more}


def _url(row: Milestone) -> str:
    return f"/delivery/milestones/{row.id}"


def tell_reported(row: Milestone, at: datetime) -> None:
    """A milestone waits for acceptance."""
    tell(
        holders(Permit.DELIVERY_ACCEPT, row.subject.scope),
        N_("请验收履约节点"),
        N_("“%(title)s”的节点“%(milestone)s”已报告完成，请邀请服务对象参加验收。"),
        _url(row),
        at,
        _params(row),
    )


def tell_returned(row: Milestone, reason: str, at: datetime) -> None:
    """A report came back."""
    tell(
        holders(Permit.DELIVERY_REPORT, row.subject.scope),
        N_("履约报告被退回补正"),
        N_("“%(title)s”的节点“%(milestone)s”被退回。原因：%(reason)s"),
        _url(row),
        at,
        _params(row, reason=reason),
    )


def tell_accepted(row: Milestone, at: datetime) -> None:
    """A milestone was accepted."""
    body = (
        N_("“%(title)s”的节点“%(milestone)s”已验收合格，按合同还要经过四方评估。")
        if row.base == "evaluation"
        else N_("“%(title)s”的节点“%(milestone)s”已验收合格，街道将按合同付款。")
    )
    people = holders(Permit.DELIVERY_REPORT, row.subject.scope)
    tell(people, N_("履约节点已验收"), body, _url(row), at, _params(row))
