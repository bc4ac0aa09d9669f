"""Runs a provider's fake as a small HTTP server in a process of its own, for tests and the demonstration."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn, Self

LOOPBACK = "127.0.0.1"
_GREETING = "listening on "
_LARGEST_BODY = 10 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Answers on loopback alone. `port` 0 takes any free one."""

    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int) -> None:
        super().__init__((LOOPBACK, port), handler)

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is killed while waiting is what these servers are for: no traceback for it."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def run(self, *, until_stdin_closes: bool) -> None:
        """Print the address, then answer until TERM, INT or, if asked, the end of standard input (a dead parent)."""
        signal.signal(signal.SIGTERM, _leave)
        if until_stdin_closes:
            threading.Thread(target=self._wait_for_parent, daemon=True).start()
        sys.stdout.write(f"{_GREETING}{self.url}\n")
        sys.stdout.flush()
        try:
            self.serve_forever(poll_interval=0.05)
        except KeyboardInterrupt:
            pass
        finally:
            # It is leaving already: a second signal would interrupt the interpreter's own end.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self.server_close()

    def _wait_for_parent(self) -> None:
        # Not through sys.stdin: its lock, held by this thread, would keep the interpreter from ending.
        while os.read(sys.stdin.fileno(), 4096):
            pass
        self.shutdown()


def _leave(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


class Door(BaseHTTPRequestHandler):
    """What the fakes' request handlers share: a read body, whole answers, and a connection dropped on purpose."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self) -> bytes:
        """The request's body."""
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(min(length, _LARGEST_BODY))

    def answer(self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        """Send one whole answer."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def answer_json(self, status: int, data: object, headers: dict[str, str] | None = None) -> None:
        """Send `data` as JSON."""
        content = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        self.answer(status, content, "application/json; charset=utf-8", headers)

    def drop(self) -> None:
        """End the connection without a word, as a network does."""
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Say nothing: the journal or the state file is the record."""


class Running:
    """A fake that runs in another process. Use as a context, or call `stop`; it also ends when its parent dies."""

    def __init__(self, module: str, *arguments: str) -> None:
        root = str(Path(__file__).resolve().parents[3])  # found also when the product runs from a checkout
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        self.process = subprocess.Popen(  # noqa: S603 - our own module under our own interpreter
            [sys.executable, "-m", module, *arguments, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith(_GREETING):
            self.kill()
            raise RuntimeError(f"{module} did not start")
        self.url = line.removeprefix(_GREETING).strip()

    def stop(self) -> None:
        """Ask it to end and wait."""
        self.process.terminate()
        self._collect()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self._collect()

    def _collect(self) -> None:
        self.process.wait(timeout=10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
