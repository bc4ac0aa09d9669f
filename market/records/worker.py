"""The worker: DBOS inside this process, and one thread for heartbeat, clock and sweep.

Workers leave a heartbeat; what a worker without one was doing goes back to the queue. (The library lets only a restart
of the same node take up its unfinished jobs.)
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
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
    """Ends a job without an outcome, so that it stays in the queue. No `Exception`: the library records those."""


class Worker:
    """DBOS in this process, and one thread for heartbeat, clock and sweep."""

    def __init__(self, app: Flask, settings: Settings, now: Callable[[], datetime]) -> None:
        self.app = app
        self.node = settings.node
        self.now = now
        self._pause = _DEMONSTRATION_PAUSE_S if settings.is_demonstration else queue.BEAT.total_seconds()
        self._stopping = threading.Event()
        self._cut_off = threading.Event()
        self._running = 0
        self._change = threading.Condition()
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
        """Begin no job any more, let the running ones end, then stop.

        What was claimed and not begun, or had no end within the patience, is taken up at the next start.
        """
        from dbos import DBOS

        end = monotonic() + _PATIENCE_S
        self._stopping.set()
        with self._change:
            self._change.wait_for(lambda: not self._running, timeout=_PATIENCE_S)
        self._thread.join(timeout=max(0.0, end - monotonic()))
        # From here on the library is taken down: an outcome could no longer be recorded.
        self._cut_off.set()
        DBOS.destroy(workflow_completion_timeout_sec=2)
        self._engine.dispose()

    def _do(self, name: str, key: str, ids: dict[str, int | str], attempt: int) -> str:
        with self._change:
            if self._stopping.is_set():
                raise _LeftForLater
            self._running += 1
        try:
            outcome = queue.attempt_job(self.app, name, key, ids, attempt)
        finally:
            with self._change:
                self._running -= 1
                self._change.notify()
        if self._cut_off.is_set():
            raise _LeftForLater
        return outcome

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
