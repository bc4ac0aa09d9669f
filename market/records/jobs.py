"""The door where the worker knocks: mail that waits to leave."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from sqlalchemy import update

from market.config import Settings
from market.db.engine import begin_writing
from market.db.session import db
from market.kernel.clock import system_now
from market.records.models import OutboundMail
from market.records.postoffice import hand_over, letter

NO_SERVER = "no mail server is set"


def send_mail(mail_id: int, *, settings: Settings, frame: Callable[[str], str]) -> None:
    """Send one mail, once. Without a mail server it counts as sent, except in production, where it waits with a note.

    `frame` lays the house's frame around the body. The server is spoken to before anything is locked.
    """
    mail = db.session.get(OutboundMail, mail_id)
    if mail is None or mail.sent_at is not None:
        return
    trouble = None
    if settings.mail_url:
        ready = letter(
            mail.id, mail.address, mail.subject, frame(mail.body), sender=settings.mail_from,
            sender_name=settings.publisher, host=urlsplit(settings.base_url).hostname or "localhost", at=system_now(),
        )  # fmt: skip
        trouble = hand_over(settings.mail_url, ready)
    elif settings.is_production:
        trouble = NO_SERVER
    begin_writing(db.session)
    db.session.execute(
        update(OutboundMail)
        .where(OutboundMail.id == mail_id, OutboundMail.sent_at.is_(None))
        .values(sent_at=None if trouble else system_now(), error=trouble)
    )
