"""Other publishers' packages: what is odd is told, what is broken is left out whole, and nothing is ever fetched."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.records.foreign import Bad, Publisher, Reader, Row, Unreadable
from market.records.importing import Imported, import_file
from market.records.models import ImportedPurchase, ImportedRelease, ImportedSource
from market.records.projections import rebuild
from market.records.search import find_ids

PUBLISHER = {"publisher": {"name": "Comune di Esempio", "uri": "https://example.org"}, "license": "CC0"}


def release(ocid: str = "ocds-abc123-1", number: int = 1, **more: Any) -> dict[str, Any]:
    """A release with a tender and an award."""
    return {
        "ocid": ocid, "id": f"{ocid}-{number}", "date": f"2024-01-0{number}T00:00:00Z", "tag": ["award"],
        "buyer": {"id": "b", "name": "Comune"},
        "tender": {"id": "1", "title": "社区助餐 Pasti a domicilio", "value": {"amount": 1000.5, "currency": "EUR"}},
        "awards": [{"id": "1", "suppliers": [{"id": "s", "name": "Cooperativa Uno"}],
                    "value": {"amount": 900, "currency": "EUR"}}],
        **more,
    }  # fmt: skip


def written(folder: Path, content: Any, name: str = "package.json") -> Path:
    """A file with this content: bytes and text as they are, anything else as JSON."""
    path = folder / name
    given = content if isinstance(content, bytes | str) else json.dumps(content)
    data = given if isinstance(given, bytes) else given.encode()
    path.write_bytes(data)
    return path


def read(folder: Path, content: Any) -> tuple[list[Row | Bad], Publisher]:
    """Every row of a file with this content, and its publisher."""
    reader = Reader(written(folder, content))
    return list(reader.rows()), reader.publisher


def put(folder: Path, content: Any, name: str = "package.json") -> Imported:
    """Import a file with this content."""
    return import_file(written(folder, content, name), system_now(), lambda _: None)


_ONE = release()
_COMPILED = {"ocid": _ONE["ocid"], "compiledRelease": _ONE}
_EMBEDDED = {"ocid": _ONE["ocid"], "releases": [_ONE, release(number=2)], "compiledRelease": _ONE}
_LINKED = {"ocid": _ONE["ocid"], "releases": [{"url": "https://example.org/1", "date": "x"}], "compiledRelease": _ONE}


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param({**PUBLISHER, "releases": [_ONE, release("ocds-abc123-2")]}, 2, id="release package"),
        pytest.param({"releases": [_ONE], **PUBLISHER}, 1, id="publisher behind the releases"),
        pytest.param({**PUBLISHER, "records": [_EMBEDDED]}, 2, id="record with its releases"),
        pytest.param({**PUBLISHER, "records": [_COMPILED, _LINKED]}, 2, id="records with compiled releases"),
        pytest.param({"version": "1.0", **PUBLISHER, "releases": [{**_ONE, "buyer": {"name": "x"}}]}, 1, id="1.0"),
        pytest.param(_ONE, 1, id="bare release"),
        pytest.param(_EMBEDDED, 2, id="bare record"),
        pytest.param([_ONE, _COMPILED], 2, id="array of both"),
        pytest.param([{**PUBLISHER, "releases": [_ONE]}], 1, id="array of packages"),
        pytest.param(f"{json.dumps(_ONE)}\n{json.dumps(_COMPILED)}\n", 2, id="one a line"),
        pytest.param(gzip.compress(json.dumps({"releases": [_ONE]}).encode()), 1, id="gzip"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps({"releases": [_ONE]}).encode(), 1, id="byte order mark"),
        pytest.param({**PUBLISHER, "releases": []}, 0, id="empty package"),
    ],
)
def test_packages_of_every_shape_are_read(tmp_path: Path, content: Any, rows: int) -> None:
    found, _ = read(tmp_path, content)
    assert len(found) == rows
    assert all(isinstance(row, Row) and row.ocid.startswith("ocds-abc123-") for row in found)


def test_the_publisher_is_found_before_and_behind_the_rows(tmp_path: Path) -> None:
    for content in ({**PUBLISHER, "releases": [_ONE]}, {"releases": [_ONE], **PUBLISHER}):
        assert read(tmp_path, content)[1].name == "Comune di Esempio"


def test_a_row_shows_title_buyer_supplier_and_the_award_s_amount(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, _ONE)
    assert isinstance(row, Row)
    assert (row.title, row.buyer, row.supplier, row.amount) == (
        "社区助餐 Pasti a domicilio", "Comune", "Cooperativa Uno", "900 EUR",
    )  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    [
        {"tender": "a text"}, {"tender": []}, {"awards": {"title": "one object"}}, {"awards": [1, None]},
        {"awards": [{"suppliers": "x", "value": "9"}]}, {"tender": {"value": {"amount": "viel", "currency": 7}}},
        {"tender": {"value": {"amount": 10**40}}}, {"parties": "none"}, {"buyer": 3}, {"date": 20240101},
        {"date": None}, {"id": 7}, {"tag": "award"}, {"tender": {"title": {"en": "x"}}},
        {"tender": {"title": "a\x00b"}},
        {"awards": [{"id": ["x"]}], "contracts": [[]]},
    ],
)  # fmt: skip
def test_wrong_types_are_taken_as_they_are(tmp_path: Path, odd: dict[str, Any]) -> None:
    (row,), _ = read(tmp_path, {"releases": [release() | odd]})
    assert isinstance(row, Row)


@pytest.mark.parametrize(
    ("item", "why"),
    [(7, "not an object"), (None, "not an object"), ({"id": "x"}, "no ocid"), ({"ocid": None}, "no ocid"),
     *((release() | {"ocid": odd}, "no ocid: not a text") for odd in (["x"], {}, 7, 1.5, 0, True)),
     ({"ocid": 7, "compiledRelease": {"id": "x"}}, "no ocid: not a text"),
     (release("o" * 301), "no ocid: longer")],
)  # fmt: skip
def test_a_row_without_the_least_is_left_out_and_the_others_are_taken(tmp_path: Path, item: Any, why: str) -> None:
    found, _ = read(tmp_path, {"releases": [_ONE, item, release("ocds-abc123-2")]})
    assert [type(row) for row in found] == [Row, Bad, Row]
    assert isinstance(found[1], Bad)
    assert why in found[1].reason
    assert found[1].number == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"releases": [{"ocid": "ocds-1"}, {"oc', b'{"releases": [}]}', b"\xff\xfe{", b"<html>", b"7",
     b'{"releases": [{"ocid": "ocds-1"}]} trailing', gzip.compress(b'{"releases": []}', mtime=0)[:-9]],
)  # fmt: skip
def test_a_broken_file_leaves_nothing_behind(session: Session, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unreadable):
        put(tmp_path, content)
    assert session.scalar(select(func.count()).select_from(ImportedRelease)) == 0


def test_importing_again_changes_nothing(session: Session, tmp_path: Path) -> None:
    package = {**PUBLISHER, "releases": [_ONE, release(number=2), 7]}
    first, again = put(tmp_path, package), put(tmp_path, package)
    assert (first.new, first.known, first.bad) == (2, 0, 1)
    assert (again.new, again.known, again.bad) == (0, 2, 1)
    assert session.scalar(select(func.count()).select_from(ImportedRelease)) == 2
    assert session.scalar(select(func.count()).select_from(ImportedPurchase)) == 1


def test_the_latest_release_speaks_whatever_comes_first(session: Session, tmp_path: Path) -> None:
    later, earlier = release(number=2, tender={"title": "改名后"}, awards=[]), release(number=1)
    put(tmp_path, {**PUBLISHER, "releases": [later]})
    put(tmp_path, {**PUBLISHER, "releases": [earlier]})
    row = session.scalars(select(ImportedPurchase)).one()
    assert (row.title, row.supplier, row.date) == ("改名后", "Cooperativa Uno", "2024-01-02T00:00:00Z")


def test_two_publishers_of_one_ocid_stand_beside_each_other(session: Session, tmp_path: Path) -> None:
    put(tmp_path, {**PUBLISHER, "releases": [_ONE]})
    put(tmp_path, {"publisher": {"name": "Altro"}, "releases": [_ONE]})
    put(tmp_path, _ONE)
    names = session.scalars(select(ImportedSource.name).order_by(ImportedSource.name)).all()
    assert names == ["Altro", "Comune di Esempio", "ocds-abc123"]
    assert session.scalar(select(func.count()).select_from(ImportedPurchase)) == 3


def test_what_is_imported_is_found_by_its_words_also_after_a_rebuild(session: Session, tmp_path: Path) -> None:
    put(tmp_path, {**PUBLISHER, "releases": [_ONE]})
    put(tmp_path, {**PUBLISHER, "releases": [release(number=2, tender={"title": "上门探访"})]})
    row = session.scalars(select(ImportedPurchase)).one()
    for _ in range(2):
        assert find_ids("imported", "探访") == [row.id]
        assert find_ids("imported", "cooperativa") == [row.id]
        assert find_ids("imported", "助餐") == []
        rebuild()


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Scaled: peak of Python's own memory for a file of 12 MB. A gigabyte is measured by the benchmark's notes."""
    import tracemalloc

    body = json.dumps(release(padding="x" * 4000))[1:]
    path = tmp_path / "large.json"
    with path.open("w") as out:
        out.write(json.dumps(PUBLISHER)[:-1] + ', "releases": [')
        out.write(",".join(f'{{"n": {n}, {body}' for n in range(2500)) + "]}")
    tracemalloc.start()
    try:
        count = sum(1 for _ in Reader(path).rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (count, path.stat().st_size > 10_000_000) == (2500, True)
    assert peak < 3_000_000
