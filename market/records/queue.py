"""The job book: durable jobs and the clock that knocks at the rooms' doors. The only module that knows DBOS.

* `enqueue(session, name, key, **ids)` writes the job inside the caller's transaction; the same name and key is one job.
* A job is a function of ids, listed in a room's card; it is called as `function(**ids)`, may be run again after a
  crash, and so must be safe to repeat. It starts as a read (see market.db.engine): do slow work first, then
  `begin_writing(db.session)`, then write; the transaction is committed when it returns.
* A job that fails is tried again, later and later, for about six hours; then it is kept as failed and `market doctor`
  says so. Only its name, its ids and the kind of error are stored: no part of a bid may reach the job tables.
* Every 30 seconds, on one of the running workers, each room's due functions are called, each in its own transaction.
* Workers leave a heartbeat; what a dead worker was doing goes back to the queue.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Engine,
    Select,
    TableClause,
    Text,
    column,
    create_engine,
    delete,
    func,
    select,
    table,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, scoped_session

from market.config import Settings
from market.db.engine import AnySession, attach_jobs, begin_reading, engine_options
from market.db.session import db, transaction
from market.db.types import At
from market.kernel.clock import system_now
from market.records.models import FailedJob

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions
    from dbos._serialization import Serializer
    from flask import Flask

log = logging.getLogger(__name__)

Job = Callable[..., Any]
Due = Callable[[datetime], Any]

QUEUE = "market"
WORKFLOW = "market.job"
APPLICATION = "linli"
# Constant on purpose: jobs written by one release are finished by the next.
VERSION = "1"
# Jobs run on a few threads; a poll claims enough for them to stay busy until the next one.
THREADS = 4
CLAIMED = 64
ATTEMPTS = 12
BEAT = timedelta(seconds=10)
TICK = timedelta(seconds=30)
DEAD_AFTER = timedelta(seconds=90)
KEPT = timedelta(days=30)
_CLOCK = "*clock*"

_jobs: dict[str, Job] = {}
_dues: list[tuple[str, Due]] = []
_clients: dict[str, DBOSClient] = {}


class WorkerNode(db.Model):
    """A running worker's heartbeat; the row `*clock*` says when the due functions were last called, and how it went."""

    node: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[At]
    failures: Mapped[int] = mapped_column(default=0)
    last_failure: Mapped[str | None]
    __tablename__ = "worker_node"


@dataclass(frozen=True, slots=True)
class Health:
    """What an operator wants to know of the worker."""

    last_tick: datetime | None
    due_failures: int
    last_failure: str | None
    waiting: int
    running: int
    failed: int


class JobFailed(Exception):
    """A job gave up; carries the kind of the last error, never its text."""


# --- the register -----------------------------------------------------------------------------------------------------


def register(jobs: Mapping[str, Job], dues: Sequence[tuple[str, Due]] = ()) -> None:
    """Take the jobs and due functions of a room's card. Two rooms with one job name are a bug."""
    for name, function in jobs.items():
        if _jobs.setdefault(name, function) is not function:
            raise ValueError(f"two jobs are named {name}")
    _dues.extend(due for due in dues if due not in _dues)


def job(name: str) -> Callable[[Job], Job]:
    """Register one function as the job `name`."""

    def take(function: Job) -> Job:
        register({name: function})
        return function

    return take


# --- putting work in --------------------------------------------------------------------------------------------------


def enqueue(session: AnySession, name: str, key: str, **ids: int | str) -> None:
    """Write down a job in the caller's transaction: it exists if and only if that commits. Two statements.

    `key` makes a repeat harmless: the same name and key is written once. Only ids may be passed.
    """
    if name not in _jobs:
        raise KeyError(f"no room offers the job {name}")
    _put(session, name, key, ids, attempt=1)


def _put(session: AnySession, name: str, key: str, ids: Mapping[str, int | str], attempt: int) -> None:
    if not all(isinstance(value, int | str) for value in ids.values()):
        raise TypeError("a job takes ids, never values")
    engine = session.get_bind().engine
    options: EnqueueOptions = {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": f"{name}:{key}" if attempt == 1 else f"{name}:{key}~{attempt}",
        "application_name": APPLICATION,
    }
    if attempt > 1:
        options["delay_seconds"] = min(5 * 3 ** (attempt - 2), 3600)
    plain = session() if isinstance(session, scoped_session) else session
    _client(engine).enqueue_in_transaction(plain, options, name, key, dict(ids), attempt)


def _client(engine: Engine) -> DBOSClient:
    """The library's writer. It is given a connection each time, so one per kind of database is enough."""
    from dbos import DBOSClient

    kind = engine.dialect.name
    if kind not in _clients:
        _clients[kind] = DBOSClient(
            system_database_engine=engine, serializer=_json(), application_name=APPLICATION, lazy=True
        )
    return _clients[kind]


def _json() -> Serializer:
    """JSON instead of the library's default, which is pickle."""
    from dbos._serialization import DBOSPortableJSON

    return DBOSPortableJSON


# --- doing work -------------------------------------------------------------------------------------------------------


def _run(app: Flask, name: str, ids: Mapping[str, int | str]) -> None:
    with app.app_context():
        begin_reading(db.session)
        with transaction():
            _jobs[name](**ids)


def _attempt(app: Flask, name: str, key: str, ids: Mapping[str, int | str], attempt: int) -> str:
    """Run a job once; on failure put its next attempt in the queue, or give up. Returns the outcome to store."""
    try:
        _run(app, name, ids)
    except Exception as error:
        log.exception("job %s %s failed at attempt %s", name, key, attempt)
        if attempt >= ATTEMPTS:
            kind = type(error).__name__
            with app.app_context(), transaction():
                db.session.add(FailedJob(name=name, key=key, arguments=dict(ids), error=kind, at=system_now()))
            raise JobFailed(kind) from None
        with app.app_context(), transaction():
            _put(db.session, name, key, ids, attempt + 1)
        return "again"
    return "done"


def run_pending(app: Flask, *, delayed: bool = False, tolerant: bool = False) -> int:
    """Run all waiting jobs here and now, in order, those they enqueue included; returns how many.

    For tests, the demonstration and `market tick`. An error comes through (and the job stays) unless `tolerant`.
    """
    done = 0
    with app.app_context():
        while True:
            taken = _take_next(delayed)
            if taken is None:
                return done
            workflow_id, (name, key, ids, attempt) = taken
            outcome = "ENQUEUED"
            try:
                if tolerant:
                    _attempt(app, name, key, ids, attempt)
                else:
                    _run(app, name, ids)
                outcome = "SUCCESS"
                done += 1
            except JobFailed:
                outcome = "ERROR"
            finally:
                _settle(workflow_id, outcome)


def _take_next(delayed: bool) -> tuple[str, tuple[str, str, dict[str, int | str], int]] | None:
    work, inputs = _tables()
    states = ["ENQUEUED", "DELAYED"] if delayed else ["ENQUEUED"]
    with transaction():
        row = db.session.execute(
            select(work.c.workflow_uuid, inputs.c.inputs)
            .join(inputs, inputs.c.workflow_uuid == work.c.workflow_uuid)
            .where(work.c.queue_name == QUEUE, work.c.status.in_(states))
            .order_by(work.c.created_at, work.c.workflow_uuid)
            .limit(1)
        ).first()
        if row is None:
            return None
        taken = db.session.execute(
            update(work)
            .where(work.c.workflow_uuid == row.workflow_uuid, work.c.status.in_(states))
            .values(status="PENDING", executor_id=_CLOCK, application_version=VERSION)
        )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return _take_next(delayed)
    return row.workflow_uuid, tuple(json.loads(row.inputs)["positionalArgs"])


def _settle(workflow_id: str, status: str) -> None:
    work, _ = _tables()
    with transaction():
        at = int(system_now().timestamp() * 1000)
        values = {"status": status, "updated_at": at, "completed_at": None if status == "ENQUEUED" else at}
        db.session.execute(update(work).where(work.c.workflow_uuid == workflow_id).values(values))


def _tables() -> tuple[TableClause, TableClause]:
    """The two of the library's tables that `run_pending` and `health` read."""
    schema = None if db.session.get_bind().dialect.name == "sqlite" else "dbos"
    texts = ("workflow_uuid", "status", "queue_name", "executor_id", "application_version")
    whole = ("created_at", "updated_at", "completed_at")
    columns = [column(name, Text) for name in texts] + [column(name, BigInteger) for name in whole]
    work = table("workflow_status", *columns, schema=schema)
    return work, table("workflow_input", column("workflow_uuid", Text), column("inputs", Text), schema=schema)


# --- the clock --------------------------------------------------------------------------------------------------------


def run_due(app: Flask, at: datetime, *, tolerant: bool = False) -> int:
    """Call every due function at the instant `at`, each in its own transaction; returns how many of them failed.

    An error comes through unless `tolerant`: then it is logged and counted, and the other functions still run.
    """
    failures: list[str] = []
    for name, due in _dues:
        with app.app_context():
            try:
                with transaction():
                    due(at)
            except Exception as error:
                if not tolerant:
                    raise
                log.exception("due function %s failed", name)
                failures.append(f"{name}: {type(error).__name__}")
    if tolerant:
        with app.app_context(), transaction():
            db.session.execute(
                update(WorkerNode)
                .where(WorkerNode.node == _CLOCK)
                .values(failures=len(failures), last_failure="; ".join(failures) or None)
            )
    return len(failures)


def tick(app: Flask, at: datetime) -> bool:
    """Call the due functions if no worker did so within the last period; True when this call did."""
    present = system_now()
    with app.app_context(), transaction():
        if db.session.get(WorkerNode, _CLOCK) is None:
            db.session.add(WorkerNode(node=_CLOCK, beat_at=present, failures=0))
        else:
            # Of several workers one wins this update.
            won = db.session.execute(
                update(WorkerNode)
                .where(WorkerNode.node == _CLOCK, WorkerNode.beat_at <= present - TICK + BEAT / 2)
                .values(beat_at=present)
            )
            if won.rowcount != 1:  # type: ignore[attr-defined]
                return False
    run_due(app, at, tolerant=True)
    return True


def health(session: AnySession) -> Health:
    """The state of clock and queue, for the health page and `market doctor`."""
    work, _ = _tables()
    counts: Select[Any] = select(work.c.status, func.count()).where(work.c.queue_name == QUEUE).group_by(work.c.status)
    rows = session.execute(counts.where(work.c.status != "SUCCESS")).all()
    by_status: dict[str, int] = {status: number for status, number in rows}
    gave_up = session.scalar(select(func.count(FailedJob.id)).where(FailedJob.resolved_at.is_(None))) or 0
    clock = session.get(WorkerNode, _CLOCK)
    return Health(
        last_tick=clock.beat_at if clock else None,
        due_failures=clock.failures if clock else 0,
        last_failure=clock.last_failure if clock else None,
        waiting=by_status.get("ENQUEUED", 0) + by_status.get("DELAYED", 0),
        running=by_status.get("PENDING", 0),
        failed=gave_up + by_status.get("MAX_RECOVERY_ATTEMPTS_EXCEEDED", 0),
    )


# --- the worker -------------------------------------------------------------------------------------------------------


def prepare(database_url: str) -> None:
    """Create or upgrade the library's own tables; part of `market db upgrade`."""
    from dbos import DBOS

    logging.getLogger("dbos").setLevel(logging.WARNING)
    DBOS.migrate(database_url)


class Worker:
    """DBOS in this process, and one thread for heartbeat, clock and sweep."""

    def __init__(self, app: Flask, settings: Settings, now: Callable[[], datetime]) -> None:
        self.app = app
        self.node = settings.node
        self.now = now
        self._stopping = threading.Event()
        self._engine = _library_engine(settings.database_url)
        self._thread = threading.Thread(target=self._keep_time, name="market-clock", daemon=True)

    def start(self) -> None:
        """Launch the library and the clock thread; unfinished jobs of this node's last life are taken up again."""
        from dbos import DBOS

        DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._engine,
                "serializer": _json(),
                "application_version": VERSION,
                "executor_id": self.node,
                "use_listen_notify": False,
                "run_migrations": False,
                "log_level": "WARNING",
                "max_executor_threads": THREADS,
            }
        )

        @DBOS.workflow(name=WORKFLOW)
        def run_job(name: str, key: str, ids: dict[str, int | str], attempt: int) -> str:
            return _attempt(self.app, name, key, ids, attempt)

        self._beat()
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=CLAIMED, polling_interval_sec=0.5)
        self._thread.start()

    def stop(self) -> None:
        """Let running jobs finish for a few seconds, then stop; what was cut off is taken up at the next start."""
        from dbos import DBOS

        self._stopping.set()
        self._thread.join(timeout=10)
        DBOS.destroy(workflow_completion_timeout_sec=5)
        self._engine.dispose()

    def _keep_time(self) -> None:
        # The first beat comes at once, so that a start after a pause catches up on what fell due meanwhile.
        while True:
            try:
                self._beat()
                if tick(self.app, self.now()):
                    self._take_over()
                    self._forget()
            except Exception:
                log.exception("the clock thread failed and goes on")
            if self._stopping.wait(BEAT.total_seconds()):
                return

    def _beat(self) -> None:
        with self.app.app_context(), transaction():
            row = db.session.get(WorkerNode, self.node)
            if row is None:
                db.session.add(WorkerNode(node=self.node, beat_at=system_now(), failures=0))
            else:
                row.beat_at = system_now()

    def _take_over(self) -> None:
        """Put back into the queue what workers without a heartbeat were doing; one of several sweepers gets each."""
        from dbos import DBOS

        with self.app.app_context(), transaction():
            dead = db.session.execute(
                delete(WorkerNode)
                .where(WorkerNode.beat_at < system_now() - DEAD_AFTER, WorkerNode.node.not_in([self.node, _CLOCK]))
                .returning(WorkerNode.node)
            ).scalars()
            nodes = list(dead)
        if nodes:
            stuck = DBOS.list_workflows(status="PENDING", executor_id=nodes, load_input=False, load_output=False)
            DBOS.resume_workflows([found.workflow_id for found in stuck], queue_name=QUEUE)
            log.warning("took over %s jobs from %s", len(stuck), ", ".join(nodes))

    def _forget(self) -> None:
        """Remove finished jobs after a month; failed ones stay until somebody has looked."""
        from dbos import DBOS

        before = (system_now() - KEPT).isoformat()
        done = DBOS.list_workflows(
            status="SUCCESS", completed_before=before, limit=500, load_input=False, load_output=False
        )
        if done:
            DBOS.delete_workflows([found.workflow_id for found in done])


def _library_engine(database_url: str) -> Engine:
    engine = create_engine(database_url, **engine_options(database_url) | {"pool_size": 10, "max_overflow": 5})
    if engine.dialect.name == "sqlite":
        attach_jobs(engine)
    return engine


_worker: Worker | None = None


def start_worker(app: Flask, settings: Settings, now: Callable[[], datetime]) -> None:
    """Start the worker of this process; `now` is the product's clock."""
    global _worker  # noqa: PLW0603  the library is one per process, and so is this
    if _worker is None:
        _worker = Worker(app, settings, now)
        _worker.start()


def stop_worker() -> None:
    """Stop it; harmless when none runs."""
    global _worker  # noqa: PLW0603
    if _worker is not None:
        _worker.stop()
        _worker = None
