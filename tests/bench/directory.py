"""The public directory of organisations: the same pages among a hundred thousand entries as among a thousand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert, text

from market.config import load, make_installation_key
from market.db.session import db, transaction
from market.kernel.categories import Category
from market.records.models import DirectoryCard
from market.records.projections import directory_marks
from market.records.search import pieces
from tests.bench.report import Figure, Report
from tests.bench.worlds import SECRET
from tests.factories import places
from tests.fixtures.databases import migrate

FEW, MANY = 1_000, 100_000
ROUNDS, CALLS = 7, 12
MOST = 1.3
KIND = "organisation"
_AREAS = ("320115", "330502", "510115")
_WORDS = ("助餐", "探访", "助浴", "康复", "陪伴")
_CHUNK = 5_000
# What a reader asks for; each finds more than one page of entries on both sides. 福康 stands in as many names on both.
_RARE = 50
PAGES = {
    "all": "",
    "words": "words=%E5%8A%A9%E9%A4%90",
    "rare words": "words=%E7%A6%8F%E5%BA%B7",
    "field": "category=legal_aid",
    "field and area": "category=elder_care&district=330502",
    "words in field and area": "words=%E6%8E%A2%E8%AE%BF&category=disability&district=320115",
}


def measure(report: Report, urls: tuple[str, str], folder: Path) -> None:
    """Add one figure for each way of asking: time among many over time among few, alternated round by round."""
    few, many = _world(urls[0], folder / "few", FEW), _world(urls[1], folder / "many", MANY)
    for name, query in PAGES.items():
        address = f"/organisations-directory?{query}"
        statements = [_statements(app, address) for app in (few, many)]
        if statements[0] != statements[1]:
            raise RuntimeError(f"{address}: {statements[0]} statements among {FEW}, {statements[1]} among {MANY}")
        spent: list[tuple[float, float]] = []
        clients = (few.test_client(), many.test_client())
        for number in range(ROUNDS):
            order = clients if number % 2 == 0 else clients[::-1]
            times = {id(client): _seconds(client, address) for client in order}
            spent.append((times[id(clients[0])], times[id(clients[1])]))
        a, b = median(one for one, _ in spent), median(one for _, one in spent)
        ratio = median(large / small for small, large in spent)
        told = f"ms {1000 * a:.1f} : {1000 * b:.1f}   {statements[0]} statements"
        report.add(Figure(f"directory, {name}: {MANY:,} to {FEW:,}", ratio, told, most=MOST))


def _seconds(client: FlaskClient, address: str) -> float:
    """The median time of one page."""
    spent = []
    for _ in range(CALLS):
        began = time.perf_counter()
        answer = client.get(address)
        spent.append(time.perf_counter() - began)
        if answer.status_code != 200 or b"purchase-title" not in answer.data:
            raise RuntimeError(f"{address}: {answer.status_code}, or nothing found")
    return median(spent)


def _statements(app: Flask, address: str) -> int:
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        app.test_client().get(address)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def _world(url: str, data: Path, count: int) -> Flask:
    """An application whose directory has that many organisations."""
    from market.app import create_app

    migrate(url)
    data.mkdir(parents=True, exist_ok=True)
    environ = {"MARKET_MODE": "test", "MARKET_DATA": str(data), "MARKET_DATABASE_URL": url, "MARKET_SECRET_KEY": SECRET}
    app = create_app(make_installation_key(load(environ)))
    with app.app_context(), transaction():
        for code in ("320115001", "330502001", "510115001"):
            places.street(code)
        for first in range(1, count + 1, _CHUNK):
            _enter(range(first, min(first + _CHUNK, count + 1)))
    with app.app_context(), db.engine.connect() as connection:
        # As the server does by itself after so many rows: new words leave the list in which each search reads them all.
        words = "ANALYZE" if db.engine.dialect.name == "sqlite" else "VACUUM ANALYZE"
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(words))
    return app


def _enter(numbers: range) -> None:
    """Rows as the projection writes them."""
    rows = list(_rows(numbers))
    db.session.execute(insert(DirectoryCard), [card for card, _ in rows])
    if db.engine.dialect.name == "sqlite":
        keys = text(f"INSERT INTO search_key (id, kind, row_id) VALUES (:id, '{KIND}', :id)")
        db.session.execute(keys, [{"id": card["id"]} for card, _ in rows])
        words = text("INSERT INTO search_text (rowid, words) VALUES (:id, :words)")
        db.session.execute(words, [{"id": card["id"], "words": " ".join(found)} for card, found in rows])
        return
    statement = f"INSERT INTO search_key (kind, row_id, words) VALUES ('{KIND}', :id, CAST(:words AS tsvector))"
    vectors = [
        {"id": card["id"], "words": " ".join(f"'{word}':{at}" for at, word in enumerate(found, 1))}
        for card, found in rows
    ]
    db.session.execute(text(statement), vectors)


def _rows(numbers: range) -> Iterator[tuple[dict[str, object], list[str]]]:
    fields = [one.value for one in Category]
    for number in numbers:
        area, word = _AREAS[number % len(_AREAS)], _WORDS[number % len(_WORDS)]
        own = sorted({fields[number % 5], fields[number // 5 % 5]})
        name = f"第{number}家{'福康' if number <= _RARE else ''}社区服务中心"
        introduction = f"从事社区{word}服务。"
        data = {
            "name": name,
            "uscc": f"52{area}MJ{number:06d}1N",
            "provider_type": "service_agency",
            "registered_on": "2018-05-04",
            "service_fields": own,
            "introduction": introduction,
            "state": "confirmed",
            "district": area,
        }
        card: dict[str, object] = {
            "id": number,
            "kind": KIND,
            "key": data["uscc"],
            "title": name,
            "district_id": number % 3 + 1,
            "street_id": None,
            "updated_notice_id": number,
            "data": data,
        }
        marks = [f"mark{KIND}" + mark.replace("_", "") for mark in directory_marks(own, area)]
        yield card, [f"kind{KIND}", *marks, *pieces(f"{name} {introduction}")]
