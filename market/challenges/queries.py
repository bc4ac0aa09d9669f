"""Challenges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from market.awards.models import Award
from market.bids.models import OpenedBid
from market.challenges.models import Challenge
from market.challenges.states import ChallengeState
from market.db.lines import lined
from market.db.session import db

OPEN = (ChallengeState.FILED.value, ChallengeState.REPLIED.value)


def _loaded() -> tuple[object, ...]:
    return (joinedload(Challenge.award), joinedload(Challenge.organisation))


def challenge(challenge_id: int) -> Challenge | None:
    """Return a challenge with its award and organisation."""
    return db.session.scalar(select(Challenge).where(Challenge.id == challenge_id).options(*_loaded()))  # type: ignore[arg-type]


def challenges_to(award_id: int) -> list[Challenge]:
    """Return all challenges against an award, oldest first."""
    query = select(Challenge).where(Challenge.award_id == award_id).options(*_loaded()).order_by(Challenge.id)  # type: ignore[arg-type]
    return list(db.session.scalars(query))


def open_challenges(award_id: int) -> list[Challenge]:
    """Return the challenges against an award that are not decided."""
    return [c for c in challenges_to(award_id) if c.state in OPEN]


def undecided_of(organisation_ids: Iterable[int], award_id: int) -> list[Challenge]:
    """Return the challenges of these organisations against an award that are not decided, oldest first."""
    query = (
        select(Challenge)
        .where(
            Challenge.award_id == award_id,
            Challenge.organisation_id.in_(list(organisation_ids)),
            Challenge.state.in_(OPEN),
        )
        .options(*_loaded())  # type: ignore[arg-type]
        .order_by(Challenge.id)
    )
    return list(db.session.scalars(query))


def _in_state(state: ChallengeState, street_ids: Iterable[int], district_ids: Iterable[int]) -> Select[Any]:
    return (
        select(Challenge)
        .where(Challenge.state == state)
        .where(Challenge.street_id.in_(list(street_ids)) | Challenge.district_id.in_(list(district_ids)))
        .order_by(Challenge.id)
        .limit(100)
    )


def in_state(state: ChallengeState, street_ids: Iterable[int], district_ids: Iterable[int]) -> list[Challenge]:
    """Return the challenges in a state within these streets or districts, oldest first."""
    query = _in_state(state, street_ids, district_ids).options(*_loaded())  # type: ignore[arg-type]
    return list(db.session.scalars(query))


def lines_in_state(state: ChallengeState, street_ids: Iterable[int], district_ids: Iterable[int]) -> Select[Any]:
    """Ask for the challenges in a state within these streets or districts: to reply, or to decide, by `day`."""
    query = _in_state(state, street_ids, district_ids).join(Challenge.award)
    day = Challenge.reply_by if state == ChallengeState.FILED else Challenge.complaint_by
    return lined(query, id=Challenge.id, title=Award.title, day=day)


def filed_by(organisation_ids: Iterable[int]) -> list[Challenge]:
    """Return the challenges of organisations, newest first."""
    query = (
        select(Challenge)
        .where(Challenge.organisation_id.in_(list(organisation_ids)))
        .options(*_loaded())  # type: ignore[arg-type]
        .order_by(Challenge.id.desc())
        .limit(50)
    )
    return list(db.session.scalars(query))


def took_part(subject_kind: str, subject_id: int, organisation_id: int) -> bool:
    """True when the organisation has an opened bid on the subject."""
    if subject_kind != "lot":
        return False
    query = select(OpenedBid.id).filter_by(lot_id=subject_id, organisation_id=organisation_id)
    return db.session.scalar(query) is not None
