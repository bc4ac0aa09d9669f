"""Other publishers' releases on a shelf of their own: never mixed with ours, never changed, found by search.

A file is first read to its end, without any lock, into a temporary file; only when all of it could be read do its rows
go onto the shelf, in one transaction. So nothing is ever half there, and a file that is imported again changes nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson
from sqlalchemy import insert, select, tuple_, update

from market.db.session import db, transaction
from market.records import search
from market.records.foreign import Bad, Publisher, Reader, Row
from market.records.models import ImportedPurchase, ImportedRelease, ImportedSource

KIND = "imported"
BATCH = 500
_TAB = b"\t"
_PREFIX = len("ocds-213czf")
_SHOWN = ("title", "buyer", "supplier", "amount")


@dataclass(frozen=True)
class Imported:
    """What came of a file: rows put on the shelf, rows that stood there already, rows left out."""

    publisher: str
    new: int
    known: int
    bad: int


def stage(path: Path, into: IO[bytes], told: Callable[[Row | Bad], None]) -> tuple[Publisher, int, int]:
    """Read a whole file into a temporary one, telling of each row; return publisher, rows read and rows left out.

    Raises Unreadable.
    """
    reader, read, bad = Reader(path), 0, 0
    for row in reader.rows():
        told(row)
        if isinstance(row, Bad):
            bad += 1
            continue
        read += 1
        facts = [row.ocid, row.release_id, row.date, row.digest, row.title, row.buyer, row.supplier, row.amount]
        into.write(orjson.dumps(facts) + _TAB + row.body + b"\n")
    into.flush()
    return reader.publisher, read, bad


def put_on_shelf(staged: IO[bytes], publisher: Publisher, fallback: str, at: datetime) -> int:
    """Put staged rows on the shelf of their publisher; return how many were new. Part of the caller's transaction.

    A publisher who does not name itself goes by `fallback`, or by the prefix of its ocids.
    """
    staged.seek(0)
    source: ImportedSource | None = None
    new = 0
    for rows in _batches(_staged(staged), BATCH):
        if source is None:
            source = _source(publisher, fallback or rows[0][0][0][:_PREFIX], at)
        new += _put(source.id, rows)
    return new


def import_file(path: Path, at: datetime, told: Callable[[Row | Bad], None], fallback: str = "") -> Imported:
    """Import one file as a whole, in a transaction of its own. Raises Unreadable: then nothing has changed."""
    with tempfile.TemporaryFile() as staged:
        publisher, read, bad = stage(path, staged, told)
        new = 0
        if read:
            with transaction():
                new = put_on_shelf(staged, publisher, fallback, at)
    return Imported(publisher.name or fallback, new, read - new, bad)


def _staged(stream: IO[bytes]) -> Iterator[tuple[list[str], bytes]]:
    for line in stream:
        facts, body = line.split(_TAB, 1)
        yield orjson.loads(facts), body[:-1]


def _batches(rows: Iterator[Any], size: int) -> Iterator[tuple[Any, ...]]:
    while batch := tuple(islice(rows, size)):
        yield batch


def _source(publisher: Publisher, fallback: str, at: datetime) -> ImportedSource:
    name = publisher.name or fallback
    found = db.session.scalar(select(ImportedSource).filter_by(name=name))
    if found is None:
        found = ImportedSource(name=name, uri=publisher.uri, licence=publisher.licence, imported_at=at)
        db.session.add(found)
        db.session.flush()
    return found


def _put(source_id: int, rows: tuple[tuple[list[str], bytes], ...]) -> int:
    """Add the releases of a batch that are not there yet, and carry their purchases on."""
    release = ImportedRelease
    wanted = {(facts[0], facts[3]): (facts, body) for facts, body in rows}
    query = select(release.ocid, release.digest).where(
        release.source_id == source_id, tuple_(release.ocid, release.digest).in_(list(wanted))
    )
    for key in db.session.execute(query):
        del wanted[key[0], key[1]]
    if not wanted:
        return 0
    values = [
        {"source_id": source_id, "ocid": f[0], "release_id": f[1], "date": f[2], "digest": f[3], "body": body}
        for f, body in wanted.values()
    ]
    db.session.execute(insert(release), values)
    _carry(source_id, [facts for facts, _ in wanted.values()])
    return len(values)


def _carry(source_id: int, found: list[list[str]]) -> None:
    """Bring the purchases' lines up to date: what the latest release says counts, what it does not say stays."""
    card = ImportedPurchase
    columns = [getattr(card, name) for name in ("id", "ocid", "date", *_SHOWN)]
    query = select(*columns).where(card.source_id == source_id, card.ocid.in_({facts[0] for facts in found}))
    rows: dict[str, dict[str, Any]] = {row.ocid: row._asdict() for row in db.session.execute(query)}
    for ocid, _, date, _, *shown in found:
        row = rows.setdefault(ocid, {"source_id": source_id, "ocid": ocid, "date": "", **dict.fromkeys(_SHOWN, "")})
        row |= _newer(row, dict(zip(_SHOWN, shown, strict=True)), date)
    known = [row for row in rows.values() if "id" in row]
    fresh = [row for row in rows.values() if "id" not in row]
    if known:
        db.session.execute(update(card), known)
    if fresh:
        ids = db.session.execute(insert(card).returning(card.id, sort_by_parameter_order=True), fresh)
        search.index_new(KIND, [(row.id, _words(line)) for row, line in zip(ids, fresh, strict=True)])
    for row in known:
        search.index_text(KIND, row["id"], _words(row))


def _newer(old: dict[str, Any], said: dict[str, str], date: str) -> dict[str, str]:
    """What changes when another release is known: a later one says more, an earlier one fills gaps alone."""
    late = date >= old["date"]
    changed = {name: value for name, value in said.items() if value and (late or not old[name])}
    return {**changed, "date": max(date, old["date"])}


def _words(row: dict[str, Any]) -> str:
    return " ".join(row[name] for name in ("title", "buyer", "supplier", "ocid"))


def index_again() -> None:
    """Put every purchase of the shelf into the search index again, after it was cleared."""
    after = 0
    card = ImportedPurchase
    while rows := db.session.execute(
        select(card.id, card.ocid, card.title, card.buyer, card.supplier)
        .where(card.id > after)
        .order_by(card.id)
        .limit(BATCH)
    ).all():
        after = rows[-1].id
        search.index_new(KIND, [(row.id, _words(row._asdict())) for row in rows])

