"""Continuing education and the supervision log."""

from __future__ import annotations

from datetime import date, datetime

from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.records.audit import record
from market.workers.models import LearningEntry, SocialWorker, SupervisionEntry
from market.workers.rules import check_learning, check_supervision
from market.workers.states import SUPERVISING, LearningKind, SupervisionMode


def add_learning(
    actor: Actor,
    row: SocialWorker,
    kind: LearningKind,
    day: date,
    title: str,
    provider: str,
    hours_centi: int | None,
    token: str,
    at: datetime,
) -> LearningEntry:
    """Write down continuing education of a person of one's organisation. Raises Refused at `hours` or `day`."""
    require(actor, Permit.WORKER_EDIT, row.scope)
    entry = LearningEntry(
        worker_id=row.id,
        day=day,
        kind=kind.value,
        title=title.strip(),
        provider=provider.strip(),
        hours_centi=check_learning(kind, hours_centi, day, beijing_day(at)),
        form_token=token,
        entered_at=at,
    )
    db.session.add(entry)
    db.session.flush()
    facts = {"kind": entry.kind, "day": day.isoformat(), "hours_centi": entry.hours_centi}
    record(row.subject, "learn", actor, at, permit=Permit.WORKER_EDIT, facts=facts)
    return entry


def add_supervision(
    actor: Actor,
    supervisee: SocialWorker,
    supervisor: SocialWorker | None,
    mode: SupervisionMode,
    day: date,
    hours_centi: int,
    topic: str,
    token: str,
    at: datetime,
) -> SupervisionEntry:
    """Write one supervision of a person of one's organisation into the log.

    The supervisor may belong to another organisation (inside and outside supervision, domain.md 6), but must be named
    as one by the district. Raises Refused at `supervisor`, `day` or `hours`.
    """
    require(actor, Permit.WORKER_EDIT, supervisee.scope)
    if supervisor is None or supervisor.tier not in SUPERVISING:
        raise Refused(
            N_("请选择本机构的督导，或填写外聘督导的证书编号；督导须已由区民政列入名单。"), field="supervisor"
        )
    check_supervision(supervisor.id, supervisee.id, hours_centi, day, beijing_day(at))
    assert supervisee.organisation_id is not None
    entry = SupervisionEntry(
        supervisor_id=supervisor.id,
        supervisee_id=supervisee.id,
        organisation_id=supervisee.organisation_id,
        day=day,
        mode=mode.value,
        hours_centi=hours_centi,
        topic=topic.strip(),
        form_token=token,
        entered_at=at,
    )
    db.session.add(entry)
    db.session.flush()
    facts = {"mode": entry.mode, "day": day.isoformat(), "hours_centi": hours_centi}
    private = {"supervisor": supervisor.id}
    record(supervisee.subject, "supervise", actor, at, permit=Permit.WORKER_EDIT, facts=facts, private=private)
    return entry
