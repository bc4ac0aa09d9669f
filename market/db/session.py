"""The session, the base model and the one place where a transaction is committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Date, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, registry

from market.db.types import BigInt, UtcInstant

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table: named constraints, STRICT on SQLite, text without a length."""

    # Given as a registry, because Flask-SQLAlchemy copies the class body and a bare map would be refused in the copy.
    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={str: Text(), int: BigInt, datetime: UtcInstant(), date: Date()},
    )
    __table_args__: object = {"sqlite_strict": True}


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def strict(*items: object) -> tuple[object, ...]:
    """Return table arguments: the given constraints and indexes, and STRICT on SQLite."""
    return (*items, {"sqlite_strict": True})


def commit() -> None:
    """Commit the request's or command's transaction; nothing else in the product commits."""
    db.session.commit()


def rollback() -> None:
    """Give up everything since the last commit."""
    db.session.rollback()


@contextmanager
def transaction() -> Iterator[None]:
    """Run a command or job as one transaction: commit on success, roll back on any error."""
    try:
        yield
        commit()
    except BaseException:
        rollback()
        raise
