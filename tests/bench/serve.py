"""One server process for a side: python -m tests.bench.serve TARGET PORT. Both sides run under the same server."""

from __future__ import annotations

import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

THREADS = 4


def main() -> None:
    """Serve an application factory until terminated."""
    target, port = sys.argv[1], int(sys.argv[2])
    Granian(
        target,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        factory=True,
        workers=1,
        blocking_threads=THREADS,
        log_level=LogLevels.error,
        websockets=False,
        workers_kill_timeout=5,
    ).serve()


if __name__ == "__main__":
    main()
