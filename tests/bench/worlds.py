"""Two databases of one kind, filled alike: one for the floor, one for the product."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import insert, make_url, text

from market.config import Settings, load, make_installation_key
from market.db.session import db, transaction
from market.kernel.clock import system_now
from market.people import actions as people
from market.people.models import User
from market.records.keys import found_installation
from market.records.models import PurchaseCard, PurchaseFile
from market.records.search import pieces
from tests.bench import floor
from tests.factories import notices, places
from tests.factories.people import person
from tests.fixtures.databases import migrate

ROWS, PEOPLE = 20_000, 40
SECRET = "a secret that only the bench uses, of enough length"
_CSRF = "0123456789abcdef" * 2
_KINDS = ("助餐", "探访", "助浴", "康复", "陪伴")


@dataclass(frozen=True)
class Key:
    """What a browser of a signed-in person sends: its cookie, and the token for forms."""

    cookie: str
    token: str


def key(app: Flask, values: dict[str, Any]) -> Key:
    """A signed session made without a visit."""
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    cookie = signer.dumps({**values, "csrf_token": _CSRF})
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(_CSRF)
    return Key(f"{app.config['SESSION_COOKIE_NAME']}={cookie}", str(token))


def _title(number: int) -> str:
    return f"第{number}批{_KINDS[number % len(_KINDS)]}服务"


@dataclass
class FloorWorld:
    """The floor's database and a way in."""

    url: str
    app: Flask

    @property
    def environ(self) -> dict[str, str]:
        return {"FLOOR_URL": self.url, "FLOOR_SECRET": SECRET}

    def key(self) -> Key:
        """A signed-in person."""
        return key(self.app, {"person": 1})


def floor_world(url: str) -> FloorWorld:
    """Tables and rows of the floor."""
    app = floor.create_app(url, SECRET)
    at = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        {
            "id": number,
            "title": _title(number),
            "buyer": "南京市江宁区东山街道办事处",
            "text": notices.NEED,
            "amount_fen": 48_000_000,
            "state": "open",
            "deadline_at": at + timedelta(days=7),
        }
        for number in range(1, ROWS + 1)
    ]
    with app.app_context():
        floor.db.create_all()
        floor.db.session.execute(insert(floor.Person), [{"id": n, "name": f"人{n}"} for n in range(1, PEOPLE + 1)])
        floor.db.session.execute(insert(floor.Tender), rows)
        floor.db.session.commit()
        floor.db.session.execute(text("ANALYZE"))
        floor.db.session.commit()
        floor.db.engine.dispose()
    return FloorWorld(url, app)


@dataclass
class ProductWorld:
    """The product's database, its settings and a way in."""

    settings: Settings
    environ: dict[str, str]
    app: Flask
    ocids: list[str]

    @contextmanager
    def inside(self) -> Iterator[None]:
        """One committed transaction in the application's context."""
        with self.app.app_context(), transaction():
            yield

    def key(self, user: User) -> Key:
        """A browser of this person; inside a transaction."""
        return key(self.app, {"token": people.begin_session(user, "bench", "127.0.0.1", system_now())})


def product_world(url: str, data: Path) -> ProductWorld:
    """Tables, a few purchases with their whole story, and many rows of lists."""
    from market.app import create_app

    migrate(url)
    environ = {"MARKET_MODE": "test", "MARKET_DATA": str(data), "MARKET_DATABASE_URL": url, "MARKET_SECRET_KEY": SECRET}
    given = {k: v for k, v in os.environ.items() if not k.startswith("MARKET_")}
    settings = make_installation_key(load({**given, **environ}))
    app = create_app(settings)
    world = ProductWorld(settings, environ, app, [])
    with world.inside():
        found_installation("测试", system_now())
        _many_cards(make_url(url).get_backend_name() == "sqlite")
        at = system_now() - timedelta(days=100)
        world.ocids = [notices.published("paid", title=_title(n), at=at).ocid for n in range(ROWS + 1, ROWS + 11)]
    with app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return world


def reader(world: ProductWorld) -> Key:
    """Somebody signed in who reads."""
    with world.inside():
        return world.key(person(name="读者"))


def _many_cards(sqlite: bool) -> None:
    street, at = places.street(), system_now()
    files = [
        {
            "id": number,
            "ocid": f"ocds-linli0-{number}",
            "district_id": street.district_id,
            "street_id": street.id,
            "regime": "comparison",
            "title": _title(number),
            "opened_at": at,
        }
        for number in range(1, ROWS + 1)
    ]
    cards = [
        {
            "file_id": file["id"],
            "ocid": file["ocid"],
            "title": file["title"],
            "stage": "tender",
            "method": "comparison",
            "category": "elder_care",
            "district_id": street.district_id,
            "street_id": street.id,
            "place": "江宁区东山街道",
            "buyer": "南京市江宁区东山街道办事处",
            "year": 2026,
            "amount_fen": 48_000_000,
            "deadline_at": at + timedelta(days=7),
            "updated_notice_id": number - ROWS - 1,
            "compiled": {},
        }
        for number, file in enumerate(files, 1)
    ]
    db.session.execute(insert(PurchaseFile), files)
    db.session.execute(insert(PurchaseCard), cards)
    rows = [(card["file_id"], pieces(f"{card['title']} {card['buyer']}")) for card in cards]
    if sqlite:
        keys = text("INSERT INTO search_key (id, kind, row_id) VALUES (:id, 'purchase', :id)")
        words = text("INSERT INTO search_text (rowid, words) VALUES (:id, :words)")
        db.session.execute(keys, [{"id": number} for number, _ in rows])
        db.session.execute(words, [{"id": n, "words": " ".join(["kindpurchase", *found])} for n, found in rows])
        return
    vectors = [
        {"id": n, "words": " ".join(f"'{word}':{at}" for at, word in enumerate(["kindpurchase", *found], 1))}
        for n, found in rows
    ]
    statement = "INSERT INTO search_key (kind, row_id, words) VALUES ('purchase', :id, CAST(:words AS tsvector))"
    db.session.execute(text(statement), vectors)
    # Ids were given by hand; the counters go on from there.
    db.session.execute(text(f"SELECT setval('purchase_file_id_seq', {ROWS})"))
