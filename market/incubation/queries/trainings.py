"""Trainings and who sits in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager, joinedload

from market.db.lines import lined
from market.db.session import db
from market.incubation.models import Node, Training, TrainingSeat
from market.incubation.queries.network import within
from market.incubation.states import TrainingState
from market.kernel.permits import Grant


def training(training_id: int, *, lock: bool = False) -> Training | None:
    """Return a training with its node."""
    query = select(Training).where(Training.id == training_id).options(joinedload(Training.node))
    return db.session.scalar(query.with_for_update(of=Training) if lock else query)


def trainings(district_id: int, before: int | None = None, limit: int = 20) -> list[tuple[Training, int]]:
    """Return a district's trainings with the number of seats taken, newest first, page by key. One statement."""
    taken = select(func.count()).where(TrainingSeat.training_id == Training.id).correlate(Training).scalar_subquery()
    query = (
        select(Training, taken)
        .where(Training.district_id == district_id)
        .options(joinedload(Training.node))
        .order_by(Training.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Training.id < before)
    return [(row, count) for row, count in db.session.execute(query)]


def seats_of(training_id: int) -> list[TrainingSeat]:
    """Return the seats of a training by number, with the organisations."""
    query = select(TrainingSeat).filter_by(training_id=training_id).options(joinedload(TrainingSeat.organisation))
    return list(db.session.scalars(query.order_by(TrainingSeat.number)))


def trainings_of(organisation_id: int, since: datetime) -> list[TrainingSeat]:
    """Return an organisation's seats since an instant with their trainings, newest first."""
    query = (
        select(TrainingSeat)
        .join(Training, Training.id == TrainingSeat.training_id)
        .where(TrainingSeat.organisation_id == organisation_id, Training.starts_at >= since)
        .options(contains_eager(TrainingSeat.training))
        .order_by(TrainingSeat.id.desc())
        .limit(100)
    )
    return list(db.session.scalars(query))


def to_close(grants: Iterable[Grant], at: datetime) -> list[Training]:
    """Return trainings that are over and whose attendance is not entered, in the reach of these grants."""
    query = (
        select(Training)
        .join(Node, Node.id == Training.node_id)
        .where(within(grants), Training.state == TrainingState.PLANNED, Training.ends_at <= at)
        .order_by(Training.ends_at)
        .limit(50)
    )
    return list(db.session.scalars(query))


def coming_for(organisation_ids: Iterable[int], at: datetime) -> Select[Any]:
    """Ask for trainings these organisations have signed up for and that are still to come."""
    own = select(TrainingSeat.training_id).where(TrainingSeat.organisation_id.in_(list(organisation_ids)))
    query = select(Training).where(
        Training.id.in_(own), Training.state == TrainingState.PLANNED, Training.starts_at > at
    )
    return lined(
        query.order_by(Training.starts_at).limit(20), id=Training.id, title=Training.title, at=Training.starts_at
    )
