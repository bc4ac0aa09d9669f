"""Open data out into a folder and back in onto the shelf, through the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from market.cli import exchange
from market.db.session import db, transaction
from market.records.models import ImportedRelease
from tests.factories.notices import published


@pytest.fixture
def runner(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The commands on an installation with two purchases."""
    monkeypatch.setattr(exchange, "open_app", lambda: own_app)
    with own_app.app_context(), transaction():
        published("paid")
        published("tender", title="助浴服务")
    return CliRunner()


def _kept(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(ImportedRelease)) or 0


def test_what_is_exported_can_be_imported_elsewhere(runner: CliRunner, own_app: Flask, tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = runner.invoke(exchange.export, ["ocds", str(out)])
    assert answer.exit_code == 0, answer.output
    names = sorted(one.name for one in out.iterdir())
    assert names == ["grants.json", "purchases.xlsx", "records.jsonl", "releases.jsonl"]
    releases = [json.loads(line) for line in (out / "releases.jsonl").read_text().splitlines()]
    records = [json.loads(line) for line in (out / "records.jsonl").read_text().splitlines()]
    assert [one for record in records for one in record["releases"]] == releases
    (out / "grants.json").unlink()
    answer = runner.invoke(exchange.import_, ["ocds", str(out), "--source", "邻区"])
    assert answer.exit_code == 0, answer.output
    assert _kept(own_app) == len(releases)


def test_broken_files_in_a_folder_are_named_and_the_others_imported(
    runner: CliRunner, own_app: Flask, tmp_path: Path
) -> None:
    folder, report = tmp_path / "in", tmp_path / "rows.csv"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.json").write_text(json.dumps({"releases": [{"ocid": f"ocds-abc123-{number}"}, 7]}))
    broken = ("03.json", "11.json", "19.json")
    for name, content in zip(broken, ('{"releases": [{"ocid": "ocds-abc123-x"}, {', "", "<html>"), strict=True):
        (folder / name).write_text(content)
    (folder / "readme.txt").write_text("no package")
    answer = runner.invoke(exchange.import_, ["ocds", str(folder), "--report", str(report)])
    assert answer.exit_code == 1
    assert _kept(own_app) == 17
    rows = list(csv.DictReader(report.read_text("utf-8-sig").splitlines()))
    assert [Path(one["file"]).name for one in rows if one["outcome"] == "unreadable"] == list(broken)
    # The one broken in its middle was read as far as it went; its first row is told, and nothing of it was kept.
    assert len(rows) == 17 * 2 + 3 + 1
    assert runner.invoke(exchange.import_, ["ocds", str(folder)]).exit_code == 1
    assert _kept(own_app) == 17


def test_only_files_with_something_to_report_get_a_line_and_the_last_line_sums_all(
    runner: CliRunner, own_app: Flask, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02}.json").write_text(json.dumps({"releases": [{"ocid": f"ocds-abc123-{number}"}]}))
    first = runner.invoke(exchange.import_, ["ocds", str(folder)]).output.splitlines()
    assert first == ["读了 30 个文件 / 30 files read: 新 30，已有 0，未导入 0 / new 30, known 0, left out 0"]
    (folder / "07.json").write_text(json.dumps({"releases": [{"ocid": "ocds-abc123-7"}, {"ocid": 7}]}))
    (folder / "11.json").write_text("{")
    (folder / "13.json").write_text(json.dumps({"releases": []}))
    told = runner.invoke(exchange.import_, ["ocds", str(folder)])
    named = [line.partition(".json")[0][-2:] for line in told.output.splitlines()[:-1]]
    # Of the first a line for its row and one of its own.
    assert (told.exit_code, named) == (1, ["07", "07", "11", "13"])
    assert told.output.splitlines()[-1] == (
        "读了 29 个文件 / 29 files read: 新 0，已有 28，未导入 1 / new 0, known 28, left out 1"
        "；有 1 个文件读不了 / 1 files cannot be read"
    )
    every = runner.invoke(exchange.import_, ["ocds", str(folder), "-v"]).output.splitlines()
    assert len(every) == 30 + 1 + 1
    assert every[-1] == told.output.splitlines()[-1]


def test_a_district_that_is_not_there_exports_nothing(runner: CliRunner, tmp_path: Path) -> None:
    answer = runner.invoke(exchange.export, ["ocds", str(tmp_path / "out"), "--district", "000000"])
    assert answer.exit_code == 1
    assert not (tmp_path / "out").exists()
