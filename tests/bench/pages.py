"""The public list, search and purchase page against the floor's list, search and detail."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.driving import Call, compare, drive
from tests.bench.processes import Server
from tests.bench.report import Figure, Report
from tests.bench.worlds import FloorWorld, Key, ProductWorld, reader

WORDS = "%E5%8A%A9%E9%A4%90"  # 助餐, one row in five
ROUNDS, ALONE, TOGETHER = 5, 80, 160
MOST = 3.0


def measure(report: Report, floor: Server, product: Server, left: FloorWorld, right: ProductWorld) -> None:
    """Add three figures, at one connection and at eight."""
    own, our = left.key(), reader(right)
    kinds = {
        "public list": (_gets(own, ["/tenders"]), _gets(our, ["/purchases"])),
        "public search": (_gets(own, [f"/tenders?words={WORDS}"]), _gets(our, [f"/purchases?words={WORDS}"])),
        "purchase page": (
            _gets(own, [f"/tenders/{n}" for n in range(19_991, 20_001)]),
            _gets(our, [f"/purchases/{ocid}" for ocid in right.ocids]),
        ),
    }
    for name, (ours, theirs) in kinds.items():
        drive(floor, _times(ours, 60), 8)
        drive(product, _times(theirs, 60), 8)
        for connections, count in ((1, ALONE), (8, TOGETHER)):
            rounds = [(_times(ours, count), _times(theirs, count)) for _ in range(ROUNDS)]
            found = compare(floor, product, rounds, connections)
            (f_ms, p_ms), (f_rate, p_rate) = found.cpu_ms(), found.rates()
            told = f"CPU ms {f_ms:.1f} : {p_ms:.1f}   requests/s {f_rate:.0f} : {p_rate:.0f} ({found.rate_ratio:.2f})"
            report.add(Figure(f"{name}, {connections} connection(s), CPU", found.cpu_ratio, told, most=MOST))


def _gets(key: Key, paths: Sequence[str]) -> list[Call]:
    return [Call("GET", path, key.cookie) for path in paths]


def _times(calls: Sequence[Call], count: int) -> list[Call]:
    return [calls[number % len(calls)] for number in range(count)]
