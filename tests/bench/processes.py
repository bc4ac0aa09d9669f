"""Servers as processes, and how much of a processor they and a database have used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_READY_S = 60


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return None


def tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            parents[int(entry.name)] = int(stat[1])
    found, waiting = [], [root]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += [pid for pid, parent in parents.items() if parent == one]
    return found


def cpu_s(root: int) -> float:
    """Seconds of processor used by a process, its living descendants and those it has already buried."""
    ticks = 0
    for pid in tree(root):
        if stat := _stat(pid):
            ticks += sum(int(stat[field]) for field in ((11, 12, 13, 14) if pid == root else (11, 12)))
    return ticks / _TICKS


@dataclass
class Server:
    """A running side with the processes whose time counts as its own."""

    port: int
    counted: tuple[int, ...]

    def cpu_s(self) -> float:
        """Application and database."""
        return sum(cpu_s(pid) for pid in self.counted)


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def serving(target: str, path: str, environ: Mapping[str, str], database: int | None) -> Iterator[Server]:
    """Run an application factory in a process of its own until the block ends; `path` is answered when it is ready."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.serve", target, str(port)], env={**os.environ, **environ}
    )
    try:
        _wait(port, path, process)
        yield Server(port, (process.pid,) if database is None else (process.pid, database))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _READY_S:
        if process.poll() is not None:
            break
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {path}")
