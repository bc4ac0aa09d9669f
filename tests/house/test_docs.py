"""Pages that the product writes are fresh, and what they promise is tested."""

from __future__ import annotations

import re

from market.cli.pages import permits_page, state_pages
from tests.house.source import ROOT, examples

DOCS = ROOT / "docs"


def test_the_table_of_permits_is_fresh() -> None:
    assert (DOCS / "permits.md").read_text("utf-8") == permits_page(), "run: market permits"


def test_the_state_diagrams_are_fresh() -> None:
    written = {path.name: path.read_text("utf-8") for path in (DOCS / "states").glob("*.md")}
    assert written == state_pages(), "run: market diagrams"


def test_the_table_of_rules_is_fresh() -> None:
    from market.kernel import rulebook

    assert (DOCS / "rules.md").read_text("utf-8") == rulebook.rules_page(), "run: python -m market.kernel.rulebook"


def _listed_rows() -> set[int]:
    rows: set[int] = set()
    for line in (DOCS / "rules.md").read_text("utf-8").splitlines():
        if found := re.match(r"\| *([0-9][0-9, ]*) *\|", line):
            rows |= {int(number) for number in found[1].split(",")}
    return rows


def _tested_rows() -> set[int]:
    names = "\n".join(source.text for source in examples())
    rows: set[int] = set()
    for found in re.findall(r"def test_rows?_(\d+(?:_(?:and_)?\d+)*)", names):
        rows |= {int(number) for number in re.findall(r"\d+", found)}
    return rows


def test_every_rule_listed_has_a_test_that_names_its_row() -> None:
    listed, tested = _listed_rows(), _tested_rows()
    assert len(listed) > 40
    assert sorted(listed - tested) == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in [ROOT / "README.md", *DOCS.rglob("*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
        if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
    ]
    assert not broken
