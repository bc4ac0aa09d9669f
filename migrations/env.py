"""Alembic's door: one connection handed in by `market.db.migrate`, all models loaded, little patience on PostgreSQL."""

import importlib
import pkgutil
from pathlib import Path

from alembic import context
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

import contracts
import market
from market.db.session import db

# Any number; it only has to be ours. Two deployments that upgrade at once wait for each other.
ADVISORY_LOCK = 4_126_001_709


def load_models() -> None:
    """Import every room's models and the job book, so that the metadata is complete."""
    for package in (market, contracts):
        for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            if found.ispkg:
                room = importlib.import_module(found.name)
                shelves = {shelf.name for shelf in pkgutil.iter_modules(room.__path__)}
                if "models" in shelves:
                    importlib.import_module(found.name + ".models")
    importlib.import_module("market.records.queue")


def include_name(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    """Only tables the models know are compared: search indexes and the job library's tables have their own makers."""
    if kind == "table":
        return name in db.metadata.tables
    return True


def number_revision(ctx: MigrationContext, revision: object, directives: list[MigrationScript]) -> None:
    """Readable, sequential ids, and a head file in which two branches collide."""
    if not directives or not context.config.attributes.get("numbering"):
        return
    script = directives[0]
    versions = Path(context.script.dir) / "versions"
    script.rev_id = f"{len(list(versions.glob('[0-9]*.py'))) + 1:04d}"
    (Path(context.script.dir) / "HEAD").write_text(script.rev_id + "\n", "ascii")


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # A migration that cannot get its lock soon gives up instead of queueing every reader behind itself.
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text("SET LOCAL statement_timeout = '15min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        include_name=include_name,
        compare_type=False,
        render_as_batch=False,
        transactional_ddl=True,
        process_revision_directives=number_revision,
    )
    with context.begin_transaction():
        context.run_migrations()


load_models()
run(context.config.attributes["connection"])
