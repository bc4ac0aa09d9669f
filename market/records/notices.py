"""The noticeboard: immutable publications, and the current state projected from them.

Kind `ocds` notices are OCDS 1.1.5 releases of a purchase file. Their dates are whole-second `…Z` texts that rise
strictly per file, because merge tools sort them as text. Every notice's digest also stands in its chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import func, select

from market.db.session import db
from market.kernel.canonical import sha256_hex
from market.kernel.permits import Actor, Scope
from market.records.audit import Subject, record
from market.records.models import DirectoryCard, Notice, PurchaseCard, PurchaseFile
from market.records.search import index_text


@dataclass(frozen=True)
class CardFacts:
    """What a room tells the lists about a purchase with its notice; None leaves the value as it is."""

    stage: str | None = None
    title: str | None = None
    method: str | None = None
    category: str | None = None
    place: str | None = None
    buyer: str | None = None
    amount_fen: int | None = None
    awarded_fen: int | None = None
    supplier: str | None = None
    deadline_at: datetime | None = None


def z(at: datetime) -> str:
    """Return the instant as fixed-width UTC text, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def value(fen: int) -> dict[str, Any]:
    """Return an amount in fen as an OCDS value: a JSON number of yuan.

    The one place where money becomes a binary fraction, because JSON has no other number with decimals; up to ten
    million million yuan its shortest text has exactly the two decimals of the amount, and readers get that text.
    """
    whole, part = divmod(fen, 100)
    return {"amount": whole if part == 0 else float(f"{whole}.{part:02d}"), "currency": "CNY"}


def merge(old: Any, new: Any) -> Any:
    """Merge a release into a compiled one as OCDS does: objects by key, arrays of objects by id, the rest replaced.

    A null removes the value. Source: OCDS 1.1 merging, "Merge routine".
    """
    if isinstance(old, dict) and isinstance(new, dict):
        merged = dict(old)
        for key, value in new.items():
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = merge(merged.get(key), value)
        return merged
    if isinstance(new, list) and new and all(isinstance(v, dict) and "id" in v for v in new):
        rows = {v["id"]: v for v in old} if isinstance(old, list) else {}
        for value in new:
            rows[value["id"]] = merge(rows.get(value["id"], {}), value)
        return list(rows.values())
    if isinstance(new, dict):
        return merge({}, new)
    return new


def publish(
    file: PurchaseFile, tag: str, fragment: Mapping[str, Any], card: CardFacts, actor: Actor, at: datetime
) -> Notice:
    """Publish one OCDS release of a purchase file, chain it, and carry the projection on.

    `fragment` is a release without ocid, id, date, tag and initiationType. Two notices in one second get rising dates.
    """
    last = db.session.scalar(select(func.max(Notice.published_at)).where(Notice.file_id == file.id))
    date = at.astimezone(UTC).replace(microsecond=0)
    if last is not None and date <= last:
        date = last + timedelta(seconds=1)
    count = db.session.scalar(select(func.count()).where(Notice.file_id == file.id)) or 0
    release_id = f"{file.ocid}-{count + 1:04d}"
    release = {
        "ocid": file.ocid,
        "id": release_id,
        "date": z(date),
        "tag": [tag],
        "initiationType": "tender",
        "language": "zh",
        **fragment,
    }
    body = orjson.dumps(release, option=orjson.OPT_SORT_KEYS)
    notice = Notice(
        kind="ocds",
        tag=tag,
        release_id=release_id,
        file_id=file.id,
        ocid=file.ocid,
        district_id=file.district_id,
        street_id=file.street_id,
        subject=f"file:{file.id}",
        published_at=date,
        body=body,
        digest=sha256_hex(body),
    )
    db.session.add(notice)
    db.session.flush()
    subject = Subject("notice", notice.id, file.chain, file.scope)
    record(subject, "publish", actor, at, facts={"release": release_id, "tag": tag, "digest": notice.digest})
    project(file, release, card, notice.id)
    return notice


def project(file: PurchaseFile, release: Mapping[str, Any], facts: CardFacts, notice_id: int) -> PurchaseCard:
    """Carry one release into the current state of its purchase."""
    card = db.session.get(PurchaseCard, file.id)
    if card is None:
        card = PurchaseCard(
            file_id=file.id,
            ocid=file.ocid,
            title=file.title,
            stage="planning",
            district_id=file.district_id,
            street_id=file.street_id,
            place="",
            buyer="",
            compiled={},
        )
        db.session.add(card)
    for name, value in vars(facts).items():
        if value is not None:
            setattr(card, name, value)
    card.compiled = merge(card.compiled, {k: v for k, v in release.items() if k not in {"id", "tag"}})
    card.updated_notice_id = notice_id
    db.session.flush()
    index_text("purchase", file.id, f"{card.title} {card.buyer} {card.place} {card.supplier or ''} {card.ocid}")
    return card


def post(
    kind: str,
    key: str,
    title: str,
    data: Mapping[str, Any],
    chain: tuple[str, str],
    scope: Scope,
    actor: Actor,
    at: datetime,
) -> Notice:
    """Publish a directory notice (budget, organisation, catalogue, override, daily digest) and its projection."""
    number = (db.session.scalar(select(func.count()).where(Notice.subject == f"{kind}:{key}")) or 0) + 1
    content = {"kind": kind, "key": key, "title": title, "date": z(at), "data": dict(data)}
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    notice = Notice(
        kind=kind,
        tag=kind,
        release_id=f"{kind}-{key}-{number:04d}",
        file_id=None,
        ocid=None,
        district_id=scope.district_id,
        street_id=scope.street_id,
        subject=f"{kind}:{key}",
        published_at=at.replace(microsecond=0),
        body=body,
        digest=sha256_hex(body),
    )
    db.session.add(notice)
    db.session.flush()
    subject = Subject("notice", notice.id, chain, scope)
    record(subject, "publish", actor, at, facts={"release": notice.release_id, "digest": notice.digest})
    card = db.session.scalar(select(DirectoryCard).filter_by(kind=kind, key=key))
    if card is None:
        card = DirectoryCard(kind=kind, key=key)
        db.session.add(card)
    card.title, card.district_id, card.street_id = title, scope.district_id, scope.street_id
    card.updated_notice_id, card.data = notice.id, content["data"]
    db.session.flush()
    index_text(kind, card.id, title)
    return notice


def releases(file_id: int) -> list[Notice]:
    """Return a purchase's notices, oldest first."""
    return list(db.session.scalars(select(Notice).filter_by(file_id=file_id, kind="ocds").order_by(Notice.id)))
