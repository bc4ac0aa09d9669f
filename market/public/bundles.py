"""From the noticeboard to a bundle: which notices, which links, which days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from market.db.session import db
from market.public.queries import chain_head, purchase_head, receipt_key
from market.public.rules.bundle import Day, Parts, pack
from market.records.models import AuditEntry, DailyDigest, Notice

# Far more than a purchase lives; the newest are kept.
DAYS_MOST = 1500


def bundle_mark(ocid: str) -> str | None:
    """What a bundle is made from, in a few words: it changes exactly when the bundle does. None: no such purchase."""
    card = purchase_head(ocid)
    head = chain_head(card.file_id) if card else None
    if head is None:
        return None
    return f"{head[1]}-{db.session.scalar(select(func.max(DailyDigest.id))) or 0}"


def make_bundle(ocid: str) -> bytes | None:
    """Return a purchase's bundle as of now; None when nothing of it is published."""
    card = purchase_head(ocid)
    head = chain_head(card.file_id) if card else None
    if card is None or head is None:
        return None
    releases = _bodies(Notice.file_id == card.file_id)
    key = receipt_key()
    parts = Parts(
        ocid=ocid,
        chain=("file", str(card.file_id)),
        releases=releases,
        headers=_headers(head[0]),
        notices=_notices(card.file_id, card.district_id, [body for _, body in releases]),
        days=list(_days(releases[0][1])),
        public_key=key[0].hex() if key else "",
    )
    return pack(parts)


def _bodies(condition: object) -> list[tuple[str, bytes]]:
    query = select(Notice).where(condition).order_by(Notice.id).options(undefer(Notice.body))  # type: ignore[arg-type]
    return [(row.release_id, bytes(row.body)) for row in db.session.scalars(query)]


def _headers(chain_id: int) -> list[str]:
    query = select(AuditEntry.header).filter_by(chain_id=chain_id).order_by(AuditEntry.seq)
    return list(db.session.scalars(query))


def _notices(file_id: int, district_id: int, releases: list[bytes]) -> list[tuple[str, bytes]]:
    """The set of rules the purchase names, its round's for a funded project, and later calendars of its district."""
    read = [orjson.loads(body) for body in releases]
    named = [one.get("tender", {}).get("rulebook", {}).get("set") for one in read]
    parents = [
        link["identifier"]
        for one in read
        for link in one.get("relatedProcesses", ())
        if "parent" in link.get("relationship", ())
    ]
    found: list[tuple[str, bytes]] = []
    for parent in dict.fromkeys(parents):
        calls = _bodies((Notice.ocid == parent) & (Notice.tag == "tender"))
        found += calls
        named += [orjson.loads(body).get("tender", {}).get("rulebook", {}).get("set") for _, body in calls]
    for key in dict.fromkeys(one for one in named if one):
        found += _bodies(Notice.subject == f"rules:{key}")
    first = select(func.min(Notice.id)).where(Notice.file_id == file_id).scalar_subquery()
    found += _bodies((Notice.kind == "calendar") & (Notice.district_id == district_id) & (Notice.id > first))
    return found


def _days(first_release: bytes) -> Iterator[Day]:
    """The daily digests since the purchase was first published, oldest first."""
    began = date.fromisoformat(orjson.loads(first_release)["date"][:10])
    query = select(DailyDigest.day).where(DailyDigest.day >= began).order_by(DailyDigest.day.desc()).limit(DAYS_MOST)
    wanted = [f"daily_digest:{day.isoformat()}" for day in reversed(list(db.session.scalars(query)))]
    for subject in wanted:
        for _, body in _bodies(Notice.subject == subject):
            data = orjson.loads(body)["data"]
            yield Day(data["payload"], data["heads"])
