"""Markers planted in every field, file name and file of a bid are nowhere at rest until the opening.

Searched: the raw bytes of the database (with write-ahead log), every row of every table (the job library's included),
the data folder, the temporary folder, a backup, and everything logged or printed.
"""

from __future__ import annotations

import base64
import io
import logging
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import make_url

from market.bids import actions, queries, vault
from market.cli.database import backup
from market.config import Settings
from market.db.session import commit, db
from market.records.files import SecretFile, open_secret
from market.records.models import StoredFile
from market.records.queue import run_due, run_pending
from tests.factories import bids
from tests.factories.organisations import Team
from tests.factories.people import PASSPHRASE, acting, sign_in
from tests.fixtures.application import take_books
from tests.fixtures.clock import StandingClock
from tests.fixtures.databases import Databases
from tests.fixtures.visitor import Page, Visitor


class Markers:
    """One unmistakable word per field; all share a token, so that one search can rule out all of them."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(10)
        self.words: dict[str, str] = {}
        self.price_fen = 10_000_000 + secrets.randbelow(7_000_000)

    def word(self, place: str) -> str:
        """A word of its own for this place, Chinese and Latin."""
        return self.words.setdefault(place, f"暗记{self.token}{secrets.token_hex(3)}完")

    def found_in(self, content: bytes) -> set[str]:
        """Which markers these bytes give away; `trace` when only part of one shows, or it is encoded."""
        found = {"price"} if any(form in content for form in self._price()) else set()
        if any(form in content for form in _forms(self.token.encode())):
            found |= {place for place, word in self.words.items() if word.encode() in content} or {"trace"}
        return found

    def _price(self) -> list[bytes]:
        # Eight digits alone turn up in digests by chance: as a cell, in JSON, or with their decimals they do not.
        whole, part = str(self.price_fen)[:-2], str(self.price_fen)[-2:]
        written = (f"\0{self.price_fen}\0", f'":{self.price_fen}', f"{whole}.{part}", f"{int(whole):,}.{part}")
        return [text.encode() for text in written]


def _forms(plain: bytes) -> Iterator[bytes]:
    """The bytes as they are, in hexadecimal, in UTF-16, and in base64 at any offset."""
    yield plain
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield plain.decode().encode("utf-16-le")
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain)
        yield encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4]


# --- everything that is at rest ---------------------------------------------------------------------------------------


def raw_database(settings: Settings, since: float) -> dict[str, bytes]:
    """The files of the database as they lie on disk, log included; of a server those written since this instant."""
    if settings.uses_sqlite:
        file = Path(str(make_url(settings.database_url).database))
        return {path.name: path.read_bytes() for path in file.parent.glob(f"{file.name}*")}
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        folder = Path(str(connection.exec_driver_sql("SHOW data_directory").scalar()))
        own = connection.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()").scalar()
    # All of the server but the databases of other tests.
    others = {path for path in (folder / "base").glob("*") if path.name != str(own)} if folder.is_dir() else set()
    files = [path for path in folder.rglob("*") if path.is_file() and not others & set(path.parents)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.stat().st_mtime >= since}


def every_row() -> dict[str, bytes]:
    """All rows of all tables as text, binary columns in hexadecimal."""
    with db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
            tables = [f'"{name}"' for name in names]
        else:
            query = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            rows = connection.exec_driver_sql(query).all()
            tables = [
                f'"{schema}"."{name}"' for schema, name in rows if schema not in {"pg_catalog", "information_schema"}
            ]
        return {table: _rows(connection, table) for table in tables}


def _rows(connection: Any, table: str) -> bytes:
    shown = []
    for row in connection.exec_driver_sql(f"SELECT * FROM {table}"):
        for value in row:
            plain = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            shown += [plain, plain.hex().encode()]
    return b"\0" + b"\0".join(shown) + b"\0"


def folder(root: Path) -> dict[str, bytes]:
    """Every file below a folder, with its name."""
    return {str(path): str(path).encode() + b"\0" + path.read_bytes() for path in root.rglob("*") if path.is_file()}


def archive(settings: Settings, file: Path) -> dict[str, bytes]:
    """What a backup holds, unpacked."""
    backup(settings, file)
    with zipfile.ZipFile(file) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


# --- the story --------------------------------------------------------------------------------------------------------


class Scene:
    """One installation with real commits, three bidders, and a hunter who looks everywhere."""

    def __init__(self, app: Flask, tmp: Path, caplog: Any, capfd: Any) -> None:
        self.app, self.tmp, self.caplog, self.capfd = app, tmp, caplog, capfd
        self.settings: Settings = app.extensions["linli"].settings
        self.markers = Markers()
        self.printed = b""
        self.copies = 0
        # What was written before the markers were drawn cannot hold one; by the disk's own clock.
        self.since = tmp.stat().st_mtime

    def everything(self) -> dict[str, bytes]:
        """The bytes of every place where something is at rest."""
        self.copies += 1
        commit()
        out, err = self.capfd.readouterr()
        self.printed += (out + err + self.caplog.text).encode()
        places = {f"raw:{name}": content for name, content in raw_database(self.settings, self.since).items()}
        places |= {f"rows:{name}": content for name, content in every_row().items()}
        places |= {f"data:{name}": content for name, content in folder(self.tmp).items()}
        copy = archive(self.settings, self.tmp.parent / f"copy{self.copies}.zip")
        places |= {f"backup:{name}": content for name, content in copy.items()}
        places["log"] = self.printed
        assert len(places) > 60
        return places

    def hunt(self) -> dict[str, set[str]]:
        """Places where a marker shows, with the names of the markers."""
        shown = {place: self.markers.found_in(content) for place, content in self.everything().items()}
        return {place: names for place, names in shown.items() if names}

    def draft_keys(self) -> list[Path]:
        """The files of the drafts' keys."""
        root = self.settings.files / vault.FOLDER
        return [path for path in root.iterdir() if not path.name.startswith(".")]


@pytest.fixture
def scene(
    own_app: Flask, tmp_path: Path, caplog: Any, capfd: Any, monkeypatch: Any, databases: Databases
) -> Iterator[Scene]:
    caplog.set_level(logging.DEBUG)
    for name in ("werkzeug", "market", "dbos"):
        caplog.set_level(logging.DEBUG, logger=name)
    caplog.set_level(logging.INFO, logger="sqlalchemy")
    spare = tmp_path / "temporary"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    take_books(own_app)
    with own_app.app_context():
        yield Scene(own_app, tmp_path, caplog, capfd)
        db.session.rollback()


def planted(scene: Scene, page: Page) -> dict[str, Any]:
    """Every field of the draft's page with a marker."""
    mark = scene.markers.word
    fields = [node.get("name") for node in page.all("//main//textarea | //main//input[@type='text']")]
    values: dict[str, Any] = {name: mark(name) for name in fields if name != "price"}
    fen = str(scene.markers.price_fen)
    content = b"%PDF-1.7\n" + mark("content of the file").encode() * 3
    return {
        **values,
        "price": f"{fen[:-2]}.{fen[-2:]}",
        "uploads": (io.BytesIO(content), f"{mark('name of the file')}.pdf"),
    }


def write_and_submit(scene: Scene, visitor: Visitor, case: bids.Case, team: Team) -> None:
    url = f"/bids/{case.lot_id}/{team.id}"
    page = visitor.get(f"{url}/draft")
    page = visitor.submit(page, planted(scene, page), button="保存草稿")
    assert page.status == 200
    box = page.all("//textarea[@name='team']")[0]
    token = page.all("//main//input[@name='csrf_token']")[0].get("value")
    saved = visitor.post(
        box.get("data-autosave"),
        {"field": "team", "team": scene.markers.word("saved by itself")},
        headers={"X-CSRFToken": token, "Accept": "application/json"},
    )
    assert saved.status == 200
    assert scene.hunt() == {}
    (key,) = [path.read_bytes() for path in scene.draft_keys()]
    page = visitor.submit(visitor.get(f"{url}/submit"), {"sure": "y"}, button="递交投标")
    assert page.heading == "投标回执"
    # What the installation's key could still unlock is nowhere any more: not in a freed page, not in a log.
    forms = (key, key.hex().encode())
    assert [place for place, content in scene.everything().items() if any(form in content for form in forms)] == []


def test_nothing_of_a_bid_shows_before_the_opening_and_everything_after(scene: Scene, clock: StandingClock) -> None:
    case = bids.sealed_lot()
    for price in (170_000, 160_000):
        bids.submit(case, bids.bidder(), price * bids.YUAN)
    team = bids.bidder()
    case.teams.append(team)
    commit()
    visitor = sign_in(Visitor(scene.app), team.signatory)
    write_and_submit(scene, visitor, case, team)
    assert scene.hunt() == {}
    _read_again_and_replace(scene, visitor, case, team)
    assert scene.hunt() == {}
    _close(scene, case, clock.forward(seconds=(case.openable - clock.now).total_seconds()))
    assert scene.hunt() == {}
    _open(case)
    assert scene.hunt() == {}
    run_pending(scene.app)
    db.session.expire_all()
    _everything_is_there(scene, case, team)


def _read_again_and_replace(scene: Scene, visitor: Visitor, case: bids.Case, team: Team) -> None:
    bid = queries.my_bid(case.lot_id, team.id)
    assert bid is not None
    page = visitor.get(f"/bids/receipts/{bid.receipt_number}/copy")
    page = visitor.submit(page, {"passphrase": PASSPHRASE}, button="放回草稿修改")
    assert scene.markers.word("schedule") in page.text
    assert scene.hunt() == {}
    visitor.submit(visitor.get(f"/bids/{case.lot_id}/{team.id}/submit"), {"sure": "y"}, button="递交投标")


def _close(scene: Scene, case: bids.Case, at: datetime) -> None:
    run_due(scene.app, at)
    db.session.expire_all()
    assert queries.closing_of(case.lot_id) is not None
    one = acting(case.office.openers[0])
    actions.peel_lot(one, case.lot_id, PASSPHRASE, at)
    commit()


def _open(case: bids.Case) -> None:
    opening = actions.open_with_passphrase(acting(case.office.openers[1]), case.lot_id, PASSPHRASE, case.openable)
    assert len(opening.record["bids"]) == 3
    commit()


def _everything_is_there(scene: Scene, case: bids.Case, team: Team) -> None:
    row = next(bid for bid in queries.opened_bids(case.lot_id) if bid.organisation_id == team.id)
    assert row.root_ok
    assert row.price_fen == scene.markers.price_fen
    shown = scene.hunt()
    opened = next(names for place, names in shown.items() if place.startswith("rows:") and "opened_bid" in place)
    assert opened >= {*scene.markers.words, "price"} - {"content of the file", "team"}
    entry = row.content["files"][0]
    file = db.session.get_one(StoredFile, entry["file_id"])
    assert scene.markers.word("content of the file").encode() in open_secret(file, SecretFile(**entry))
    # The log stays silent even now, and files stay encrypted under their own keys.
    assert "log" not in shown
    assert not any("content of the file" in names for names in shown.values())


def test_an_abandoned_draft_shows_nothing_and_its_backup_neither(scene: Scene, clock: StandingClock) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    case.teams.append(team)
    commit()
    visitor = sign_in(Visitor(scene.app), team.editor)
    page = visitor.get(f"/bids/{case.lot_id}/{team.id}/draft")
    visitor.submit(page, planted(scene, page), button="保存草稿")
    assert scene.hunt() == {}
    assert len(scene.draft_keys()) == 1
    visitor.submit(visitor.get(f"/bids/{case.lot_id}/{team.id}/discard"), {"sure": "y"}, button="清空草稿")
    assert scene.draft_keys() == []


def test_the_search_finds_a_marker_in_each_kind_of_place(scene: Scene, clock: StandingClock) -> None:
    """Without this the tests above could not fail."""
    case, word = bids.sealed_lot(), scene.markers.word("planted on purpose")
    db.session.add(
        StoredFile(
            sha256=None, stored_sha256="0" * 64, size=1, name=word, media_type="text/plain", encrypted=False,
            public=False, subject_kind="test", subject_id=case.lot_id, kept_by=None, kept_at=clock.now,
        )
    )  # fmt: skip
    commit()
    scene.settings.files.mkdir(exist_ok=True)
    (scene.settings.files / "left behind").write_bytes(base64.b64encode(b"x" + word.encode()))
    logging.getLogger("market").info("a careless line: %s", word)
    subprocess.run([sys.executable, "-c", f"print({word!r})"], check=True)
    kinds = {place.split(":")[0] for place in scene.hunt()}
    assert kinds == {"raw", "rows", "data", "backup", "log"}
