"""A purchase with 200 bids, verified as a reader does it: the file is run in a process of its own."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.report import Figure, Report
from tests.factories.bundles import Offer, Plan, published
from tests.factories.verifying import PATH

BIDS, MOST_S, ROUNDS = 200, 2.0, 5


def bundle() -> bytes:
    """A purchase with 200 bids, among them equal ones, claims to be small and low prices."""
    chance = random.Random(200)
    offers = tuple(
        Offer(
            chance.randrange(40_000_00, 120_000_00, 500_00), (chance.randrange(3000, 6000, 50), 2000), n % 3 == 0, n % 3
        )
        for n in range(BIDS)
    )
    return published(Plan(offers, deduction_bp=1000, day=date(2026, 3, 3))).bundle()


def measure(report: Report) -> None:
    """Median seconds of a whole run, the start of the interpreter included."""
    with TemporaryDirectory(prefix="linli-verify-") as folder:
        file = Path(folder) / "bundle.zip"
        file.write_bytes(bundle())
        spent = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-I", str(PATH), str(file)],
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
            )
            spent.append(time.perf_counter() - began)
            assert done.returncode == 0, done.stdout[-500:]
        lines = len(done.stdout.splitlines())
        told = f"{file.stat().st_size / 1024:.0f} kB, {lines} lines of output, {BIDS} signed receipts"
        report.add(Figure(f"verify a purchase of {BIDS} bids", median(spent), told, most=MOST_S, unit=" s"))
