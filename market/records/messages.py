"""Inbox and mail: one text as a catalogue key with parameters, shown in the reader's language, mailed in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import insert

from market.db.session import db
from market.records.models import Message, OutboundMail
from market.records.queue import enqueue

SEND_JOB = "records.send_mail"
_MESSAGES = insert(Message)


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
    told = {"subject": subject, "body": body, "params": values, "url": url, "at": at}
    # Whom it names is written by now; and without objects of the session all messages are one statement.
    db.session.flush()
    if rows := [{"user_id": user_id, **told} for user_id in sorted(set(user_ids))]:
        db.session.connection().execute(_MESSAGES, rows)


def post_mail(address: str, subject: str, body: str, at: datetime) -> None:
    """Queue one mail to leave after this transaction has committed; repeated delivery of the job is harmless."""
    mail = OutboundMail(address=address, subject=subject, body=body, at=at)
    db.session.add(mail)
    db.session.flush()
    enqueue(db.session, SEND_JOB, str(mail.id), mail_id=mail.id)
