"""Bring a database to the head of the migrations, and say whether it is there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from market.paths import resource_dir

if TYPE_CHECKING:
    from alembic.config import Config


def head() -> str:
    """The newest revision, read from the recorded head file."""
    return (resource_dir("migrations") / "HEAD").read_text("ascii").strip()


def current(engine: Engine) -> str | None:
    """The revision the database is at; None when it is empty."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision


def upgrade(engine: Engine) -> None:
    """Upgrade to the head in one transaction; nothing changes when a step fails."""
    from alembic import command

    with engine.begin() as connection:
        command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for one open connection."""
    from alembic.config import Config

    folder = resource_dir("migrations")
    config = Config(folder / "alembic.ini", stdout=io.StringIO())
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
