"""Open the installation that the settings describe, and bring its database up to date."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import create_engine, make_url

from market.cli.keyfit import with_key
from market.config import Settings, SettingsError, load

if TYPE_CHECKING:
    from flask import Flask

# New objects, then collections of the younger generation, after which a generation is collected.
_COLLECT_AFTER = (20_000, 10, 10)


def database_state(settings: Settings) -> tuple[str | None, str]:
    """The database's revision (None: empty) and the newest one."""
    from market.db.engine import attach, engine_options
    from market.db.migrate import current, head

    url = make_url(settings.database_url)
    if settings.uses_sqlite and not Path(str(url.database)).exists():
        return None, head()
    engine = create_engine(url, **engine_options(settings.database_url))
    attach(engine)
    try:
        return current(engine), head()
    finally:
        engine.dispose()


def upgrade(settings: Settings) -> None:
    """Create or upgrade all tables, then what an installation has once: its keys and the reference data."""
    from market.db.engine import attach, engine_options
    from market.db.migrate import upgrade as migrate
    from market.records import queue

    _make_folder(settings)
    settings = with_key(settings)
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    attach(engine)
    migrate(engine)
    engine.dispose()
    queue.prepare(settings.database_url)
    found(build(settings))


def found(app: Flask) -> None:
    """What every installation has from its first day; harmless to repeat."""
    from market.catalogue.actions import load_negative_list
    from market.db.session import transaction
    from market.kernel.clock import system_now
    from market.places.actions import load_reference
    from market.records.keys import found_installation, write_setting
    from market.records.notices import DEMONSTRATION_MARK

    settings: Settings = app.extensions["linli"].settings
    with inside(app), transaction():
        found_installation(settings.publisher, system_now())
        write_setting("ocid_prefix", settings.ocid_prefix)
        write_setting("notice_mark", DEMONSTRATION_MARK if settings.is_demonstration else "")
        load_reference()
        load_negative_list()


@contextmanager
def inside(app: Flask) -> Iterator[None]:
    """The application's context; its connections are closed at the end, before a fork or the end of the process."""
    from market.db.session import db

    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


def build(settings: Settings) -> Flask:
    """The application on a database of any revision, with the key that fits it; refused when there is none."""
    from market.app import create_app

    app = create_app(with_key(settings))
    settle_memory()
    return app


def settle_memory() -> None:
    """What is loaded by now stays for the life of the process: the collector need not look at it again and again.

    Nor need it run after every seven hundred new objects, of which one page makes many times as many. Measured over
    tests that read and write: a tenth of the processor's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def open_app(settings: Settings | None = None) -> Flask:
    """The application on an up-to-date database; one line when it is not."""
    settings = settings or load()
    revision, newest = database_state(settings)
    if revision != newest:
        raise click.ClickException(
            "数据库还没有建好或不是最新，请先运行 / the database is not up to date, please run: market db upgrade"
        )
    app = build(settings)
    if settings.is_production:
        with inside(app):
            if demonstration_loaded():
                raise SettingsError(
                    "库中有演示数据和演示账号，不能用于正式运行，请另建数据库（MARKET_DATABASE_URL）",
                    "the database holds demonstration accounts; production needs another MARKET_DATABASE_URL",
                )
    return app


def in_app(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a command inside the application, as one transaction."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        from market.db.session import transaction

        app = open_app()
        with inside(app), transaction():
            return function(*args, **options)

    return run


def _make_folder(settings: Settings) -> None:
    folders = [settings.data]
    url = make_url(settings.database_url)
    if settings.uses_sqlite and url.database and url.database != ":memory:":
        folders.append(Path(url.database).parent)
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"数据目录 {folder} 建不了：{error.strerror}，请改 MARKET_DATA",
                f"the data folder {folder} cannot be made: {error.strerror}; change MARKET_DATA",
            ) from None


def demonstration_loaded() -> bool:
    """Whether the database at hand was filled by the demonstration."""
    from market.records.democlock import NAME
    from market.records.keys import read_setting

    return read_setting(NAME) is not None
