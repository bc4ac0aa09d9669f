"""Rooms that a second line of business passes through do not learn its name."""

from __future__ import annotations

import re

import pytest

from tests.house.source import ROOT

# What passes: from the money to the panel, from the award to the last payment.
PASSED = (
    "panels", "awards", "ledger", "budgets", "organisations", "evaluation", "tenders", "bids", "challenges", "records",
    "places", "people", "agreements", "delivery", "outcomes", "payouts",
)  # fmt: skip
WORDS = re.compile(r"venture|incubat|subsid|创投|孵化|补贴", re.IGNORECASE)


def _files(room: str) -> list[str]:
    code = [path for package in ("market", "contracts") for path in (ROOT / package / room).rglob("*.py")]
    pages = [path for package in ("market", "contracts") for path in (ROOT / "templates" / package / room).rglob("*.*")]
    pages += [path for folder in ("mail", "pdf") for path in (ROOT / "templates" / folder).glob(f"{room}_*")]
    words = list((ROOT / "market" / "web" / "translations").rglob(f"{room}.po"))
    return [str(path.relative_to(ROOT)) for path in (*code, *pages, *words)]


@pytest.mark.parametrize("room", PASSED)
def test_a_room_that_is_passed_knows_no_name_of_what_passes(room: str) -> None:
    files = _files(room)
    assert files
    found = [
        f"{name}:{number} {line.strip()[:80]}"
        for name in files
        for number, line in enumerate((ROOT / name).read_text("utf-8").splitlines(), 1)
        if WORDS.search(line)
    ]
    assert not found
