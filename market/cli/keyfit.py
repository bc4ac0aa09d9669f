"""Whether the installation's key fits the database: a house restored under a fresh key would be dead in part.

The key lies in `keys/installation.key` of the data folder or in MARKET_INSTALLATION_KEY, and is in no backup. It is
made here and only for a database that holds nothing locked yet.
"""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path

from sqlalchemy import create_engine, inspect, make_url, select

from market.config import Settings, SettingsError, make_installation_key


class Fit(Enum):
    """What the key at hand is to the database at hand."""

    FITS = auto()
    DIFFERS = auto()
    # The database holds locked values, and there is no key.
    MISSING = auto()
    # Nothing is locked yet, so any key will do, also a new one.
    FREE = auto()


def key_fit(settings: Settings) -> Fit:
    """Try the key on what the database keeps locked from its first day; writes nothing."""
    from market.records.keys import fits

    kept = _kept(settings)
    if not kept:
        return Fit.FREE
    if not settings.installation_key:
        return Fit.MISSING
    return Fit.FITS if fits(settings.installation_key, kept) else Fit.DIFFERS


def _kept(settings: Settings) -> dict[str, object]:
    from market.db.engine import attach, engine_options
    from market.records.keys import KEPT_AT_FOUNDING
    from market.records.models import Setting

    url = make_url(settings.database_url)
    if settings.uses_sqlite and not Path(str(url.database)).exists():
        return {}
    engine = create_engine(url, **engine_options(settings.database_url))
    attach(engine)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(Setting.__tablename__):
                return {}
            rows = connection.execute(select(Setting.name, Setting.value).where(Setting.name.in_(KEPT_AT_FOUNDING)))
            return {name: value for name, value in rows if value is not None}
    finally:
        engine.dispose()


def with_key(settings: Settings) -> Settings:
    """The settings with the key that fits; a new one only where nothing is locked yet. Raises SettingsError."""
    fit = key_fit(settings)
    if fit in {Fit.MISSING, Fit.DIFFERS}:
        raise SettingsError(*what_to_do(settings, fit))
    return settings if settings.installation_key else make_installation_key(settings)


def what_to_do(settings: Settings, fit: Fit) -> tuple[str, str]:
    """One line for a key that is missing or does not fit, in Chinese and in English."""
    former, file = "keys/installation.key", settings.key_file
    if fit is Fit.MISSING:
        chinese = f"缺安装密钥，库中有用它加密的内容：启动前请把原安装的 {former} 放到 {file}"
        english = (
            "the installation key is missing, and the database holds things locked under it: before a start put the"
            f" former house's {former} at {file}"
        )
    elif settings.key_is_set:
        chinese = "设置 MARKET_INSTALLATION_KEY 不是这个数据库的安装密钥：启动前请改为原安装的值"
        english = "MARKET_INSTALLATION_KEY is not this database's key: before a start set the former house's value"
        return (
            f"{chinese}；原来用密钥文件的，请去掉此设置并把文件放到 {file}",
            f"{english}, or unset it and put the former house's key file at {file}",
        )
    else:
        chinese = f"文件 {file} 不是这个数据库的安装密钥：启动前请换成原安装的 {former}"
        english = f"{file} is not this database's key: before a start put the former house's {former} in its place"
    return (
        f"{chinese}（原来用设置的，请设置 MARKET_INSTALLATION_KEY）",
        f"{english} (or set MARKET_INSTALLATION_KEY as it was)",
    )


def where_to_keep(settings: Settings) -> str:
    """One line at the end of a backup: which key belongs to it, and what to do with it."""
    if settings.key_is_set:
        return (
            "安装密钥不在备份中：请另行保管设置 MARKET_INSTALLATION_KEY 的值，恢复后、启动前照原样设置"
            " / the installation key is not inside: keep the value of MARKET_INSTALLATION_KEY apart"
            " and set it again before the restored house is started"
        )
    return (
        f"安装密钥不在备份中：请另行保管文件 {settings.key_file}，恢复后、启动前放回新数据目录的 keys/installation.key"
        f" / the installation key is not inside: keep the file {settings.key_file} apart and put it back"
        " as keys/installation.key in the data folder before the restored house is started"
    )
