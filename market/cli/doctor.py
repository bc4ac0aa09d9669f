"""`market doctor`: look at everything an installation needs, and say in one line each what is wrong and what to do."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import click

from market.config import Settings, load
from market.kernel.clock import beijing, system_now

if TYPE_CHECKING:
    from flask import Flask

_LEAST_SPACE = 1024**3
_LATE = timedelta(minutes=2)


class Verdict(StrEnum):
    """How a finding is marked."""

    GOOD = "✓"
    WARNING = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    verdict: Verdict
    text: str


@click.command()
def doctor() -> None:
    """检查运行环境 / check the installation."""
    settings = load()
    worst = 0
    for finding in examine(settings):
        click.echo(f"{finding.verdict} {finding.text}")
        worst = max(worst, list(Verdict).index(finding.verdict))
    if worst == list(Verdict).index(Verdict.BAD):
        sys.exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, from the ground up; what needs the database comes only when it is there."""
    yield _good(f"模式 / mode: {settings.mode}，数据 / data: {settings.data}")
    yield from _python_and_sqlite(settings)
    yield from _documents()
    yield from _disk(settings)
    yield from _secrets(settings)
    yield from _outside(settings)
    yield from _database(settings)


def _good(text: str) -> Finding:
    return Finding(Verdict.GOOD, text)


def _python_and_sqlite(settings: Settings) -> Iterator[Finding]:
    yield _good(f"Python {sys.version.split()[0]}")
    if settings.uses_sqlite:
        enough = sqlite3.sqlite_version_info >= (3, 37)
        text = f"SQLite {sqlite3.sqlite_version}"
        yield _good(text) if enough else Finding(Verdict.BAD, f"{text}：至少需要 3.37 / at least 3.37 is needed")


def _documents() -> Iterator[Finding]:
    from market.records.pdf import pdf_ready

    missing = pdf_ready()
    if missing is None:
        yield _good("PDF 程序库 / PDF libraries")
    else:
        yield Finding(Verdict.BAD, missing)


def _disk(settings: Settings) -> Iterator[Finding]:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        probe = settings.data / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield Finding(Verdict.BAD, f"数据目录不可写 / the data folder cannot be written: {error.strerror}")
        return
    free = shutil.disk_usage(settings.data).free
    text = f"可用空间 / free space: {free // 1024**2} MiB"
    yield _good(text) if free >= _LEAST_SPACE else Finding(Verdict.WARNING, f"{text}，偏少 / little")


def _secrets(settings: Settings) -> Iterator[Finding]:
    keys = settings.data / "keys"
    for path in sorted(keys.glob("*")) if keys.is_dir() else []:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(Verdict.BAD, f"密钥文件他人可读，请运行 / others can read a key: chmod 600 {path}")


def _outside(settings: Settings) -> Iterator[Finding]:
    if settings.ocid_prefix == "ocds-linli0":
        yield Finding(Verdict.WARNING, "ocid 前缀未注册 / the ocid prefix is not registered (MARKET_OCID_PREFIX)")
    if settings.is_production and not settings.secure_cookies:
        yield Finding(Verdict.BAD, "正式运行应使用 https / production needs https in MARKET_BASE_URL")
    if settings.is_production and not settings.mail_url:
        yield Finding(Verdict.WARNING, "未设置发信 / no mail is sent (MARKET_MAIL_URL)")
    if bool(settings.stripe_secret_key) != bool(settings.stripe_webhook_secret):
        yield Finding(
            Verdict.BAD,
            "Stripe 的两个密钥须同时设置 / set both MARKET_STRIPE_SECRET_KEY and MARKET_STRIPE_WEBHOOK_SECRET",
        )


def _database(settings: Settings) -> Iterator[Finding]:
    from sqlalchemy.exc import DBAPIError

    from market.app import create_app
    from market.cli.installation import database_state, inside

    try:
        revision, newest = database_state(settings)
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        yield Finding(Verdict.BAD, f"连不上数据库 / the database cannot be reached: {reason}")
        return
    yield from _key(settings)
    if revision != newest:
        yield Finding(Verdict.BAD, f"数据库 / database {revision or '-'} < {newest}，请运行 / run: market db upgrade")
        return
    yield _good(f"数据库版本 / database {revision}")
    # Not `build`, which refuses a key that does not fit: the other lines are wanted then too.
    app = create_app(settings)
    with inside(app):
        for look in (_worker, _calendar, _demonstration_people):
            yield from look(app, settings)


def _key(settings: Settings) -> Iterator[Finding]:
    from market.cli.keyfit import Fit, key_fit, what_to_do

    fit = key_fit(settings)
    if fit in {Fit.MISSING, Fit.DIFFERS}:
        yield Finding(Verdict.BAD, " / ".join(what_to_do(settings, fit)))
    elif fit is Fit.FITS:
        where = "MARKET_INSTALLATION_KEY" if settings.key_is_set else settings.key_file
        yield _good(f"安装密钥与数据库相符，请另行保管 / the installation key fits, keep it apart: {where}")
    else:
        yield _good("库中还没有用安装密钥加密的内容 / nothing is locked under an installation key yet")


def _worker(app: Flask, _settings: Settings) -> Iterator[Finding]:
    from market.db.session import db
    from market.records import queue

    health = queue.health(db.session)
    if health.last_tick is None or system_now() - health.last_tick > _LATE:
        last = f"{beijing(health.last_tick):%Y-%m-%d %H:%M}" if health.last_tick else "-"
        yield Finding(Verdict.WARNING, f"后台任务没有运行，上次 / the worker is not running, last tick: {last}")
    else:
        yield _good("后台任务在运行 / the worker runs")
    if health.due_failures:
        yield Finding(Verdict.BAD, f"到期事项出错 / due functions fail: {health.last_failure}")
    if health.failed:
        yield Finding(Verdict.BAD, f"{health.failed} 个任务多次失败后停止 / jobs gave up (table failed_job)")
    yield _good(f"任务 / jobs: 等待 {health.waiting} waiting, 进行 {health.running} running")


def _calendar(_app: Flask, _settings: Settings) -> Iterator[Finding]:
    years: Callable[[], set[int]] = _known_years
    today: datetime = beijing(system_now())
    needed = {today.year} | ({today.year + 1} if today.month >= 11 else set())
    for year in sorted(needed - years()):
        yield Finding(
            Verdict.WARNING,
            f"{year} 年的节假日安排尚未录入，期限按周末暂算 / no holidays of {year} yet, dates are provisional",
        )


def _known_years() -> set[int]:
    from sqlalchemy import select

    from market.db.session import db
    from market.places.models import CalendarYear

    return set(db.session.scalars(select(CalendarYear.year)))


def _demonstration_people(_app: Flask, settings: Settings) -> Iterator[Finding]:
    from market.cli.installation import demonstration_loaded

    if settings.is_production and demonstration_loaded():
        yield Finding(Verdict.BAD, "正式库中有演示账号 / the database holds demonstration accounts")
