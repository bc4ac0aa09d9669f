"""The product as `market run` starts it, on a free port and in processes of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

_START_WITHIN_S = 120
_STOP_WITHIN_S = 30


def load(folder: Path) -> None:
    """Play the demonstration's story into a new data folder, without the documents that its worker would make next.

    They are letters and reports of what is over: a walk has its own made, and would wait until all of them were.
    """
    environ = _environ(folder) | {"MARKET_MODE": "demonstration"}
    for words in (("db", "upgrade"), ("demo", "load")):
        subprocess.run(
            [sys.executable, "-m", "market.cli", *words], env=environ, stdout=subprocess.DEVNULL, check=True
        )
    with closing(sqlite3.connect(folder / "linli.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM workflow_status WHERE status = 'ENQUEUED'")


def _environ(folder: Path) -> dict[str, str]:
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MARKET_")}
    return outer | {"MARKET_DATA": str(folder)}


class Site:
    """A demonstration running on a copy of a loaded data folder."""

    def __init__(self, folder: Path, loaded: Path) -> None:
        self.folder = folder
        shutil.copytree(loaded, folder, dirs_exist_ok=True)
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        environ = _environ(folder) | {"MARKET_PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        with self.log.open("w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "market.cli", "run"], env=environ, stdout=out, stderr=subprocess.STDOUT
            )
        try:
            self._wait()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def said(self) -> str:
        """Everything the server has printed."""
        return self.log.read_text(encoding="utf-8")

    def half_a_request(self) -> socket.socket:
        """A connection on which a request begins and does not go on; close it."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
        return connection

    def stop(self) -> int:
        """Press Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def _wait(self) -> None:
        until = time.monotonic() + _START_WITHIN_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at once:\n{self.said()}")
            connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.1)
            finally:
                connection.close()
        raise TimeoutError(f"no answer within {_START_WITHIN_S} s:\n{self.said()}")


def _free_port() -> int:
    """A port with a free one a thousand further, where the demonstration's fake of Stripe answers."""
    while True:
        with socket.socket() as first, socket.socket() as beside:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                beside.bind(("127.0.0.1", port + 1000))
            except (OSError, OverflowError):
                continue
            return port
