"""What there is to read: the list, one tender, and the page on which a second officer decides."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from market.kernel.clock import beijing_day
from market.kernel.permits import Permit
from market.people.queries import names
from market.records.audit import history
from market.records.models import AuditEntry
from market.records.search import find_ids
from market.tenders import queries
from market.tenders.forms import ReasonForm
from market.tenders.models import Tender
from market.tenders.queries import Situation
from market.tenders.rules import (
    SECTIONS,
    STAGE_LABELS,
    Resolution,
    bid_security_max_fen,
    differences,
    is_open,
    performance_bond_max_fen,
)
from market.tenders.rules import stage as stage_of
from market.tenders.states import TENDER_MACHINE, LotState, TenderState
from market.tenders.views.door import bp, link_up, page, seen
from market.tenders.views.words import NEXT_PAGES, VERBS
from market.web import filters
from market.web.guard import current_actor, guard, now

PAGE = 20
LONGEST_QUERY = 100
_ENDED = (LotState.FAILED, LotState.CANCELLED)


@bp.get("/")
@guard(Permit.TENDER_SEE)
def index() -> Any:
    """The tenders of one's streets, newest first, by stage, or those that hold a text."""
    at = now()
    stage = request.args.get("stage")
    before = request.args.get("before", type=int)
    text = request.args.get("q", "").strip()[:LONGEST_QUERY]
    ids = find_ids("tender", text) if text else None
    chosen = stage if stage in set(STAGE_LABELS) else None
    rows = queries.tenders_of(current_actor(), at, stage=chosen, ids=ids, before=before, limit=PAGE + 1)
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    return page(
        "index.html",
        rows=rows[:PAGE],
        next_url=url_for("tenders.index", stage=chosen, q=text or None, before=more) if more else None,
        chosen=chosen,
        q=text,
        stage_of=lambda row: stage_of(row, at),
        drafts=Permit.TENDER_DRAFT in current_actor().permits(),
    )


@bp.get("/<int:tender_id>")
@guard(Permit.TENDER_SEE)
def detail(tender_id: int) -> Any:
    """One tender with everything that was decided and what happened to it."""
    row, at = seen(tender_id), now()
    permits = current_actor().permits(row.subject.scope)
    book = row.rules
    published = book is not None
    return page(
        "detail.html",
        tender=row,
        stage=stage_of(row, at),
        verbs={m.verb.value for m in TENDER_MACHINE.verbs_from(row.state, permits)},
        drafts=row.state == TenderState.DRAFT and Permit.TENDER_DRAFT in permits,
        resolution=Resolution.from_data(row.resolution),
        book=book,
        bid_security_fen=bid_security_max_fen(row.budget_fen, book) if book else None,
        bond_fen=performance_bond_max_fen(row.budget_fen, book) if book else None,
        events=_events(row),
        repeatable=Permit.TENDER_DRAFT in permits and published and any(p.state in _ENDED for p in row.lots),
        token=secrets.token_hex(16),
        calendar=_calendar(row),
        documents_day=beijing_day(row.documents_until) - timedelta(days=1) if row.documents_until else None,
        public_url=link_up("public.show", ocid=row.file.ocid) if published or row.intention_at else None,
        links=_links(row, permits, at),
        at=at,
    )


def _calendar(row: Tender) -> list[str]:
    """By which arrangement of holidays the dates were reckoned, in words, for the years from notice to deadline."""
    if row.notice_at is None or row.deadline_at is None:
        return []
    editions = dict(one.split(":", 1) for one in row.calendar_version.split(";") if ":" in one)
    said = []
    for year in range(beijing_day(row.notice_at).year, beijing_day(row.deadline_at).year + 1):
        edition = editions.get(str(year))
        if edition is None:
            said.append(_("%(year)s 年：放假安排尚未公布，暂按周一至周五计算", year=year))
        elif edition.startswith(f"{row.street.district.code}-"):
            said.append(_("%(year)s 年：本区录入的放假调休安排", year=year))
        else:
            said.append(_("%(year)s 年：国务院公布的放假调休安排", year=year))
    return said


def _links(row: Tender, permits: set[Permit], at: datetime) -> dict[int, list[tuple[str, str]]]:
    """Per lot the pages of higher rooms on which this person goes on."""
    if is_open(row, at):
        return {}
    found: dict[int, list[tuple[str, str]]] = {}
    for states, permit, endpoint, label in NEXT_PAGES:
        for part in row.lots:
            url = link_up(endpoint, lot_id=part.id) if part.state in states and permit in permits else None
            if url:
                found.setdefault(part.id, []).append((filters.text(label), url))
    return found


def _events(row: Tender) -> list[dict[str, Any]]:
    """What happened, newest first, with the people and digests behind it.

    What one person saved one after the other is one event, which has the last entry's instant and digest.
    """
    entries = history("tender", row.id)
    people = names({e.actor_id for e in entries if e.actor_id is not None})
    events: list[dict[str, Any]] = []
    for _run, some in groupby(entries, key=lambda e: (e.verb, e.actor_id) if e.verb == "save" else e.id):
        run = list(some)
        last = run[-1]
        title = filters.text(VERBS.get(last.verb, last.verb))
        saved = _saved(run) if last.verb == "save" else None
        events.append({"at": last.at, "title": title, "text": saved, "who": _who(last, people), "digest": last.digest})
    return events[::-1]


def _saved(run: Sequence[AuditEntry]) -> str:
    """Which parts a run of savings concerned, and since when and how often where it was more than once."""
    wrote = {str(json.loads(entry.header)["facts"].get("section", "")).partition(":")[0] for entry in run}
    parts = _("、").join(filters.text(label) for name, label in SECTIONS.items() if name in wrote)
    if len(run) == 1:
        return parts
    since = filters.instant(run[0].at)
    return _("%(parts)s；%(since)s 起共保存 %(count)s 次", parts=parts, since=since, count=len(run))


def _who(entry: AuditEntry, people: dict[int, str]) -> str | None:
    return people.get(entry.actor_id) if entry.actor_id is not None else None


@bp.get("/<int:tender_id>/review")
@guard(Permit.TENDER_APPROVE)
def review(tender_id: int) -> Any:
    """What a second officer needs to decide: flags, differences, dates as of now, money, openers."""
    return review_page(seen(tender_id, Permit.TENDER_APPROVE), ReasonForm())


def review_page(row: Tender, form: ReasonForm) -> Any:
    """The review page, also after a refusal."""
    situation = Situation(row, now(), publishing=True)
    changed = differences(row.seen, queries.version_of(row)) if row.seen else []
    answer = page(
        "review.html",
        tender=row,
        form=form,
        situation=situation,
        changed=changed,
        shown=queries.content_digest(row),
        openers=queries.openers(row),
        waiting=row.state == TenderState.REVIEW,
    )
    return answer, 422 if form.errors else 200
