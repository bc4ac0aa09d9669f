"""Key material of the installation: everything locked under the installation's key, which never enters the database."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import bindparam, select

from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.sealing import decrypt, encrypt
from market.records.certificates import Authority, new_authority
from market.records.models import Setting
from market.records.signing import fingerprint, new_receipt_key

_AUTHORITY_DAYS = 3650
# Settings in the database that are locked from an installation's first day: by them a key is known to be the right one.
KEPT_AT_FOUNDING = ("receipt_key", "authority_key")
_opened: dict[str, bytes] = {}


def open_keys(installation_key: bytes) -> None:
    """Hand the installation's key (32 bytes, from the settings) to the process; called once by the app factory."""
    _opened.clear()
    _opened["key"] = installation_key


def installation_key() -> bytes:
    """Return the installation's key."""
    return _opened["key"]


def lock(name: str, secret: bytes) -> bytes:
    """Encrypt a secret under the installation's key; `name` is bound to the ciphertext."""
    return encrypt(installation_key(), secret, f"linli:{name}".encode())


def unlock(name: str, locked: bytes) -> bytes:
    """Return a secret locked with the same name."""
    return decrypt(installation_key(), locked, f"linli:{name}".encode())


_SETTING = select(Setting.value).where(Setting.name == bindparam("name"))


def read_setting(name: str) -> object:
    """Return a database setting's value, or None."""
    return db.session.scalar(_SETTING, {"name": name})


def write_setting(name: str, value: object) -> None:
    """Set a database setting."""
    row = db.session.get(Setting, name)
    if row is None:
        db.session.add(Setting(name=name, value=value))
    else:
        row.value = value
    db.session.flush()


def _kept(name: str) -> bytes | None:
    value = read_setting(name)
    return unlock(name, base64.b64decode(value)) if isinstance(value, str) else None


def fits(key: bytes, kept: Mapping[str, object]) -> bool:
    """Whether an installation's key opens what was kept at founding: values of `KEPT_AT_FOUNDING`, by name."""
    try:
        for name, value in kept.items():
            decrypt(key, base64.b64decode(str(value)), f"linli:{name}".encode())
    except (Refused, ValueError):
        return False
    return True


def _keep(name: str, secret: bytes) -> None:
    write_setting(name, base64.b64encode(lock(name, secret)).decode())


def found_installation(publisher: str, at: datetime) -> None:
    """Make receipt key and certificate authority of a new installation; harmless when they exist. `at` is real time."""
    if _kept("receipt_key") is None:
        private, public = new_receipt_key()
        _keep("receipt_key", private)
        write_setting("receipt_public_key", public.hex())
    if _kept("authority_key") is None:
        made = new_authority(f"{publisher} CA", at=at, days=_AUTHORITY_DAYS)
        _keep("authority_key", made.key)
        write_setting("authority_certificate", made.certificate.decode())


def receipt_key() -> bytes:
    """Return the Ed25519 key that signs receipts and daily digests; it is made once and unlocked once a process."""
    if "receipt_key" not in _opened:
        key = _kept("receipt_key")
        if key is None:
            raise RuntimeError("run `market db upgrade` first: this installation has no receipt key")
        _opened["receipt_key"] = key
    return _opened["receipt_key"]


def receipt_public() -> bytes:
    """Return the public half of the receipt key."""
    return Ed25519PrivateKey.from_private_bytes(receipt_key()).public_key().public_bytes_raw()


def receipt_fingerprint() -> str:
    """Return the fingerprint printed on every receipt."""
    return fingerprint(receipt_public())


def authority() -> Authority:
    """Return the installation's certificate authority with its key."""
    key, certificate = _kept("authority_key"), read_setting("authority_certificate")
    if key is None or not isinstance(certificate, str):
        raise RuntimeError("run `market db upgrade` first: this installation has no certificate authority")
    return Authority(key, certificate.encode())
