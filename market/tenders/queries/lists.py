"""Tenders by key, by stage, by what waits, and what hangs on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from market.db.lines import lined
from market.db.session import db
from market.kernel.permits import ROLE_PERMITS, Actor, Permit
from market.needs.models import DemandItem
from market.needs.states import DemandState
from market.people.models import RoleGrant, SealingKey, User
from market.tenders import rules
from market.tenders.models import Lot, Tender
from market.tenders.states import LotState, TenderState


def stage_sql(at: datetime) -> ColumnElement[str]:
    """The stage at `at` as SQL; the twin of `rules.stage`."""
    over = and_(Tender.state == TenderState.OPEN.value, Tender.deadline_at <= at)
    return case((over, rules.Stage.CLOSED.value), else_=Tender.state)


def _within(actor: Actor, permit: Permit) -> ColumnElement[bool]:
    """Limit to where the actor holds the permit."""
    reach = []
    for grant in actor.scopes(permit):
        if grant.organisation_id is None:
            place = [
                column == value
                for column, value in ((Tender.district_id, grant.district_id), (Tender.street_id, grant.street_id))
                if value is not None
            ]
            reach.append(and_(Tender.id.is_not(None), *place))
    return or_(*reach) if reach else false()


def tenders_of(
    actor: Actor,
    at: datetime,
    *,
    stage: str | None = None,
    ids: Sequence[int] | None = None,
    before: int | None = None,
    limit: int = 20,
) -> list[Tender]:
    """Return tenders the actor may see, newest first, by key; of one stage, or among `ids`. Street is loaded."""
    query = select(Tender).where(_within(actor, Permit.TENDER_SEE)).options(joinedload(Tender.street))
    if stage is not None:
        query = query.where(stage_sql(at) == stage)
    if ids is not None:
        query = query.where(Tender.id.in_(ids))
    if before is not None:
        query = query.where(Tender.id < before)
    return list(db.session.scalars(query.order_by(Tender.id.desc()).limit(limit)))


def waiting_for(actor: Actor, permit: Permit, states: Iterable[TenderState], limit: int = 100) -> Select[Any]:
    """Ask for tenders in these states where the actor holds the permit, oldest first; `name` is the return's reason."""
    query = (
        select(Tender)
        .where(_within(actor, permit), Tender.state.in_([s.value for s in states]))
        .order_by(Tender.id)
        .limit(limit)
    )
    return lined(
        query, id=Tender.id, state=Tender.state, title=Tender.title, name=Tender.return_reason, at=Tender.deadline_at
    )


def to_close(at: datetime, limit: int = 100) -> list[int]:
    """Return the ids of tenders whose deadline has come and that are not yet written down as closed."""
    query = (
        select(Tender.id)
        .where(Tender.state == TenderState.OPEN.value, Tender.deadline_at <= at)
        .order_by(Tender.deadline_at)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def open_lots(at: datetime, limit: int = 100) -> list[Lot]:
    """Return lots that accept bids now, the nearest deadline first, with their tenders and streets."""
    query = (
        select(Lot)
        .join(Lot.tender)
        .where(Tender.state == TenderState.OPEN.value, Tender.deadline_at > at, Lot.state == LotState.SEALED.value)
        .options(contains_eager(Lot.tender).joinedload(Tender.street))
        .order_by(Tender.deadline_at, Lot.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


_BEING_WRITTEN = (TenderState.DRAFT.value, TenderState.REVIEW.value)


def demands_to_plan(street_ids: Iterable[int], limit: int = 20) -> Select[Any]:
    """Ask for open demand items of these streets for which no purchase is being written, newest first."""
    begun = exists().where(Tender.demand_id == DemandItem.id, Tender.state.in_(_BEING_WRITTEN))
    query = (
        select(DemandItem)
        .where(DemandItem.street_id.in_(list(street_ids)), DemandItem.state == DemandState.OPEN.value, ~begun)
        .order_by(DemandItem.id.desc())
        .limit(limit)
    )
    return lined(query, id=DemandItem.id, title=DemandItem.title)


def begun_for_demand(demand_id: int) -> Tender | None:
    """Return the newest purchase that is being written for a demand item."""
    query = select(Tender).where(Tender.demand_id == demand_id, Tender.state.in_(_BEING_WRITTEN))
    return db.session.scalars(query.order_by(Tender.id.desc()).limit(1)).first()


def live_tenders_of_demand(demand_id: int) -> int:
    """Return how many published purchases still answer a demand item: not cancelled, and with a lot that goes on."""
    ended = (LotState.FAILED.value, LotState.CANCELLED.value, LotState.DRAFT.value)
    query = (
        select(func.count(func.distinct(Tender.id)))
        .join(Lot, Lot.tender_id == Tender.id)
        .where(Tender.demand_id == demand_id, Lot.state.not_in(ended))
    )
    return db.session.scalar(query) or 0


def openers(subject: Tender) -> list[tuple[str, bool]]:
    """Return who may open the tender's lots (street openers and the district's escrow), and whether each has a key."""
    roles = [role.value for role, permits in ROLE_PERMITS.items() if Permit.BID_OPEN in permits]
    has_key = exists().where(SealingKey.user_id == User.id, SealingKey.retired_at.is_(None))
    query = (
        select(User.name, has_key)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(
            User.active,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.role.in_(roles),
            or_(RoleGrant.district_id.is_(None), RoleGrant.district_id == subject.district_id),
            or_(RoleGrant.street_id.is_(None), RoleGrant.street_id == subject.street_id),
            RoleGrant.organisation_id.is_(None),
        )
        .distinct()
        .order_by(User.name)
    )
    return [(name, bool(ready)) for name, ready in db.session.execute(query)]
