"""The books, for auditors: every entry of every chain, one chain checked on request, jobs that gave up."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import ColumnElement, Text, and_, cast, or_, select
from sqlalchemy.orm import aliased

from market.db.session import db
from market.kernel.permits import Permit
from market.records.audit import verify_chain
from market.records.models import AuditEntry, Chain, FailedJob, PurchaseFile
from market.web.guard import current_actor, found, guard

bp = Blueprint("records", __name__, url_prefix="/books")
_PAGE = 50


def _readable() -> ColumnElement[bool]:
    """The chains this person may read.

    Nobody reads a chain of bids before the opening: its entries would tell how many bids there are and whose
    (`docs/publicity.md`). A reader of one district reads its purchase files.
    """
    act = aliased(AuditEntry)
    opened = select(act.id).where(
        act.subject_kind == "lot", act.verb == "open", cast(act.subject_id, Text) == Chain.key
    )
    unsealed = or_(Chain.kind != "bids", opened.exists())
    districts = [grant.district_id for grant in current_actor().scopes(Permit.BOOKS_READ)]
    if None in districts:
        return unsealed
    own = select(PurchaseFile.id).where(
        PurchaseFile.district_id.in_(districts), cast(PurchaseFile.id, Text) == Chain.key
    )
    return and_(Chain.kind == "file", own.exists())


@bp.get("")
@guard(Permit.BOOKS_READ)
def index() -> Any:
    """The newest entries of all chains, by key; `verb=read` shows who read sealed or personal files."""
    before, verb = request.args.get("before", type=int), request.args.get("verb", "")
    query = select(AuditEntry, Chain).join(Chain, Chain.id == AuditEntry.chain_id).where(_readable())
    query = query.order_by(AuditEntry.id.desc())
    if before:
        query = query.where(AuditEntry.id < before)
    if verb:
        query = query.where(AuditEntry.verb == verb)
    rows = [(entry, chain) for entry, chain in db.session.execute(query.limit(_PAGE + 1))]
    more = url_for("records.index", before=rows[_PAGE - 1][0].id, verb=verb) if len(rows) > _PAGE else None
    failed = list(db.session.scalars(select(FailedJob).where(FailedJob.resolved_at.is_(None)).limit(20)))
    return render_template("market/records/index.html", rows=rows[:_PAGE], more=more, verb=verb, failed=failed)


@bp.get("/<kind>/<key>")
@guard(Permit.BOOKS_READ)
def chain(kind: str, key: str) -> Any:
    """One chain, computed again link by link."""
    row = found(db.session.scalar(select(Chain).filter_by(kind=kind, key=key).where(_readable())))
    before = request.args.get("before", type=int)
    query = select(AuditEntry).filter_by(chain_id=row.id).order_by(AuditEntry.seq.desc())
    if before:
        query = query.where(AuditEntry.seq < before)
    links = list(db.session.scalars(query.limit(_PAGE + 1)))
    more = url_for("records.chain", kind=kind, key=key, before=links[_PAGE - 1].seq) if len(links) > _PAGE else None
    fault = verify_chain(row)
    return render_template("market/records/chain.html", chain=row, rows=links[:_PAGE], more=more, fault=fault)
