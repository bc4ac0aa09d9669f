"""A fair lock: whoever asks first writes first.

SQLite has one writer at a time and hands the turn to whoever happens to ask in the right millisecond, so under load
single writers starve for seconds. Every write transaction of this process (pages, jobs and the job library's own) takes
a ticket here before it begins.
"""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path
from time import monotonic


class LockTimeout(Exception):
    """The turn did not come in time; the request may be repeated."""


class FairLock:
    """First come, first served; handed over directly, so nobody can push in."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._owner: int | None = None
        self.longest_wait = 0.0

    def acquire(self, timeout: float) -> None:
        """Wait for the turn, at most `timeout` seconds. Raises LockTimeout; a second ticket in one thread is a bug."""
        me = threading.get_ident()
        with self._mutex:
            if self._owner is None:
                self._owner = me
                return
            if self._owner == me:
                raise RuntimeError("this thread already holds an open write transaction")
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        began = monotonic()
        if not turn.acquire(timeout=timeout):
            with self._mutex:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    raise LockTimeout(f"no turn to write within {timeout:g} s")
            # The turn was handed over between the time-out and the mutex: it is ours.
        self._owner = me
        self.longest_wait = max(self.longest_wait, monotonic() - began)

    def release(self) -> None:
        """Hand the turn to the one who waits longest. May be called from another thread (a pool that cleans up)."""
        with self._mutex:
            if self._waiting:
                self._owner = -1
                self._waiting.popleft().release()
            else:
                self._owner = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)


_locks: dict[str, FairLock] = {}
_registry = threading.Lock()


def lock_for(database: str) -> FairLock:
    """The one lock of this process for a database file."""
    name = str(Path(database).resolve())
    with _registry:
        return _locks.setdefault(name, FairLock())
