"""People posted to projects by signed contracts, and the load that nobody may exceed at signing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.money import format_centi
from market.kernel.permits import CLOCK, Actor, Permit, require
from market.kernel.rulebook import Regime
from market.kernel.text import N_
from market.places.models import District
from market.places.queries import rules_for
from market.records.audit import record
from market.records.moves import move
from market.workers import queries
from market.workers.models import Posting, SocialWorker
from market.workers.rules import overloads
from market.workers.states import POSTING_MACHINE, PostingState, PostingVerb


@dataclass(frozen=True)
class Assignment:
    """Somebody promised to a project: the person, the level that was offered, hours a week in hundredths."""

    worker_id: int
    level: str
    weekly_centi: int


def weekly_limit(district_id: int, day: date) -> int:
    """Return the most hours a week for all projects together that hold in a district."""
    rules = rules_for(db.session.get_one(District, district_id), Regime.ANY, day)
    return int(rules["workers.weekly_max_hours"])


def require_load(assigned: Sequence[Assignment], district_id: int, starts_on: date, ends_on: date, day: date) -> None:
    """Refuse with the name of whoever would be posted above the weekly limit, over all organisations (decision 26)."""
    if not assigned:
        return
    ids = sorted(one.worker_id for one in assigned)
    # Two contracts signed at once that name one person wait for each other here.
    db.session.scalars(
        select(SocialWorker.id).where(SocialWorker.id.in_(ids)).order_by(SocialWorker.id).with_for_update()
    )
    planned = {one.worker_id: one.weekly_centi for one in assigned}
    over = overloads(planned, queries.spans(ids), starts_on, ends_on, weekly_limit(district_id, day))
    if over:
        first = over[0]
        raise Refused(
            N_(
                "%(name)s 已派驻其他项目每周 %(posted)s 小时，加上本项目的 %(planned)s 小时，"
                "超过每周 %(most)s 小时的上限；请先在人员名册中调整派驻，再签署。"
            ),
            name=queries.workers_by_id([first.worker_id])[first.worker_id].name,
            posted=format_centi(first.posted_centi),
            planned=format_centi(first.planned_centi),
            most=format_centi(first.most_centi),
        )


def gone(assigned: Sequence[Assignment], organisation_id: int) -> list[str]:
    """Return the names of those assigned who do not belong to the organisation any more."""
    rows = queries.workers_by_id(one.worker_id for one in assigned)
    return [row.name for _, row in sorted(rows.items()) if row.organisation_id != organisation_id]


def post_workers(
    assigned: Sequence[Assignment],
    organisation_id: int,
    source: tuple[str, int],
    title: str,
    starts_on: date,
    ends_on: date,
    actor: Actor,
    at: datetime,
) -> list[Posting]:
    """Write the postings of a contract that has just come into force. Called by the last signature, which checked.

    Who has left the organisation meanwhile is not posted. The chain of the organisation says how many, not who.
    """
    rows = queries.workers_by_id(one.worker_id for one in assigned)
    made = [
        Posting(
            worker_id=one.worker_id,
            organisation_id=organisation_id,
            district_id=rows[one.worker_id].district_id,
            source_kind=source[0],
            source_id=source[1],
            title=title,
            level=one.level,
            weekly_centi=one.weekly_centi,
            starts_on=starts_on,
            ends_on=ends_on,
            state=PostingState.RUNNING.value,
            ended_on=None,
            end_reason="",
            posted_at=at,
            worker=rows[one.worker_id],
        )
        for one in assigned
        if one.worker_id in rows and rows[one.worker_id].organisation_id == organisation_id
    ]
    db.session.add_all(made)
    db.session.flush()
    for row in made:
        facts = {"source": list(source), "weekly_centi": row.weekly_centi}
        record(row.subject, "post", actor, at, facts=facts, private={"worker": row.worker_id})
    return made


def replace_posting(
    source: tuple[str, int],
    leaving_id: int,
    entering: Assignment,
    where: tuple[int, str, date, date],
    actor: Actor,
    at: datetime,
) -> None:
    """End one person's posting under a contract and post another. `where`: organisation, title, first and last day.

    The buyer has agreed and the load was checked; the posting's end follows from that. Whoever left earlier has no
    running posting any more.
    """
    organisation_id, title, starts_on, ends_on = where
    for row in queries.postings_under(source):
        if row.worker_id == leaving_id:
            _end(row, beijing_day(at), N_("经采购人同意换人"), CLOCK, at)
    post_workers([entering], organisation_id, source, title, starts_on, ends_on, actor, at)


def end_posting(actor: Actor, row: Posting, reason: str, at: datetime) -> None:
    """Take a person off a project before its end, with the reason. Raises Refused at `reason`."""
    require(actor, Permit.WORKER_EDIT, row.subject.scope)
    if not reason.strip():
        raise Refused(N_("请写明调离的原因；采购人查阅时会看到。"), field="reason")
    _end(row, beijing_day(at), reason.strip(), actor, at)


def _end(row: Posting, day: date, reason: str, actor: Actor, at: datetime) -> None:
    row.ended_on, row.end_reason = day, reason
    move(row, POSTING_MACHINE, PostingVerb.END, actor, at, facts={"on": day.isoformat()}, private={"reason": reason})


def end_postings_of(worker: SocialWorker, day: date, actor: Actor, at: datetime) -> int:
    """End the running postings of somebody who leaves; return how many."""
    running = [row for row in queries.postings_of(worker.id) if row.state == PostingState.RUNNING]
    for row in running:
        _end(row, day, N_("离职"), actor, at)
    return len(running)


def end_postings_under(source: tuple[str, int], at: datetime) -> int:
    """End the postings of a contract that is closed; return how many. The clock's hand: nobody decides this."""
    rows = queries.postings_under(source)
    for row in rows:
        _end(row, min(row.ends_on, beijing_day(at)), N_("合同结清"), CLOCK, at)
    return len(rows)
