"""Signing in: passwords, throttle, sessions, second factor. All instants here are real time."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select, update

from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.permits import Actor
from market.kernel.text import N_
from market.people.models import SignInFailure, User, UserSession
from market.people.queries import token_digest
from market.people.rules import FREE_TRIES_OF_ADDRESS, password_trouble, throttle_until
from market.records.audit import record
from market.records.keys import lock, unlock
from market.records.models import OneTimeCode

RESET = "reset"


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


def check_sender(form: str, address: str, at: datetime) -> None:
    """Raise Refused while an address must wait before it sends a public form again; each sending is noted."""
    check_throttle(_sender(form, address), address, at)


def note_sender(form: str, address: str, at: datetime) -> None:
    """Write down that an address sent a public form; the same waits as for wrong passwords follow from it."""
    note_failure(_sender(form, address), address, at)


def _sender(form: str, address: str) -> str:
    """Stands for a login; no login has a space."""
    return f"{form} from {address}"


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


def set_password(user: User, password: str, at: datetime, *, hashed: str | None = None) -> None:
    """Change the password, sign out everywhere and void older links; keys under the passphrase are not touched.

    `hashed` is its hash where it was made before the write transaction (`hash_password`).
    """
    if trouble := password_trouble(password, user.login):
        raise Refused(trouble, field="password")
    user.password_hash = hashed or hash_password(password)
    db.session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.purpose == RESET, OneTimeCode.subject_kind == "user", OneTimeCode.subject_id == user.id)
        .where(OneTimeCode.used_at.is_(None))
        .values(used_at=at)
    )
    end_all_sessions(user.id, at)
    record(user.subject, "set_password", Actor(user.id, user.name), at)


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
