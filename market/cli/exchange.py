"""`market export ocds DIR` and `market import ocds FILE…`: open data out, and other publishers' packages in."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from market.cli.installation import inside, open_app

if TYPE_CHECKING:
    from market.records.importing import Imported

_SHOWN = 20
# What is taken out of a folder; a file that is named is always taken.
_SUFFIXES = {".json", ".jsonl", ".ndjson", ".gz"}


@click.group()
def export() -> None:
    """导出开放数据 / open data."""


@export.command(name="ocds")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--year", type=int, help="只导出这一年 / of one year only")
@click.option("--district", help="只导出这个区（区划代码） / of one district only, by its code")
def export_ocds(folder: Path, year: int | None, district: str | None) -> None:
    """全部公告、记录、资助数据和 Excel / all releases, records, grants, and a workbook."""
    from market.db.engine import begin_reading
    from market.db.session import db
    from market.public.queries import opendata

    app = open_app()
    purchases = f"{app.extensions['linli'].settings.base_url}/purchases/"
    with inside(app):
        begin_reading(db.session)
        district_id = opendata.district_id(district) if district else None
        if district and district_id is None:
            raise click.ClickException(f"没有区划 {district} / no such district")
        folder.mkdir(parents=True, exist_ok=True)
        for name, count in _export(folder, year, district_id, purchases):
            click.echo(f"{folder / name}: {count}")


def _export(folder: Path, year: int | None, district: int | None, purchases: str) -> Iterator[tuple[str, int]]:
    """Write each file, which has its name only when it is whole; yield name and number of rows.

    `purchases` is the address below which purchases lie.
    """
    import orjson

    from market.db.session import db
    from market.public.queries import opendata, release_bodies
    from market.public.rules import grants, packages, sheet

    with _whole(folder / "releases.jsonl") as out:
        count = 0
        for batch in opendata.bodies(db.engine, year, district):
            out.write(b"\n".join([*batch, b""]))
            count += len(batch)
    yield "releases.jsonl", count
    with _whole(folder / "records.jsonl") as out:
        count = 0
        for card in opendata.cards(year, district):
            out.write(packages.record(card.compiled, release_bodies(card.file_id)) + b"\n")
            count += 1
    yield "records.jsonl", count
    given = list(grants.grants_of(opendata.cards(year, district, grants.METHODS), purchases))
    with _whole(folder / "grants.json") as out:
        out.write(orjson.dumps({"grants": given}, option=orjson.OPT_INDENT_2))
    yield "grants.json", len(given)
    with _whole(folder / "purchases.xlsx") as out:
        sheet.write(opendata.cards(year, district), out)
    yield "purchases.xlsx", count


@contextmanager
def _whole(path: Path) -> Iterator[Any]:
    partial = path.with_name(path.name + ".partial")
    with partial.open("w+b") as out:
        yield out
    partial.replace(path)


@click.group(name="import")
def import_() -> None:
    """导入其他发布者的数据 / other publishers' data."""


@import_.command(name="ocds")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--source", default="", help="发布者没有写明时用的名称 / name for a publisher who gives none")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="逐行结果写入 CSV / write what came of each row"
)
@click.option("-v", "--verbose", is_flag=True, help="每个文件都显示一行 / a line for every file")
def import_ocds(files: tuple[Path, ...], source: str, report: Path | None, verbose: bool) -> None:
    """OCDS 数据包或文件夹，每个文件整个导入或完全不导入 / packages or folders, each file whole or not at all."""
    from market.kernel.clock import system_now
    from market.records.foreign import Unreadable
    from market.records.importing import import_file

    app, total = open_app(), _Total()
    with inside(app), _report(report) as tell:
        for path in _in_folders(files):
            lines = _Lines(path, tell)
            try:
                found = import_file(path, system_now(), lines, source)
            except Unreadable as error:
                total.broken += 1
                # Rows that were read before the fault stand above; none of them is kept.
                tell(str(path), "", "", "", "unreadable", f"{error}; nothing of this file was imported, no row above")
                click.echo(f"{path}: 读不了，没有导入 / cannot be read, nothing imported: {error}")
                continue
            lines.close()
            total.add(found)
            # Of hundreds of files only those are shown that somebody may want to look into: also one with no row.
            if verbose or found.bad or not found.new + found.known:
                click.echo(f"{path}: {found.publisher or '-'}: {_counted(found)}")
    click.echo(total.line())
    if total.broken:
        sys.exit(1)


def _counted(found: Imported | _Total) -> str:
    return (
        f"新 {found.new}，已有 {found.known}，未导入 {found.bad}"
        f" / new {found.new}, known {found.known}, left out {found.bad}"
    )


@dataclass
class _Total:
    """What came of all files together."""

    files: int = 0
    broken: int = 0
    new: int = 0
    known: int = 0
    bad: int = 0

    def add(self, found: Imported) -> None:
        self.files += 1
        self.new += found.new
        self.known += found.known
        self.bad += found.bad

    def line(self) -> str:
        """The last line, of files that were read and their releases, and of files that were not."""
        broken = f"；有 {self.broken} 个文件读不了 / {self.broken} files cannot be read" if self.broken else ""
        return f"读了 {self.files} 个文件 / {self.files} files read: {_counted(self)}{broken}"


class _Lines:
    """Tells of each row as it is read: everything into the report, the first faults of a file onto the screen."""

    def __init__(self, path: Path, tell: Any) -> None:
        self.path, self.tell, self.faults = path, tell, 0

    def __call__(self, row: Any) -> None:
        reason = getattr(row, "reason", "")
        outcome = "left out" if reason else "read"
        told = reason or "; ".join(row.notes)
        self.tell(str(self.path), row.number, row.ocid, getattr(row, "release_id", ""), outcome, told)
        if reason:
            self.faults += 1
            if self.faults <= _SHOWN:
                click.echo(f"{self.path} 第 {row.number} 行 / row {row.number}: {row.ocid or '-'}: {reason}")

    def close(self) -> None:
        if self.faults > _SHOWN:
            click.echo(f"{self.path}: 另有 {self.faults - _SHOWN} 行 / and {self.faults - _SHOWN} more rows")


@contextmanager
def _report(path: Path | None) -> Iterator[Any]:
    if path is None:
        yield lambda *_: None
        return
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("file", "row", "ocid", "release", "outcome", "reason"))
        yield lambda *row: writer.writerow(row)


def _in_folders(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = (one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
            yield from sorted(one for one in found if one.suffix.lower() in _SUFFIXES)
        else:
            yield path
