"""Accounts, grants, sessions, keys and certificates."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import func, select, update

from market.db.session import db
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Actor, Grant, Permit, Role, Scope, require
from market.kernel.sealing import lock_private, new_keypair, public_of, unlock_private
from market.kernel.text import N_
from market.people.models import RoleGrant, SealingKey, SignInFailure, SigningCertificate, User, UserSession
from market.people.queries import certificate_of, sealing_keys, token_digest
from market.people.rules import FREE_TRIES_OF_ADDRESS, grantable, password_trouble, throttle_until
from market.records.audit import Subject, record
from market.records.certificates import issue_certificate, new_signing_key
from market.records.keys import authority, lock, unlock

CERTIFICATE_DAYS = 730
_SYSTEM = Actor(None, "system")


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobody_hash() -> str:
    """A hash to check against when the login does not exist, so that both cases take as long."""
    return _hasher().hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """Return the argon2 hash of a password; slow by design."""
    return _hasher().hash(password)


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
    """Create an account. Raises Refused for a taken login or a weak password. `actor` None: self-registration.

    `hashed` is the password's hash where many accounts are made with one password (`hash_password`).
    """
    login = login.strip().lower()
    if trouble := password_trouble(password, login):
        raise Refused(trouble, field="password")
    if db.session.scalar(select(User.id).filter_by(login=login)) is not None:
        raise Refused(N_("这个登录名已被使用，请换一个。"), field="login")
    user = User(
        login=login,
        name=name.strip(),
        email=email.strip(),
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


# --- signing in (real time throughout) ---


def check_password(login: str, password: str, address: str, at: datetime) -> User:
    """Return the person, or raise Refused with one sentence for every kind of failure; the caller records failures.

    Takes the same time whether the login exists or not.
    """
    login = login.strip().lower()
    check_throttle(login, address, at)
    user = db.session.scalar(select(User).filter_by(login=login))
    try:
        _hasher().verify(user.password_hash if user else _nobody_hash(), password)
    except VerificationError:
        user = None
    if user is None or not user.active:
        raise Refused(N_("登录名或密码不对，请检查后重试。"), field="password")
    return user


def check_throttle(login: str, address: str, at: datetime) -> None:
    """Raise Refused while attempts for this login, or from this address, must wait."""
    rows = db.session.execute(
        select(SignInFailure.login, SignInFailure.address, SignInFailure.at)
        .where((SignInFailure.login == login) | (SignInFailure.address == address))
        .where(SignInFailure.at > at - timedelta(hours=1))
        .order_by(SignInFailure.at)
    ).all()
    waits = [
        throttle_until([r.at for r in rows if r.login == login]),
        throttle_until([r.at for r in rows if r.address == address], FREE_TRIES_OF_ADDRESS),
    ]
    until = max((w for w in waits if w is not None), default=None)
    if until and at < until:
        minutes = int((until - at).total_seconds() // 60) + 1
        raise Refused(N_("尝试次数过多，请在 %(minutes)s 分钟后再试。"), minutes=minutes)


def note_failure(login: str, address: str, at: datetime) -> None:
    """Write one failed attempt down for the throttle."""
    db.session.add(SignInFailure(login=login.strip().lower()[:200], address=address[:64], at=at))
    db.session.flush()


def forget_failures(login: str) -> None:
    """Clear a person's failures after a successful sign-in."""
    db.session.execute(db.delete(SignInFailure).where(SignInFailure.login == login.strip().lower()))


def begin_session(user: User, agent: str, address: str, at: datetime) -> str:
    """Open a session and return the token for the cookie."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        UserSession(
            user_id=user.id,
            digest=token_digest(token),
            created_at=at,
            seen_at=at,
            agent=agent[:200],
            address=address[:64],
        )
    )
    db.session.flush()
    return token


def end_session(token: str, at: datetime) -> None:
    """End one session."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.digest == token_digest(token), UserSession.ended_at.is_(None))
        .values(ended_at=at)
    )


def end_all_sessions(user_id: int, at: datetime) -> int:
    """Sign a person out everywhere; return how many sessions ended."""
    done = db.session.execute(
        update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None)).values(ended_at=at)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def set_password(user: User, password: str, at: datetime) -> None:
    """Change the password and sign out everywhere; keys under the passphrase are not touched."""
    if trouble := password_trouble(password, user.login):
        raise Refused(trouble, field="password")
    user.password_hash = _hasher().hash(password)
    end_all_sessions(user.id, at)
    record(user.subject, "set_password", Actor(user.id, user.name), at)


# --- second factor (real time) ---


def totp_secret(user: User) -> str | None:
    """Return the second factor's secret, unlocked; None when the person has none."""
    return unlock(f"totp:{user.id}", user.totp_secret).decode() if user.totp_secret else None


def set_totp(user: User, secret: str, code: str, at: datetime) -> None:
    """Turn the second factor on after one right code. Raises Refused for a wrong one."""
    if not pyotp.TOTP(secret).verify(code, for_time=at, valid_window=1):
        raise Refused(N_("动态验证码不对，请看验证器上的最新六位数字。"), field="code")
    user.totp_secret = lock(f"totp:{user.id}", secret.encode())
    user.totp_last_step = None
    record(user.subject, "set_second_factor", Actor(user.id, user.name), at)


def check_totp(user: User, code: str, at: datetime) -> None:
    """Check a second factor; each code works once. Raises Refused."""
    secret = totp_secret(user)
    if secret is None:
        return
    totp = pyotp.TOTP(secret)
    step = int(at.timestamp()) // totp.interval
    for candidate in (step, step - 1, step + 1):
        fresh = user.totp_last_step is None or candidate > user.totp_last_step
        if fresh and secrets.compare_digest(totp.at(candidate * totp.interval), code.strip()):
            user.totp_last_step = candidate
            return
    raise Refused(N_("动态验证码不对或已用过，请等下一组数字再试。"), field="code")


# --- keys and certificates (real time) ---


@dataclass(frozen=True)
class SigningKey:
    """A person's unlocked signing key (PKCS #8 DER) with its certificate chain (PEM)."""

    key: bytes
    certificates: list[bytes]
    serial: str

    def __repr__(self) -> str:
        return f"SigningKey({self.serial})"


def make_keys(user_id: int, passphrase: str, issued_by: int | None, at: datetime, organisation: str = "") -> SealingKey:
    """Make a person's sealing key and signing certificate, both locked under one passphrase; older ones are retired.

    `at` is real time. Raises Refused for a weak passphrase.
    """
    user = db.session.get(User, user_id)
    if user is None:
        raise Refused(N_("账号不存在或已停用。"))
    if trouble := password_trouble(passphrase, user.login):
        raise Refused(trouble, field="passphrase")
    db.session.execute(
        update(SealingKey).where(SealingKey.user_id == user_id, SealingKey.retired_at.is_(None)).values(retired_at=at)
    )
    private, public = new_keypair()
    key = SealingKey(user_id=user_id, public=public, locked_private=lock_private(private, passphrase), made_at=at)
    db.session.add(key)
    signing_private, signing_public = new_signing_key()
    serial = _issue(user, signing_public, lock_private(signing_private, passphrase), issued_by, at, organisation)
    db.session.flush()
    record(user.subject, "make_keys", Actor(user.id, user.name), at, facts={"certificate": serial})
    return key


def _issue(user: User, public: bytes, locked: bytes, issued_by: int | None, at: datetime, organisation: str) -> str:
    db.session.execute(
        update(SigningCertificate)
        .where(SigningCertificate.user_id == user.id, SigningCertificate.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    number = (db.session.scalar(select(func.count()).where(SigningCertificate.user_id == user.id)) or 0) + 1
    serial = f"{user.id}-{number}"
    pem = issue_certificate(
        authority(),
        public=public,
        subject_name=user.name,
        organisation=organisation or user.name,
        serial_hint=serial,
        at=at,
        days=CERTIFICATE_DAYS,
    )
    db.session.add(
        SigningCertificate(
            user_id=user.id,
            serial=serial,
            certificate_pem=pem.decode(),
            locked_key=locked,
            issued_by=issued_by,
            issued_at=at,
            expires_at=at + timedelta(days=CERTIFICATE_DAYS),
        )
    )
    return serial


def open_sealing_key(user_id: int, passphrase: str) -> bytes:
    """Return the person's private sealing key. Raises Refused at `passphrase` when it is wrong or there is no key."""
    key = sealing_keys([user_id]).get(user_id)
    if key is None:
        raise Refused(N_("您还没有密钥；请先在“我的密钥”页设置口令并生成。"), field="passphrase")
    private = unlock_private(key.locked_private, passphrase)
    if public_of(private) != key.public:
        raise Refused(N_("密钥文件已损坏，请联系平台管理员重新签发。"), field="passphrase")
    return private


def open_signing_key(user_id: int, passphrase: str, at: datetime) -> SigningKey:
    """Return the person's signing key with its chain. `at` is real time. Raises Refused at `passphrase`."""
    row = certificate_of(user_id)
    if row is None or row.expires_at <= at:
        raise Refused(N_("您还没有有效的签名证书；请先在“我的密钥”页办理。"), field="passphrase")
    key = unlock_private(row.locked_key, passphrase)
    return SigningKey(key, [row.certificate_pem.encode(), authority().certificate], row.serial)


def require_manager(actor: Actor, scope: Scope) -> None:
    """Raise Forbidden unless the actor manages people in this scope."""
    permit = Permit.MEMBERS_MANAGE if scope.organisation_id else Permit.PEOPLE_MANAGE
    require(actor, permit, scope)
