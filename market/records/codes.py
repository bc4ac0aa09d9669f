"""Codes that work once. Only a digest is kept; the code itself is shown or mailed one time."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import datetime

from sqlalchemy import select, update

from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.text import N_
from market.records.models import OneTimeCode

# No 0/O, 1/I/L: a resident reads the code from a slip of paper.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def _digest(purpose: str, code: str) -> str:
    # People type spaces for the hyphens, and full-width letters and dashes from a Chinese keyboard.
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign.isalnum())
    return hashlib.sha256(f"{purpose}:{plain}".encode()).hexdigest()


def new_code(purpose: str, subject: tuple[str, int], expires_at: datetime, *, length: int = 12) -> str:
    """Make one code and return it in groups of four; only its digest is stored."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(length))
    db.session.add(
        OneTimeCode(
            purpose=purpose,
            digest=_digest(purpose, code),
            subject_kind=subject[0],
            subject_id=subject[1],
            expires_at=expires_at,
        )
    )
    db.session.flush()
    return "-".join(code[i : i + 4] for i in range(0, length, 4))


def spend(purpose: str, token: str, subject: tuple[str, int], at: datetime) -> bool:
    """Take the token of a page whose answer cannot be shown twice; False when it was taken before.

    Nothing else keeps it apart from a second press: what such a page makes has no row of its own to carry the token.
    """
    digest = _digest(purpose, token)
    if db.session.scalar(select(OneTimeCode.id).filter_by(purpose=purpose, digest=digest)) is not None:
        return False
    kind, number = subject
    db.session.add(
        OneTimeCode(purpose=purpose, digest=digest, subject_kind=kind, subject_id=number, expires_at=at, used_at=at)
    )
    db.session.flush()
    return True


def look_up(purpose: str, code: str, at: datetime) -> OneTimeCode:
    """Return the live code; raises Refused when it is unknown, used or out of date (all three sound the same)."""
    row = db.session.scalar(select(OneTimeCode).filter_by(purpose=purpose, digest=_digest(purpose, code)))
    if row is None or row.used_at is not None or row.expires_at <= at:
        raise Refused(N_("这个代码无效、已使用或已过期，请核对后重新输入。"), field="code")
    return row


def withdraw(purpose: str, subject: tuple[str, int], at: datetime) -> None:
    """Let no code made so far for this subject be used any more."""
    kind, subject_id = subject
    db.session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.purpose == purpose, OneTimeCode.subject_kind == kind, OneTimeCode.subject_id == subject_id)
        .where(OneTimeCode.used_at.is_(None))
        .values(used_at=at)
    )


def use(row: OneTimeCode, at: datetime) -> None:
    """Mark the code as used; raises Refused when somebody was faster."""
    done = db.session.execute(
        update(OneTimeCode).where(OneTimeCode.id == row.id, OneTimeCode.used_at.is_(None)).values(used_at=at)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(N_("这个代码无效、已使用或已过期，请核对后重新输入。"), field="code")
