"""Two engines, one behaviour.

How transactions begin (SQLite and PostgreSQL alike):
* A session that nobody told otherwise begins a write transaction at its first statement (SQLite: BEGIN IMMEDIATE behind
  the fair lock of `market.db.lock`).
* `begin_reading(session)` at the start of a request makes it a read: a snapshot, no lock, and writing is refused by the
  database. Every GET does this; a POST does it too while it finds its user and checks its form.
* `begin_writing(session)` ends that read and lets the next statement begin a write. Loaded objects expire, so what an
  action reads afterwards is read under the lock. Slow work (hashing, sealing, PDF) belongs before it.
* Nothing here commits; the boundary is `market.db.session`.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Engine,
    Enum,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    Unicode,
    Uuid,
    event,
    make_url,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import ORMExecuteState, Session, scoped_session

from market.db.lock import FairLock, lock_for
from market.db.postgres import PREPARED, READING, ServerConnection, attach_server

BUSY_TIMEOUT_S = 30
_STATEMENT_TIMEOUT_MS = 30_000
_LOCK_TIMEOUT_MS = 10_000
_IDLE_TIMEOUT_MS = 60_000
_IN_MEMORY = (None, "", ":memory:")
_SAVEPOINTS = {
    "do_savepoint": "SAVEPOINT",
    "do_rollback_to_savepoint": "ROLLBACK TO SAVEPOINT",
    "do_release_savepoint": "RELEASE SAVEPOINT",
}

AnySession = Session | scoped_session[Any]


class FairConnection(sqlite3.Connection):
    """A connection whose write transactions wait for their turn and give it back at commit, rollback or close.

    Reads go through a second connection beside it that can only read. One connection for both would have to switch
    `PRAGMA query_only`, and every switch makes SQLite forget all statements it has prepared.
    """

    turn: FairLock | None = None
    file: str | None = None
    _held = False
    _reader: sqlite3.Connection | None = None
    _reading = False

    def begin(self, *, reading: bool) -> None:
        self._reading = reading
        if reading:
            self._read_by().execute("BEGIN")
            return
        self.take_turn()
        try:
            self.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._give_back()
            raise

    def _read_by(self) -> sqlite3.Connection:
        if self._reader is None:
            if self.file is None:
                raise RuntimeError("a database in memory has no second connection to read by")
            self._reader = sqlite3.connect(
                self.file, timeout=BUSY_TIMEOUT_S, check_same_thread=False, cached_statements=PREPARED
            )
            _set_pragmas(self._reader)
            self._reader.execute("PRAGMA query_only = ON")
        return self._reader

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """A cursor of the present transaction."""
        return self._read_by().cursor(*args, **kwargs) if self._reading else super().cursor(*args, **kwargs)

    def take_turn(self) -> None:
        if self.turn is not None and not self._held:
            self.turn.acquire(BUSY_TIMEOUT_S)
            self._held = True

    def commit(self) -> None:
        self._end_reading()
        try:
            super().commit()
        finally:
            self._give_back()

    def rollback(self) -> None:
        self._end_reading()
        try:
            super().rollback()
        finally:
            self._give_back()

    def close(self) -> None:
        try:
            if self._reader is not None:
                self._reader.close()
            super().close()
        finally:
            self._held, held = False, self._held
            if held and self.turn is not None:
                self.turn.release()

    def _end_reading(self) -> None:
        if self._reading and self._reader is not None:
            self._reader.rollback()
        self._reading = False

    def _give_back(self) -> None:
        # A commit that failed leaves the transaction open: the turn is kept until the rollback that must follow.
        if self._held and not self.in_transaction and self.turn is not None:
            self._held = False
            self.turn.release()


def engine_options(url: str) -> dict[str, Any]:
    """Keyword arguments for `create_engine`, the same for pages, jobs and commands.

    Bound values never appear in errors or logs: they may be parts of a bid.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        options: dict[str, Any] = {
            "hide_parameters": True,
            "connect_args": {
                "factory": FairConnection,
                "timeout": BUSY_TIMEOUT_S,
                "check_same_thread": False,
                "cached_statements": PREPARED,
            },
        }
        if parsed.database not in _IN_MEMORY:
            options |= {"pool_size": 16, "max_overflow": 48}
        return options
    settings = {
        "timezone": "UTC",
        "statement_timeout": _STATEMENT_TIMEOUT_MS,
        "lock_timeout": _LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": _IDLE_TIMEOUT_MS,
    }
    return {
        "hide_parameters": True,
        "connect_args": {
            "application_name": "linli",
            "connect_timeout": 10,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
        "pool_size": 10,
        "max_overflow": 20,
    }


def attach(engine: Engine) -> None:
    """Install the habits above on an engine made with `engine_options`."""
    # The library builds and compiles a statement of its own for each savepoint; its text is all there is to it.
    for act, words in _SAVEPOINTS.items():
        setattr(engine.dialect, act, partial(_say, words))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        attach_server(engine)


def _say(words: str, connection: Connection, name: str) -> None:
    driver = connection.connection.driver_connection
    say = driver.say if isinstance(driver, ServerConnection) else cast("sqlite3.Connection", driver).execute
    say(f"{words} {name}")


def begin_reading(session: AnySession) -> None:
    """Make the session's coming transaction a read; inside a connection given from outside only our own check holds."""
    session = _plain(session)
    session.info[READING] = True
    if isinstance(session.get_bind(), Engine) and not session.in_transaction():
        session.connection(execution_options={READING: True})


def begin_writing(session: AnySession) -> None:
    """End a read begun with `begin_reading`; the next statement begins a write and takes the turn."""
    session = _plain(session)
    if session.info.pop(READING, False) and isinstance(session.get_bind(), Engine):
        session.rollback()


def is_reading(session: AnySession) -> bool:
    """Whether the session is inside a read."""
    return bool(session.info.get(READING))


def _plain(session: AnySession) -> Session:
    return session() if isinstance(session, scoped_session) else session


def attach_jobs(engine: Engine) -> None:
    """Install what the job library needs on an SQLite engine of its own, with the same fair turn for its writes.

    The library relies on the driver's own late transactions, so an engine with `attach` cannot serve it.
    """
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "connect", _driver_begins)
    event.listen(engine, "before_cursor_execute", _turn_before_write)


def _driver_begins(connection: FairConnection, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"


def _turn_before_write(
    connection: Connection, _cursor: object, statement: str, _values: object, _context: object, _many: object
) -> None:
    raw = _driver(connection)
    if not raw.in_transaction and statement.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE", "REPLAC", "BEGIN "}:
        raw.take_turn()


def _refuse_writing(session: Session, _context: object, _instances: object) -> None:
    if session.info.get(READING) and (session.new or session.deleted or any(map(session.is_modified, session.dirty))):
        raise RuntimeError("a read tried to write; call begin_writing(session) first")


def _refuse_statement(state: ORMExecuteState) -> None:
    if state.session.info.get(READING) and (state.is_insert or state.is_update or state.is_delete):
        raise RuntimeError("a read tried to write; call begin_writing(session) first")


event.listen(Session, "before_flush", _refuse_writing)
event.listen(Session, "do_orm_execute", _refuse_statement)


def _prepare_sqlite(connection: FairConnection, _record: object) -> None:
    database = connection.execute("PRAGMA database_list").fetchone()[2]
    if database not in _IN_MEMORY:
        connection.file, connection.turn = database, lock_for(database)
        connection.execute("PRAGMA journal_mode = WAL")
    _set_pragmas(connection)


def _set_pragmas(connection: sqlite3.Connection) -> None:
    # The driver's own transactions are switched off: it would begin late and without IMMEDIATE.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")


def _driver(connection: Connection) -> FairConnection:
    return cast("FairConnection", connection.connection.dbapi_connection)


def _begin_sqlite(connection: Connection) -> None:
    _driver(connection).begin(reading=bool(connection.get_execution_options().get(READING)))


# STRICT tables know INTEGER, REAL, TEXT, BLOB and ANY alone. NUMERIC would be a float, so it is not offered.
@compiles(BigInteger, "sqlite")
@compiles(SmallInteger, "sqlite")
@compiles(Boolean, "sqlite")
def _integer(_type: object, _compiler: object, **_: object) -> str:
    return "INTEGER"


@compiles(String, "sqlite")
@compiles(Text, "sqlite")
@compiles(Unicode, "sqlite")
@compiles(Enum, "sqlite")
@compiles(Date, "sqlite")
@compiles(DateTime, "sqlite")
@compiles(JSON, "sqlite")
@compiles(Uuid, "sqlite")
def _text(_type: object, _compiler: object, **_: object) -> str:
    return "TEXT"


@compiles(LargeBinary, "sqlite")
def _blob(_type: object, _compiler: object, **_: object) -> str:
    return "BLOB"


@compiles(Numeric, "sqlite")
def _no_numeric(_type: object, _compiler: object, **_: object) -> str:
    raise TypeError("amounts and scores are whole numbers: use BigInteger")
