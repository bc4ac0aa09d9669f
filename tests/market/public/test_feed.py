"""The change feed: whoever polls it sees every notice once, whatever the order in which transactions end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from market.db.engine import begin_writing
from market.db.session import db, transaction
from market.kernel.clock import system_now
from market.kernel.permits import CLOCK
from market.records.models import Notice, PurchaseFile
from market.records.notices import CardFacts, publish
from market.records.purchases import open_file
from tests.factories.places import street
from tests.fixtures.databases import Databases

WRITERS, EACH = 8, 6


@pytest.fixture
def files(own_app: Flask) -> list[int]:
    """A purchase for each writer, so that no two wait for one chain."""
    with own_app.app_context(), transaction():
        begin_writing(db.session)
        place = street()
        made = []
        for number in range(WRITERS):
            file = open_file(place.district_id, place.id, place.code, "comparison", f"第{number}批", system_now())
            # Begun already: the first notice of a purchase counts in its street's figures, and there they would meet.
            publish(file, "tender", {"tender": {"id": "1"}}, CardFacts(), CLOCK, system_now())
            made.append(file.id)
    return made


def _write(app: Flask, file_id: int, count: int) -> list[str]:
    """Publish some notices, each in a transaction of its own; every third comes with a second one."""
    written = []
    for number in range(count):
        with app.app_context(), transaction():
            file = db.session.get_one(PurchaseFile, file_id)
            for _ in range(2 if number % 3 == 0 else 1):
                fragment = {"tender": {"id": "1", "title": f"{file_id}-{number}"}}
                written.append(publish(file, "tender", fragment, CardFacts(), CLOCK, system_now()).release_id)
    return written


class Poller:
    """A reader that asks the feed again and again, and keeps what it saw in its order."""

    def __init__(self, app: Flask) -> None:
        self.client, self.after, self.seen = app.test_client(), "0", []

    def poll(self) -> int:
        """Ask once; the number of new rows."""
        page = self.client.get(f"/api/v1/changes?after={self.after}&limit=7").get_json()
        self.after = page["next"]
        self.seen += [row["id"] for row in page["items"]]
        return len(page["items"])


def test_a_reader_under_eight_writers_misses_nothing_and_sees_nothing_twice(own_app: Flask, files: list[int]) -> None:
    poller, done = Poller(own_app), threading.Event()

    def read() -> None:
        # A breath between two questions: a reader in the writers' process would otherwise keep them from running.
        while not done.wait(0.01):
            poller.poll()

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        reading = pool.submit(read)
        writing = [pool.submit(_write, own_app, file_id, EACH) for file_id in files]
        written = [one for job in writing for one in job.result()]
        done.set()
        reading.result()
    while poller.poll():
        pass
    assert len(poller.seen) == len(set(poller.seen))
    assert set(written) <= set(poller.seen)
    with own_app.app_context():
        assert len(poller.seen) == db.session.scalar(select(func.count()).select_from(Notice))
    for file_id in files:
        own = [one for one in poller.seen if one in set(written) and one in set(_of(own_app, file_id))]
        assert own == sorted(own)


def test_the_last_cursor_gets_an_empty_page_and_one_never_given_out_is_refused(
    own_app: Flask, files: list[int]
) -> None:
    poller = Poller(own_app)
    while poller.poll():
        pass
    last, url = poller.after, "/api/v1/changes?after="
    assert poller.client.get(f"{url}{last}").get_json() == {"items": [], "next": last}
    for beyond in (int(last) + 1, 10**18 - 1):
        answer = poller.client.get(f"{url}{beyond}")
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
        assert answer.get_json()["field"] == "after"
        assert answer.get_json()["detail"] == "这个游标从未发出过，请不带游标从头开始。"
    written = _write(own_app, files[0], 1)
    poller.seen.clear()
    poller.poll()
    assert poller.seen == written
    assert poller.client.get(f"{url}{poller.after}").get_json()["items"] == []


def test_a_feed_without_notices_begins_and_ends_at_nought(own_app: Flask) -> None:
    client = own_app.test_client()
    for query in ("", "?after=0"):
        assert client.get(f"/api/v1/changes{query}").get_json() == {"items": [], "next": "0"}
    assert client.get("/api/v1/changes?after=1").status_code == 400


def _of(app: Flask, file_id: int) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Notice.release_id).filter_by(file_id=file_id).order_by(Notice.id)))


def test_a_notice_written_first_and_committed_last_comes_last(
    own_app: Flask, files: list[int], databases: Databases
) -> None:
    """Only PostgreSQL lets two write at once: the earlier id commits later, after a reader has passed the other."""
    if databases.kind == "sqlite":
        assert own_app.extensions["linli"].settings.uses_sqlite
        return
    poller, written, committed = Poller(own_app), threading.Event(), threading.Event()
    while poller.poll():
        pass
    poller.seen.clear()

    def slow() -> str:
        with own_app.app_context(), transaction():
            file = db.session.get_one(PurchaseFile, files[0])
            first = publish(file, "tender", {"tender": {"id": "1"}}, CardFacts(), CLOCK, system_now()).release_id
            written.set()
            assert committed.wait(20)
        return first

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slow)
        assert written.wait(20)
        quick = _write(own_app, files[1], 1)
        poller.poll()
        assert poller.seen == quick
        committed.set()
        first = late.result()
    poller.poll()
    assert poller.seen == [*quick, first]
