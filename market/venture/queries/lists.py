"""Lists of rounds and applications for pages and desks, paged by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, false, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from market.db.lines import lined
from market.db.session import db
from market.kernel.permits import Actor, Grant, Permit
from market.organisations.models import Organisation
from market.panels.models import Seat
from market.panels.queries import my_seats
from market.venture import parties
from market.venture.models import Application, Round
from market.venture.queries.rows import SUBJECT
from market.venture.states import ApplicationState, RoundState

PAGE = 20


def _within(grants: Iterable[Grant]) -> object:
    """Rounds that lie in one of these grants."""
    parts = [
        and_(
            *([Round.district_id == g.district_id] if g.district_id is not None else []),
            *([Round.street_id == g.street_id] if g.street_id is not None else []),
            Round.id > 0,
        )
        for g in grants
        if g.organisation_id is None
    ]
    return or_(*parts) if parts else false()


def rounds_for(actor: Actor, before: int | None = None, limit: int = PAGE) -> list[Round]:
    """Return the rounds an official may see, newest first, street and funding loaded (two statements)."""
    query = (
        select(Round)
        .where(_within(actor.scopes(Permit.ROUND_SEE)))  # type: ignore[arg-type]
        .options(joinedload(Round.street), selectinload(Round.funding))
        .order_by(Round.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query if before is None else query.where(Round.id < before)))


def handed_in(round_ids: Iterable[int]) -> Mapping[int, int]:
    """Return how many applications each of these rounds has that were handed in."""
    query = (
        select(Application.round_id, func.count())
        .where(Application.round_id.in_(list(round_ids)), Application.submitted_at.is_not(None))
        .group_by(Application.round_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def open_rounds(
    at: datetime, after: int | None = None, limit: int = PAGE, *, ocid: str | None = None
) -> list[Round]:
    """Return rounds that take applications now, oldest first, all or that of one file; street and funding loaded."""
    query = (
        select(Round)
        .where(Round.state == RoundState.OPEN, Round.deadline_at > at)
        .options(joinedload(Round.street), joinedload(Round.file), selectinload(Round.funding))
        .order_by(Round.id)
        .limit(limit)
    )
    if ocid is not None:
        query = query.where(Round.file.has(ocid=ocid))
    return list(db.session.scalars(query if after is None else query.where(Round.id > after)))


def my_applications(organisation_ids: Iterable[int], before: int | None = None, limit: int = PAGE) -> list[Application]:
    """Return what these organisations have begun or handed in, newest first, round and street loaded."""
    ids = list(organisation_ids)
    query = (
        select(Application)
        .where(Application.applicant_id.in_(ids) | Application.organisation_id.in_(ids))
        .options(
            joinedload(Application.round).joinedload(Round.street),
            joinedload(Application.applicant),
            joinedload(Application.organisation),
        )
        .order_by(Application.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query if before is None else query.where(Application.id < before)))


def unsent(organisation_ids: Iterable[int], at: datetime) -> Select[Any]:
    """Ask for drafts of these organisations that can still be handed in, the nearest deadline first.

    The applicant is named with the round: a host may have one draft for itself and others for its groups.
    Who runs the round's network is refused (row 26), and is not asked to hand in.
    """
    ids = list(organisation_ids)
    runs_it = parties.operating_in(Round.street_id.expression, Round.district_id.expression, at)
    query = (
        select(Application)
        .join(Application.round)
        .join(Application.applicant)
        .where(
            Application.applicant_id.in_(ids) | Application.organisation_id.in_(ids),
            Application.state == ApplicationState.DRAFT,
            Round.state == RoundState.OPEN,
            Round.deadline_at > at,
            Application.organisation_id.not_in(runs_it),
        )
        .order_by(Round.deadline_at, Application.id)
        .limit(20)
    )
    title = Round.title + " · " + Organisation.name
    return lined(query, id=Application.applicant_id, ref=Round.id, title=title, at=Round.deadline_at)


def open_at(at: datetime) -> list[Round]:
    """Return the rounds that take applications at this instant."""
    return list(db.session.scalars(select(Round).where(Round.state == RoundState.OPEN, Round.deadline_at > at)))


def drafts_to_remind(round_ids: Iterable[int]) -> list[Application]:
    """Return the drafts in these rounds whose applicant was not reminded yet, rounds loaded."""
    query = (
        select(Application)
        .where(
            Application.round_id.in_(list(round_ids)),
            Application.state == ApplicationState.DRAFT,
            Application.reminded_at.is_(None),
        )
        .options(joinedload(Application.round))
        .order_by(Application.id)
    )
    return list(db.session.scalars(query))


def waiting_rounds(actor: Actor, permit: Permit, states: Iterable[str]) -> Select[Any]:
    """Ask for the rounds in these states in which this person holds the permit, oldest first."""
    query = (
        select(Round)
        .where(Round.state.in_(list(states)), _within(actor.scopes(permit)))  # type: ignore[arg-type]
        .order_by(Round.id)
        .limit(50)
    )
    return lined(query, id=Round.id, state=Round.state, title=Round.title, at=Round.vote_until)


@dataclass(frozen=True)
class SeatLine:
    """A juror's seat with its round."""

    seat: Seat
    round: Round


def seats_of(actor: Actor, states: Iterable[str] = ("drawn", "declared")) -> list[SeatLine]:
    """Return this person's seats on juries that are at work."""
    seats = my_seats(actor, SUBJECT, states)
    ids = [seat.panel.subject_id for seat in seats]
    if not ids:
        return []
    rows = {row.id: row for row in db.session.scalars(select(Round).where(Round.id.in_(ids)))}
    return [SeatLine(seat, rows[seat.panel.subject_id]) for seat in seats]


def to_close(at: datetime) -> list[int]:
    """Return the rounds whose deadline has come."""
    query = select(Round.id).where(Round.state == RoundState.OPEN, Round.deadline_at <= at).order_by(Round.id)
    return list(db.session.scalars(query))


def to_settle() -> list[int]:
    """Return the rounds whose awards may have changed: those whose notice runs, and those with confirmed awards."""
    live = (ApplicationState.CHOSEN, ApplicationState.AWARDED)
    query = (
        select(Round.id)
        .where(
            Round.state.in_((RoundState.DECIDED, RoundState.FINISHED)),
            (Round.state == RoundState.DECIDED)
            | Round.id.in_(select(Application.round_id).where(Application.state.in_(live))),
        )
        .order_by(Round.id)
    )
    return list(db.session.scalars(query))
