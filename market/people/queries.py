"""Who is signed in, and who holds which role where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import session
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from market.db.session import db
from market.kernel.permits import Actor, Permit, ROLE_PERMITS, Scope
from market.people.models import RoleGrant, SealingKey, User, UserSession

SESSION_HOURS = 12


def token_digest(token: str) -> str:
    """Return what is stored of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


def person(user_id: int) -> User | None:
    """Return a person with the grants loaded."""
    return db.session.scalar(select(User).where(User.id == user_id).options(selectinload(User.grants)))


def holders(permit: Permit, scope: Scope) -> list[int]:
    """Return the ids of active people who hold `permit` in `scope`, lowest first."""
    roles = [role.value for role, permits in ROLE_PERMITS.items() if permit in permits]
    rows = db.session.scalars(
        select(RoleGrant)
        .join(User, User.id == RoleGrant.user_id)
        .where(RoleGrant.role.in_(roles), RoleGrant.revoked_at.is_(None), User.active)
        .where(
            (RoleGrant.district_id.is_(None)) | (RoleGrant.district_id == scope.district_id),
            (RoleGrant.street_id.is_(None)) | (RoleGrant.street_id == scope.street_id),
            (RoleGrant.organisation_id.is_(None)) | (RoleGrant.organisation_id == scope.organisation_id),
        )
    )
    return sorted({g.user_id for g in rows})


def sealing_keys(user_ids: Iterable[int]) -> dict[int, SealingKey]:
    """Return the live sealing keys of these people by user id."""
    rows = db.session.scalars(
        select(SealingKey).where(SealingKey.user_id.in_(list(user_ids)), SealingKey.retired_at.is_(None))
    )
    return {key.user_id: key for key in rows}
