"""People for tests: accounts with a role, signed-in browsers, keys. Passwords and passphrases are cheap to check here.

    clerk = person(Role.STREET_CLERK, street().scope)      # a User
    sign_in(visitor, clerk)
    actions.do(acting(clerk), …)                           # the same person as an Actor
    key = keys(clerk)                                      # sealing key and certificate under PASSPHRASE
"""

from __future__ import annotations

from functools import lru_cache
from itertools import count

from argon2 import PasswordHasher
from sqlalchemy import inspect

from market.db.session import db
from market.kernel.clock import system_now
from market.kernel.permits import Actor, Role, Scope
from market.kernel.sealing import Argon2Cost, lock_private, new_keypair
from market.people import actions, queries
from market.people.models import RoleGrant, SealingKey, SigningCertificate, User
from market.records.certificates import issue_certificate, new_signing_key
from market.records.keys import authority, found_installation
from tests.fixtures.visitor import Visitor

PASSWORD = "horse battery staple"
PASSPHRASE = "seven quiet lanterns"
CHEAP = Argon2Cost(time_cost=1, memory_kib=8, lanes=1)
_numbers = count(1)
EVERYWHERE = Scope()


@lru_cache(maxsize=1)
def password_hash() -> str:
    """PASSWORD hashed at the least cost there is."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def person(
    role: Role | None = None,
    scope: Scope = EVERYWHERE,
    *,
    name: str = "",
    login: str = "",
    also: tuple[Role, ...] = (),
) -> User:
    """An account with one role (and `also` further ones) in a scope; its password is PASSWORD."""
    number = next(_numbers)
    at = system_now()
    user = User(
        login=login or f"user{number}",
        name=name or f"测试{number}",
        email=f"user{number}@example.invalid",
        password_hash=password_hash(),
        language="zh_Hans_CN",
        active=True,
        created_at=at,
        grants=[],
    )
    db.session.add(user)
    db.session.flush()
    for one in ((role,) if role else ()) + also:
        give(user, one, scope)
    return user


def give(user: User, role: Role, scope: Scope = EVERYWHERE) -> RoleGrant:
    """One more role for a person."""
    return actions.grant(None, user.id, role, scope, system_now())


def acting(user: User) -> Actor:
    """The person as an actor with the roles held now."""
    # By the identity, since a row that has expired would be read again for its number alone.
    return queries.actor_of((inspect(user).identity or (user.id,))[0])


def actor(role: Role, scope: Scope = EVERYWHERE, *, name: str = "", also: tuple[Role, ...] = ()) -> Actor:
    """A new person as an actor."""
    return acting(person(role, scope, name=name, also=also))


def sign_in(visitor: Visitor, user: User) -> Visitor:
    """Sign a browser in without its pages. Sessions last twelve hours: sign in again after that."""
    token = actions.begin_session(user, "test browser", "127.0.0.1", system_now())
    with visitor.client.session_transaction() as cookie:
        cookie.clear()
        cookie["token"] = token
    return visitor


def keys(user: User, passphrase: str = PASSPHRASE, organisation: str = "") -> SealingKey:
    """A sealing key and a signing certificate, locked at the least cost; opens with `passphrase`."""
    at = system_now()
    found_installation("测试", at)
    private, public = new_keypair()
    key = SealingKey(
        user_id=user.id, public=public, locked_private=lock_private(private, passphrase, cost=CHEAP), made_at=at
    )
    signing_private, signing_public = new_signing_key()
    pem = issue_certificate(
        authority(),
        public=signing_public,
        subject_name=user.name,
        organisation=organisation or user.name,
        serial_hint=f"{user.id}-1",
        at=at,
        days=actions.CERTIFICATE_DAYS,
    )
    certificate = SigningCertificate(
        user_id=user.id,
        serial=f"{user.id}-1",
        certificate_pem=pem.decode(),
        locked_key=lock_private(signing_private, passphrase, cost=CHEAP),
        issued_by=None,
        issued_at=at,
        expires_at=at.replace(year=at.year + 2),
    )
    db.session.add_all([key, certificate])
    db.session.flush()
    return key
