"""Money, seals, scores and paper inside one process, each beside the barest code that does the same."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from sqlalchemy import make_url, select

from contracts.agreements import jobs, mail
from market.bids import queries as bid_queries
from market.bids.models import Opening, SealedBid
from market.bids.rules import envelope_info
from market.db.session import db, transaction
from market.evaluation.rules import Entry, quality_points, rank
from market.kernel.clock import system_now
from market.kernel.sealing import open_for, public_of
from market.ledger.actions import book
from market.ledger.states import Reason
from market.people.queries import actor_of
from market.records import pdf
from tests.bench.report import Figure, Report
from tests.bench.worlds import ProductWorld
from tests.factories import agreements, bids, budgets, places
from tests.factories.people import PASSPHRASE

ROUNDS = 5
TRANSFERS, LEAST_TRANSFERS = 60, 0.25
BIDS = 100
SCORED, MEMBERS, CRITERIA = 10_000, 5, 4
DOCUMENTS, MOST_DOCUMENT = 6, 1.25


def alternated(
    barest: Callable[[], None], ours: Callable[[], None], rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Median seconds of both and the median of the rounds' ratios ours : barest; who begins changes each round."""
    times: list[tuple[float, float]] = []
    for number in range(rounds):
        spent = {}
        for work in (barest, ours) if number % 2 == 0 else (ours, barest):
            began = time.perf_counter()
            work()
            spent[work] = time.perf_counter() - began
        times.append((spent[barest], spent[ours]))
    return median(a for a, _ in times), median(b for _, b in times), median(b / a for a, b in times)


# --- money ------------------------------------------------------------------------------------------------------------

# The same row with the same indexes, and nothing that a ledger does: no accounts, no balances, no limits.
_RAW = (
    (
        "CREATE TABLE raw_transfer (id {key}, debit_id BIGINT, credit_id BIGINT, amount_fen BIGINT, reason TEXT, "
        "key TEXT UNIQUE, subject_kind TEXT, subject_id BIGINT, file_id BIGINT, at TEXT)"
    ),
    *(
        f"CREATE INDEX raw_{number} ON raw_transfer ({columns})"
        for number, columns in enumerate(("debit_id", "credit_id", "file_id", "subject_kind, subject_id"))
    ),
)
_INSERT = (
    "INSERT INTO raw_transfer (debit_id, credit_id, amount_fen, reason, key, subject_kind, subject_id, file_id, at) "
    "VALUES ({0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0})"
)


def measure_ledger(report: Report, world: ProductWorld) -> None:
    """Transfers a second, each committed, against a bare INSERT and commit of the same row."""
    with world.inside():
        line_id = budgets.line(year=system_now().year).id
    connection, mark = _bare(world.settings.database_url)
    for statement in _RAW:
        connection.execute(statement.format(key="INTEGER PRIMARY KEY" if mark == "?" else "BIGSERIAL PRIMARY KEY"))
    connection.commit()
    numbers = iter(range(10**9))

    def barest() -> None:
        for _ in range(TRANSFERS):
            number = next(numbers)
            row = (1, 2, 100, "reserve", f"k{number}", "bench", number, None, "2026-03-31 01:00:00.000000")
            connection.execute(_INSERT.format(mark), row)
            connection.commit()

    def ours() -> None:
        at = system_now()
        for _ in range(TRANSFERS):
            number = next(numbers)
            with transaction():
                reason = Reason.RESERVE if number % 2 == 0 else Reason.RELEASE
                book(reason, line_id, 100, f"bench:{number}", ("bench", number), None, at)

    with world.app.app_context():
        with transaction():
            book(Reason.RESERVE, line_id, 10_000_00, "bench:first", ("bench", 0), None, system_now())
        barest()
        ours()
        bare_s, our_s, ratio = alternated(barest, ours)
    connection.close()
    told = f"transfers/s {TRANSFERS / bare_s:.0f} : {TRANSFERS / our_s:.0f}"
    report.add(Figure("ledger transfers, rate", 1 / ratio, told, least=LEAST_TRANSFERS))


def _bare(url: str) -> tuple[Any, str]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(parsed.database), timeout=30, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")
        return connection, "?"
    import psycopg

    return psycopg.connect(parsed.set(drivername="postgresql").render_as_string(hide_password=False)), "%s"


# --- seals ------------------------------------------------------------------------------------------------------------


def measure_opening(report: Report, world: ProductWorld) -> None:
    """Opening a lot of 100 bids, both officers' acts and every bid decrypted and written, against bare decryption."""
    with world.inside():
        case = bids.sealed_lot()
        openers = [user.id for user in case.office.openers]
    for number in range(BIDS):
        with world.inside():
            bids.submit(case, bids.bidder(key=False), 15_000_000 + number)
    with world.app.app_context():
        one, two = (actor_of(user_id) for user_id in openers)
        began = time.perf_counter()
        with transaction():
            bids.actions.peel_lot(one, case.lot_id, PASSPHRASE, case.openable)
        with transaction():
            bids.actions.open_with_passphrase(two, case.lot_id, PASSPHRASE, case.openable)
        acts_s = time.perf_counter() - began
        waiting = [bid.id for bid in bid_queries.live_bids(case.lot_id)]
        db.session.rollback()
        began = time.perf_counter()
        for bid_id in waiting:
            with transaction():
                bids.jobs.decrypt_bid(bid_id)
        ours_s = time.perf_counter() - began
        bare_s = _bare_opening(world, case.lot_id)
    told = f"both acts {acts_s:.2f} s; 100 bids: bare {bare_s:.2f} s, here {ours_s:.2f} s ({ours_s * 10:.1f} ms a bid)"
    report.add(Figure("opening of 100 bids, time", ours_s / bare_s, told))


def _bare_opening(world: ProductWorld, lot_id: int) -> float:
    """Decrypt each envelope, read its JSON, insert one row and commit: nothing is checked and nothing recorded."""
    key = db.session.scalars(select(Opening.lot_key).filter_by(lot_id=lot_id)).one()
    rows = db.session.execute(
        select(SealedBid.id, SealedBid.receipt_number, SealedBid.envelope).filter_by(lot_id=lot_id)
    ).all()
    db.session.rollback()
    public = public_of(key)
    connection, mark = _bare(world.settings.database_url)
    connection.execute("CREATE TABLE raw_opened (id INTEGER PRIMARY KEY, content TEXT)")
    connection.commit()
    began = time.perf_counter()
    for bid_id, number, envelope in rows:
        plain = open_for(envelope, key, public, envelope_info(lot_id, number))
        content = json.dumps(json.loads(plain), ensure_ascii=False)
        connection.execute(f"INSERT INTO raw_opened VALUES ({mark}, {mark})", (bid_id, content))
        connection.commit()
    spent = time.perf_counter() - began
    connection.close()
    return spent


# --- scores -----------------------------------------------------------------------------------------------------------


def measure_scoring(report: Report) -> None:
    """Averages of all members and the legal order of 10,000 bids, exact, against the same in floats."""
    chance = random.Random(7)
    prices = [chance.randrange(30_000_000, 48_000_000) for _ in range(SCORED)]
    marks = [
        (bid, criterion, chance.randrange(0, 2_001, 50))
        for bid in range(SCORED)
        for criterion in range(CRITERIA)
        for _ in range(MEMBERS)
    ]

    def ours() -> None:
        points = quality_points(marks)
        entries = [Entry(f"bid-{n}", price, sum(points[n].values())) for n, price in enumerate(prices)]
        rank(entries, 2_000, seed="7" * 64)

    def barest() -> None:
        sums: dict[tuple[int, int], float] = {}
        for bid, criterion, centi in marks:
            sums[bid, criterion] = sums.get((bid, criterion), 0.0) + centi
        quality = [sum(round(sums[n, c] / MEMBERS, 2) for c in range(CRITERIA)) for n in range(SCORED)]
        base = min(prices)
        totals = [(q + round(base / p * 2_000, 2), p, n) for n, (q, p) in enumerate(zip(quality, prices, strict=True))]
        totals.sort(key=lambda line: (-line[0], line[1]))

    bare_s, our_s, ratio = alternated(barest, ours)
    told = f"{len(marks):,} marks: floats {bare_s:.2f} s, exact {our_s:.2f} s"
    report.add(Figure("scoring of 10,000 bids, time", ratio, told))


# --- paper ------------------------------------------------------------------------------------------------------------


def measure_contract(report: Report, world: ProductWorld) -> None:
    """The contract's document job against WeasyPrint alone on the same HTML, style sheet and fonts."""
    with world.inside():
        row = agreements.issued(agreements.awarded(place=places.street("320115003")), document="none")
    with world.app.app_context():
        html = mail.contract_html(row)
        engine = pdf._engine()
        sheets = {"font_config": engine.fonts, "color_profiles": engine.colours, "stylesheets": [engine._base]}

        def barest() -> None:
            for _ in range(DOCUMENTS):
                engine.weasyprint.HTML(string=html, url_fetcher=engine.fetcher).write_pdf(**sheets)

        def ours() -> None:
            for _ in range(DOCUMENTS):
                jobs.document(row)

        barest()
        ours()
        bare_s, our_s, ratio = alternated(barest, ours)
        db.session.rollback()
    told = f"WeasyPrint {1000 * bare_s / DOCUMENTS:.0f} ms, job {1000 * our_s / DOCUMENTS:.0f} ms a document"
    report.add(Figure("contract document, time", ratio, told, most=MOST_DOCUMENT))
