"""Imports go down the stairs, and nobody uses another room's doors."""

from __future__ import annotations

import contextlib
import io

import grimp
from importlinter.cli import lint_imports

from tests.house.source import PACKAGES

DOORS = {"views", "api", "due", "jobs", "forms", "room"}
# The two that collect the rooms' cards.
COLLECTORS = {"market.app", "market.cli"}


def test_import_contracts_hold() -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = lint_imports(no_cache=True)
    assert status == 0, said.getvalue()


def test_no_room_uses_the_doors_of_another() -> None:
    graph = grimp.build_graph(*PACKAGES)
    wrong = []
    for module in graph.modules:
        parts = module.split(".")
        if len(parts) < 3 or parts[2] not in DOORS:
            continue
        room = ".".join(parts[:2])
        for importer in graph.find_modules_that_directly_import(module):
            own = importer.startswith(room + ".")
            collects = parts[2] == "room" and any(importer == c or importer.startswith(c + ".") for c in COLLECTORS)
            if not own and not collects:
                wrong.append(f"{importer} imports {module}")
    assert not wrong
