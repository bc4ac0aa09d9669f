"""Recording needs, merging them into demand items, and moving a demand item with its purchase."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from market.catalogue.states import Category
from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.personal import personal_data_trouble
from market.kernel.text import N_
from market.needs.models import DemandItem, Need
from market.needs.states import DEMAND_MACHINE, DemandState, DemandVerb, NeedChannel
from market.places.models import Street
from market.places.queries import communities
from market.records.audit import record
from market.records.moves import move


def record_need(
    actor: Actor,
    street: Street,
    channel: NeedChannel,
    category: Category,
    summary: str,
    people_affected: int,
    at: datetime,
    *,
    community_id: int | None = None,
) -> Need:
    """Write down one need. Raises Refused for a text with personal data and for a community of another street."""
    require(actor, Permit.NEED_RECORD, street.scope)
    if trouble := personal_data_trouble(summary):
        raise Refused(trouble, field="summary")
    if community_id is not None and community_id not in {c.id for c in communities(street.id)}:
        raise Refused(N_("所选社区不属于这个街道，请重新选择。"), field="community")
    row = Need(
        street_id=street.id,
        district_id=street.district_id,
        community_id=community_id,
        channel=channel.value,
        category=category.value,
        summary=summary.strip(),
        people_affected=people_affected,
        received_at=at,
    )
    db.session.add(row)
    db.session.flush()
    record(row.subject, "record", actor, at, permit=Permit.NEED_RECORD, facts={"channel": channel.value})
    return row


def make_demand(
    actor: Actor,
    street: Street,
    title: str,
    description: str,
    category: Category,
    need_ids: Sequence[int],
    at: datetime,
) -> DemandItem:
    """Merge needs of one street into a demand item. Raises Refused when one already belongs elsewhere."""
    require(actor, Permit.NEED_RECORD, street.scope)
    for field, text in (("title", title), ("description", description)):
        if trouble := personal_data_trouble(text):
            raise Refused(trouble, field=field)
    if not need_ids:
        raise Refused(N_("请至少选一条诉求。"), field="needs")
    needs = list(db.session.scalars(select(Need).where(Need.id.in_(list(need_ids)))))
    if any(n.street_id != street.id or n.demand_id is not None for n in needs) or len(needs) != len(set(need_ids)):
        raise Refused(N_("所选诉求中有不属于本街道或已归入其他需求的，请刷新后重选。"), field="needs")
    row = DemandItem(
        street_id=street.id,
        district_id=street.district_id,
        title=title.strip(),
        description=description.strip(),
        category=category.value,
        people_affected=sum(n.people_affected for n in needs),
        state=DemandState.OPEN.value,
        created_at=at,
    )
    db.session.add(row)
    db.session.flush()
    for need in needs:
        need.demand_id = row.id
    record(row.subject, "make", actor, at, permit=Permit.NEED_RECORD, facts={"needs": sorted(need_ids)})
    return row


def plan(row: DemandItem, actor: Actor, at: datetime) -> None:
    """A purchase answers this demand item."""
    move(row, DEMAND_MACHINE, DemandVerb.PLAN, actor, at)


def reopen(row: DemandItem, actor: Actor, at: datetime) -> None:
    """The purchase failed: the demand item waits again."""
    move(row, DEMAND_MACHINE, DemandVerb.REOPEN, actor, at)


def answer(row: DemandItem, actor: Actor, at: datetime) -> None:
    """The demand item has been answered."""
    row.closed_at = at
    move(row, DEMAND_MACHINE, DemandVerb.ANSWER, actor, at)
