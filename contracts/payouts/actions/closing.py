"""Closing a contract when every milestone is settled."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select

from contracts.agreements.actions import complete_agreement
from contracts.agreements.models import Agreement
from contracts.agreements.queries import agreement as find_agreement
from contracts.delivery.models import Milestone
from contracts.payouts.queries import earnings_of, payments_of
from contracts.payouts.rules import amount_due
from contracts.payouts.states import PaymentState
from market.db.session import db
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor
from market.kernel.text import N_


def complete_contract(actor: Actor, agreement_id: int, at: datetime) -> Agreement:
    """Close a contract. Raises Refused while a milestone has not earned anything yet or a payment is not received."""
    row = find_agreement(agreement_id, lock=True)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    earned = earnings_of(row.id)
    milestones = list(db.session.scalars(select(Milestone).filter_by(agreement_id=row.id)))
    if not milestones or any(one.id not in earned for one in milestones):
        raise Refused(N_("还有节点没有验收、评估完毕，不能结清合同。"))
    if any(one.state != PaymentState.CONFIRMED for one in payments_of(row.id)):
        raise Refused(N_("还有款项没有付清或收款机构没有确认收款，不能结清合同。"))
    # Due and withheld have both left the committed money already.
    settled: dict[int, int] = defaultdict(int)
    for milestone in milestones:
        for part in amount_due(row.data["milestones"][milestone.number - 1], earned[milestone.id].share_bp).parts:
            settled[part.line_id] += part.planned_fen
    return complete_agreement(actor, row.id, settled, at)
