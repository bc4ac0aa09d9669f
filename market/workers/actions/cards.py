"""The growth record card: frozen when it is handed out, laid out by a job."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from market.db.session import db
from market.kernel.canonical import digest
from market.kernel.clock import beijing_day
from market.kernel.permits import Actor, Permit, allowed, require
from market.places.models import District
from market.records.audit import record
from market.records.queue import enqueue
from market.workers.models import GrowthCard, SocialWorker
from market.workers.queries import growth

CARD_JOB = "workers.card_pdf"


def issue_card(actor: Actor, row: SocialWorker, at: datetime) -> GrowthCard:
    """Freeze a person's growth record and have it laid out as PDF; for the own organisation and the district."""
    permit = Permit.WORKER_EDIT if allowed(actor, Permit.WORKER_EDIT, row.scope) else Permit.WORKER_CONFIRM
    require(actor, permit, row.scope)
    data: Mapping[str, Any] = growth(row, db.session.get_one(District, row.district_id), beijing_day(at)).as_data()
    made = GrowthCard(worker_id=row.id, data=dict(data), made_at=at, pdf_file_id=None)
    db.session.add(made)
    db.session.flush()
    record(row.subject, "card", actor, at, facts={"digest": digest(made.data)})
    enqueue(db.session, CARD_JOB, str(made.id), card_id=made.id)
    return made
