"""A house starts with the key that its database was locked under, and with no other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.databases import Databases

Call = Callable[..., tuple[int, str]]
OTHER = "00112233445566778899aabbccddeeff" * 2


@pytest.fixture
def first(call: Call, databases: Databases, tmp_path: Path) -> dict[str, str]:
    """A founded installation, with its archive at `backup.zip`; returns its settings."""
    where = {"data": str(tmp_path / "first"), "database_url": databases.empty_url()}
    status, said = call("db", "upgrade", **where)
    assert status == 0, said
    status, said = call("db", "backup", str(tmp_path / "backup.zip"), **where)
    assert status == 0, said
    assert f"请另行保管文件 {tmp_path / 'first' / 'keys' / 'installation.key'}" in said
    assert "before the restored house is started" in said
    return where


def _restored(call: Call, databases: Databases, tmp_path: Path, **more: str) -> tuple[dict[str, str], str]:
    where = {"data": str(tmp_path / "second"), "database_url": databases.empty_url(), **more}
    status, said = call("db", "restore", str(tmp_path / "backup.zip"), **where)
    assert status == 0, said
    return where, said


def _refused(call: Call, where: dict[str, str], told: str) -> None:
    """Every way to open the house ends with the one line; doctor has it too."""
    for command in ("run", "serve", "work", "tick"):
        status, said = call(command, **where)
        assert (status, len(said.strip().splitlines())) == (2, 1), said
        assert told in said
    status, said = call("db", "upgrade", **where)
    assert (status, told in said) == (2, True), said
    status, said = call("doctor", **where)
    assert status == 1
    assert any(line.startswith("✗") and told in line for line in said.splitlines()), said
    assert "后台任务" in said, "the other lines are there as well"


def test_without_its_key_a_restored_house_is_refused_and_no_key_is_made(
    call: Call, databases: Databases, first: dict[str, str], tmp_path: Path
) -> None:
    where, said = _restored(call, databases, tmp_path)
    key = tmp_path / "second" / "keys" / "installation.key"
    assert f"放到 {key}" in said
    _refused(call, where, f"former house's keys/installation.key at {key}")
    assert not key.exists()
    # The remedy that the line names.
    shutil.copy(tmp_path / "first" / "keys" / "installation.key", key)
    assert call("tick", **where)[0] == 0
    status, said = call("doctor", **where)
    assert (status, f"the installation key fits, keep it apart: {key}" in said) == (0, True), said


def test_with_its_key_a_restored_house_works(
    call: Call, databases: Databases, first: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    shutil.copytree(tmp_path / "first" / "keys", tmp_path / "second" / "keys")
    where, said = _restored(call, databases, tmp_path)
    assert len(said.strip().splitlines()) == 1
    status, said = call("tick", **where)
    assert (status, "失败 0 项" in said) == (0, True), said


def test_a_key_file_of_another_house_is_refused_and_left_as_it_is(
    call: Call, databases: Databases, first: dict[str, str], tmp_path: Path
) -> None:
    key = tmp_path / "second" / "keys" / "installation.key"
    key.parent.mkdir(parents=True)
    key.write_text(OTHER)
    key.chmod(0o600)
    where, said = _restored(call, databases, tmp_path)
    assert f"文件 {key} 不是这个数据库的安装密钥" in said
    _refused(call, where, f"{key} is not this database's key")
    assert key.read_text() == OTHER


def test_a_key_in_the_settings_is_named_as_one(
    call: Call, databases: Databases, first: dict[str, str], tmp_path: Path
) -> None:
    where, said = _restored(call, databases, tmp_path, installation_key=OTHER)
    assert "设置 MARKET_INSTALLATION_KEY 不是这个数据库的安装密钥" in said
    _refused(call, where, "MARKET_INSTALLATION_KEY is not this database's key")
    right = (tmp_path / "first" / "keys" / "installation.key").read_text().strip()
    where = {**where, "installation_key": right}
    assert call("tick", **where)[0] == 0
    status, said = call("db", "backup", str(tmp_path / "again.zip"), **where)
    assert (status, "请另行保管设置 MARKET_INSTALLATION_KEY 的值" in said) == (0, True), said
    assert not (tmp_path / "second" / "keys" / "installation.key").exists()
