"""`market demo load`: play the demonstration story into an empty installation, and print who may sign in."""

from __future__ import annotations

import importlib
import time
from typing import Any

import click
from sqlalchemy import func, select

from market.cli.installation import inside, open_app
from market.config import Settings, SettingsError, load


@click.group()
def demo() -> None:
    """演示数据 / demonstration data."""


@demo.command(name="load")
def load_command() -> None:
    """载入演示数据（演示模式、空库） / play the demonstration story into an empty database."""
    settings = load()
    if not settings.is_demonstration:
        raise SettingsError(
            "只有 MARKET_MODE=demonstration 才能载入演示数据",
            "demonstration data is loaded with MARKET_MODE=demonstration only",
        )
    if not load_if_empty(settings):
        raise click.ClickException("库中已有数据，没有载入 / the database holds data already, nothing was loaded")
    print_accounts()


@demo.command(name="accounts")
def accounts_command() -> None:
    """列出演示账号 / list the demonstration accounts."""
    print_accounts()


def load_if_empty(settings: Settings) -> bool:
    """Load the story when nobody has an account yet; True when it was loaded."""
    app = open_app(settings)
    with inside(app):
        if has_people():
            return False
        click.echo("正在载入演示数据 / loading the demonstration …")
        began = time.monotonic()
        _story().load(app)
    click.echo(f"演示数据已载入 / demonstration loaded ({time.monotonic() - began:.0f} s)")
    return True


def has_people() -> bool:
    """Whether the database holds an account."""
    from market.db.session import db
    from market.people.models import User

    return bool(db.session.scalar(select(func.count()).select_from(select(User.id).limit(1).subquery())))


def print_accounts() -> None:
    """The demonstration's accounts, one per role, with password, passphrase and second factor."""
    click.echo(_story().accounts_text())


def _story() -> Any:
    return importlib.import_module("market.demo.story")
