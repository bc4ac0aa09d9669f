"""Awards, read by whoever comes after them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from market.awards.models import Award
from market.awards.rules import signing_bar
from market.awards.states import AwardState
from market.db.session import db


def award(award_id: int) -> Award | None:
    """Return an award with its purchase file and organisation."""
    query = select(Award).where(Award.id == award_id).options(joinedload(Award.file), joinedload(Award.organisation))
    return db.session.scalar(query)


def award_for(kind: str, subject_id: int) -> Award | None:
    """Return the live award of a subject (a lot), with its purchase file and organisation."""
    query = (
        select(Award)
        .where(Award.subject_kind == kind, Award.subject_id == subject_id, Award.state != AwardState.ANNULLED)
        .options(joinedload(Award.file), joinedload(Award.organisation))
    )
    return db.session.scalar(query)


def stands(row: Award) -> bool:
    """True while the award is confirmed and neither suspended nor annulled."""
    return row.state == AwardState.ACTIVE


def may_sign_at(row: Award, at: datetime, wait: bool = True) -> str | None:
    """Return why a contract on this award may not be signed at `at`, or None; `wait` is the frozen setting."""
    return signing_bar(
        stands=stands(row), publicity_until=row.publicity_until, challenge_until=row.challenge_until, at=at, wait=wait
    )
