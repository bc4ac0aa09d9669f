"""The way to PostgreSQL: transactions in few words, statements kept prepared, rested connections asked."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, cast

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

# An execution option, on SQLite too: the transaction that begins here only reads.
READING = "market_reading"
# An execution option: plan this statement for the values at hand. For a statement that comes again and again PostgreSQL
# makes one plan for all values, and what is right for a common word walks past every row for a rare one.
PLAN_EACH_TIME = "market_plan_each_time"
# There are several hundred different questions; the drivers would remember a hundred.
PREPARED = 500
_RESTED_S = 2


class ServerConnection(psycopg.Connection[Any]):
    """A connection to PostgreSQL that keeps the statements it has prepared, whatever is undone.

    After a rollback, to a savepoint too, the driver has all of them prepared anew: every page would have each of its
    questions parsed and planned again. It does so because a table may be gone and made again, which nothing here does
    on a connection that others use afterwards.
    """

    reading = False

    def begin(self) -> None:
        """Begin a transaction, in which the server refuses to write when it is for reading.

        Whoever set an isolation level or the like gets the driver's own beginning, with the first statement.
        """
        if self.reading:
            self.say("BEGIN READ ONLY")
        elif not self.autocommit and (self.isolation_level, self.read_only, self.deferrable) == (None, None, None):
            self.say("BEGIN")

    def commit(self) -> None:
        """End the transaction and keep what it did."""
        if self.pgconn.transaction_status == TransactionStatus.INTRANS:
            self.say("COMMIT")
        else:
            super().commit()

    def rollback(self) -> None:
        """End the transaction without keeping anything."""
        if self.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            self.say("ROLLBACK")
        else:
            super().rollback()

    def say(self, words: str) -> None:
        """Send a statement of transaction control past the driver's cursors; raises what the server answers."""
        with self.lock:
            result = self.pgconn.exec_(words.encode())
        if result.status == ExecStatus.COMMAND_OK:
            return
        if self.broken:  # the server has gone away; its absence has no code of its own
            raise psycopg.OperationalError(result.get_error_message())
        raise psycopg.errors.error_from_result(result)


def attach_server(engine: Engine) -> None:
    """Install these habits on an engine of PostgreSQL."""
    event.listen(engine, "do_connect", _connect_to_server)
    # Said where the library expects errors: a server that has gone away is noticed here.
    event.listen(engine, "begin", _note_reading)
    setattr(engine.dialect, "do_begin", _begin_on_server)  # noqa: B010
    event.listen(engine, "do_execute", _execute_planned)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _ask_after_rest(engine))


def _note_reading(connection: Connection) -> None:
    driver = cast("ServerConnection", connection.connection.driver_connection)
    driver.reading = bool(connection.get_execution_options().get(READING))


def _begin_on_server(connection: Any) -> None:
    connection.driver_connection.begin()


def _connect_to_server(_dialect: object, _record: object, args: list[Any], options: dict[str, Any]) -> ServerConnection:
    connection = ServerConnection.connect(*args, **options)
    connection.prepared_max = PREPARED
    return connection


def _execute_planned(cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
    if context is None or not context.execution_options.get(PLAN_EACH_TIME):
        return None
    cursor.execute(statement, parameters, prepare=False)
    return True


def _note_rest(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = monotonic()


def _ask_after_rest(engine: Engine) -> Callable[..., None]:
    """A connection that has rested is asked whether the server is still there, and else replaced.

    The pool's own check asks at every checkout, three times a request; a server that went away is noticed as well after
    a few seconds, for the first connection that fails ends them all.
    """

    def ask(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if monotonic() - record.info.get("rests_since", monotonic()) < _RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    return ask
