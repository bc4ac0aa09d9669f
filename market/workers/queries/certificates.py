"""Certificates: whose they are, which wait, which run out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from market.db.lines import lined
from market.db.session import db
from market.workers.models import Certificate, SocialWorker
from market.workers.queries.people import PAGE
from market.workers.states import CertificateState


def certificate(certificate_id: int) -> Certificate | None:
    """Return a certificate with its holder."""
    return db.session.get(Certificate, certificate_id)


def holder_of(number: str) -> SocialWorker | None:
    """Return the person under whom a certificate number is entered."""
    query = (
        select(SocialWorker)
        .join(Certificate, Certificate.worker_id == SocialWorker.id)
        .where(Certificate.number == number)
    )
    return db.session.scalar(query.limit(1))


def to_confirm(district_ids: Iterable[int], before: int | None = None, limit: int = PAGE + 1) -> list[Certificate]:
    """Return certificates that wait for the district, newest first."""
    query = select(Certificate).where(
        Certificate.district_id.in_(list(district_ids)), Certificate.state == CertificateState.SUBMITTED
    )
    if before is not None:
        query = query.where(Certificate.id < before)
    return list(db.session.scalars(query.order_by(Certificate.id.desc()).limit(limit)))


def returned(organisation_ids: Iterable[int]) -> Select[Any]:
    """Ask for certificates of these organisations' people that were sent back."""
    query = (
        select(Certificate)
        .join(Certificate.worker)
        .where(SocialWorker.organisation_id.in_(list(organisation_ids)), Certificate.state == CertificateState.RETURNED)
    )
    return lined(query.order_by(Certificate.id).limit(50), id=Certificate.id, title=SocialWorker.name)


def expiring(organisation_ids: Collection[int] | None, day: date, within_days: int) -> list[Certificate]:
    """Return confirmed certificates that run out soon and have no later period, the earliest end first.

    `organisation_ids` None asks for all organisations: the clock's question.
    """
    later = aliased(Certificate)
    followed = select(later.id).where(
        later.worker_id == Certificate.worker_id,
        later.valid_until > Certificate.valid_until,
        later.state != CertificateState.RETURNED,
    )
    query = (
        select(Certificate)
        .join(Certificate.worker)
        .where(
            Certificate.state == CertificateState.CONFIRMED,
            Certificate.valid_until >= day,
            Certificate.valid_until <= day + timedelta(days=within_days),
            SocialWorker.organisation_id.is_not(None),
            ~followed.exists(),
        )
    )
    if organisation_ids is not None:
        query = query.where(SocialWorker.organisation_id.in_(list(organisation_ids)))
    return list(db.session.scalars(query.order_by(Certificate.valid_until, Certificate.id).limit(200)))


def lapsed(day: date) -> list[Certificate]:
    """Return confirmed certificates whose period is over."""
    query = select(Certificate).where(Certificate.state == CertificateState.CONFIRMED, Certificate.valid_until < day)
    return list(db.session.scalars(query.order_by(Certificate.id).limit(500)))
