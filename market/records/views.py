"""The books, for auditors: every entry of every chain, one chain checked on request, jobs that gave up."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import select

from market.db.session import db
from market.kernel.permits import Permit
from market.records.audit import verify_chain
from market.records.models import AuditEntry, Chain, FailedJob
from market.web.guard import found, guard

bp = Blueprint("records", __name__, url_prefix="/books")
_PAGE = 50


@bp.get("")
@guard(Permit.BOOKS_READ)
def index() -> Any:
    """The newest entries of all chains, by key; `verb=read` shows who read sealed or personal files."""
    before, verb = request.args.get("before", type=int), request.args.get("verb", "")
    query = select(AuditEntry, Chain).join(Chain, Chain.id == AuditEntry.chain_id).order_by(AuditEntry.id.desc())
    if before:
        query = query.where(AuditEntry.id < before)
    if verb:
        query = query.where(AuditEntry.verb == verb)
    rows = list(db.session.execute(query.limit(_PAGE + 1)).tuples())
    more = url_for("records.index", before=rows[_PAGE - 1][0].id, verb=verb) if len(rows) > _PAGE else None
    failed = list(db.session.scalars(select(FailedJob).where(FailedJob.resolved_at.is_(None)).limit(20)))
    return render_template("market/records/index.html", rows=rows[:_PAGE], more=more, verb=verb, failed=failed)


@bp.get("/<kind>/<key>")
@guard(Permit.BOOKS_READ)
def chain(kind: str, key: str) -> Any:
    """One chain, computed again link by link."""
    row = found(db.session.scalar(select(Chain).filter_by(kind=kind, key=key)))
    before = request.args.get("before", type=int)
    query = select(AuditEntry).filter_by(chain_id=row.id).order_by(AuditEntry.seq.desc())
    if before:
        query = query.where(AuditEntry.seq < before)
    entries = list(db.session.scalars(query.limit(_PAGE + 1)))
    more = url_for("records.chain", kind=kind, key=key, before=entries[_PAGE - 1].seq) if len(entries) > _PAGE else None
    fault = verify_chain(row)
    return render_template("market/records/chain.html", chain=row, entries=entries[:_PAGE], more=more, fault=fault)
