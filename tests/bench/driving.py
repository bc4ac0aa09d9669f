"""Clients: requests sent one after the other on each of some connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from statistics import median

from tests.bench.processes import Server

TYPED = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """One request and the status that counts as an answer."""

    method: str
    path: str
    cookie: str
    body: str = ""
    expected: int = 200
    accept: str = "text/html"


@dataclass
class Run:
    """What came of a number of calls."""

    calls: int
    seconds: float
    cpu_ms: float
    latencies: list[float] = field(repr=False)

    @property
    def per_second(self) -> float:
        return self.calls / self.seconds

    def percentile_ms(self, share: float) -> float:
        """Latency below which this share of the calls stayed."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def drive(server: Server, calls: Sequence[Call], connections: int) -> Run:
    """Send all calls over that many connections; a wrong answer ends the run."""
    faults: list[str] = []
    latencies: list[float] = []
    gate = threading.Barrier(connections + 1)

    def work(own: Sequence[Call]) -> None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.connect()
        gate.wait()
        for call in own:
            began = time.perf_counter()
            headers = {"Cookie": call.cookie, "Accept": call.accept}
            if call.body:
                headers["Content-Type"] = TYPED
            connection.request(call.method, call.path, call.body or None, headers)
            answer = connection.getresponse()
            text = answer.read()
            latencies.append(time.perf_counter() - began)
            if answer.status != call.expected:
                faults.append(f"{call.method} {call.path}: {answer.status} {text[:2000]!r}")
                return

    threads = [threading.Thread(target=work, args=(calls[n::connections],)) for n in range(connections)]
    for thread in threads:
        thread.start()
    gate.wait()
    used, began = server.cpu_s(), time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if faults:
        raise RuntimeError(faults[0])
    return Run(len(calls), seconds, 1000 * (server.cpu_s() - used) / len(calls), latencies)


@dataclass(frozen=True)
class Compared:
    """Floor and product over several rounds, alternated; ratios are the medians of the rounds' ratios."""

    floor: list[Run]
    product: list[Run]

    @property
    def cpu_ratio(self) -> float:
        """Product over floor, processor time a request."""
        return median(p.cpu_ms / f.cpu_ms for f, p in zip(self.floor, self.product, strict=True))

    @property
    def rate_ratio(self) -> float:
        """Product over floor, requests a second."""
        return median(p.per_second / f.per_second for f, p in zip(self.floor, self.product, strict=True))

    def cpu_ms(self) -> tuple[float, float]:
        """Medians: floor, product."""
        return median(r.cpu_ms for r in self.floor), median(r.cpu_ms for r in self.product)

    def rates(self) -> tuple[float, float]:
        """Medians: floor, product."""
        return median(r.per_second for r in self.floor), median(r.per_second for r in self.product)


def compare(
    floor: Server, product: Server, calls: Sequence[tuple[Sequence[Call], Sequence[Call]]], connections: int
) -> Compared:
    """One round for each pair of call lists; who begins changes from round to round."""
    left: list[Run] = []
    right: list[Run] = []
    for number, (ours, theirs) in enumerate(calls):
        sides = [(floor, ours, left), (product, theirs, right)]
        for server, listed, kept in sides if number % 2 == 0 else reversed(sides):
            kept.append(drive(server, listed, connections))
    return Compared(left, right)
