"""Start the product: the web server (granian) and the worker (DBOS).

On SQLite both live in one process, whose threads share one fair lock for writing. On PostgreSQL `market serve` and
`market work` may run as often as wanted, on several machines, each worker with its own MARKET_NODE.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import socket
import sys
import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING

import click

from market.cli.fakes import stripe_beside
from market.cli.installation import build, database_state, inside, open_app, upgrade
from market.config import Settings, SettingsError, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

log = logging.getLogger(__name__)
_READY_WITHIN = 60
# What a web process gets to finish its answers and jobs in.
_STOPPED_WITHIN = 20
# What answers get when everything else has stopped.
_ANSWERED_WITHIN = 3


@click.command()
def run() -> None:
    """启动网站和后台任务（首次启动自动建库） / start web server and worker, creating what is missing."""
    settings = load()
    _require_free_port(settings)
    revision, newest = database_state(settings)
    if revision != newest:
        click.echo("正在建立数据库 / preparing the database …")
        upgrade(settings)
    with stripe_beside(settings):
        if settings.is_demonstration:
            from market.cli.demo import load_if_empty

            load_if_empty(settings)
        _announce_when_ready(settings)
        _serve(settings, "market.cli.serve:web_and_worker")
    click.echo("已停止 / stopped")


@click.command()
def serve() -> None:
    """只启动网站 / start the web server only."""
    settings = load()
    _require_free_port(settings)
    open_app(settings)
    _announce_when_ready(settings)
    _serve(settings, "market.cli.serve:web")


@click.command()
def work() -> None:
    """只启动后台任务 / start the worker only."""
    from market.records import worker

    settings = load()
    app = open_app(settings)
    _set_up_log()
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    if settings.uses_sqlite:
        click.echo("提示：使用 SQLite 时建议用 market run / with SQLite better use: market run", err=True)
    worker.start_worker(app, settings, app.extensions["linli"].now)
    click.echo(f"后台任务已启动（{settings.node}） / the worker runs")
    stopping.wait()
    worker.stop_worker()


@click.command()
def tick() -> None:
    """立即办理到期事项和排队任务 / do now what is due or queued."""
    from market.db.session import db
    from market.records import queue

    app = open_app()
    with inside(app):
        at = app.extensions["linli"].now()
        # Reading the demonstration's clock began a transaction; what is due begins its own.
        db.session.rollback()
        failed = queue.run_due(app, at, tolerant=True)
        done = queue.run_pending(app, tolerant=True)
    click.echo(f"到期事项已检查，失败 {failed} 项；任务完成 {done} 项 / due checked, {failed} failed; {done} jobs done")
    if failed:
        sys.exit(1)


def web() -> Flask:
    """What a web process loads."""
    app = _application()
    _end_after_a_signal(lambda: None)
    return app


def web_and_worker() -> Flask:
    """What the one process of an embedded installation loads: the application, with the worker beside it."""
    from market.records import worker

    settings = load()
    app = _application()
    # Shorter turns between threads: a page should not wait while a job lays out a document.
    sys.setswitchinterval(0.002)

    def start() -> None:
        try:
            worker.start_worker(app, settings, app.extensions["linli"].now)
        except Exception:
            # Pages without a worker would look well while nothing is paid or sent: stop, so that somebody notices.
            log.exception("the worker did not start")
            os.kill(os.getppid(), signal.SIGTERM)

    starting = threading.Thread(target=start, name="market-worker-start")
    starting.start()

    stopping = threading.Lock()

    def stop() -> None:
        with stopping:
            # Should a thread hang, say where, before the server's patience ends with a kill.
            faulthandler.dump_traceback_later(_STOPPED_WITHIN - 5)
            starting.join()
            worker.stop_worker()
            faulthandler.cancel_dump_traceback_later()

    # A server process ends without running `atexit`; this is run, before its threads are joined.
    Finalize(None, stop, exitpriority=100)
    _end_after_a_signal(stop)
    return app


def _application() -> Flask:
    _set_up_log()
    return build(load())


def _end_after_a_signal(stop: Callable[[], None]) -> None:
    """Once a signal asks this process to end: `stop`, a moment for the last answers, and the end.

    The server alone would wait for every connection, also for those that browsers open in reserve and ask nothing on,
    until it is killed. It sets its own handlers later; this way of hearing of a signal stands beside them.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)

    def end() -> None:
        while os.read(heard, 1)[0] not in (signal.SIGINT, signal.SIGTERM):
            pass
        stop()
        time.sleep(_ANSWERED_WITHIN)
        os._exit(0)

    threading.Thread(target=end, name="market-end", daemon=True).start()


def _serve(settings: Settings, target: str) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    Granian(
        target,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        factory=True,
        workers=settings.web_processes,
        blocking_threads=settings.threads,
        log_level=LogLevels.warning,
        websockets=False,
        workers_kill_timeout=_STOPPED_WITHIN,
    ).serve()


def _require_free_port(settings: Settings) -> None:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"{settings.host}:{settings.port} 不能用（{error.strerror}），请换一个端口，如 make run PORT=8001",
                f"{settings.host}:{settings.port} cannot be used ({error.strerror}); choose another MARKET_PORT",
            ) from None


def _announce_when_ready(settings: Settings) -> None:
    """Print the address once a page is answered, and in a demonstration who may sign in."""
    began = time.monotonic()

    def wait_and_say() -> None:
        while time.monotonic() - began < _READY_WITHIN:
            try:
                with closing(HTTPConnection(settings.host, settings.port, timeout=10)) as connection:
                    connection.request("GET", "/health")
                    if connection.getresponse().status < 500:
                        break
            except OSError:
                time.sleep(0.05)
        click.echo(f"\n邻里购已启动 / Linli is running: {settings.base_url}  ({time.monotonic() - began:.1f} s)")
        if settings.is_demonstration:
            from market.cli.demo import print_accounts

            print_accounts()
        click.echo("按 Ctrl-C 停止 / Ctrl-C stops it\n")

    # Only after the first web process is forked: a lock that this thread held at that moment (an import, a name
    # look-up) would stay locked in the child for ever.
    begun = threading.Event()

    def begin() -> None:
        if not begun.is_set():
            begun.set()
            threading.Thread(target=wait_and_say, daemon=True).start()

    os.register_at_fork(after_in_parent=begin)


def _set_up_log() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
