"""Experts, panels, seats and scores. What a colleague scored is returned only when every sheet is final."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import false, func, literal, or_, select
from sqlalchemy.orm import joinedload, selectinload

from market.db.session import db
from market.kernel.errors import Forbidden
from market.kernel.permits import Actor, Permit, Role, Scope
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.panels.models import Draw, Expert, Panel, Score, Seat
from market.panels.rules import Circle
from market.panels.states import SeatState
from market.people.models import RoleGrant, User
from market.people.queries import holders, holding

# --- the register -----------------------------------------------------------------------------------------------------


def experts(after: int = 0, limit: int = 50) -> list[Expert]:
    """Return a page of the register by number, ties loaded."""
    query = select(Expert).where(Expert.id > after).order_by(Expert.id).limit(limit).options(selectinload(Expert.ties))
    return list(db.session.scalars(query))


def expert(expert_id: int) -> Expert | None:
    """Return an expert with the ties."""
    return db.session.scalar(select(Expert).where(Expert.id == expert_id).options(selectinload(Expert.ties)))


def expert_of(user_id: int) -> Expert | None:
    """Return the register's entry of a person, ties loaded."""
    return db.session.scalar(select(Expert).where(Expert.user_id == user_id).options(selectinload(Expert.ties)))


def account(login: str) -> User | None:
    """Return the active account with this login, grants loaded."""
    query = select(User).where(User.login == login.strip().lower(), User.active).options(selectinload(User.grants))
    return db.session.scalar(query)


def organisation_named(text: str) -> int | None:
    """Return the organisation with this credit code or exact name."""
    typed = text.strip()
    query = select(Organisation.id).where((Organisation.uscc == typed.upper()) | (Organisation.name == typed)).limit(1)
    return db.session.scalar(query)


def in_fields(categories: Collection[str], until: datetime | None = None) -> list[Expert]:
    """Return active experts of any of these fields, ties loaded; with `until` only those registered before that."""
    fields = literal(",") + Expert.fields + ","
    wanted = [fields.contains(f",{category},") for category in sorted(categories)]
    query = select(Expert).where(Expert.active, or_(false(), *wanted))
    if until is not None:
        query = query.where(Expert.added_at < until)
    return list(db.session.scalars(query.order_by(Expert.id).options(joinedload(Expert.ties))).unique())


def circle(
    *, day: date, months: int, bidders: Mapping[int, str], scope: Scope, street_name: str, writers: Collection[int]
) -> Circle:
    """Return whom the panel of a purchase in `scope` must keep its distance from (two statements)."""
    rows = db.session.execute(
        select(RoleGrant.user_id, RoleGrant.street_id, RoleGrant.organisation_id).where(
            RoleGrant.revoked_at.is_(None),
            RoleGrant.role != Role.EXPERT,
            (RoleGrant.street_id == scope.street_id) | RoleGrant.organisation_id.in_(list(bidders)),
        )
    ).all()
    return Circle(
        day=day,
        months=months,
        bidders=dict(bidders),
        street_id=scope.street_id or 0,
        street_name=street_name,
        writers=frozenset(writers),
        staff=frozenset(row.user_id for row in rows if row.organisation_id is None),
        members={row.user_id: row.organisation_id for row in rows if row.organisation_id is not None},
        able=frozenset(holders(Permit.BID_SCORE, scope)),
    )


def representatives(scope: Scope, writers: Collection[int] = ()) -> list[User]:
    """Return people of the street who may sit for the purchaser: a role of this street that lets them score.

    Whoever wrote the requirement is left out, and so are experts of the register.
    """
    query = (
        select(User)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(
            User.id.in_(holding(Permit.BID_SCORE, scope)),
            User.id.not_in(list(writers)),
            User.id.not_in(select(Expert.user_id)),
            RoleGrant.street_id == scope.street_id,
            RoleGrant.revoked_at.is_(None),
        )
        .distinct()
        .order_by(User.id)
    )
    return list(db.session.scalars(query))


# --- panels and seats -------------------------------------------------------------------------------------------------

_PEOPLE = selectinload(Panel.seats).joinedload(Seat.user)


def panel_for(kind: str, subject_id: int) -> Panel | None:
    """Return the panel of a subject with its seats and their people (two statements)."""
    query = select(Panel).filter_by(subject_kind=kind, subject_id=subject_id).options(_PEOPLE)
    return db.session.scalar(query)


def panels_of(kind: str, subject_ids: Iterable[int]) -> dict[int, Panel]:
    """Return the panels of many subjects by subject, seats loaded (two statements)."""
    query = select(Panel).where(Panel.subject_kind == kind, Panel.subject_id.in_(list(subject_ids)))
    return {row.subject_id: row for row in db.session.scalars(query.options(selectinload(Panel.seats)))}


def live(panel: Panel) -> list[Seat]:
    """Return the seats that count: all but those given up."""
    return [seat for seat in panel.seats if seat.state != SeatState.RECUSED]


def all_final(panel: Panel) -> bool:
    """True when no seat is vacant and every sheet is final."""
    seats = live(panel)
    return len(seats) == panel.size and all(seat.state == SeatState.FINAL for seat in seats)


def seat(seat_id: int, *, lock: bool = False, person: bool = False) -> Seat | None:
    """Return a seat with its panel, and its person when asked; locked until the transaction ends when asked."""
    query = select(Seat).where(Seat.id == seat_id).options(joinedload(Seat.panel))
    if person:
        query = query.options(joinedload(Seat.user))
    if lock:
        query = query.with_for_update(of=Seat)
    return db.session.scalar(query)


def seat_in(actor: Actor, kind: str, subject_id: int) -> Seat | None:
    """Return this person's seat on the panel of a subject, with the panel."""
    query = select(Seat).join(Seat.panel).where(Seat.user_id == actor.user_id)
    query = query.where(Panel.subject_kind == kind, Panel.subject_id == subject_id)
    return db.session.scalar(query.options(joinedload(Seat.panel)))


def my_seats(
    actor: Actor, kind: str, states: Iterable[str] = (SeatState.DRAWN, SeatState.DECLARED)
) -> list[Seat]:
    """Return this person's seats on panels of one kind that are still at work, oldest first, each with its panel."""
    query = (
        select(Seat)
        .join(Seat.panel)
        .where(
            Seat.user_id == actor.user_id,
            Seat.state.in_(list(states)),
            Panel.subject_kind == kind,
            Panel.closed_at.is_(None),
        )
        .order_by(Seat.id)
        .limit(200)
        .options(joinedload(Seat.panel))
    )
    return list(db.session.scalars(query))


def draws(panel_id: int) -> list[Draw]:
    """Return a panel's draws in order."""
    return list(db.session.scalars(select(Draw).filter_by(panel_id=panel_id).order_by(Draw.number)))


# --- scores -----------------------------------------------------------------------------------------------------------


def own_scores(actor: Actor, of: Seat) -> list[Score]:
    """Return the member's own scores. Raises Forbidden for anybody else's seat."""
    if of.user_id != actor.user_id:
        raise Forbidden(N_("评分由评审组成员独立进行，提交前不向他人显示。"))
    return list(db.session.scalars(select(Score).filter_by(seat_id=of.id).order_by(Score.id)))


def scores_if_final(panel: Panel) -> list[Score] | None:
    """Return every live member's scores once all sheets are final, otherwise None: no average, no order, nothing."""
    if not all_final(panel):
        return None
    ids = [seat.id for seat in live(panel)]
    return list(db.session.scalars(select(Score).where(Score.seat_id.in_(ids)).order_by(Score.seat_id, Score.id)))


def progress(seat_ids: Iterable[int], scored: Iterable[int]) -> dict[int, int]:
    """Return how many criteria of what is `scored` each seat has scored with a reason; figures only, no scores."""
    query = (
        select(Score.seat_id, func.count())
        .where(
            Score.seat_id.in_(list(seat_ids)),
            Score.scored_id.in_(list(scored)),
            Score.score_centi.is_not(None),
            Score.reason != "",
        )
        .group_by(Score.seat_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}
