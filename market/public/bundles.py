"""From the noticeboard to a bundle: which notices, which links, which days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import undefer

from market.db.session import db
from market.public.queries import chain_head, purchase_head, receipt_key
from market.public.rules.bundle import Day, Parts, pack
from market.records.models import AuditEntry, DailyDigest, Notice, PurchaseCard

# Far more than a purchase lives; the newest are kept.
DAYS_MOST = 1500


@dataclass(frozen=True)
class Wanted:
    """A purchase that can be packed, as it is now: its card, its chain with the head, the newest daily digest."""

    card: PurchaseCard
    chain_id: int
    head: str
    day: int

    @property
    def mark(self) -> str:
        """A few words that change exactly when the bundle does."""
        return f"{self.head}-{self.day}"


def wanted(ocid: str) -> Wanted | None:
    """Return a published purchase; None when nothing of it is public."""
    card = purchase_head(ocid)
    head = chain_head(card.file_id) if card else None
    if card is None or head is None:
        return None
    return Wanted(card, head[0], head[1], db.session.scalar(select(func.max(DailyDigest.id))) or 0)


def make_bundle(found: Wanted) -> bytes:
    """Return a purchase's bundle as of now."""
    card = found.card
    releases = _bodies(Notice.file_id == card.file_id)
    key = receipt_key()
    headers = select(AuditEntry.header).filter_by(chain_id=found.chain_id).order_by(AuditEntry.seq)
    parts = Parts(
        ocid=card.ocid,
        chain=("file", str(card.file_id)),
        releases=releases,
        headers=list(db.session.scalars(headers)),
        notices=_notices(card, [body for _, body in releases]),
        days=_days(releases[0][1]),
        public_key=key[0].hex() if key else "",
    )
    return pack(parts)


def _bodies(condition: ColumnElement[bool]) -> list[tuple[str, bytes]]:
    query = select(Notice).where(condition).order_by(Notice.id).options(undefer(Notice.body))
    return [(row.release_id, bytes(row.body)) for row in db.session.scalars(query)]


def _notices(card: PurchaseCard, releases: list[bytes]) -> list[tuple[str, bytes]]:
    """The set of rules the purchase names, its round's for a funded project, and later calendars of its district."""
    read = [orjson.loads(body) for body in releases]
    links = [link for one in read for link in one.get("relatedProcesses", ())]
    parents = {link["identifier"] for link in links if "parent" in link.get("relationship", ())}
    calls = _bodies(Notice.ocid.in_(parents) & (Notice.tag == "tender")) if parents else []
    named = {_rules_of(one) for one in (*read, *(orjson.loads(body) for _, body in calls))} - {None}
    first = select(func.min(Notice.id)).where(Notice.file_id == card.file_id).scalar_subquery()
    later = (Notice.kind == "calendar") & (Notice.district_id == card.district_id) & (Notice.id > first)
    return calls + _bodies(((Notice.kind == "rules") & Notice.digest.in_(named)) | later)


def _rules_of(release: dict[str, dict[str, dict[str, str]]]) -> str | None:
    return release.get("tender", {}).get("rulebook", {}).get("set")


def _days(first_release: bytes) -> Iterator[Day]:
    """The daily digests since the purchase was first published, oldest first; one after another, for they are long."""
    began = orjson.loads(first_release)["date"][:10]
    since = (Notice.kind == "daily_digest") & (Notice.subject >= f"daily_digest:{began}")
    newest = select(Notice.id).where(since).order_by(Notice.id.desc()).limit(DAYS_MOST)
    for body in db.session.scalars(
        select(Notice.body).where(Notice.id.in_(newest)).order_by(Notice.id).execution_options(yield_per=10)
    ):
        data = orjson.loads(body)["data"]
        yield Day(data["payload"], data["heads"])
