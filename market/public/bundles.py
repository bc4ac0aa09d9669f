"""From the noticeboard to a bundle: which notices, which links, which days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import undefer

from market.db.session import db
from market.public.queries import chain_head, purchase_head, receipt_key
from market.public.rules.bundle import Day, Parts, Proof, pack
from market.records.models import AuditEntry, Chain, DailyDigest, Notice, PurchaseCard, RelatedFile

# Far more than a purchase lives; the newest are kept.
DAYS_MOST = 1500


@dataclass(frozen=True)
class Wanted:
    """A purchase that can be packed, as it is now: its card, its chain with the head, the newest daily digest."""

    card: PurchaseCard
    chain_id: int
    head: str
    day: int
    other: int

    @property
    def mark(self) -> str:
        """A few words that change exactly when the bundle does."""
        return f"{self.head}-{self.day}-{self.other}"


def wanted(ocid: str) -> Wanted | None:
    """Return a published purchase; None when nothing of it is public."""
    card = purchase_head(ocid)
    head = chain_head(card.file_id) if card else None
    if card is None or head is None:
        return None
    day = db.session.scalar(select(func.max(DailyDigest.id))) or 0
    return Wanted(card, head[0], head[1], day, db.session.scalar(select(func.max(Notice.id)).where(_others(card))) or 0)


def make_bundle(found: Wanted) -> bytes:
    """Return a purchase's bundle as of now."""
    card = found.card
    releases = _bodies(Notice.file_id == card.file_id)
    key = receipt_key()
    headers = select(AuditEntry.header).filter_by(chain_id=found.chain_id).order_by(AuditEntry.seq)
    others = _bodies(_others(card))
    parts = Parts(
        ocid=card.ocid,
        chain=("file", str(card.file_id)),
        releases=releases,
        headers=list(db.session.scalars(headers)),
        notices=others + _rules([body for _, body in (*releases, *others)]),
        days=_days(releases[0][1]),
        proofs=_proofs(card),
        public_key=key[0].hex() if key else "",
    )
    return pack(parts)


def _bodies(condition: ColumnElement[bool]) -> list[tuple[str, bytes]]:
    query = select(Notice).where(condition).order_by(Notice.id).options(undefer(Notice.body))
    return [(row.release_id, bytes(row.body)) for row in db.session.scalars(query)]


def _others(card: PurchaseCard) -> ColumnElement[bool]:
    """What else a purchase is judged by: its round's notices for a funded project, later calendars of its district."""
    parents = select(RelatedFile.related_file_id).filter_by(file_id=card.file_id, relationship="parent")
    first = select(func.min(Notice.id)).where(Notice.file_id == card.file_id).scalar_subquery()
    later = (Notice.kind == "calendar") & (Notice.district_id == card.district_id) & (Notice.id > first)
    return Notice.file_id.in_(parents.scalar_subquery()) | later


def _rules(releases: list[bytes]) -> list[tuple[str, bytes]]:
    """The sets of rules that releases name by their digests."""
    named = {orjson.loads(body).get("tender", {}).get("rulebook", {}).get("set") for body in releases} - {None}
    return _bodies((Notice.kind == "rules") & Notice.digest.in_(named)) if named else []


def _proofs(card: PurchaseCard) -> Iterator[Proof]:
    """That the other notices were on the board by a day: the links of their chains up to a head of a daily digest.

    One for all notices of a chain that the same day covers. A notice whose day has not ended has none yet.
    """
    query = (
        select(Notice.id, AuditEntry.chain_id, AuditEntry.seq, Chain.kind, Chain.key)
        .join(AuditEntry, (AuditEntry.subject_kind == "notice") & (AuditEntry.subject_id == Notice.id))
        .join(Chain, Chain.id == AuditEntry.chain_id)
        .where(_others(card), AuditEntry.verb == "publish")
        .order_by(Notice.id)
    )
    found: dict[tuple[int, str], Proof] = {}
    days: dict[int, Day] = {}
    for row in db.session.execute(query):
        for day in _days_after(row.id, days):
            length = next((n for kind, key, _, n in day.heads if (kind, key) == (row.kind, row.key)), 0)
            if length >= row.seq:
                if (row.chain_id, day.payload["payload"]["day"]) not in found:
                    links = _links(row.chain_id, row.seq, length)
                    found[row.chain_id, day.payload["payload"]["day"]] = Proof((row.kind, row.key), links, day)
                break
    yield from found.values()


def _days_after(notice_id: int, known: dict[int, Day]) -> Iterator[Day]:
    """The next daily digests after a notice; the very first may have been made before it, at midnight."""
    query = select(Notice.id).where(Notice.kind == "daily_digest", Notice.id > notice_id).order_by(Notice.id).limit(2)
    for key in db.session.scalars(query):
        if key not in known:
            known[key] = _read_day(db.session.scalars(select(Notice.body).filter_by(id=key)).one())
        yield known[key]


def _links(chain_id: int, first: int, last: int) -> list[str]:
    query = select(AuditEntry.header).where(AuditEntry.chain_id == chain_id, AuditEntry.seq.between(first, last))
    return list(db.session.scalars(query.order_by(AuditEntry.seq)))


def _read_day(body: bytes) -> Day:
    data: dict[str, Any] = orjson.loads(body)["data"]
    return Day(data["payload"], data["heads"])


def _days(first_release: bytes) -> Iterator[Day]:
    """The daily digests since the purchase was first published, oldest first; one after another, for they are long."""
    began = orjson.loads(first_release)["date"][:10]
    since = (Notice.kind == "daily_digest") & (Notice.subject >= f"daily_digest:{began}")
    newest = select(Notice.id).where(since).order_by(Notice.id.desc()).limit(DAYS_MOST)
    for body in db.session.scalars(
        select(Notice.body).where(Notice.id.in_(newest)).order_by(Notice.id).execution_options(yield_per=10)
    ):
        yield _read_day(body)
