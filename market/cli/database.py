"""`market db`: bring the database up to date, copy everything into one archive, and bring it back.

An archive is a ZIP file: `database.sqlite3` (a consistent copy) or one `tables/<schema>.<table>` per PostgreSQL table,
all stored files under `files/`, and `manifest.json` with size and SHA-256 of every entry. The installation's key is not
inside: who holds an archive cannot read sealed bids or drafts, and a restored installation needs the key kept apart.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

import click
from sqlalchemy import make_url

import market
from market.cli.installation import build, database_state, inside, upgrade
from market.cli.keyfit import Fit, key_fit, what_to_do, where_to_keep
from market.config import Settings, load
from market.db.migrate import head

FORMAT = 1
_CHUNK = 1024 * 1024
_MANIFEST = "manifest.json"
_SQLITE_COPY = "database.sqlite3"


class BadArchive(click.ClickException):
    """The archive cannot be used; nothing was changed."""


@click.group(name="db")
def database() -> None:
    """数据库 / the database."""


@database.command(name="upgrade")
def upgrade_command() -> None:
    """建库或升级到最新 / create the database or bring it up to date."""
    settings = load()
    before, newest = database_state(settings)
    upgrade(settings)
    click.echo(f"数据库已是最新 / the database is up to date: {before or '-'} -> {newest}")


@database.command(name="revision", hidden=True)
@click.argument("message")
def revision_command(message: str) -> None:
    """Write the next migration by comparing the models with the database; for developers."""
    from alembic import command

    from market.db.migrate import configuration
    from market.db.session import db

    app = build(load())
    with inside(app), db.engine.begin() as connection:
        config = configuration(connection)
        config.attributes["numbering"] = True
        command.revision(config, message=message, autogenerate=True)


@database.command(name="backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path) -> None:
    """把数据库和文件备份到一个 ZIP / copy database and files into one ZIP archive."""
    settings = load()
    # Even asking whether a file is there may be refused, in a folder that is not ours.
    try:
        if file.exists():
            raise click.ClickException(f"{file} 已存在，请换一个文件名 / exists already, choose another name")
        if not file.parent.is_dir():
            raise click.ClickException(
                f"没有 {file.parent} 这个文件夹，请先建立或换一个位置 / no such folder, make it or choose another place"
            )
        entries = backup(settings, file)
    except OSError as error:
        raise click.ClickException(
            f"备份写不进 {file}，请检查权限和剩余空间 / the archive cannot be written,"
            f" check permissions and space: {error.strerror or error}"
        ) from None
    click.echo(f"已备份 {len(entries)} 项 / {len(entries)} entries copied: {file}")
    click.echo(where_to_keep(settings))
    _say_whether_key_fits(settings)


@database.command(name="restore")
@click.argument("file", type=click.Path(path_type=Path))
def restore_command(file: Path) -> None:
    """从备份恢复到空的安装 / restore an archive into an empty installation."""
    settings = load()
    try:
        if not file.is_file():
            raise BadArchive(f"没有 {file} 这个文件，请核对路径 / no such file, check the path")
        entries = restore(settings, file)
    except OSError as error:
        raise BadArchive(
            f"无法恢复，请检查备份文件和数据目录的权限 / cannot restore,"
            f" check permissions of the archive and of MARKET_DATA: {error.strerror or error}"
        ) from None
    click.echo(f"已恢复 {len(entries)} 项，摘要全部相符 / {len(entries)} entries restored, all digests agree")
    _say_whether_key_fits(settings)


def _say_whether_key_fits(settings: Settings) -> None:
    """One line more when the key at hand does not open the data at hand."""
    fit = key_fit(settings)
    if fit in {Fit.MISSING, Fit.DIFFERS}:
        click.echo(" / ".join(what_to_do(settings, fit)))


def backup(settings: Settings, file: Path) -> dict[str, dict[str, Any]]:
    """Write the archive and return its entries. The database is copied first: stored files are only ever added."""
    revision, _ = database_state(settings)
    if revision is None:
        raise click.ClickException("数据库是空的，没有可备份的内容 / there is nothing to back up")
    partial = file.with_name(file.name + ".partial")
    archive = _Archive()
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive.zip:
            (_copy_sqlite if settings.uses_sqlite else _copy_postgres)(settings, archive)
            for path in sorted(p for p in settings.files.rglob("*") if p.is_file() and not p.name.startswith(".")):
                # The key of a draft goes when the draft is submitted, perhaps just now.
                with suppress(FileNotFoundError), path.open("rb") as source:
                    archive.add(f"files/{path.relative_to(settings.files).as_posix()}", source)
            manifest = {
                "format": FORMAT,
                "engine": "sqlite" if settings.uses_sqlite else "postgresql",
                "revision": revision,
                "version": market.__version__,
                "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "entries": archive.entries,
            }
            archive.zip.writestr(_MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return archive.entries


def restore(settings: Settings, file: Path) -> dict[str, dict[str, Any]]:
    """Bring an archive into an empty installation. Everything is checked before the first byte is written."""
    revision, _ = database_state(settings)
    if revision is not None or (settings.files.exists() and any(settings.files.iterdir())):
        raise BadArchive(
            "目标安装不是空的，请指定新的数据目录和空库 / not empty: name a new MARKET_DATA and database"
        )
    try:
        with zipfile.ZipFile(file) as opened:
            manifest = _checked_manifest(settings, opened)
            for name in manifest["entries"]:
                if name.startswith("files/"):
                    _extract(opened, name, settings.files / PurePosixPath(name).relative_to("files"))
            (_restore_sqlite if settings.uses_sqlite else _restore_postgres)(settings, opened, manifest)
    except zipfile.BadZipFile as error:
        raise BadArchive(f"不是完整的备份文件 / not a complete archive: {error}") from None
    # What an upgrade founds is locked: without the right key it waits for the start after the key is put back.
    if manifest["revision"] != head() and key_fit(settings) not in {Fit.MISSING, Fit.DIFFERS}:
        upgrade(settings)
    entries: dict[str, dict[str, Any]] = manifest["entries"]
    return entries


class _Archive:
    """The ZIP file being written, and what is in it so far."""

    zip: zipfile.ZipFile

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {}

    @contextmanager
    def writing(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Stream one entry; size and digest are taken on the way."""
        sha, size = hashlib.sha256(), 0
        with self.zip.open(name, "w", force_zip64=True) as target:

            def write(chunk: bytes | memoryview) -> None:
                nonlocal size
                sha.update(chunk)
                size += len(chunk)
                target.write(chunk)

            yield write
        self.entries[name] = {"size": size, "sha256": sha.hexdigest()}

    def add(self, name: str, source: IO[bytes]) -> None:
        with self.writing(name) as write:
            while chunk := source.read(_CHUNK):
                write(chunk)


def _checked_manifest(settings: Settings, opened: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(opened.read(_MANIFEST))
    except (KeyError, ValueError):
        raise BadArchive("备份中没有清单 / the archive has no manifest") from None
    if not isinstance(manifest, dict):
        raise BadArchive("备份中没有清单 / the archive has no manifest")
    engine = "sqlite" if settings.uses_sqlite else "postgresql"
    if manifest.get("format") != FORMAT or manifest.get("engine") != engine:
        raise BadArchive(
            f"备份来自 {manifest.get('engine')}，当前数据库是 {engine} / the archive is from another kind of database"
        )
    if str(manifest["revision"]) > head():
        raise BadArchive("备份来自更新的版本，请先升级程序 / the archive is newer, upgrade the product first")
    expected = {*manifest["entries"], _MANIFEST}
    if set(opened.namelist()) != expected or len(opened.namelist()) != len(expected):
        raise BadArchive("备份的内容与清单不一致 / the archive does not hold what its manifest lists")
    for name, facts in manifest["entries"].items():
        if ".." in PurePosixPath(name).parts or name.startswith("/"):
            raise BadArchive(f"备份中有不正当的路径 / the archive holds an improper path: {name}")
        sha = hashlib.sha256()
        with opened.open(name) as source:
            while chunk := source.read(_CHUNK):
                sha.update(chunk)
        if sha.hexdigest() != facts["sha256"]:
            raise BadArchive(
                f"{name} 的摘要不符 / the digest differs: {facts['sha256'][:16]} -> {sha.hexdigest()[:16]}"
            )
    return manifest


def _extract(opened: zipfile.ZipFile, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(name) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out, _CHUNK)


# --- SQLite: the engine's own copy, consistent while others write -----------------------------------------------------


def _copy_sqlite(settings: Settings, archive: _Archive) -> None:
    with tempfile.TemporaryDirectory(dir=settings.data) as folder:
        copy = Path(folder) / _SQLITE_COPY
        source = sqlite3.connect(str(make_url(settings.database_url).database))
        target = sqlite3.connect(copy)
        try:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            target.close()
            source.close()
        with copy.open("rb") as stream:
            archive.add(_SQLITE_COPY, stream)


def _restore_sqlite(settings: Settings, opened: zipfile.ZipFile, _manifest: dict[str, Any]) -> None:
    target = Path(str(make_url(settings.database_url).database))
    # An empty database may be there, with its log: neither may meet the restored file.
    for leftover in ("", "-wal", "-shm"):
        target.with_name(target.name + leftover).unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    _extract(opened, _SQLITE_COPY, partial)
    partial.replace(target)


# --- PostgreSQL: every table through COPY inside one snapshot ---------------------------------------------------------

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname IN ('public', 'dbos') ORDER BY 1, 2
"""
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""
_SEQUENCES = """
SELECT s.oid::regclass::text, d.refobjid::regclass::text, quote_ident(a.attname)
FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
JOIN pg_namespace n ON n.oid = s.relnamespace WHERE s.relkind = 'S' AND n.nspname IN ('public', 'dbos')
"""
# Made by the upgrade that precedes a restore, at the same revision.
_OWN_BOOKKEEPING = {("public", "alembic_version"), ("dbos", "dbos_migrations")}


def _postgres(settings: Settings) -> Any:
    import psycopg

    return psycopg.connect(make_url(settings.database_url).set(drivername="postgresql").render_as_string(False))


def _copy_postgres(settings: Settings, archive: _Archive) -> None:
    from psycopg import IsolationLevel, sql

    with _postgres(settings) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for schema, name in connection.execute(_TABLES).fetchall():
            columns = [row[0] for row in connection.execute(_COLUMNS, (schema, name)).fetchall()]
            statement = sql.SQL("COPY {} ({}) TO STDOUT").format(
                sql.Identifier(schema, name), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            with archive.writing(f"tables/{schema}.{name}") as write, connection.cursor().copy(statement) as rows:
                write((json.dumps(columns) + "\n").encode())
                for chunk in rows:
                    write(chunk)


def _restore_postgres(settings: Settings, opened: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    if manifest["revision"] != head():
        raise BadArchive(
            f"备份来自数据库版本 {manifest['revision']}，请用当时的程序恢复后再升级"
            " / restore with the product's version of that time, then upgrade"
        )
    _make_tables(settings)
    with _postgres(settings) as connection:
        names = [name.removeprefix("tables/") for name in manifest["entries"] if name.startswith("tables/")]
        waiting = [table for name in names if (table := tuple(name.split(".", 1))) not in _OWN_BOOKKEEPING]
        for schema, name in _in_order(connection, waiting):
            _fill(connection, opened, schema, name)
        for sequence, table, column in connection.execute(_SEQUENCES).fetchall():
            connection.execute(
                f"SELECT setval('{sequence}', coalesce(max({column}), 1), max({column}) IS NOT NULL) FROM {table}"
            )


def _make_tables(settings: Settings) -> None:
    from sqlalchemy import create_engine

    from market.db.engine import engine_options
    from market.db.migrate import upgrade as migrate
    from market.records import queue

    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    migrate(engine)
    engine.dispose()
    queue.prepare(settings.database_url)


def _in_order(connection: Any, tables: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Tables so that every foreign key finds its row; a table that refers to itself counts as independent."""
    from graphlib import TopologicalSorter

    rows = connection.execute(
        """
        SELECT n.nspname, c.relname, fn.nspname, f.relname FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace WHERE k.contype = 'f'
        """
    ).fetchall()
    sorter: TopologicalSorter[tuple[str, ...]] = TopologicalSorter({table: [] for table in sorted(tables)})
    for schema, name, to_schema, to_name in rows:
        if (schema, name) != (to_schema, to_name):
            sorter.add((schema, name), (to_schema, to_name))
    return [table for table in sorter.static_order() if table in set(tables)]


def _fill(connection: Any, opened: zipfile.ZipFile, schema: str, name: str) -> None:
    from psycopg import sql

    with opened.open(f"tables/{schema}.{name}") as source:
        columns = json.loads(source.readline())
        target = sql.Identifier(schema, name)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(target, sql.SQL(", ").join(map(sql.Identifier, columns)))
        with connection.cursor().copy(statement) as rows:
            while chunk := source.read(_CHUNK):
                rows.write(chunk)
