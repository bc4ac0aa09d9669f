"""Worker processes one after the other, forked from a process that has everything loaded: a life begins in a blink.

    python -m tests.walks.forked_workers DATABASE_URL DATA BANK_URL

Told by lines on standard input: `start` forks a worker and answers `up` when it runs; `kill` ends it by SIGKILL and
answers `dead`; `rehearse` does here what a life does, takes it back, and answers `ready`. It ends with standard input.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import dbos  # noqa: F401 - loaded here once, so that no worker has to
from flask import Flask
from sqlalchemy import select

from contracts.payouts.jobs import send_order
from contracts.payouts.models import Attempt
from market.app import create_app
from market.cli.installation import settle_memory
from market.db.engine import begin_reading
from market.db.session import db
from market.kernel.clock import system_now
from market.records import queue, worker
from tests.fixtures.application import settings_for


def main(url: str, data: str, bank: str) -> None:
    settings = replace(settings_for(url, Path(data)), bank_direct_url=bank)
    # No connection is open yet: a forked process must not share one.
    app = create_app(settings)
    settle_memory()
    child = 0
    _say("ready")
    for line in sys.stdin:
        if line.strip() == "start":
            child = os.fork()
            if child == 0:
                worker.start_worker(app, settings, system_now)
                _say("up")
                signal.pause()
        elif line.strip() == "rehearse":
            _rehearse(app)
            _say("ready")
        elif line.strip() == "kill" and child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            child = 0
            _say("dead")
    if child:
        os.kill(child, signal.SIGKILL)


def _rehearse(app: Flask) -> None:
    """Send the first order again and write down nothing.

    What is prepared on the way (mapped classes, the text of each statement) is there for every worker forked from now
    on; without this each of them prepares it anew, which is most of what it does in its short life.
    """
    with app.app_context():
        begin_reading(db.session)
        db.session.get(queue.WorkerNode, "nobody")
        send_order(db.session.scalars(select(Attempt.id).order_by(Attempt.id)).first() or 0)
        db.session.flush()
        db.session.rollback()
        db.engine.dispose()


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:4])
