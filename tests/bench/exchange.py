"""Open data out and in: bulk export beside raw orjson over the same releases, and releases imported a second."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, insert, select
from sqlalchemy.orm import undefer

from market.db.session import db, transaction
from market.kernel.clock import system_now
from market.public.queries import opendata
from market.records.importing import import_file
from market.records.models import ImportedRelease, Notice
from tests.bench.books import alternated
from tests.bench.report import Figure, Report
from tests.bench.worlds import ProductWorld
from tests.factories import notices

RELEASES, LEAST = 20_000, 0.5
IMPORTED = 4_000
_CHUNK = 1_000


def measure(report: Report, world: ProductWorld) -> None:
    """Add two figures."""
    with world.inside():
        notices.published("paid")
    with world.app.app_context():
        _many(RELEASES)
        _export(report)
        _import(report, world.settings.data)


def _many(number: int) -> None:
    """Releases without a purchase: the same eight again and again, under numbers of their own."""
    rows = db.session.scalars(select(Notice).filter_by(kind="ocds").options(undefer(Notice.body)).limit(8)).all()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with transaction():
        for first in range(0, number, _CHUNK):
            values = [
                {
                    "kind": "ocds", "tag": row.tag, "release_id": f"bench-{n}", "file_id": None, "ocid": row.ocid,
                    "district_id": row.district_id, "street_id": row.street_id, "subject": "bench",
                    "published_at": start + timedelta(seconds=n), "body": row.body, "digest": row.digest, "facts": {},
                }
                for n in range(first, first + _CHUNK)
                for row in (rows[n % len(rows)],)
            ]  # fmt: skip
            db.session.execute(insert(Notice), values)


def _export(report: Report) -> None:
    """All releases, one a line, into nothing: ours from the database, the barest from objects in memory."""
    engine = db.engine
    releases = [orjson.loads(body) for batch in opendata.bodies(engine) for body in batch]
    size = sum(len(body) for batch in opendata.bodies(engine) for body in batch)

    with Path(os.devnull).open("wb") as out:

        def barest() -> None:
            out.writelines(orjson.dumps(release) + b"\n" for release in releases)

        def ours() -> None:
            out.writelines(b"\n".join([*batch, b""]) for batch in opendata.bodies(engine))

        barest()
        ours()
        bare_s, our_s, ratio = alternated(barest, ours, 9)
    told = (
        f"releases/s {len(releases) / bare_s:,.0f} : {len(releases) / our_s:,.0f}"
        f"   MB/s {size / bare_s / 1e6:.0f} : {size / our_s / 1e6:.0f}"
    )
    report.add(Figure("bulk export, rate", 1 / ratio, told, least=LEAST))


def _import(report: Report, folder: Path) -> None:
    """Releases imported a second, beside the barest that does some of it: parse the file, insert the rows, commit."""
    bodies = [body for batch in opendata.bodies(db.engine) for body in batch][:8]
    numbers = count()

    def file() -> Path:
        path, run = folder / "bench.json", next(numbers)
        rows = (_release(bodies[n % 8], f"ocds-bench{run}-{n}") for n in range(IMPORTED))
        path.write_bytes(b'{"publisher": {"name": "Bench"}, "releases": [' + b",".join(rows) + b"]}")
        return path

    def barest() -> None:
        releases = orjson.loads(fresh[0].read_bytes())["releases"]
        with transaction():
            values = [
                {"source_id": source, "ocid": r["ocid"], "release_id": "", "date": r["date"],
                 "digest": f"bare-{next(numbers)}", "body": orjson.dumps(r)}
                for r in releases
            ]  # fmt: skip
            db.session.execute(insert(ImportedRelease), values)

    def ours() -> None:
        import_file(fresh[0], system_now(), lambda _: None)
        fresh[0] = file()

    fresh = [file()]
    import_file(fresh[0], system_now(), lambda _: None)
    source = db.session.scalar(select(func.max(ImportedRelease.source_id)))
    db.session.rollback()
    fresh[0] = file()
    bare_s, our_s, ratio = alternated(barest, ours, 3)
    told = f"releases/s {IMPORTED / bare_s:,.0f} : {IMPORTED / our_s:,.0f}"
    report.add(Figure("import, rate", 1 / ratio, told))


def _release(body: bytes, ocid: str) -> bytes:
    release: dict[str, Any] = orjson.loads(body)
    return orjson.dumps({**release, "ocid": ocid, "id": ocid})

