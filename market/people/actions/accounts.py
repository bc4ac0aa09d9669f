"""Accounts and roles: who opens them, who gives and takes roles, who has confirmed whose identity."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select

from market.db.session import db
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Actor, Grant, Permit, Role, Scope, require
from market.kernel.text import N_
from market.people.actions.signing_in import RESET, end_all_sessions, hash_password
from market.people.models import RoleGrant, User
from market.people.queries import was_here
from market.people.rules import email_trouble, grantable, login_trouble, misplaced, password_trouble
from market.records import codes
from market.records.audit import Subject, record
from market.records.models import OneTimeCode

_SYSTEM = Actor(None, "system")
IDENTITY = "certificate"
INVITATION_LIFE = timedelta(days=3)
_IDENTITY_LIFE = timedelta(days=3)
_BETWEEN_LINKS = timedelta(minutes=2)


def create_user(
    actor: Actor | None,
    login: str,
    name: str,
    email: str,
    password: str,
    at: datetime,
    *,
    hashed: str | None = None,
) -> User:
    """Create an account. Raises Refused for a taken or odd login, an odd address or a weak password.

    `actor` None: self-registration.

    `hashed` is the password's hash where many accounts are made with one password (`hash_password`).
    """
    login, email = login.strip().lower(), email.strip()
    if trouble := login_trouble(login):
        raise Refused(trouble, field="login")
    if trouble := email_trouble(email):
        raise Refused(trouble, field="email")
    if trouble := password_trouble(password, login):
        raise Refused(trouble, field="password")
    check_login_free(login)
    user = User(
        login=login,
        name=name.strip(),
        email=email,
        password_hash=hashed or hash_password(password),
        language="zh_Hans_CN",
        active=True,
        created_at=at,
        grants=[],
    )
    db.session.add(user)
    db.session.flush()
    record(user.subject, "create", actor or Actor(user.id, user.name), at, private={"login": login, "name": name})
    return user


def check_login_free(login: str) -> None:
    """Raise Refused at `login` when somebody signs in with it already."""
    if db.session.scalar(select(User.id).filter_by(login=login.strip().lower())) is not None:
        raise Refused(N_("这个登录名已被使用，请换一个。"), field="login")


def grant(actor: Actor | None, user_id: int, role: Role, scope: Scope, at: datetime) -> RoleGrant:
    """Give a role within a scope; `actor` None is the installer. Raises Forbidden outside the giver's own scope."""
    if actor is not None and not grantable(
        actor, Grant(role, scope.district_id, scope.street_id, scope.organisation_id)
    ):
        raise Forbidden(N_("您只能在自己的管理范围内授予角色。"))
    row = RoleGrant(
        user_id=user_id,
        role=role.value,
        district_id=scope.district_id,
        street_id=scope.street_id,
        organisation_id=scope.organisation_id,
        granted_by=actor.user_id if actor else None,
        granted_at=at,
    )
    db.session.add(row)
    db.session.flush()
    subject = Subject("role_grant", row.id, ("register", "people"), scope)
    record(subject, "grant", actor or _SYSTEM, at, facts={"role": role.value}, private={"user": user_id})
    return row


def revoke(actor: Actor, row: RoleGrant, at: datetime) -> None:
    """Take a role back. Raises Forbidden outside the actor's scope."""
    scope = Scope(row.district_id, row.street_id, row.organisation_id)
    if not grantable(actor, Grant(Role(row.role), row.district_id, row.street_id, row.organisation_id)):
        raise Forbidden(N_("您只能在自己的管理范围内收回角色。"))
    row.revoked_at = at
    subject = Subject("role_grant", row.id, ("register", "people"), scope)
    record(subject, "revoke", actor, at, facts={"role": row.role}, private={"user": row.user_id})


def invite(
    actor: Actor, login: str, name: str, email: str, role: Role, scope: Scope, at: datetime, hashed: str
) -> tuple[User, str]:
    """Open an account with one role; return it with the one-time code of the link that sets its password.

    `hashed` is the hash of a password nobody knows, made before the write transaction. Raises Refused at a field.
    """
    if trouble := misplaced(role, scope):
        raise Refused(trouble, field="place")
    user = create_user(actor, login, name, email, secrets.token_urlsafe(24), at, hashed=hashed)
    grant(actor, user.id, role, scope, at)
    return user, new_password_link(user, at, INVITATION_LIFE)


def new_password_link(user: User, at: datetime, life: timedelta) -> str:
    """Make the one-time code of a link that sets a new password. `at` is real time."""
    return codes.new_code(RESET, ("user", user.id), at + life, length=24)


def correct_address(actor: Actor, user: User, email: str, at: datetime) -> str:
    """Give an account nobody has used yet its right address; links sent to the wrong one work no more.

    Returns the code of a new link. `at` is real time. Raises Forbidden beyond the actor's reach, Refused at `email`
    once the person has signed in: whoever could change the address then could take the account over.
    """
    _require_reach(actor, user)
    if was_here(user.id):
        raise Refused(N_("此人已经登录过，邮箱不能由他人更改。"), field="email")
    codes.withdraw(RESET, ("user", user.id), at)
    user.email = email.strip()
    record(user.subject, "correct_address", actor, at, private={"email": user.email})
    return new_password_link(user, at, INVITATION_LIFE)


def may_send_link(user: User, expires_at: datetime) -> bool:
    """False when a link was sent to this person a moment ago: nobody's mailbox is filled through the reset page."""
    newest = db.session.scalar(
        select(func.max(OneTimeCode.expires_at)).filter_by(purpose=RESET, subject_kind="user", subject_id=user.id)
    )
    return newest is None or newest <= expires_at - _BETWEEN_LINKS


def close_account(actor: Actor, user: User, at: datetime) -> None:
    """Close an account: its sessions end and nobody can sign in with it. Raises Forbidden beyond the actor's reach."""
    _require_reach(actor, user)
    if actor.user_id == user.id:
        raise Refused(N_("不能停用自己的账号。"))
    user.active = False
    end_all_sessions(user.id, at)
    record(user.subject, "close", actor, at)


def reopen_account(actor: Actor, user: User, at: datetime) -> None:
    """Open a closed account again."""
    _require_reach(actor, user)
    user.active = True
    record(user.subject, "reopen", actor, at)


def _require_reach(actor: Actor, user: User) -> None:
    """Every role of the person must lie within what the actor manages."""
    for row in user.grants:
        held = Grant(Role(row.role), row.district_id, row.street_id, row.organisation_id)
        if row.revoked_at is None and not grantable(actor, held):
            raise Forbidden(N_("此人还有您管理范围以外的角色，请联系平台管理员。"))


def confirm_identity(actor: Actor, user: User, scope: Scope, at: datetime) -> str:
    """Confirm face to face who somebody is; return the code with which that person makes keys, once, within three days.

    `scope` is where the person belongs. `at` is real time. Raises Forbidden without the permit, Refused for oneself.
    """
    require(actor, Permit.CERTIFICATE_ISSUE, scope)
    if actor.user_id == user.id:
        raise Refused(N_("不能为自己确认身份，请由另一名经办人办理。"))
    code = codes.new_code(IDENTITY, ("user", user.id), at + _IDENTITY_LIFE)
    record(user.subject, "confirm_identity", actor, at, permit=Permit.CERTIFICATE_ISSUE)
    return code


def require_manager(actor: Actor, scope: Scope) -> None:
    """Raise Forbidden unless the actor manages people in this scope."""
    permit = Permit.MEMBERS_MANAGE if scope.organisation_id else Permit.PEOPLE_MANAGE
    require(actor, permit, scope)
