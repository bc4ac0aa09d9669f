"""Settings: from the environment (`MARKET_…`) or one TOML file (`MARKET_CONFIG`), checked once, then never changed.

A missing or bad setting is a `SettingsError`: one line in Chinese and English that says which setting and what to do.
In demonstration mode the secrets are made on first use and kept in files only the owner may read, outside the database.
The installation's key is not made here: whether one may be made depends on the database (`market.cli.keyfit`).
"""

from __future__ import annotations

import base64
import binascii
import enum
import os
import re
import secrets
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "MARKET_"
# Read by tests and outside checks, or by this module itself; not settings of the product.
_NOT_SETTINGS = {"CONFIG", "STANDARDS"}
_COMMON_SECRETS = {"secret", "changeme", "change-me", "dev", "development", "password", "default", "test", "linli"}
_SHORTEST_SECRET = 32
_INSTALLATION_KEY_BYTES = 32
# What the fake of the demonstration takes; it guards nothing.
FAKE_STRIPE_KEY, FAKE_STRIPE_SECRET = "sk_test_linli", "whsec_linli"
_FAKE_STRIPE_STEP, _LAST_PORT = 1000, 65535


class SettingsError(Exception):
    """A setting is missing or bad; the text is one line, Chinese first, then English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese} / {english}")


class Mode(enum.StrEnum):
    """What this installation is for."""

    DEMONSTRATION = "demonstration"
    PRODUCTION = "production"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one installation. Secrets do not appear in `repr`."""

    mode: Mode
    data: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    # Wraps draft keys and signs receipts and daily digests; 32 bytes, never stored in the database or in a backup.
    # Empty: neither a setting nor a file has it yet.
    installation_key: bytes = field(repr=False)
    # Whether the key came from MARKET_INSTALLATION_KEY; otherwise it lies in `key_file`.
    key_is_set: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = "http://127.0.0.1:8000"
    threads: int = 4
    web_processes: int = 1
    # "ocds-" and six characters; the default is not registered with the Open Contracting Partnership, and pages say so.
    ocid_prefix: str = "ocds-linli0"
    publisher: str = "邻里购"
    mail_url: str = field(default="", repr=False)
    mail_from: str = "noreply@localhost"
    upload_mib: int = 50
    stripe_secret_key: str = field(default="", repr=False)
    stripe_webhook_secret: str = field(default="", repr=False)
    # Empty: Stripe itself. The demonstration answers at an address of its own (`fake_stripe`).
    stripe_api_base: str = ""
    # The bank's front-end machine (银企直联), such as http://127.0.0.1:9001; empty: payment files alone.
    bank_direct_url: str = field(default="", repr=False)
    # Names this worker among several on one PostgreSQL database; stable over restarts.
    node: str = "node"

    @property
    def files(self) -> Path:
        """Where stored files lie, by content address."""
        return self.data / "files"

    @property
    def key_file(self) -> Path:
        """Where the installation's key lies when no setting gives it."""
        return self.data / "keys" / "installation.key"

    @property
    def is_demonstration(self) -> bool:
        return self.mode is Mode.DEMONSTRATION

    @property
    def is_production(self) -> bool:
        return self.mode is Mode.PRODUCTION

    @property
    def uses_sqlite(self) -> bool:
        return make_url(self.database_url).get_backend_name() == "sqlite"

    @property
    def secure_cookies(self) -> bool:
        return self.base_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings. Raises SettingsError; writes only the key of sessions, and never in production."""
    environ = os.environ if environ is None else environ
    raw = _collect(environ)
    mode = _mode(raw.pop("mode", Mode.DEMONSTRATION))
    data = Path(raw.pop("data", ".data")).expanduser().resolve()
    host = raw.pop("host", "127.0.0.1")
    port = _whole(raw.pop("port", "8000"), "port", 1, 65535)
    base_url = raw.pop("base_url", "").rstrip("/") or f"http://{host}:{port}"
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", base_url):
        raise SettingsError(
            "设置 MARKET_BASE_URL 应为以 http:// 或 https:// 开头的网址",
            "MARKET_BASE_URL must be an address that starts with http:// or https://",
        )
    stripe = _stripe(raw, mode, port)
    key_text = raw.pop("installation_key", "")
    settings = Settings(
        mode=mode,
        data=data,
        database_url=_database_url(raw.pop("database_url", ""), data),
        secret_key=_secret_key(raw.pop("secret_key", ""), mode, data),
        installation_key=_installation_key(key_text, mode, data),
        key_is_set=bool(key_text),
        host=host,
        port=port,
        base_url=base_url,
        threads=_whole(raw.pop("threads", str(_usual_threads())), "threads", 1, 64),
        web_processes=_whole(raw.pop("web_processes", "1"), "web_processes", 1, 64),
        ocid_prefix=_ocid_prefix(raw.pop("ocid_prefix", "ocds-linli0")),
        publisher=raw.pop("publisher", "邻里购"),
        mail_url=_mail_url(raw.pop("mail_url", "")),
        mail_from=raw.pop("mail_from", "noreply@localhost"),
        upload_mib=_whole(raw.pop("upload_mib", "50"), "upload_mib", 1, 2048),
        stripe_secret_key=stripe[0],
        stripe_webhook_secret=stripe[1],
        stripe_api_base=stripe[2],
        bank_direct_url=_address(raw.pop("bank_direct_url", ""), "bank_direct_url"),
        node=raw.pop("node", "") or socket.gethostname(),
    )
    if raw:
        name = f"{PREFIX}{min(raw).upper()}"
        raise SettingsError(f"不认识的设置 {name}，请检查拼写", f"unknown setting {name}, please check its spelling")
    if settings.uses_sqlite and settings.web_processes > 1:
        raise SettingsError(
            "使用 SQLite 时 MARKET_WEB_PROCESSES 只能为 1；需要多个进程请改用 PostgreSQL",
            "with SQLite MARKET_WEB_PROCESSES must be 1; use PostgreSQL for several processes",
        )
    return settings


def _stripe(raw: dict[str, str], mode: Mode, port: int) -> tuple[str, str, str]:
    """Key, webhook secret and address; a demonstration without a key speaks to the fake beside it."""
    key, secret = raw.pop("stripe_secret_key", ""), raw.pop("stripe_webhook_secret", "")
    address = _address(raw.pop("stripe_api_base", ""), "stripe_api_base")
    if mode is Mode.DEMONSTRATION and not key:
        beside = port + _FAKE_STRIPE_STEP if port + _FAKE_STRIPE_STEP <= _LAST_PORT else port - _FAKE_STRIPE_STEP
        return FAKE_STRIPE_KEY, FAKE_STRIPE_SECRET, address or f"http://127.0.0.1:{beside}"
    return key, secret, address


def _address(text: str, name: str) -> str:
    if not text or re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        return text.rstrip("/")
    name = PREFIX + name.upper()
    raise SettingsError(
        f"设置 {name} 应为以 http:// 或 https:// 开头的网址", f"{name} must be an address that starts with http:// or https://"
    )


def _usual_threads() -> int:
    return min(8, 2 * (os.cpu_count() or 1) + 1)


def _collect(environ: Mapping[str, str]) -> dict[str, str]:
    """Settings by lower-case name; the environment wins over the file. An empty variable counts as not set."""
    raw: dict[str, str] = {}
    if path := environ.get(f"{PREFIX}CONFIG"):
        raw.update(_from_file(Path(path)))
    for name, value in environ.items():
        short = name.removeprefix(PREFIX)
        if name.startswith(PREFIX) and value and short not in _NOT_SETTINGS and not short.startswith("TEST_"):
            raw[short.lower()] = value
    return raw


def _from_file(path: Path) -> dict[str, str]:
    try:
        loaded = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"读不到配置文件 {path}：{error.strerror}",
            f"cannot read the settings file {path}: {error.strerror}",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"配置文件 {path} 不是正确的 TOML：{error}",
            f"the settings file {path} is not valid TOML: {error}",
        ) from None
    for name, value in loaded.items():
        if isinstance(value, dict | list | bool):
            raise SettingsError(
                f"配置文件 {path} 中的 {name} 应为文字或整数",
                f"{name} in the settings file {path} must be text or a whole number",
            )
    return {name.lower(): str(value) for name, value in loaded.items()}


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise SettingsError(
            f"设置 MARKET_MODE 的值“{text}”不对，应为 demonstration、production 或 test",
            f"MARKET_MODE is “{text}”, it must be demonstration, production or test",
        ) from None


def _whole(text: str, name: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    name = PREFIX + name.upper()
    raise SettingsError(
        f"设置 {name} 的值“{text}”不对，应为 {least} 到 {most} 的整数",
        f"{name} is “{text}”, it must be a whole number from {least} to {most}",
    )


def _database_url(text: str, data: Path) -> str:
    """SQLite in the data folder by default; a plain `postgresql://` (or `postgres://`) means psycopg 3."""
    if not text:
        return URL.create("sqlite", database=str(data / "linli.sqlite3")).render_as_string()
    if text.startswith("postgres://"):
        text = "postgresql://" + text.removeprefix("postgres://")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        raise SettingsError(
            "设置 MARKET_DATABASE_URL 不对，应为 sqlite:///文件路径 或 postgresql://用户:密码@主机/库名",
            "MARKET_DATABASE_URL must be sqlite:///path/to/file or postgresql://user:password@host/database",
        )
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def _secret_key(text: str, mode: Mode, data: Path) -> str:
    if mode is not Mode.PRODUCTION:
        return text or _kept_secret(data / "keys" / "session.key")
    if not text:
        raise SettingsError(
            "正式运行必须设置 MARKET_SECRET_KEY（至少 32 个字符的随机文字，可用命令 openssl rand -hex 32 生成）",
            "production needs MARKET_SECRET_KEY (random text of at least 32 characters, e.g. openssl rand -hex 32)",
        )
    if len(text) < _SHORTEST_SECRET or len(set(text)) < 8 or text.lower() in _COMMON_SECRETS:
        raise SettingsError(
            "MARKET_SECRET_KEY 太短或太简单，正式运行需要至少 32 个字符的随机文字",
            "MARKET_SECRET_KEY is too short or too simple, production needs random text of at least 32 characters",
        )
    return text


def _installation_key(text: str, mode: Mode, data: Path) -> bytes:
    if not text and mode is Mode.PRODUCTION:
        raise SettingsError(
            "正式运行必须设置 MARKET_INSTALLATION_KEY（openssl rand -hex 32 生成的文字，须与数据库分开保管）",
            "production needs MARKET_INSTALLATION_KEY (made by openssl rand -hex 32, kept apart from the database)",
        )
    path = data / "keys" / "installation.key"
    kept = text or _read_secret(path)
    return b"" if kept is None else _checked_key(kept, path)


def make_installation_key(settings: Settings) -> Settings:
    """The settings with a key in `key_file`, made now unless it is there; for a database that holds nothing locked."""
    return replace(settings, installation_key=_checked_key(_kept_secret(settings.key_file), settings.key_file))


def _checked_key(text: str, path: Path) -> bytes:
    try:
        in_hex = len(text) == 2 * _INSTALLATION_KEY_BYTES
        key = binascii.unhexlify(text) if in_hex else base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _INSTALLATION_KEY_BYTES or len(set(key)) < 8:
        raise SettingsError(
            f"MARKET_INSTALLATION_KEY（或文件 {path}）应为 32 个随机字节，写成 64 位十六进制或 base64",
            f"MARKET_INSTALLATION_KEY (or the file {path}) must be 32 random bytes, as 64 hex digits or base64",
        )
    return key


def _read_secret(path: Path) -> str | None:
    """The secret kept at `path`; None when there is no such file."""
    try:
        return path.read_text("ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        raise SettingsError(
            f"密钥文件 {path} 读不出来，请检查其内容和权限",
            f"the key file {path} cannot be read, check what it holds and its permissions",
        ) from None


def _kept_secret(path: Path) -> str:
    """The secret kept at `path`, made on first use; two processes that start together agree on one."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text("ascii").strip()
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_INSTALLATION_KEY_BYTES) + "\n")
        return path.read_text("ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"数据目录 {path.parent} 不可写：{error.strerror}，请改 MARKET_DATA 或其权限",
            f"the data folder {path.parent} cannot be written: {error.strerror}; change MARKET_DATA or its permissions",
        ) from None


def _ocid_prefix(text: str) -> str:
    if not re.fullmatch(r"ocds-[a-z0-9]{6}", text):
        raise SettingsError(
            "设置 MARKET_OCID_PREFIX 应为 ocds- 加六个小写字母或数字",
            "MARKET_OCID_PREFIX must be ocds- and six lower-case letters or digits",
        )
    return text


def _mail_url(text: str) -> str:
    if text and not re.fullmatch(r"smtps?://\S+", text):
        raise SettingsError(
            "设置 MARKET_MAIL_URL 应为 smtp://用户:密码@主机:端口 或 smtps://…",
            "MARKET_MAIL_URL must be smtp://user:password@host:port or smtps://…",
        )
    return text
