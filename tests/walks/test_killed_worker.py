"""A worker killed again and again in a run of payments: the bank's own journal and our ledger agree to the fen."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from contracts.payouts import actions
from contracts.payouts.models import Attempt, Payment
from contracts.payouts.providers import installed
from contracts.payouts.providers.fake_bank import read_journal
from contracts.payouts.providers.processes import Running
from market.cli.reconciling import comparisons
from market.db.session import db, transaction
from market.ledger.models import Transfer
from market.records.audit import verify_all
from market.records.models import Notice
from tests.factories.payouts import RAISED, Office, accept, approved, evaluate, office, raised

pytestmark = pytest.mark.slow
PAYMENTS = 50
STEP = timedelta(minutes=30)


class Bank:
    """The bank's process: asked over its own door, read in its own journal."""

    def __init__(self, url: str, journal: Path) -> None:
        self.url, self.journal = url, journal

    def ask(self, method: str, path: str, data: object = None) -> int:
        parts = urlsplit(self.url)
        with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=30)) as connection:
            connection.request(method, path, None if data is None else json.dumps(data))
            return connection.getresponse().status

    def orders(self) -> list[dict]:
        return [entry for entry in read_journal(self.journal) if entry["entry"] == "order"]


class Workers:
    """Lives of a worker, forked one after the other."""

    def __init__(self, url: str, data: Path, bank: str) -> None:
        command = [sys.executable, "-m", "tests.walks.forked_workers", url, str(data), bank]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._hear("ready")

    def tell(self, word: str, answer: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        self._hear(answer)

    def _hear(self, wanted: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == wanted + "\n"

    def end(self) -> None:
        self.process.communicate()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    journal = tmp_path / "bank.jsonl"
    with Running("contracts.payouts.providers.fake_bank", "--journal", str(journal)) as running:
        yield Bank(running.url, journal)


@pytest.fixture
def desk(own_app: Flask, bank: Bank) -> Office:
    """Fifty approved payments: twenty-five milestones over two budget lines. The bank has a direct line."""
    settings = own_app.extensions["linli"].settings
    installed.open_providers(replace(settings, bank_direct_url=bank.url))
    with own_app.app_context(), transaction():
        desk = office(shares_bp=(10_000 // 25,) * 25)
        for number in range(1, 26):
            accept(desk, number)
        evaluate(desk, 25, 9_500, "pass")
        rows = raised(desk)
        assert len(rows) == PAYMENTS
        approved(desk, rows)
    return desk


@pytest.fixture
def workers(own_app: Flask, bank: Bank, tmp_path: Path) -> Iterator[Workers]:
    settings = own_app.extensions["linli"].settings
    running = Workers(settings.database_url, settings.data, bank.url)
    yield running
    running.end()


def test_fifty_payments_and_a_worker_killed_fifty_times(
    own_app: Flask, bank: Bank, desk: Office, workers: Workers, engine_kind: str
) -> None:
    chance, kills = random.Random(20260601), 50 if engine_kind == "sqlite" else 10
    ids = _ids(own_app)
    waiting = [ids[number::kills] for number in range(kills)]
    between = 0
    for life, chosen in enumerate(waiting):
        _give_work(own_app, bank, desk, chosen, life)
        if life == 1:
            # By now the bank has carried out an order, so that a rehearsal comes to the booking too.
            workers.tell("rehearse", "ready")
        taken = len(bank.orders())
        # In one life of two the bank holds its answers back: whoever has sent is killed before it can write down.
        holds = chance.random() < 0.5
        bank.ask("POST", "/faults", {"hold": holds, "delay_ms": chance.randrange(0, 20)})
        workers.tell("start", "up")
        if holds:
            bank.ask("GET", f"/wait?taken={taken + 1}&timeout_s=5")
        _a_moment(chance.uniform(0, 0.4))
        workers.tell("kill", "dead")
        between += _sent_and_not_written_down(own_app, bank) > 0
        bank.ask("POST", "/faults", {"hold": False})
    assert between >= kills // 5
    _finish(own_app, bank, desk, workers)
    _journal_and_ledger_agree(own_app, bank)


def _ids(app: Flask) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(select(Payment.id).order_by(Payment.id)))


def _give_work(app: Flask, bank: Bank, desk: Office, chosen: list[int], life: int) -> None:
    """The bank settles what it has, the cashier orders some more, the clock asks after what is open."""
    bank.ask("POST", "/settlements", {"date": "2026-06-05"})
    at = RAISED + STEP * life
    with app.app_context(), transaction():
        if chosen:
            actions.order_direct(desk.cashier, chosen, at)
        actions.chase_orders(at + STEP, older_than=STEP)


def _a_moment(seconds: float) -> None:
    threading.Event().wait(seconds)


def _sent_and_not_written_down(app: Flask, bank: Bank) -> int:
    """Orders in the bank's journal of which our database knows nothing yet."""
    with app.app_context():
        known = set(db.session.scalars(select(Attempt.key).where(Attempt.reference.is_not(None))))
    return len({order["key"] for order in bank.orders()} - known)


def _finish(app: Flask, bank: Bank, desk: Office, workers: Workers) -> None:
    """Let the last worker live until everything is paid."""
    workers.tell("start", "up")
    end, life = monotonic() + 60, 1_000
    while _open(app):
        assert monotonic() < end, f"{_open(app)} payments never came to an end"
        life += 1
        _give_work(app, bank, desk, [], life)
        _a_moment(0.3)
    workers.tell("kill", "dead")


def _open(app: Flask) -> int:
    with app.app_context():
        query = select(func.count(Payment.id)).where(Payment.state != "paid")
        return db.session.scalar(query) or 0


def _journal_and_ledger_agree(app: Flask, bank: Bank) -> None:
    orders = bank.orders()
    ordered = {order["key"]: order["payment"]["amount_fen"] for order in orders}
    assert len(orders) == len(ordered) == PAYMENTS
    settled = Counter(
        key
        for entry in read_journal(bank.journal)
        if entry["entry"] == "settlement"
        for key, state in entry["results"]
        if state == "paid"
    )
    assert set(settled) == set(ordered)
    assert set(settled.values()) == {1}
    with app.app_context():
        booked = {
            row.key.removeprefix("pay:"): row.amount_fen
            for row in db.session.scalars(select(Transfer).where(Transfer.reason == "pay"))
        }
        assert booked == ordered
        attempts = list(db.session.scalars(select(Attempt)))
        assert {row.key: row.reference for row in attempts} == {order["key"]: order["reference"] for order in orders}
        assert [row.number for row in attempts] == [1] * PAYMENTS
        assert db.session.scalar(select(func.count(Notice.id)).filter_by(tag="implementation")) == PAYMENTS
        assert [line for line in comparisons() if not line.agrees] == []
        assert verify_all()[1] is None
