"""Workers in processes of their own, for tests that kill them, forked from one that has everything loaded.

    python -m tests.market.records.worker_process

Told by lines on standard input, each a list in JSON: `start`, URL, DATA, NODE, JOURNAL forks a worker, which answers
`ready`; `kill` ends it by SIGKILL, which is answered by `dead`. It ends with standard input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import dbos  # noqa: F401 - loaded here once, so that no worker has to

from market.app import cards, create_app
from market.db.engine import begin_writing
from market.db.session import db
from market.kernel.clock import system_now
from market.records import queue, worker
from market.records.models import SubjectNumber
from tests.fixtures.application import settings_for


def main() -> None:
    cards()
    child = 0
    for line in sys.stdin:
        word, *given = json.loads(line)
        if word == "start":
            child = os.fork()
            if child == 0:
                work(*given)
        elif child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            child = 0
            print("dead", flush=True)
    if child:
        os.kill(child, signal.SIGKILL)


def work(url: str, data: str, node: str, journal: str) -> None:
    def hang(number: int) -> None:
        """Hangs in the node that is to die; in its heir it writes outside and inside."""
        Path(journal).write_text(f"{number} began in {node}\n")
        if node == "dying":
            time.sleep(600)
        begin_writing(db.session)
        db.session.add(SubjectNumber(series=f"job {number}", last=number))

    settings = replace(settings_for(url, Path(data)), node=node)
    app = create_app(settings)
    queue.register({"test.hang": hang})
    worker.start_worker(app, settings, system_now)
    print("ready", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
