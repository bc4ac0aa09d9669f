"""The worker as a process: stopped and started, killed and replaced, and fair to others who write."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, perf_counter, sleep

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from market.db.session import db, transaction
from market.kernel.clock import system_now
from market.records import queue, worker
from market.records.models import SubjectNumber

pytestmark = pytest.mark.slow
Start = Callable[[str], None]


class Nodes:
    """Workers in processes of their own, one after the other, forked from one that has everything loaded."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.market.records.worker_process"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, answer: str, *words: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == answer + "\n"


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    nodes = Nodes()
    yield nodes
    nodes.process.communicate()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def start(own_app: Flask, journal: Path, monkeypatch: pytest.MonkeyPatch, nodes: Nodes) -> Iterator[Start]:
    """Starts a worker process on the database of `own_app`, and waits until it says it is ready."""
    monkeypatch.setattr(queue, "_jobs", {"test.hang": print})
    settings = own_app.extensions["linli"].settings

    def begin(node: str) -> None:
        nodes.tell("ready", "start", settings.database_url, str(settings.data), node, str(journal))

    yield begin
    nodes.tell("dead", "kill")


def _until(true: Callable[[], bool], patience: float = 30) -> None:
    end = monotonic() + patience
    while not true():
        assert monotonic() < end, "it did not happen in time"
        sleep(0.05)


def _idle(app: Flask) -> bool:
    with app.app_context():
        health = queue.health(db.session)
    return not health.waiting and not health.running


def _written(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(SubjectNumber)) or 0


def test_jobs_written_while_no_worker_runs_are_done_when_one_starts(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def note(number: int) -> None:
        done.append(number)

    monkeypatch.setattr(queue, "_jobs", {"test.note": note})
    with own_app.app_context(), transaction():
        for number in range(100):
            queue.enqueue(db.session, "test.note", str(number), number=number)
    worker.start_worker(own_app, own_app.extensions["linli"].settings, system_now)
    try:
        _until(lambda: _idle(own_app))
    finally:
        worker.stop_worker()
    assert sorted(done) == list(range(100))


@pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("in_time", [True, False])
def test_a_stop_cuts_off_quietly_and_the_next_start_takes_up_the_rest(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, in_time: bool
) -> None:
    """Jobs that run may end, none begins any more, and the library does not complain of those that end too late."""
    begun: list[int] = []
    may_end = threading.Event()

    def slow(number: int) -> None:
        begun.append(number)
        may_end.wait(30)

    monkeypatch.setattr(queue, "_jobs", {"test.slow": slow})
    # The library's log does not reach the root, where `caplog` listens.
    monkeypatch.setattr(logging.getLogger("dbos"), "handlers", [caplog.handler])
    monkeypatch.setattr(worker, "_PATIENCE_S", 30 if in_time else 0.1)
    settings = own_app.extensions["linli"].settings
    with own_app.app_context(), transaction():
        for number in range(20):
            queue.enqueue(db.session, "test.slow", str(number), number=number)
    worker.start_worker(own_app, settings, system_now)
    _until(lambda: len(begun) == worker.THREADS)
    running = worker._worker
    assert running is not None
    stopping = threading.Thread(target=worker.stop_worker)
    stopping.start()
    _until(running._stopping.is_set)
    if not in_time:
        stopping.join()
    may_end.set()
    stopping.join()
    _until(lambda: not any(one.name.startswith("dbos-executor") for one in threading.enumerate()))
    at_the_stop = sorted(begun)
    worker.start_worker(own_app, settings, system_now)
    try:
        _until(lambda: _idle(own_app))
    finally:
        worker.stop_worker()
    again = [] if in_time else at_the_stop
    assert len(at_the_stop) == worker.THREADS
    assert sorted(begun) == sorted([*range(20), *again])
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_another_worker_takes_over_from_a_dead_one(
    own_app: Flask, start: Start, nodes: Nodes, journal: Path
) -> None:
    with own_app.app_context(), transaction():
        queue.enqueue(db.session, "test.hang", "1", number=1)
    start("dying")
    _until(journal.exists)
    nodes.tell("dead", "kill")
    with own_app.app_context(), transaction():
        long_ago = system_now() - 2 * worker.DEAD_AFTER
        db.session.execute(update(queue.WorkerNode).values(beat_at=long_ago))
    start("heir")
    _until(lambda: _idle(own_app) and _written(own_app) == 1)
    assert journal.read_text().startswith("1 began in heir")


def test_eight_writers_beside_a_working_worker_wait_fairly(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and jobs in one process, as `market run` has it: of eight clients that write at once none waits long."""
    done: list[int] = []

    def busy(number: int) -> None:
        done.append(number)

    monkeypatch.setattr(queue, "_jobs", {"test.busy": busy})
    settings = own_app.extensions["linli"].settings
    worker.start_worker(own_app, settings, system_now)
    waits: list[float] = []

    def client(name: int) -> None:
        for number in range(15):
            began = perf_counter()
            with own_app.app_context(), transaction():
                db.session.add(SubjectNumber(series=f"{name}-{number}", last=1))
                db.session.flush()
                queue.enqueue(db.session, "test.busy", f"{name}-{number}", number=number)
            waits.append(perf_counter() - began)

    try:
        clients = [threading.Thread(target=client, args=(name,)) for name in range(8)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        _until(lambda: len(done) == 120)
    finally:
        worker.stop_worker()
    assert sorted(waits)[int(len(waits) * 0.99)] < 0.3
