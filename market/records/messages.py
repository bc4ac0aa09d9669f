"""Inbox and mail: one text as a catalogue key with parameters, shown in the reader's language, mailed in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from market.db.session import db
from market.records.models import Message, OutboundMail
from market.records.queue import enqueue

SEND_JOB = "records.send_mail"


def tell(
    user_ids: Iterable[int],
    subject: str,
    body: str,
    url: str,
    at: datetime,
    params: Mapping[str, object] | None = None,
) -> None:
    """Put one message into each inbox. `subject` and `body` are literals marked with N_, with `%(name)s` parts."""
    values = {k: str(v) for k, v in (params or {}).items()}
    db.session.add_all(
        Message(user_id=u, subject=subject, body=body, params=values, url=url, at=at) for u in sorted(set(user_ids))
    )
    db.session.flush()


def post_mail(address: str, subject: str, body: str, at: datetime) -> None:
    """Queue one mail to leave after this transaction has committed; repeated delivery of the job is harmless."""
    mail = OutboundMail(address=address, subject=subject, body=body, at=at)
    db.session.add(mail)
    db.session.flush()
    enqueue(db.session, SEND_JOB, str(mail.id), mail_id=mail.id)
