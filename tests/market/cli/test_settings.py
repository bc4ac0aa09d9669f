"""Settings come from the environment or a file; a bad one is one clear line in two languages."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from market.config import Mode, SettingsError, load, make_installation_key

SECRET = "0123456789abcdef0123456789abcdef"
KEY = "00112233445566778899aabbccddeeff" * 2


def _load(tmp_path: Path, **given: str) -> object:
    return load({"MARKET_DATA": str(tmp_path / "data"), **{f"MARKET_{k.upper()}": v for k, v in given.items()}})


def test_without_any_setting_a_demonstration_on_sqlite_runs(tmp_path: Path) -> None:
    settings = load({"MARKET_DATA": str(tmp_path)})
    assert settings.mode is Mode.DEMONSTRATION
    assert settings.database_url == f"sqlite:///{tmp_path / 'linli.sqlite3'}"
    assert settings.base_url == "http://127.0.0.1:8000"


def test_the_demonstrations_keys_are_kept_beside_the_database_and_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = (make_installation_key(load({"MARKET_DATA": str(tmp_path)})) for _ in range(2))
    assert (first.secret_key, first.installation_key) == (second.secret_key, second.installation_key)
    assert load({"MARKET_DATA": str(tmp_path)}).installation_key == first.installation_key
    assert len(first.installation_key) == 32
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_reading_the_settings_makes_no_installation_key(tmp_path: Path) -> None:
    settings = load({"MARKET_DATA": str(tmp_path)})
    assert (settings.installation_key, settings.key_file.exists()) == (b"", False)


def test_a_key_file_that_holds_no_key_is_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for content in (b"", b"letter\n", b"\xff\xfe"):
        (tmp_path / "keys" / "installation.key").write_bytes(content)
        with pytest.raises(SettingsError, match=r"installation\.key"):
            load({"MARKET_DATA": str(tmp_path)})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "linli.toml"
    file.write_text(f'data = "{tmp_path}"\nport = 9000\npublisher = "江宁区民政局"\n', "utf-8")
    settings = load({"MARKET_CONFIG": str(file), "MARKET_PORT": "9001"})
    assert (settings.port, settings.publisher) == (9001, "江宁区民政局")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = _load(tmp_path, secret_key=SECRET, stripe_secret_key="sk_live_x", mail_url="smtp://user:word@host")
    assert not any(secret in repr(settings) for secret in (SECRET, "sk_live_x", "user:word", "installation_key"))


def test_plain_postgres_addresses_mean_the_third_psycopg(tmp_path: Path) -> None:
    for given in ("postgres://u:p@db/linli", "postgresql://u:p@db/linli"):
        settings = load({"MARKET_DATA": str(tmp_path), "MARKET_DATABASE_URL": given})
        assert settings.database_url == "postgresql+psycopg://u:p@db/linli"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "prod"),
        ("port", "eighty"),
        ("port", "70000"),
        ("threads", "0"),
        ("database_url", "mysql://host/db"),
        ("database_url", "not an address"),
        ("base_url", "linli.example"),
        ("ocid_prefix", "ocds-ABC"),
        ("mail_url", "mailto:x"),
        ("installation_key", "short"),
        ("upload_mib", "-1"),
        ("databse_url", "sqlite:///x"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _load(tmp_path, **{name: value})
    text = str(caught.value)
    assert f"MARKET_{name.upper()}" in text
    assert " / " in text
    assert "\n" not in text


@pytest.mark.parametrize("content", ["port = [1]\n", "port = \n", None])
def test_a_bad_file_is_one_line_that_names_it(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "linli.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match=r"linli\.toml"):
        load({"MARKET_CONFIG": str(file)})


@pytest.mark.parametrize("secret", ["", "changeme", "a" * 40, SECRET[:31]])
def test_production_refuses_a_missing_or_default_secret(tmp_path: Path, secret: str) -> None:
    with pytest.raises(SettingsError, match="MARKET_SECRET_KEY"):
        _load(tmp_path, mode="production", secret_key=secret, installation_key=KEY)


def test_production_needs_an_installation_key_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MARKET_INSTALLATION_KEY"):
        _load(tmp_path, mode="production", secret_key=SECRET)
    with pytest.raises(SettingsError, match="MARKET_INSTALLATION_KEY"):
        _load(tmp_path, mode="production", secret_key=SECRET, installation_key="00" * 32)
    assert _load(tmp_path, mode="production", secret_key=SECRET, installation_key=KEY)
    assert not (tmp_path / "data").exists(), "production makes no key by itself"


def test_sqlite_serves_from_one_process_only(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MARKET_WEB_PROCESSES"):
        _load(tmp_path, web_processes="2")
