"""The command line, called as a person calls it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text, update

from market.cli.installation import build
from market.config import load
from market.db.engine import engine_options
from market.db.session import db, transaction
from market.kernel.clock import system_now
from market.records import queue
from market.records.files import keep_bytes, open_store
from market.records.models import DailyDigest, SubjectNumber
from tests.factories.bundles import Plan, published
from tests.fixtures.databases import Databases

Call = Callable[..., tuple[int, str]]


def _environ(data: Path, url: str) -> dict[str, str]:
    return {"MARKET_DATA": str(data), "MARKET_MODE": "test", "MARKET_DATABASE_URL": url}


def test_help_lists_every_command_of_the_guide(call: Call) -> None:
    status, said = call("--help")
    assert status == 0
    commands = ["run", "serve", "work", "tick", "db", "demo", "doctor", "chain", "ledger", "permits", "diagrams"]
    assert [name for name in commands if not re.search(rf"^  {name} ", said, re.MULTILINE)] == []


def test_a_bad_setting_ends_with_one_line(call: Call) -> None:
    status, said = call("doctor", port="x")
    assert status == 2
    assert len(said.strip().splitlines()) == 1
    assert said.startswith("market: 设置 MARKET_PORT")


def test_a_database_that_cannot_be_reached_ends_with_one_line(call: Call) -> None:
    status, said = call("serve", database_url="postgresql://127.0.0.1:1/none", port="18999")
    assert status == 2
    assert len(said.strip().splitlines()) == 1
    assert "MARKET_DATABASE_URL" in said


def test_a_missing_database_is_told_with_the_command_that_makes_it(call: Call) -> None:
    status, said = call("tick")
    assert status == 1
    assert "market db upgrade" in said


def test_doctor_says_what_is_missing_and_upgrade_makes_everything_and_may_be_repeated(
    call: Call, databases: Databases
) -> None:
    url = databases.empty_url()
    status, said = call("doctor", database_url=url)
    assert status == 1
    assert "market db upgrade" in said
    status, said = call("db", "upgrade", database_url=url)
    assert status == 0, said
    status, said = call("doctor", database_url=url)
    assert status == 0, said
    assert "后台任务没有运行" in said
    status, said = call("db", "upgrade", database_url=url)
    assert status == 0, said
    for mode in ("test", "demonstration"):
        status, said = call("tick", database_url=url, mode=mode)
        assert (status, "失败 0 项" in said) == (0, True), said
    status, said = call("chain", "verify", database_url=url)
    assert status == 0, said


def test_doctor_finds_failed_jobs(call: Call, databases: Databases, tmp_path: Path) -> None:
    url = databases.url()
    app = build(load(_environ(tmp_path / "data", url)))
    with app.app_context():
        queue.tick(app, system_now())
        with transaction():
            broken = {"failures": 1, "last_failure": "market.tenders.close_due: KeyError"}
            db.session.execute(update(queue.WorkerNode).values(**broken))
        db.engine.dispose()
    status, said = call("doctor", database_url=url)
    assert status == 1
    assert "market.tenders.close_due: KeyError" in said


def test_production_does_not_start_on_the_demonstrations_data(call: Call, databases: Databases, tmp_path: Path) -> None:
    from market.records.democlock import set_demonstration_now

    url = databases.url()
    app = build(load(_environ(tmp_path / "data", url)))
    with app.app_context(), transaction():
        set_demonstration_now(system_now())
    with app.app_context():
        db.engine.dispose()
    keys = {"secret_key": "0123456789abcdef" * 2, "installation_key": "00112233445566778899aabbccddeeff" * 2}
    status, said = call("serve", mode="production", database_url=url, port="18998", **keys)
    assert status == 2
    assert "演示数据" in said


# --- backup and restore -----------------------------------------------------------------------------------------------


@pytest.fixture
def installation(databases: Databases, tmp_path: Path) -> str:
    """An installation with a row, a stored file, an append-only row and a waiting job; returns its database."""
    url = databases.url()
    settings = load(_environ(tmp_path / "data", url))
    app = build(settings)
    queue.register({"test.kept": print})
    with app.app_context(), transaction():
        open_store(settings.files)
        keep_bytes("合同正文\n".encode(), "合同.txt", "text/plain", ("agreement", 1), system_now())
        db.session.add(SubjectNumber(series='contracts 2026, with\ttab and 引号"', last=7))
        db.session.add(DailyDigest(day=system_now().date(), digest="ab", payload={"中": [1, None]}))
        queue.enqueue(db.session, "test.kept", "1", number=1)
    with app.app_context():
        db.engine.dispose()
    queue._jobs.pop("test.kept")
    return url


def _rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = create_engine(url, **engine_options(url))
    schema = "" if engine.dialect.name == "sqlite" else "dbos."
    tables = ["subject_number", "stored_file", "daily_digest", "setting", f"{schema}workflow_status"]
    with engine.connect() as connection:
        found = {name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))] for name in tables}
    engine.dispose()
    return found


def test_an_archive_that_cannot_be_written_or_read_is_one_sentence(
    call: Call, databases: Databases, installation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*words: str, **where: str) -> str:
        status, said = call("db", *words, **where)
        assert status == 1
        assert "Traceback" not in said
        assert len(said.strip().splitlines()) == 1
        return said

    nowhere = tmp_path / "nowhere" / "x.zip"
    assert "no such folder" in refused("backup", str(nowhere), database_url=installation)
    # Whoever runs the tests may be allowed everything, so the system's refusal is spoken by hand.
    with monkeypatch.context() as patched:
        patched.setattr("zipfile.ZipFile", _not_allowed)
        said = refused("backup", str(tmp_path / "x.zip"), database_url=installation)
    assert "check permissions" in said
    assert list(tmp_path.glob("x.zip*")) == []

    fresh, data = databases.empty_url(), str(tmp_path / "third")
    assert "no such file" in refused("restore", str(nowhere), database_url=fresh, data=data)
    assert "no such file" in refused("restore", str(tmp_path), database_url=fresh, data=data)
    (tmp_path / "letter.zip").write_text("你好", "utf-8")
    assert "not a complete archive" in refused("restore", str(tmp_path / "letter.zip"), database_url=fresh, data=data)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a.txt", "a")
    assert "no manifest" in refused("restore", str(tmp_path / "other.zip"), database_url=fresh, data=data)
    with monkeypatch.context() as patched:
        patched.setattr("zipfile.ZipFile", _not_allowed)
        assert "check permissions" in refused("restore", str(tmp_path / "other.zip"), database_url=fresh, data=data)


def _not_allowed(*_given: object, **_named: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_what_is_restored_is_what_was_there(
    call: Call, databases: Databases, installation: str, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.zip"
    status, said = call("db", "backup", str(archive), database_url=installation)
    assert status == 0, said
    fresh, data = databases.empty_url(), tmp_path / "second"
    (data / "keys").mkdir(parents=True)
    for key in (tmp_path / "data" / "keys").iterdir():
        (data / "keys" / key.name).write_bytes(key.read_bytes())
    status, said = call("db", "restore", str(archive), database_url=fresh, data=str(data))
    assert status == 0, said
    assert _rows(fresh) == _rows(installation)
    assert [path.read_text("utf-8") for path in (data / "files").rglob("*") if path.is_file()] == ["合同正文\n"]
    assert call("chain", "verify", database_url=fresh, data=str(data))[0] == 0
    app = build(load(_environ(data, fresh)))
    with app.app_context(), transaction():
        keep_bytes(b"next", "n.txt", "text/plain", ("agreement", 1), system_now())
        db.session.flush()
    with app.app_context():
        db.engine.dispose()


def test_the_archive_lists_digests_and_holds_no_key(call: Call, installation: str, tmp_path: Path) -> None:
    archive = tmp_path / "backup.zip"
    call("db", "backup", str(archive), database_url=installation)
    with zipfile.ZipFile(archive) as opened:
        manifest = json.loads(opened.read("manifest.json"))
        everything = b"".join(opened.read(name) for name in opened.namelist())
    assert set(opened.namelist()) == {*manifest["entries"], "manifest.json"}
    assert manifest["revision"]
    key = (tmp_path / "data" / "keys" / "installation.key").read_text().strip()
    assert key.encode() not in everything
    assert bytes.fromhex(key) not in everything


def test_an_existing_file_is_not_overwritten(call: Call, installation: str, tmp_path: Path) -> None:
    archive = tmp_path / "backup.zip"
    archive.write_text("precious")
    status, said = call("db", "backup", str(archive), database_url=installation)
    assert (status, archive.read_text()) == (1, "precious"), said


def test_an_installation_with_data_is_not_overwritten(call: Call, installation: str, tmp_path: Path) -> None:
    archive = tmp_path / "backup.zip"
    call("db", "backup", str(archive), database_url=installation)
    before = _rows(installation)
    status, said = call("db", "restore", str(archive), database_url=installation)
    assert status == 1
    assert "不是空的" in said
    assert _rows(installation) == before


def _tampered(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if (content := change(name, old.read(name))) is not None:
                new.writestr(name, content)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda name, content: content[:-1] + b"?" if name.startswith("files/") else content, "摘要不符"),
        (lambda name, content: None if name.startswith("files/") else content, "与清单不一致"),
        (lambda name, content: None if name == "manifest.json" else content, "没有清单"),
    ],
    ids=["a changed byte", "a missing file", "no manifest"],
)
def test_a_damaged_archive_changes_nothing(
    call: Call,
    databases: Databases,
    installation: str,
    tmp_path: Path,
    change: Callable[[str, bytes], bytes | None],
    told: str,
) -> None:
    archive, bad = tmp_path / "backup.zip", tmp_path / "bad.zip"
    call("db", "backup", str(archive), database_url=installation)
    _tampered(archive, bad, change)
    fresh, data = databases.empty_url(), tmp_path / "second"
    status, said = call("db", "restore", str(bad), database_url=fresh, data=str(data))
    assert status == 1
    assert told in said
    assert not (data / "files").exists()


def test_half_an_archive_is_told(call: Call, databases: Databases, installation: str, tmp_path: Path) -> None:
    archive = tmp_path / "backup.zip"
    call("db", "backup", str(archive), database_url=installation)
    archive.write_bytes(archive.read_bytes()[:2000])
    status, said = call("db", "restore", str(archive), database_url=databases.empty_url(), data=str(tmp_path / "d2"))
    assert status == 1
    assert "不是完整的备份文件" in said


def test_generated_pages_are_written_where_they_are_wanted(call: Call, tmp_path: Path) -> None:
    assert call("permits", "--out", str(tmp_path))[0] == 0
    assert "tenders:tender:approve" in (tmp_path / "permits.md").read_text("utf-8")
    assert call("diagrams", "--out", str(tmp_path / "states"))[0] == 0
    assert "stateDiagram-v2" in (tmp_path / "states" / "tender.md").read_text("utf-8")


def test_verify_needs_no_installation_and_answers_with_its_status(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(published(Plan(until="announce")).bundle())
    bad.write_bytes(good.read_bytes()[:-1])
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MARKET_")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "market.cli", "verify", *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, encoding="utf-8", check=False)

    found = [run(str(good), "--lang", "en", "--brief"), run(str(bad)), run(str(tmp_path / "none.zip"))]
    assert [one.returncode for one in found] == [0, 1, 2]
    assert "all" in found[0].stdout
    assert "第一处" in found[1].stdout
    assert not list(tmp_path.glob("*.sqlite3"))
