"""The noticeboard: immutable publications, each stored as the bytes that are served.

Kind `ocds` notices are OCDS 1.1.5 releases of a purchase file. Their dates are whole-second `…Z` texts that rise
strictly per file, because merge tools sort them as text. Every notice's digest also stands in its chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import func, select

from market.db.session import db
from market.kernel.canonical import sha256_hex
from market.kernel.permits import Actor, Scope
from market.records.audit import Subject, lock_chain, record
from market.records.keys import read_setting
from market.records.models import Notice, PurchaseCard, PurchaseFile
from market.records.projections import OCDS, fen_of, merge, project, project_directory

# Where a purchase can stand, as lists and the public page know it.
STAGES = (
    "planning", "tender", "closed", "opened", "evaluated", "awarded", "suspended", "contract", "implementation",
    "complete", "terminated", "failed", "cancelled",
)  # fmt: skip

__all__ = ["STAGES", "CardFacts", "fen_of", "merge", "post", "publish", "releases", "value", "z"]


# Stands in every notice of a demonstration, so that nobody takes one for real.
DEMONSTRATION_MARK = "演示数据，纯属虚构"  # zh-only


def _mark() -> dict[str, str]:
    mark = read_setting("notice_mark")
    return {"linliMark": mark} if isinstance(mark, str) and mark else {}


@dataclass(frozen=True)
class CardFacts:
    """What a room tells the lists about a purchase with its notice; None leaves the value as it is.

    Raises ValueError for a stage that is none of STAGES. Awarded amount and supplier are read from the release itself
    once it has awards, paid money from its transactions.
    """

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

    def __post_init__(self) -> None:
        if self.stage is not None and self.stage not in STAGES:
            raise ValueError(f"no such stage of a purchase: {self.stage!r}")

    def as_data(self) -> dict[str, Any]:
        """What was told, as JSON values."""
        told = {name: value for name, value in vars(self).items() if value is not None}
        if self.deadline_at is not None:
            told["deadline_at"] = self.deadline_at.astimezone(UTC).isoformat()
        return told


def z(at: datetime) -> str:
    """Return the instant as fixed-width UTC text, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def value(amount_fen: int) -> dict[str, Any]:
    """Return an amount as an OCDS Value: a JSON number of yuan, a whole one where there are no fen.

    The one place where money becomes a binary fraction, because JSON has no other number with decimals; up to ten
    million million yuan its shortest text has exactly the two decimals of the amount, and readers get that text.
    """
    yuan, fen = divmod(amount_fen, 100)
    return {"amount": orjson.loads(f"{yuan}.{fen:02d}") if fen else yuan, "currency": "CNY"}


def publish(
    file: PurchaseFile, tag: str, fragment: Mapping[str, Any], card: CardFacts, actor: Actor, at: datetime
) -> Notice:
    """Publish one OCDS release of a purchase file, chain it, and carry the projection on.

    `fragment` is a release without ocid, id, date, tag and initiationType. Two notices in one second get rising dates.
    """
    lock_chain(*file.chain)
    last, count = db.session.execute(
        select(func.max(Notice.published_at), func.count()).where(Notice.file_id == file.id)
    ).one()
    date = at.astimezone(UTC).replace(microsecond=0)
    if last is not None and date <= last:
        date = last + timedelta(seconds=1)
    release = {
        "ocid": file.ocid,
        "id": f"{file.ocid}-{count + 1:04d}",
        "date": z(date),
        "tag": [tag],
        "initiationType": "tender",
        "language": "zh",
        **_mark(),
        **without_empties(fragment),
    }
    release = _with_addresses(release, file.ocid)
    if "parties" in release:
        release["parties"] = _with_known_roles(file, release["parties"])
    body = orjson.dumps(release, option=orjson.OPT_SORT_KEYS)
    notice = Notice(
        kind=OCDS,
        tag=tag,
        release_id=release["id"],
        file_id=file.id,
        ocid=file.ocid,
        district_id=file.district_id,
        street_id=file.street_id,
        subject=f"file:{file.id}",
        published_at=date,
        body=body,
        digest=sha256_hex(body),
        facts=card.as_data(),
    )
    db.session.add(notice)
    db.session.flush()
    subject = Subject("notice", notice.id, file.chain, file.scope)
    record(subject, "publish", actor, at, facts={"release": notice.release_id, "tag": tag, "digest": notice.digest})
    # What is projected is what was written, not what was handed in: both ways must give the same card.
    project(file, orjson.loads(body), notice.facts, notice)
    return notice


def without_empties(part: Any, *, whole: bool = False) -> Any:
    """Leave out empty objects and arrays: the standard's tools read them as nothing, and call them a fault.

    An empty text becomes a null, which takes an earlier text away. Inside an array that is not merged by id (`whole`)
    there is nothing to take away, so nulls go too.
    """
    if isinstance(part, str):
        return part if part.strip() else None
    if isinstance(part, Mapping):
        rows = {name: without_empties(value, whole=whole) for name, value in part.items()}
        return {name: value for name, value in rows.items() if value not in ({}, []) and not (whole and value is None)}
    if isinstance(part, list | tuple):
        if not any(isinstance(one, Mapping) for one in part):
            return list(part)
        return [without_empties(one, whole=whole or not isinstance(one, Mapping) or "id" not in one) for one in part]
    return part


# Where on the purchase's page a document without a file of its own stands.
_ANCHORS = {"awards": "#award", "contracts": "#outcome"}
_served: dict[str, str] = {"under": ""}


def open_board(base_url: str) -> None:
    """Tell the process under which address the board is read; called once by the app factory."""
    _served["under"] = base_url


def _with_addresses(part: Any, ocid: str, anchor: str = "") -> Any:
    """Give every document its address: a public file's own, otherwise the place on the purchase's page."""
    if isinstance(part, list):
        return [_with_addresses(one, ocid, anchor) for one in part]
    if not isinstance(part, Mapping):
        return part
    found = {name: _with_addresses(inner, ocid, anchor or _ANCHORS.get(name, "")) for name, inner in part.items()}
    if "documents" in found:
        found["documents"] = [_addressed(one, ocid, anchor) for one in found["documents"]]
    return found


def _addressed(document: Mapping[str, Any], ocid: str, anchor: str) -> dict[str, Any]:
    number = document["id"].removeprefix("file-")
    if number.isdecimal() and number != document["id"]:
        return {**document, "url": f"{_served['under']}/files/{number}"}
    return {**document, "url": f"{_served['under']}/purchases/{ocid}{anchor}", "format": "text/html"}


def _with_known_roles(file: PurchaseFile, parties: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Let each party keep the roles it has: `roles` is replaced as a whole when releases are merged (OCDS 1.1)."""
    card = db.session.get(PurchaseCard, file.id)
    known = {one["id"]: one.get("roles", []) for one in (card.compiled if card else {}).get("parties", [])}
    return [{**one, "roles": list(dict.fromkeys([*known.get(one["id"], []), *one["roles"]]))} for one in parties]


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
    lock_chain(*chain)
    number = (db.session.scalar(select(func.count()).where(Notice.subject == f"{kind}:{key}")) or 0) + 1
    content = {"kind": kind, "key": key, "title": title, "date": z(at), **_mark(), "data": dict(data)}
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
        facts={},
    )
    db.session.add(notice)
    db.session.flush()
    subject = Subject("notice", notice.id, chain, scope)
    record(subject, "publish", actor, at, facts={"release": notice.release_id, "digest": notice.digest})
    project_directory(notice, key, title, orjson.loads(body)["data"])
    return notice


def posted_digest(kind: str, key: str) -> str | None:
    """The digest of the first directory notice of this subject; None when there is none on the board."""
    return db.session.scalar(select(Notice.digest).filter_by(subject=f"{kind}:{key}").order_by(Notice.id).limit(1))


def releases(file_id: int) -> list[Notice]:
    """Return a purchase's notices, oldest first, without their bodies."""
    return list(db.session.scalars(select(Notice).filter_by(file_id=file_id, kind=OCDS).order_by(Notice.id)))
