"""The job book: durable jobs, and the clock that knocks at the rooms' doors. Only this and `worker` know DBOS.

* `enqueue(session, name, key, **ids)` writes the job inside the caller's transaction; the same name and key is one job.
* A job is a function of ids, listed in a room's card; it is called as `function(**ids)`, may be run again after a
  crash, and so must be safe to repeat. It starts as a read (see market.db.engine): do slow work first, then
  `begin_writing(db.session)`, then write; the transaction is committed when it returns.
* A job that fails is tried again, later and later, for about six hours; then it is kept as failed and `market doctor`
  says so. Only its name, its ids and the kind of error are stored: no part of a bid may reach the job tables.
* Every 30 seconds, on one of the running workers, each room's due functions are called, each in its own transaction.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from traceback import format_tb
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Engine,
    Select,
    TableClause,
    Text,
    column,
    func,
    or_,
    select,
    table,
    true,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, scoped_session

from market.db.engine import AnySession, begin_reading
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
ATTEMPTS = 12
BEAT = timedelta(seconds=10)
TICK = timedelta(seconds=30)
CLOCK_ROW = "*clock*"

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
            system_database_engine=engine, serializer=json_serializer(), application_name=APPLICATION, lazy=True
        )
    return _clients[kind]


def json_serializer() -> Serializer:
    """JSON instead of the library's default, which is pickle."""
    from dbos._serialization import DBOSPortableJSON

    return DBOSPortableJSON


# --- doing work -------------------------------------------------------------------------------------------------------


def _run(app: Flask, name: str, ids: Mapping[str, int | str]) -> None:
    with app.app_context():
        begin_reading(db.session)
        with transaction():
            _jobs[name](**ids)


def attempt_job(app: Flask, name: str, key: str, ids: Mapping[str, int | str], attempt: int) -> str:
    """Run a job once; on failure put its next attempt in the queue, or give up. Returns the outcome to store."""
    try:
        _run(app, name, ids)
    except Exception as error:  # noqa: BLE001  whatever a job raises, it is tried again
        log.error("job %s %s failed at attempt %s: %s", name, key, attempt, _where(error))
        if attempt >= ATTEMPTS:
            kind = type(error).__name__
            with app.app_context(), transaction():
                known = select(FailedJob.id).filter_by(name=name, key=key, resolved_at=None)
                # A last attempt whose outcome was not recorded, as at a stop, is made again.
                if db.session.scalar(known.limit(1)) is None:
                    db.session.add(FailedJob(name=name, key=key, arguments=dict(ids), error=kind, at=system_now()))
            raise JobFailed(kind) from None
        with app.app_context(), transaction():
            _put(db.session, name, key, ids, attempt + 1)
        return "again"
    return "done"


def _where(error: Exception) -> str:
    """Kind and place of an error. Its text stays out of the log: it may hold values of a draft or a bid."""
    return "\n" + "".join(format_tb(error.__traceback__)) + type(error).__name__


def run_pending(
    app: Flask, *, delayed: bool = False, tolerant: bool = False, only: Collection[str] | None = None
) -> int:
    """Run all waiting jobs (`only` of these names) here and now, in order, with those they enqueue; returns how many.

    For tests, the demonstration and `market tick`. An error comes through (and the job stays) unless `tolerant`.
    """
    done = 0
    with app.app_context():
        while True:
            taken = _take_next(delayed, only)
            if taken is None:
                return done
            workflow_id, (name, key, ids, attempt) = taken
            outcome = "ENQUEUED"
            try:
                if tolerant:
                    attempt_job(app, name, key, ids, attempt)
                else:
                    _run(app, name, ids)
                outcome = "SUCCESS"
                done += 1
            except JobFailed:
                outcome = "ERROR"
            finally:
                _settle(workflow_id, outcome)


def _take_next(
    delayed: bool, only: Collection[str] | None
) -> tuple[str, tuple[str, str, dict[str, int | str], int]] | None:
    work, inputs = _tables()
    states = ["ENQUEUED", "DELAYED"] if delayed else ["ENQUEUED"]
    named = true() if only is None else or_(*(work.c.workflow_uuid.startswith(f"{name}:") for name in only))
    with transaction():
        row = db.session.execute(
            select(work.c.workflow_uuid, inputs.c.inputs)
            .join(inputs, inputs.c.workflow_uuid == work.c.workflow_uuid)
            .where(work.c.queue_name == QUEUE, work.c.status.in_(states), named)
            .order_by(work.c.created_at, work.c.workflow_uuid)
            .limit(1)
        ).first()
        if row is None:
            return None
        taken = db.session.execute(
            update(work)
            .where(work.c.workflow_uuid == row.workflow_uuid, work.c.status.in_(states))
            .values(status="PENDING", executor_id=CLOCK_ROW, application_version=VERSION)
        )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return _take_next(delayed, only)
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
                log.error("due function %s failed: %s", name, _where(error))
                failures.append(f"{name}: {type(error).__name__}")
    if tolerant:
        with app.app_context(), transaction():
            db.session.execute(
                update(WorkerNode)
                .where(WorkerNode.node == CLOCK_ROW)
                .values(failures=len(failures), last_failure="; ".join(failures) or None)
            )
    return len(failures)


def tick(app: Flask, at: datetime) -> bool:
    """Call the due functions if no worker did so within the last period; True when this call did."""
    present = system_now()
    with app.app_context(), transaction():
        if db.session.get(WorkerNode, CLOCK_ROW) is None:
            db.session.add(WorkerNode(node=CLOCK_ROW, beat_at=present, failures=0))
        else:
            # Of several workers one wins this update.
            won = db.session.execute(
                update(WorkerNode)
                .where(WorkerNode.node == CLOCK_ROW, WorkerNode.beat_at <= present - TICK + BEAT / 2)
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
    by_status: dict[str, int] = dict(rows)
    gave_up = session.scalar(select(func.count(FailedJob.id)).where(FailedJob.resolved_at.is_(None))) or 0
    clock = session.get(WorkerNode, CLOCK_ROW)
    return Health(
        last_tick=clock.beat_at if clock else None,
        due_failures=clock.failures if clock else 0,
        last_failure=clock.last_failure if clock else None,
        waiting=by_status.get("ENQUEUED", 0) + by_status.get("DELAYED", 0),
        running=by_status.get("PENDING", 0),
        failed=gave_up + by_status.get("MAX_RECOVERY_ATTEMPTS_EXCEEDED", 0),
    )


def prepare(database_url: str) -> None:
    """Create or upgrade the library's own tables; part of `market db upgrade`."""
    from dbos import DBOS

    logging.getLogger("dbos").setLevel(logging.WARNING)
    DBOS.migrate(database_url)
