"""Submitting a sealed bid against the floor's POST: whole requests with session, CSRF, validation and one commit."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlencode

import lxml.html

from market.kernel.permits import Role, Scope
from tests.bench.driving import Call, compare, drive
from tests.bench.processes import Server
from tests.bench.report import Figure, Report
from tests.bench.worlds import FloorWorld, Key, ProductWorld, key
from tests.factories import bids
from tests.factories.people import give

ROUNDS, ALONE, TOGETHER = 7, 24, 32
LEAST = 0.4
WRITERS, SAVES = 8, 60
MOST_P99_MS = 300
_PLAN = "每周入户两次，逐户建档；节假日照常。" * 20


def lot_with_drafts(world: ProductWorld, count: int, *, signing: bool) -> list[tuple[Key, str]]:
    """That many bidders with a complete draft for one lot: a browser of each (who signs or who wrote), and its bid."""
    with world.inside():
        case = bids.sealed_lot()
    found = []
    for _ in range(count):
        with world.inside():
            team = bids.bidder()
            bids.fill(case, team, plan=_PLAN)
            give(team.signatory, Role.ORGANISATION_EDITOR, Scope(organisation_id=team.id))
            user = team.signatory if signing else team.editor
            found.append((world.key(user), f"/bids/{case.lot_id}/{team.id}"))
    return found


def measure(report: Report, floor: Server, product: Server, left: FloorWorld, right: ProductWorld) -> None:
    """Add the submission's figures."""
    wanted = ROUNDS * (ALONE + TOGETHER) + 16
    ready = iter([_submission(product, *one) for one in lot_with_drafts(right, wanted, signing=True)])
    offers = _offers(left)
    drive(floor, [next(offers) for _ in range(16)], 8)
    drive(product, [next(ready) for _ in range(16)], 8)
    for connections, count in ((1, ALONE), (8, TOGETHER)):
        rounds = [([next(offers) for _ in range(count)], [next(ready) for _ in range(count)]) for _ in range(ROUNDS)]
        found = compare(floor, product, rounds, connections)
        (f_ms, p_ms), (f_rate, p_rate) = found.cpu_ms(), found.rates()
        told = f"requests/s {f_rate:.0f} : {p_rate:.0f}   CPU ms {f_ms:.1f} : {p_ms:.1f} ({found.cpu_ratio:.2f})"
        report.add(Figure(f"bid submission, {connections} connection(s), rate", found.rate_ratio, told, least=LEAST))


def _submission(product: Server, own: Key, address: str) -> Call:
    """The form of the submit page, filled in as the page shows it and confirmed."""
    connection = HTTPConnection("127.0.0.1", product.port, timeout=60)
    connection.request("GET", f"{address}/submit", headers={"Cookie": own.cookie})
    answer = connection.getresponse()
    # As a browser does, which sends back what it was last given.
    cookie = (answer.getheader("Set-Cookie") or own.cookie).partition(";")[0]
    tree = lxml.html.document_fromstring(answer.read())
    form = next(one for one in tree.forms if one.action.endswith("/submit"))
    typed = {name: value for name, value in form.fields.items() if value is not None}
    typed |= {box.name: box.get("value") or "y" for box in form.xpath(".//input[@type='checkbox']")}
    return Call("POST", f"{address}/submit", cookie, urlencode(typed), expected=302)


def _offers(left: FloorWorld) -> Iterator[Call]:
    people = [key(left.app, {"person": number}) for number in range(1, 41)]
    number = 0
    while True:
        own = people[number % len(people)]
        typed = {"csrf_token": own.token, "price_fen": 16_500_000 + number, "head": "负责人", "plan": _PLAN}
        yield Call("POST", "/tenders/19000/bid", own.cookie, urlencode(typed), expected=303)
        number += 1


def measure_writers(report: Report, product: Server, right: ProductWorld) -> None:
    """Eight people save fields of their drafts at once: nobody waits long."""
    ready = lot_with_drafts(right, WRITERS, signing=False)
    calls = [
        Call(
            "POST", f"{address}/field", own.cookie,
            urlencode({"csrf_token": own.token, "field": "team", "team": f"项目负责人一名，社工{number}名。"}),
            accept="application/json",
        )
        for number in range(SAVES)
        for own, address in ready
    ]  # fmt: skip
    drive(product, calls[:WRITERS], WRITERS)
    run = drive(product, calls, WRITERS)
    p50, p99 = run.percentile_ms(0.5), run.percentile_ms(0.99)
    told = f"half of {run.calls} saves within {p50:.0f} ms, {run.per_second:.0f} saves/s, CPU ms {run.cpu_ms:.1f}"
    report.add(Figure("8 writers at once, 99 of 100 within", p99, told, most=MOST_P99_MS, unit="ms"))
