"""A worker in a process of its own, for tests that stop or kill it: `worker_process.py URL DATA NODE JOURNAL`."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from market.app import create_app
from market.db.engine import begin_writing
from market.db.session import db
from market.kernel.clock import system_now
from market.records import queue, worker
from market.records.models import SubjectNumber
from tests.fixtures.application import settings_for


def main(url: str, data: str, node: str, journal: str) -> None:
    def hang(number: int) -> None:
        """Hangs in the node that is to die; in its heir it writes outside and inside."""
        Path(journal).write_text(f"{number} began in {node}\n")
        if node == "dying":
            time.sleep(600)
        begin_writing(db.session)
        db.session.add(SubjectNumber(series=f"job {number}", last=number))

    settings = settings_for(url, Path(data))
    object.__setattr__(settings, "node", node)
    app = create_app(settings)
    queue.register({"test.hang": hang})
    worker.start_worker(app, settings, system_now)
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:5])
