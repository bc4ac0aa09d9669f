"""Keys and certificates of people. All instants here are real time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.permits import Actor
from market.kernel.sealing import DEFAULT_COST, Argon2Cost, lock_private, new_keypair, public_of, unlock_private
from market.kernel.text import N_
from market.people.actions.accounts import IDENTITY
from market.people.models import SealingKey, SigningCertificate, User
from market.people.queries import certificate_of, sealing_keys
from market.people.rules import password_trouble
from market.records import codes
from market.records.audit import history, record
from market.records.certificates import issue_certificate, new_signing_key
from market.records.keys import authority
from market.records.models import OneTimeCode

CERTIFICATE_DAYS = 730


@dataclass(frozen=True)
class SigningKey:
    """A person's unlocked signing key (PKCS #8 DER) with its certificate chain (PEM)."""

    key: bytes
    certificates: list[bytes]
    serial: str

    def __repr__(self) -> str:
        return f"SigningKey({self.serial})"


@dataclass(frozen=True)
class NewKeys:
    """A fresh sealing key and signing key: public halves, private halves locked under a passphrase."""

    sealing_public: bytes
    sealing_locked: bytes
    signing_public: bytes
    signing_locked: bytes


def prepare_keys(passphrase: str, cost: Argon2Cost = DEFAULT_COST) -> NewKeys:
    """Make and lock a person's keys: the slow part, done before the write transaction. Raises Refused when weak."""
    if trouble := password_trouble(passphrase, ""):
        raise Refused(trouble, field="passphrase")
    private, public = new_keypair()
    signing_private, signing_public = new_signing_key()
    locked = lock_private(private, passphrase, cost=cost)
    signing_locked = lock_private(signing_private, passphrase, cost=cost)
    return NewKeys(public, locked, signing_public, signing_locked)


def identity_code(user_id: int, code: str, at: datetime) -> OneTimeCode:
    """The unused code an officer handed over to this person. Raises Refused at `code`."""
    row = codes.look_up(IDENTITY, code, at)
    if (row.subject_kind, row.subject_id) != ("user", user_id):
        raise Refused(N_("这个办理码是发给另一个账号的，请核对。"), field="code")
    return row


def redeem_identity(user_id: int, code: str, at: datetime) -> int | None:
    """Use the code an officer handed over; return that officer's id. Raises Refused at `code`."""
    codes.use(identity_code(user_id, code, at), at)
    entries = [entry for entry in history("user", user_id) if entry.verb == "confirm_identity"]
    return entries[-1].actor_id if entries else None


def make_keys(
    user_id: int,
    passphrase: str,
    issued_by: int | None,
    at: datetime,
    organisation: str = "",
    prepared: NewKeys | None = None,
) -> SealingKey:
    """Make a person's sealing key and signing certificate, both locked under one passphrase; older ones are retired.

    `at` is real time. Raises Refused for a weak passphrase. `organisation` is the unit the certificate names, empty
    for none. `prepared` are keys already locked under the passphrase.
    """
    made = prepared or prepare_keys(passphrase)
    user = db.session.get(User, user_id)
    if user is None:
        raise Refused(N_("账号不存在或已停用。"))
    if trouble := password_trouble(passphrase, user.login):
        raise Refused(trouble, field="passphrase")
    db.session.execute(
        update(SealingKey).where(SealingKey.user_id == user_id, SealingKey.retired_at.is_(None)).values(retired_at=at)
    )
    key = SealingKey(user_id=user_id, public=made.sealing_public, locked_private=made.sealing_locked, made_at=at)
    db.session.add(key)
    serial = _issue(user, made.signing_public, made.signing_locked, issued_by, at, organisation)
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
        organisation=organisation,
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
