"""The job book: written with the deciding transaction, done once, tried again, never lost."""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session, scoped_session

from market.db.engine import begin_writing
from market.db.session import db, rollback, transaction
from market.records import queue
from market.records.models import FailedJob, SubjectNumber
from tests.fixtures.clock import StandingClock


class Tally:
    """Test jobs, and what they did."""

    def __init__(self) -> None:
        self.seen: list[int | str] = []
        self.failures = 0

    def note(self, number: int) -> None:
        self.seen.append(number)

    def write(self, number: int) -> None:
        begin_writing(db.session)
        db.session.add(SubjectNumber(series=f"job {number}", last=number))

    def chain(self, number: int) -> None:
        begin_writing(db.session)
        self.seen.append(number)
        if number:
            queue.enqueue(db.session, "test.chain", str(number - 1), number=number - 1)

    def fail(self, secret: str) -> None:
        self.failures += 1
        raise RuntimeError(f"could not handle {secret}")


@pytest.fixture
def tally(monkeypatch: pytest.MonkeyPatch) -> Tally:
    tally = Tally()
    jobs = {f"test.{name}": getattr(tally, name) for name in ("note", "write", "chain", "fail")}
    monkeypatch.setattr(queue, "_jobs", queue._jobs | jobs)
    return tally


def test_a_job_exists_only_if_its_transaction_commits(
    app: Flask, session: scoped_session[Session], tally: Tally
) -> None:
    queue.enqueue(session, "test.note", "kept", number=1)
    session.commit()
    queue.enqueue(session, "test.note", "given up", number=2)
    rollback()
    assert queue.run_pending(app) == 1
    assert tally.seen == [1]


def test_the_same_name_and_key_is_one_job(app: Flask, session: scoped_session[Session], tally: Tally) -> None:
    for number in (1, 2, 3):
        queue.enqueue(session, "test.note", "same", number=number)
    queue.enqueue(session, "test.note", "other", number=4)
    session.commit()
    assert queue.run_pending(app) == 2
    assert sorted(tally.seen) == [1, 4]


def test_a_finished_job_is_not_written_again(app: Flask, session: scoped_session[Session], tally: Tally) -> None:
    for _ in range(2):
        queue.enqueue(session, "test.note", "once", number=1)
        session.commit()
        queue.run_pending(app)
    assert tally.seen == [1]


def test_writing_a_job_takes_two_statements(session: scoped_session[Session], tally: Tally) -> None:
    statements: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda _c, _cu, statement, *_: statements.append(statement))
    queue.enqueue(session, "test.note", "counted", number=1)
    assert [statement.split()[0] for statement in statements] == ["INSERT", "INSERT"]


def test_only_ids_of_known_jobs_are_written(session: scoped_session[Session], tally: Tally) -> None:
    with pytest.raises(KeyError, match="no room offers"):
        queue.enqueue(session, "test.unknown", "x")
    with pytest.raises(TypeError, match="ids, never values"):
        queue.enqueue(session, "test.note", "x", number={"price": 1})  # type: ignore[arg-type]


def test_jobs_that_enqueue_jobs_are_run_to_the_end(app: Flask, session: scoped_session[Session], tally: Tally) -> None:
    queue.enqueue(session, "test.chain", "3", number=3)
    session.commit()
    assert queue.run_pending(app) == 4
    assert tally.seen == [3, 2, 1, 0]


def test_what_a_job_writes_is_committed(app: Flask, session: scoped_session[Session], tally: Tally) -> None:
    queue.enqueue(session, "test.write", "w", number=7)
    session.commit()
    queue.run_pending(app)
    assert session.get(SubjectNumber, "job 7") is not None


def test_an_error_comes_through_and_the_job_stays(app: Flask, session: scoped_session[Session], tally: Tally) -> None:
    queue.enqueue(session, "test.fail", "f", secret="x")
    session.commit()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            queue.run_pending(app)
    assert tally.failures == 2
    assert queue.health(session).waiting == 1


def test_a_failing_job_is_tried_later_and_at_last_shown_as_failed(
    app: Flask, session: scoped_session[Session], tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The log's own ear: a library that configures logging for its whole process makes the root deaf to it.
    heard = io.StringIO()
    monkeypatch.setattr(queue.log, "handlers", [logging.StreamHandler(heard)])
    monkeypatch.setattr(queue.log, "disabled", False)
    queue.enqueue(session, "test.fail", "f", secret="marker-of-a-bid")
    session.commit()
    queue.run_pending(app, tolerant=True)
    assert (tally.failures, queue.health(session).waiting) == (1, 1)
    queue.run_pending(app, tolerant=True)
    assert tally.failures == 1, "the second attempt waits for its time"
    queue.run_pending(app, tolerant=True, delayed=True)
    assert queue.health(session).waiting == 0
    assert tally.failures == queue.ATTEMPTS
    assert queue.health(session).failed == 1
    failed = session.scalars(select(FailedJob)).one()
    assert (failed.name, failed.key, failed.error) == ("test.fail", "f", "RuntimeError")
    assert "job test.fail f failed at attempt 12" in heard.getvalue()
    assert "marker-of-a-bid" not in heard.getvalue()
    # A stop may leave the last attempt without its outcome; it is made again, and is still one failed job.
    with pytest.raises(queue.JobFailed):
        queue.attempt_job(app, "test.fail", "f", {"secret": "again"}, queue.ATTEMPTS)
    assert queue.health(session).failed == 1


def test_later_attempts_wait_longer_up_to_an_hour(
    app: Flask, session: scoped_session[Session], tally: Tally, clock: StandingClock
) -> None:
    queue.enqueue(session, "test.fail", "f", secret="x")
    session.commit()
    schema = "" if session.get_bind().dialect.name == "sqlite" else "dbos."
    queue.run_pending(app, tolerant=True, delayed=True)
    later = f"SELECT delay_until_epoch_ms FROM {schema}workflow_status WHERE workflow_uuid LIKE '%~%' ORDER BY 1"
    waits = [round(until / 1000 - clock.now.timestamp()) for until in session.scalars(text(later))]
    assert waits[:6] == [5, 15, 45, 135, 405, 1215]
    assert waits[6:] == [3600] * 5
    assert 5 * 3600 < sum(waits) < 7 * 3600


def test_a_job_begins_as_a_read(app: Flask, session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch) -> None:
    def write_at_once(number: int) -> None:
        db.session.add(SubjectNumber(series="too early", last=number))

    monkeypatch.setattr(queue, "_jobs", {"test.hasty": write_at_once})
    queue.enqueue(session, "test.hasty", "h", number=1)
    session.commit()
    with pytest.raises(RuntimeError, match="begin_writing"):
        queue.run_pending(app)


def test_two_jobs_of_one_name_are_a_bug() -> None:
    queue.register({"test.twice": len})
    with pytest.raises(ValueError, match="two jobs"):
        queue.register({"test.twice": str})
    queue._jobs.pop("test.twice")


AT = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)


def test_due_functions_get_the_instant_and_fail_alone(
    app: Flask, session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[datetime] = []

    def broken(_at: datetime) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(queue, "_dues", [("room.broken", broken), ("room.fine", seen.append)])
    assert queue.tick(app, AT)
    assert seen == [AT], "the second function runs although the first one failed"
    health = queue.health(session)
    assert (health.due_failures, health.last_failure) == (1, "room.broken: ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        queue.run_due(app, AT)


def test_of_several_workers_one_ticks(
    app: Flask, session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch, clock: StandingClock
) -> None:
    seen: list[datetime] = []
    monkeypatch.setattr(queue, "_dues", [("room.fine", seen.append)])
    assert queue.tick(app, AT)
    assert not queue.tick(app, AT)
    clock.forward(seconds=queue.TICK.total_seconds())
    assert queue.tick(app, AT + queue.TICK)
    assert seen == [AT, AT + queue.TICK]
    assert queue.health(session).last_tick == clock.now


def test_what_a_due_function_writes_is_committed_one_by_one(
    app: Flask, session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def writes(_at: datetime) -> None:
        db.session.add(SubjectNumber(series="due", last=1))

    def writes_and_breaks(_at: datetime) -> None:
        db.session.add(SubjectNumber(series="lost", last=1))
        db.session.flush()
        raise RuntimeError

    monkeypatch.setattr(queue, "_dues", [("a", writes), ("b", writes_and_breaks)])
    queue.tick(app, AT)
    assert session.get(SubjectNumber, "due") is not None
    assert session.get(SubjectNumber, "lost") is None


def test_an_old_tick_shows_in_the_health(app: Flask, session: scoped_session[Session], clock: StandingClock) -> None:
    queue.tick(app, AT)
    with transaction():
        session.execute(update(queue.WorkerNode).values(beat_at=clock.now - timedelta(hours=3)))
    last = queue.health(session).last_tick
    assert last is not None
    assert clock.now - last == timedelta(hours=3)
