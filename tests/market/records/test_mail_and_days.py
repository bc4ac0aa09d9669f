"""Mail leaves once; each ended day is closed once."""

from __future__ import annotations

import email
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email.message import Message as Mail
from email.policy import default

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.config import Mode
from market.kernel.clock import system_now
from market.kernel.permits import CLOCK, Scope
from market.records import jobs
from market.records.audit import lock_chain
from market.records.due import close_ended_day
from market.records.keys import found_installation, receipt_public
from market.records.messages import post_mail
from market.records.models import Chain, DailyDigest, DirectoryCard, OutboundMail
from market.records.notices import post
from market.records.queue import run_pending
from market.records.signing import verify_receipt
from tests.fixtures.clock import StandingClock
from tests.market.records.mailserver import MailServer, running


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running() as server:
        yield server


def _posted(session: Session) -> OutboundMail:
    post_mail("clerk@example.invalid", "开标提醒", "明天上午九点半开标。", system_now())
    return session.scalars(select(OutboundMail)).one()


def _send(app: Flask, mail: OutboundMail, **changes: object) -> None:
    settings = replace(app.extensions["linli"].settings, **changes)
    jobs.send_mail(mail.id, settings=settings, frame=lambda body: f"<{body}>")


def _read(raw: bytes) -> Mail:
    return email.message_from_bytes(raw, policy=default)


def test_a_posted_mail_leaves_by_its_job(app: Flask, session: Session) -> None:
    mail = _posted(session)
    session.commit()
    assert run_pending(app) == 1
    session.refresh(mail)
    assert (mail.sent_at, mail.error) == (system_now(), None)


def test_the_server_gets_the_mail_once_whatever_is_repeated(app: Flask, session: Session, server: MailServer) -> None:
    mail = _posted(session)
    for _ in range(2):
        _send(app, mail, mail_url=server.url, mail_from="noreply@example.invalid", publisher="邻里购")
        session.expire_all()
    assert len(server.mails) == 1
    sent = _read(server.mails[0])
    assert sent["Subject"] == "开标提醒"
    assert sent["From"] == "邻里购 <noreply@example.invalid>"
    assert sent["Message-ID"] == f"<mail-{mail.id}@127.0.0.1>"
    assert sent.get_content().strip() == "<明天上午九点半开标。>"  # type: ignore[attr-defined]


def test_an_address_refused_for_good_is_noted_and_not_tried_again(
    app: Flask, session: Session, server: MailServer
) -> None:
    mail, server.answer = _posted(session), "550 nobody here"
    _send(app, mail, mail_url=server.url)
    session.refresh(mail)
    assert (mail.sent_at, mail.error, server.mails) == (None, "SMTP 550", [])


def test_a_passing_trouble_is_left_to_the_job_book(app: Flask, session: Session, server: MailServer) -> None:
    mail, server.answer = _posted(session), "450 later"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        _send(app, mail, mail_url=server.url)
    assert mail.sent_at is None


def test_a_password_is_never_sent_in_the_open(app: Flask, session: Session, server: MailServer) -> None:
    mail = _posted(session)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        _send(app, mail, mail_url=server.url.replace("smtp://", "smtp://user:word@"))
    assert server.mails == []


def test_production_without_a_server_keeps_the_mail(app: Flask, session: Session) -> None:
    mail = _posted(session)
    _send(app, mail, mode=Mode.PRODUCTION, mail_url="")
    session.refresh(mail)
    assert (mail.sent_at, mail.error) == (None, jobs.NO_SERVER)


def test_the_day_that_ended_is_closed_once_and_signed(session: Session, clock: StandingClock) -> None:
    found_installation("测试", system_now())
    post("note", "1", "说明", {}, ("register", "notes"), Scope(), CLOCK, system_now())
    head = session.scalars(select(Chain.head).filter_by(kind="register", key="notes")).one()
    clock.move_to(2026, 4, 1, 0, 1)
    assert [close_ended_day(clock.now) for _ in range(2)] == [1, 0]
    row = session.scalars(select(DailyDigest)).one()
    card = session.scalars(select(DirectoryCard).filter_by(kind="daily_digest")).one()
    assert row.day == date(2026, 3, 31)
    assert verify_receipt(receipt_public(), row.payload)
    assert ["register", "notes", head, 1] in card.data["heads"]
    assert row.payload["payload"] == {"day": "2026-03-31", "digest": row.digest, "chains": 1}


def test_a_new_installation_has_no_days_to_close(session: Session, clock: StandingClock) -> None:
    assert close_ended_day(clock.now) == 0
    lock_chain("register", "notes")
    found_installation("测试", system_now())
    assert close_ended_day(clock.now) == 1
