"""One line of migrations, and models that say what the database has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from market.db.engine import attach, engine_options
from market.db.migrate import configuration, current, head, upgrade
from market.db.session import db
from tests.fixtures.databases import Databases


@pytest.fixture(scope="module")
def upgraded(databases: Databases) -> Iterator[Engine]:
    url = databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    upgrade(engine)
    yield engine
    engine.dispose()


def test_there_is_one_head_and_the_head_file_names_it(upgraded: Engine) -> None:
    with upgraded.connect() as connection:
        heads = ScriptDirectory.from_config(configuration(connection)).get_heads()
    assert heads == [head()]
    assert current(upgraded) == head()


def test_upgrading_twice_changes_nothing(upgraded: Engine) -> None:
    before = inspect(upgraded).get_table_names()
    upgrade(upgraded)
    assert inspect(upgraded).get_table_names() == before


def test_models_and_migrations_agree(upgraded: Engine) -> None:
    assert len(db.metadata.tables) > 30

    def ours(_object: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
        return not (kind == "table" and reflected and name not in db.metadata.tables)

    with upgraded.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": False})
        differences = compare_metadata(context, db.metadata)
    assert not differences, differences[:5]


def test_columns_are_of_the_models_kind(upgraded: Engine) -> None:
    """Names and whether a column may be empty; the types' own names differ between engines."""
    inspector = inspect(upgraded)
    wrong = []
    for table in db.metadata.sorted_tables:
        there = {column["name"]: column for column in inspector.get_columns(table.name)}
        for column in table.columns:
            found = there.get(column.name)
            if found is None or found["nullable"] != column.nullable:
                wrong.append(f"{table.name}.{column.name}")
    assert not wrong


def test_check_constraints_of_the_models_are_in_the_database(upgraded: Engine) -> None:
    inspector = inspect(upgraded)
    missing = []
    for table in db.metadata.sorted_tables:
        there = {found["name"] for found in inspector.get_check_constraints(table.name)}
        wanted = {str(one.name) for one in table.constraints if one.__visit_name__ == "check_constraint"}
        missing += [f"{table.name}: {name}" for name in sorted(wanted - there)]
    assert not missing


def _append_only() -> list[str]:
    from market.records.models import APPEND_ONLY

    return [name for name in APPEND_ONLY if name in db.metadata.tables]


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_append_only_tables_refuse_change(upgraded: Engine, statement: str) -> None:
    """Triggers for each row need a row: a bare one is put in with the constraints switched off."""
    for name in _append_only():
        with upgraded.connect() as connection, connection.begin() as work:
            _bare_row(connection, name)
            with pytest.raises(DBAPIError):
                connection.execute(text(statement.format(name)))
            work.rollback()


def _bare_row(connection: object, name: str) -> None:
    table = db.metadata.tables[name]
    values: dict[str, object] = {}
    for column in table.columns:
        if column.nullable or (column.primary_key and column.autoincrement is True):
            continue
        kind = column.type.python_type if hasattr(column.type, "python_type") else str
        values[column.name] = _sample(column.type, kind)
    dialect = connection.dialect.name  # type: ignore[attr-defined]
    if dialect == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # type: ignore[attr-defined]
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")  # type: ignore[attr-defined]
    else:
        connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER ALL")  # type: ignore[attr-defined]
        for check in inspect(connection).get_check_constraints(name):  # type: ignore[union-attr,call-overload]
            connection.exec_driver_sql(f'ALTER TABLE {name} DROP CONSTRAINT "{check["name"]}"')  # type: ignore[attr-defined]
    connection.execute(table.insert().values(**values))  # type: ignore[attr-defined]
    if dialect != "sqlite":
        connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE TRIGGER ALL")  # type: ignore[attr-defined]


def _sample(kind: object, python: type) -> object:
    from datetime import UTC, date, datetime

    known: dict[type, object] = {int: 1, str: "x", bytes: b"x", bool: True, date: date(2026, 3, 31)}
    if "Instant" in type(kind).__name__ or python is datetime:
        return datetime(2026, 3, 31, tzinfo=UTC)
    if "Json" in type(kind).__name__:
        return {}
    return known.get(python, "x")


def test_every_table_has_a_primary_key_and_named_constraints() -> None:
    metadata: MetaData = db.metadata
    nameless = [
        f"{table.name}: {type(constraint).__name__}"
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if constraint.name is None and type(constraint).__name__ == "CheckConstraint"
    ]
    assert not nameless
    assert not [table.name for table in metadata.sorted_tables if not table.primary_key.columns]


def test_no_column_holds_a_fraction() -> None:
    from sqlalchemy import Numeric

    columns = [column for table in db.metadata.sorted_tables for column in table.columns]
    assert not [str(column) for column in columns if isinstance(column.type, Numeric)]
