"""Reads and writes on both engines; a turn for every writer on SQLite."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Engine, Integer, Numeric, create_engine, func, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from market.db import postgres
from market.db.engine import attach, begin_reading, begin_writing, engine_options, is_reading
from market.db.lock import FairLock, LockTimeout, lock_for
from tests.fixtures.databases import Databases


class Base(DeclarativeBase):
    pass


class Entry(Base):
    __tablename__ = "entry"
    __table_args__ = {"sqlite_strict": True}
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    writer: Mapped[str]


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    url = databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_a_read_sees_one_snapshot_and_may_not_write(engine: Engine) -> None:
    with Session(engine) as session:
        begin_reading(session)
        assert is_reading(session)
        assert session.scalar(select(func.count(Entry.id))) == 0
        session.add(Entry(writer="reader"))
        with pytest.raises(RuntimeError, match="begin_writing"):
            session.flush()


def test_statements_of_a_read_are_refused_by_the_database_too(engine: Engine) -> None:
    with Session(engine) as session:
        begin_reading(session)
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            session.connection().execute(text("INSERT INTO entry (writer) VALUES ('past the session')"))


def test_bulk_statements_of_a_read_are_refused(engine: Engine) -> None:
    with Session(engine) as session:
        begin_reading(session)
        with pytest.raises(RuntimeError, match="begin_writing"):
            session.execute(insert(Entry).values(writer="bulk"))


def test_a_write_begins_after_a_read_and_sees_what_others_wrote_meanwhile(engine: Engine) -> None:
    with Session(engine) as first, Session(engine) as second:
        begin_reading(first)
        assert first.scalar(select(func.count(Entry.id))) == 0
        second.add(Entry(writer="second"))
        second.commit()
        begin_writing(first)
        assert first.scalar(select(func.count(Entry.id))) == 1
        first.add(Entry(writer="first"))
        first.commit()
    with Session(engine) as session:
        assert session.scalars(select(Entry.writer).order_by(Entry.id)).all() == ["second", "first"]


def test_readers_do_not_wait_for_an_open_write(engine: Engine) -> None:
    with Session(engine) as writer, Session(engine) as reader:
        writer.add(Entry(writer="not yet"))
        writer.flush()
        begin_reading(reader)
        assert reader.scalar(select(func.count(Entry.id))) == 0


def test_eight_writers_at_once_all_write_and_none_waits_long(engine: Engine) -> None:
    waits: list[float] = []

    def write(writer: int) -> None:
        for number in range(25):
            began = time.perf_counter()
            with Session(engine) as session:
                session.add(Entry(writer=f"{writer}-{number}"))
                session.commit()
            waits.append(time.perf_counter() - began)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine) as session:
        assert session.scalar(select(func.count(Entry.id))) == 200
    assert sorted(waits)[int(len(waits) * 0.99)] < 0.3


def test_bound_values_never_reach_an_error_message(engine: Engine) -> None:
    statement = text("INSERT INTO entry (id, writer) VALUES (:id, :writer)")
    with Session(engine) as session, pytest.raises(DBAPIError) as caught:
        session.execute(statement, {"id": "no", "writer": "a secret"})
    assert "a secret" not in str(caught.value)


def test_sqlite_tables_are_strict_and_money_cannot_be_a_fraction(sqlite_databases: Databases) -> None:
    url = sqlite_databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    Base.metadata.create_all(engine)
    with engine.begin() as connection, pytest.raises(DBAPIError, match="cannot store BLOB"):
        connection.execute(text("INSERT INTO entry (id, writer) VALUES (1, x'00')"))
    with pytest.raises(TypeError, match="whole numbers"):
        Numeric().compile(dialect=engine.dialect)
    engine.dispose()


def test_sqlite_survives_power_cuts_and_checks_its_keys(sqlite_databases: Databases) -> None:
    url = sqlite_databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    with engine.connect() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys")
        settings = {name: connection.scalar(text(f"PRAGMA {name}")) for name in names}
    engine.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_postgres_works_in_utc_and_gives_up_in_time(postgres_databases: Databases) -> None:
    url = postgres_databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    with engine.connect() as connection:
        names = ("timezone", "statement_timeout", "lock_timeout")
        settings = {name: connection.scalar(text(f"SHOW {name}")) for name in names}
    engine.dispose()
    assert settings == {"timezone": "UTC", "statement_timeout": "30s", "lock_timeout": "10s"}


def test_statements_stay_prepared_from_read_to_read(postgres_databases: Databases) -> None:
    url = postgres_databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    asked = "SELECT 'a question of every page'"
    for _read in range(10):
        with Session(engine) as session:
            begin_reading(session)
            session.execute(text(asked))
    with engine.connect() as connection:
        kept = text("SELECT count(*) FROM pg_prepared_statements WHERE statement = :asked")
        assert connection.scalar(kept, {"asked": asked}) == 1
    engine.dispose()


def test_what_is_undone_takes_no_prepared_statement_along(postgres_databases: Databases) -> None:
    url = postgres_databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    asked, kept = text("SELECT 'asked in a write'"), text("SELECT count(*) FROM pg_prepared_statements")
    with engine.connect() as connection:
        for _write in range(10):
            with connection.begin() as outer:
                attempt = connection.begin_nested()  # the first statement of all
                connection.execute(asked)
                with pytest.raises(DBAPIError):
                    connection.execute(text("SELECT 1 / 0"))
                attempt.rollback()
                connection.execute(asked)
                outer.rollback()
        assert connection.scalar(kept) == 1
    engine.dispose()


def test_what_is_written_after_an_attempt_given_up_is_kept(engine: Engine) -> None:
    with Session(engine) as session:
        with session.begin_nested() as attempt:
            session.add(Entry(writer="given up"))
            session.flush()
            attempt.rollback()
        with session.begin_nested():
            session.add(Entry(writer="kept"))
        session.commit()
        session.add(Entry(writer="undone"))
        session.flush()
        session.rollback()
    with Session(engine) as session:
        assert list(session.scalars(select(Entry.writer))) == ["kept"]


def test_a_connection_that_commits_by_itself_is_given_no_transaction(postgres_databases: Databases) -> None:
    url = postgres_databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM"))
        connection.execute(text("CREATE TABLE kept (id bigint)"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM kept")) == 0
    engine.dispose()


def test_an_isolation_level_that_was_asked_for_holds(postgres_databases: Databases) -> None:
    url = postgres_databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    level, only = text("SHOW transaction_isolation"), text("SHOW transaction_read_only")
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        assert connection.scalar(level) == "repeatable read"
    with engine.connect().execution_options(postgresql_readonly=True) as connection:
        assert connection.scalar(only) == "on"
    with Session(engine) as session:
        begin_reading(session)
        assert (session.scalar(only), session.scalar(level)) == ("on", "read committed")
        begin_writing(session)
        assert session.scalar(only) == "off"
    engine.dispose()


def test_between_a_read_and_a_write_no_transaction_is_open_and_a_second_read_is_one(engine: Engine) -> None:
    """What is sent to a bank meanwhile may take its time, and whoever reads again cannot write."""
    with Session(engine) as session:
        begin_reading(session)
        session.scalar(select(func.count(Entry.id)))
        begin_writing(session)
        assert not session.in_transaction()
        begin_reading(session)
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            session.connection().execute(text("INSERT INTO entry (writer) VALUES ('in a read')"))


def test_a_server_that_goes_away_in_a_read_is_said_in_the_librarys_words(postgres_databases: Databases) -> None:
    """So that a page answers with its own sentence, and the next one has another connection."""
    url = postgres_databases.url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    pid = text("SELECT pg_backend_pid()")
    with Session(engine) as session, server.connect() as other:
        begin_reading(session)
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": session.scalar(pid)})
        with pytest.raises(OperationalError):
            begin_writing(session)
    with Session(engine) as session:
        begin_reading(session)
        assert session.scalar(pid)
        begin_writing(session)
        assert session.scalar(pid)
    server.dispose()
    engine.dispose()


def test_a_connection_that_died_at_rest_is_replaced(
    postgres_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_RESTED_S", 0)
    url = postgres_databases.url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    pid = text("SELECT pg_backend_pid()")
    with engine.connect() as first:
        died = first.scalar(pid)
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": died})
    with engine.connect() as again:
        assert again.scalar(pid) != died
    server.dispose()
    engine.dispose()


def test_the_turn_goes_round_in_the_order_of_asking() -> None:
    lock = FairLock()
    order: list[int] = []
    lock.acquire(1)

    def take(number: int) -> None:
        lock.acquire(10)
        order.append(number)
        lock.release()

    threads = []
    for number in range(8):
        threads.append(threading.Thread(target=take, args=(number,)))
        threads[-1].start()
        while lock.waiting <= number:
            threading.Event().wait(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_who_waits_too_long_is_told_and_leaves_the_queue() -> None:
    lock = FairLock()
    holder = threading.Thread(target=lock.acquire, args=(1,))
    holder.start()
    holder.join()
    with pytest.raises(LockTimeout):
        lock.acquire(0.01)
    assert lock.waiting == 0
    lock.release()
    lock.acquire(0.01)


def test_a_second_write_in_one_thread_is_a_bug_that_speaks(sqlite_databases: Databases) -> None:
    url = sqlite_databases.empty_url()
    engine = create_engine(url, **engine_options(url))
    attach(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as outer, Session(engine) as inner:
        outer.add(Entry(writer="outer"))
        outer.flush()
        inner.add(Entry(writer="inner"))
        with pytest.raises(RuntimeError, match="already holds"):
            inner.flush()
    engine.dispose()


def test_the_lock_is_one_per_file(tmp_path: Path) -> None:
    assert lock_for(str(tmp_path / "a")) is lock_for(str(tmp_path / "." / "a"))
    assert lock_for(str(tmp_path / "a")) is not lock_for(str(tmp_path / "b"))
