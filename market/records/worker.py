"""The worker: DBOS inside this process, and one thread for heartbeat, clock and sweep.

Workers leave a heartbeat; what a worker without one was doing goes back to the queue. (The library lets only a restart
of the same node take up its unfinished jobs.)
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil, inf
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy import Engine, create_engine, delete

from market.config import Settings
from market.db.engine import attach_jobs, engine_options
from market.db.session import db, transaction
from market.kernel.clock import system_now
from market.records import queue

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

# Jobs run on a few threads; a poll claims enough for them to stay busy until the next one.
THREADS = 4
CLAIMED = 64
DEAD_AFTER = timedelta(seconds=90)
KEPT = timedelta(days=30)
# The demonstration's clock is moved by visitors; its worker looks often, and takes a step as large as this for a move.
_JUMP = timedelta(seconds=20)
_DEMONSTRATION_PAUSE_S = 2
# What running jobs get to end in when the worker is stopped; the process itself is given a little longer.
_PATIENCE_S = 8


class _LeftForLater(BaseException):
    """Ends a job without an outcome: claimed as it is, it is taken up again. No `Exception`: those are recorded."""


class Worker:
    """DBOS in this process, and one thread for heartbeat, clock and sweep."""

    def __init__(self, app: Flask, settings: Settings, now: Callable[[], datetime]) -> None:
        self.app = app
        self.node = settings.node
        self.now = now
        self._pause = _DEMONSTRATION_PAUSE_S if settings.is_demonstration else queue.BEAT.total_seconds()
        self._stopping = threading.Event()
        self._end = inf
        self._engine = _library_engine(settings.database_url)
        self._thread = threading.Thread(target=self._keep_time, name="market-clock", daemon=True)

    def start(self) -> None:
        """Launch the library and the clock thread; unfinished jobs of this node's last life are taken up again."""
        from dbos import DBOS

        DBOS(
            config={
                "name": queue.APPLICATION,
                "system_database_engine": self._engine,
                "serializer": queue.json_serializer(),
                "application_version": queue.VERSION,
                "executor_id": self.node,
                "use_listen_notify": False,
                "run_migrations": False,
                "log_level": "WARNING",
                "max_executor_threads": THREADS,
            }
        )

        @DBOS.workflow(name=queue.WORKFLOW)
        def run_job(name: str, key: str, ids: dict[str, int | str], attempt: int) -> str:
            return self._do(name, key, ids, attempt)

        self._beat()
        DBOS.launch()
        DBOS.register_queue(queue.QUEUE, worker_concurrency=CLAIMED, polling_interval_sec=0.5)
        self._thread.start()

    def stop(self) -> None:
        """Begin no job any more, let the running ones end within the patience, then stop.

        What was claimed and not begun, or had no end in time, is taken up at the next start of this node, or by another
        one when this one has been silent.
        """
        from dbos import DBOS

        self._end = monotonic() + _PATIENCE_S
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=_PATIENCE_S)
        # The library claims nothing more, waits for what runs, and can record no outcome afterwards.
        DBOS.destroy(workflow_completion_timeout_sec=max(1, ceil(self._end - monotonic())))
        self._engine.dispose()

    def _do(self, name: str, key: str, ids: dict[str, int | str], attempt: int) -> str:
        if self._stopping.is_set():
            raise _LeftForLater
        try:
            return queue.attempt_job(self.app, name, key, ids, attempt)
        finally:
            if monotonic() > self._end:
                raise _LeftForLater

    def _keep_time(self) -> None:
        # The first beat comes at once, so that a start after a pause catches up on what fell due meanwhile.
        offset: timedelta | None = None
        while True:
            try:
                self._beat()
                offset, before = self.now() - system_now(), offset
                if before is not None and abs(offset - before) > _JUMP:
                    # A visitor moved the demonstration's clock: what fell due meanwhile is done at once.
                    queue.run_due(self.app, self.now(), tolerant=True)
                elif queue.tick(self.app, self.now()):
                    self._take_over()
                    self._forget()
            except Exception:
                log.exception("the clock thread failed and goes on")
            if self._stopping.wait(self._pause):
                return

    def _beat(self) -> None:
        with self.app.app_context(), transaction():
            row = db.session.get(queue.WorkerNode, self.node)
            if row is None:
                db.session.add(queue.WorkerNode(node=self.node, beat_at=system_now(), failures=0))
            else:
                row.beat_at = system_now()

    def _take_over(self) -> None:
        """Put back into the queue what workers without a heartbeat were doing; one of several sweepers gets each."""
        from dbos import DBOS

        with self.app.app_context(), transaction():
            row = queue.WorkerNode
            silent = row.beat_at < system_now() - DEAD_AFTER, row.node.not_in([self.node, queue.CLOCK_ROW])
            nodes = list(db.session.scalars(delete(row).where(*silent).returning(row.node)))
        if nodes:
            stuck = DBOS.list_workflows(status="PENDING", executor_id=nodes, load_input=False, load_output=False)
            DBOS.resume_workflows([found.workflow_id for found in stuck], queue_name=queue.QUEUE)
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
