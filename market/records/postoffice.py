"""Handing a mail to the mail server named in the settings."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from urllib.parse import unquote, urlsplit

_TIMEOUT_S = 30
_PORTS = {"smtp": 25, "smtps": 465}
_PERMANENT = 500


def letter(
    number: int, address: str, subject: str, body: str, *, sender: str, sender_name: str, host: str, at: datetime
) -> EmailMessage:
    """Return the mail; its Message-ID comes from its number, so that a mail sent twice can be told as one."""
    mail = EmailMessage()
    mail["From"] = formataddr((sender_name, sender))
    mail["To"] = address
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<mail-{number}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body)
    return mail


def hand_over(url: str, mail: EmailMessage) -> str | None:
    """Give the mail to the server at `url` (smtp:// or smtps://); return why it refused for good, or None.

    Raises OSError or smtplib.SMTPException for what may pass: the caller tries again later. A password is only sent
    over an encrypted connection.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or _PORTS[parts.scheme]
    secure = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=secure)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
    )
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and (server.has_extn("starttls") or parts.username):
            server.starttls(context=secure)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        try:
            server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if min(codes) >= _PERMANENT:
                return f"SMTP {codes[0]}"
            raise
        except smtplib.SMTPResponseException as error:
            if error.smtp_code >= _PERMANENT:
                return f"SMTP {error.smtp_code}"
            raise
    return None
