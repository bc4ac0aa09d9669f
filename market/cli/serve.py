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
from market.cli.keyfit import with_key
from market.config import Settings, SettingsError, load

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)
_READY_WITHIN = 60
# What a web process gets to finish its answers and jobs in.
_STOPPED_WITHIN = 20
# What the head of a request gets to come in: a stop waits for one that is half there.
_ASKED_WITHIN = 5


@click.command()
def run() -> None:
    """启动网站和后台任务（首次启动自动建库） / start web server and worker, creating what is missing."""
    settings = load()
    if settings.web_processes > 1:
        raise SettingsError(
            "market run 只用一个网站进程；需要多个时请分别运行 market serve 和 market work",
            "market run has one web process; for several run market serve and market work",
        )
    _require_free_port(settings)
    settings = with_key(settings)
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
    # Threads whose jobs had no end in time would be waited for.
    os._exit(0)


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
    _end_on_signal()
    _set_up_log()
    return build(load())


def web_and_worker() -> Flask:
    """What the one process of an embedded installation loads: the application, with the worker beside it."""
    from market.records import worker

    app = web()
    settings = load()
    # Shorter turns between threads: a page should not wait while a job lays out a document.
    sys.setswitchinterval(0.002)

    def start() -> None:
        try:
            worker.start_worker(app, settings, app.extensions["linli"].now)
        except Exception:
            # Pages without a worker would look well while nothing is paid or sent: stop, so that somebody notices.
            log.exception("the worker did not start")
            os._exit(1)

    starting = threading.Thread(target=start, name="market-worker-start")
    starting.start()

    def stop() -> None:
        # Should a thread hang, say where, before the server's patience ends with a kill.
        faulthandler.dump_traceback_later(_STOPPED_WITHIN - 5)
        starting.join()
        worker.stop_worker()
        faulthandler.cancel_dump_traceback_later()

    # A server process ends without running `atexit`; this is run, before its threads are joined.
    Finalize(None, stop, exitpriority=100)
    return app


def _end_on_signal() -> None:
    """End at once on the parent's signal until the server, which begins last, has its own way of ending.

    Ctrl-C reaches this process as well as its parent, which then sends a signal of its own: of two so close together
    the server now and then never ends. So the parent's alone counts, for all threads that begin from here.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def _serve(settings: Settings, target: str) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    server = Granian(
        target,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_ASKED_WITHIN * 1000),
        factory=True,
        workers=settings.web_processes,
        blocking_threads=settings.threads,
        log_level=LogLevels.warning,
        websockets=False,
        workers_kill_timeout=_STOPPED_WITHIN,
    )
    # A terminal that closes ends the product. The server would begin anew, with a second worker beside the first.
    server.signal_handler_reload = server.signal_handler_interrupt  # type: ignore[method-assign]
    server.serve()


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
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status < 500:
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
