"""Who is signed in, and who holds which role where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, select, table
from sqlalchemy import column as sql_column
from sqlalchemy.orm import selectinload

from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.permits import ROLE_PERMITS, Actor, Grant, Permit, Role, Scope
from market.kernel.text import N_
from market.people.models import RoleGrant, SealingKey, SigningCertificate, User, UserSession
from market.people.rules import unit_of
from market.places.queries import district, streets_by_id
from market.records.certificates import certificate_unit

SESSION_LIFE = timedelta(hours=12)


def token_digest(token: str) -> str:
    """Return what is stored of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


_LIVE = (RoleGrant.role, RoleGrant.district_id, RoleGrant.street_id, RoleGrant.organisation_id)
_OF_PERSON = and_(RoleGrant.user_id == User.id, RoleGrant.revoked_at.is_(None))
# One statement at every request, without rows of the ORM: whoever is signed in, once for each live grant.
_SIGNED_IN = (
    select(UserSession.created_at, UserSession.ended_at, User.active, User.id, User.name, *_LIVE)
    .join(User, User.id == UserSession.user_id)
    .outerjoin(RoleGrant, _OF_PERSON)
    .where(UserSession.digest == bindparam("digest"))
    .order_by(RoleGrant.id)
)
_PERSON = (
    select(User.active, User.name, *_LIVE)
    .outerjoin(RoleGrant, _OF_PERSON)
    .where(User.id == bindparam("id"))
    .order_by(RoleGrant.id)
)


def actor_of_session(token: str | None, at: datetime) -> Actor | None:
    """Return the person behind a cookie's token with the live grants (one statement), or None. `at` is real time."""
    if not token:
        return None
    rows = db.session.execute(_SIGNED_IN, {"digest": token_digest(token)}).all()
    if not rows:
        return None
    created_at, ended_at, active, user_id, name = rows[0][:5]
    if ended_at is not None or at - created_at > SESSION_LIFE or not active:
        return None
    return _actor(user_id, name, [row[5:] for row in rows])


def _actor(user_id: int, name: str, grants: Iterable[Sequence[Any]]) -> Actor:
    return Actor(user_id, name, tuple(Grant(Role(role), *scope) for role, *scope in grants if role is not None))


def person(user_id: int) -> User | None:
    """Return a person with the grants loaded, those given a moment ago in this transaction included."""
    return db.session.scalar(
        select(User)
        .where(User.id == user_id)
        .options(selectinload(User.grants))
        .execution_options(populate_existing=True)
    )


def person_by_login(login: str) -> User | None:
    """Return the active person with this login, whatever its case."""
    return db.session.scalar(select(User).filter_by(login=login.strip().lower(), active=True))


def names(user_ids: Iterable[int]) -> dict[int, str]:
    """Return people's names by id."""
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(list(user_ids))))
    return {row.id: row.name for row in rows}


def actor_of(user_id: int) -> Actor:
    """Return a person as an actor; raises Refused when there is none or the account is closed. One statement."""
    rows = db.session.execute(_PERSON, {"id": user_id}).all()
    if not rows or not rows[0].active:
        raise Refused(N_("账号不存在或已停用。"))
    return _actor(user_id, rows[0].name, [row[2:] for row in rows])


def _grants_in(scope: Scope) -> object:
    return (
        RoleGrant.revoked_at.is_(None)
        & ((RoleGrant.district_id.is_(None)) | (RoleGrant.district_id == scope.district_id))
        & ((RoleGrant.street_id.is_(None)) | (RoleGrant.street_id == scope.street_id))
        & ((RoleGrant.organisation_id.is_(None)) | (RoleGrant.organisation_id == scope.organisation_id))
    )


def holding(permit: Permit, scope: Scope) -> Select[int]:
    """The ids of active people who hold `permit` in `scope`, as a question inside another one."""
    roles = [role.value for role, permits in ROLE_PERMITS.items() if permit in permits]
    return (
        select(RoleGrant.user_id)
        .join(User, User.id == RoleGrant.user_id)
        .where(RoleGrant.role.in_(roles), User.active, _grants_in(scope))  # type: ignore[arg-type]
    )


def holders(permit: Permit, scope: Scope) -> list[int]:
    """Return the ids of active people who hold `permit` in `scope`, lowest first."""
    query = holding(permit, scope).distinct().order_by(RoleGrant.user_id)
    return list(db.session.scalars(query))


def with_role(role: Role, scope: Scope) -> list[int]:
    """Return the ids of active people who hold `role` in `scope`."""
    query = (
        select(RoleGrant.user_id)
        .join(User, User.id == RoleGrant.user_id)
        .where(RoleGrant.role == role.value, User.active, _grants_in(scope))  # type: ignore[arg-type]
        .distinct()
        .order_by(RoleGrant.user_id)
    )
    return list(db.session.scalars(query))


def members(organisation_id: int, *, closed: bool = False) -> list[User]:
    """Return the active people with a role in an organisation, with `closed` the others too; grants loaded."""
    query = (
        select(User)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(RoleGrant.organisation_id == organisation_id, RoleGrant.revoked_at.is_(None))
        .options(selectinload(User.grants))
        .distinct()
        .order_by(User.id)
    )
    return list(db.session.scalars(query if closed else query.where(User.active)))


def was_here(user_id: int) -> bool:
    """Whether this person has ever signed in."""
    return db.session.scalar(select(UserSession.id).filter_by(user_id=user_id).limit(1)) is not None


def people_in(district_ids: Iterable[int] | None, before: int | None = None, limit: int = 30) -> list[User]:
    """Return people with a live role in these districts (None: everybody), newest first, grants loaded, page by key."""
    query = select(User).options(selectinload(User.grants)).order_by(User.id.desc()).limit(limit)
    if district_ids is not None:
        own = select(RoleGrant.user_id).where(
            RoleGrant.district_id.in_(list(district_ids)), RoleGrant.revoked_at.is_(None)
        )
        query = query.where(User.id.in_(own))
    if before is not None:
        query = query.where(User.id < before)
    return list(db.session.scalars(query))


def sealing_keys(user_ids: Iterable[int]) -> dict[int, SealingKey]:
    """Return the live sealing keys of these people by user id."""
    rows = db.session.scalars(
        select(SealingKey).where(SealingKey.user_id.in_(list(user_ids)), SealingKey.retired_at.is_(None))
    )
    return {key.user_id: key for key in rows}


def certificate_of(user_id: int) -> SigningCertificate | None:
    """Return a person's newest certificate that is not revoked."""
    return db.session.scalar(
        select(SigningCertificate)
        .where(SigningCertificate.user_id == user_id, SigningCertificate.revoked_at.is_(None))
        .order_by(SigningCertificate.id.desc())
        .limit(1)
    )


def certified_unit(user_id: int) -> str:
    """Return the unit that a person's certificate names; empty for none, or without a certificate."""
    held = certificate_of(user_id)
    return certificate_unit(held.certificate_pem.encode()) if held else ""


def scope_names(grants: Iterable[RoleGrant]) -> dict[int, str]:
    """Return the place or organisation of each grant by grant id, as text; empty for everywhere."""
    wanted = list(grants)
    tables = {"street_id": "street", "organisation_id": "organisation", "district_id": "district"}
    found: dict[int, str] = {g.id: "" for g in wanted}
    for column, name in tables.items():
        names = _names_in(name, {getattr(g, column) for g in wanted} - {None})
        for grant in wanted:
            value = getattr(grant, column)
            if value is not None and not found[grant.id]:
                found[grant.id] = names.get(value, "")
    return found


def _names_in(table_name: str, ids: set[int]) -> dict[int, str]:
    """Names by id. Organisations stand above this room, so their table is read by name."""
    if not ids:
        return {}
    source = table(table_name, sql_column("id"), sql_column("name"))
    rows = db.session.execute(select(source.c.id, source.c.name).where(source.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


def unit_name(actor: Actor) -> str:
    """Return the unit that a certificate of this person names, in full; empty where it names the person alone."""
    unit = unit_of(actor.grants)
    if unit is None:
        return ""
    if unit.organisation_id is not None:
        return _names_in("organisation", {unit.organisation_id})[unit.organisation_id]
    if unit.street_id is not None:
        return streets_by_id({unit.street_id})[unit.street_id].office
    place = district(unit.district_id or 0)
    return place.full_name if place else ""
