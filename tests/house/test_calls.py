"""Calls and forms that the house does without."""

from __future__ import annotations

import ast

import pytest

from tests.house.source import Source, calls, dotted, product

CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")
READS_THE_CLOCK = {"market.kernel.clock"}
# An archive's own date and the waiting for a port are no business of the rulebook.
MAY_READ_IT = {"market.cli.database"}
COMMITS = {"market.db.session"}
# The fakes of bank and payment service run as processes of their own.
READS_THE_ENVIRONMENT = ("market.config", "contracts.payouts.providers")
# Where nothing is money: measuring, drawing and waiting.
MAY_USE_FLOATS = (
    "market.cli",
    "market.db.lock",
    "market.records.pades",
    "market.records.pdf",
    "market.records.queue",
    "market.records.signing",
    "market.records.worker",
    "market.web",
    "contracts.payouts.providers",
)


def _found(names: tuple[str, ...], allowed: set[str]) -> list[str]:
    return [
        f"{source.at(call)} {name}"
        for source in product()
        if source.module not in allowed
        for call, name in calls(source)
        if any(name == wanted or name.endswith("." + wanted) for wanted in names)
    ]


def test_only_the_kernel_reads_the_system_clock() -> None:
    assert not _found(CLOCKS, READS_THE_CLOCK | MAY_READ_IT)


def test_only_the_boundary_commits() -> None:
    assert not _found(("session.commit", "connection.commit"), COMMITS)


def test_settings_are_read_in_one_place() -> None:
    wrong = [
        source.at(node)
        for source in product()
        if not source.module.startswith(READS_THE_ENVIRONMENT)
        for node in source.nodes
        if isinstance(node, ast.expr) and dotted(node) in {"os.environ", "os.getenv"}
    ]
    assert not wrong


def _floats(source: Source) -> list[str]:
    found = []
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"{source.at(node)} the literal {node.value}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            found.append(f"{source.at(node)} float()")
    return found


def test_no_float_comes_near_money_or_scores() -> None:
    sources = [source for source in product() if not source.module.startswith(MAY_USE_FLOATS)]
    assert not [line for source in sources for line in _floats(source)]


def test_whole_numbers_are_not_divided_into_floats() -> None:
    """`/` is right between fractions and paths; on whole numbers it makes a float. Money code uses // or Fraction."""
    wrong = []
    for source in product():
        if source.path.stem not in {"rules", "money"} and "ledger" not in source.module:
            continue
        for node in source.nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                sides = [ast.unparse(side) for side in (node.left, node.right)]
                whole = any(side.endswith(("_fen", "_bp", "_centi")) or side.isdigit() for side in sides)
                if whole and not any("Fraction" in side for side in sides):
                    wrong.append(f"{source.at(node)} {' / '.join(sides)}")
    assert not wrong


@pytest.mark.parametrize("shelf", ["actions", "queries", "rules", "states", "notices"])
def test_inner_shelves_ask_for_the_instant(shelf: str) -> None:
    """`at` is an argument: inner code never asks the system what time it is."""
    wrong = [
        source.at(call)
        for source in product()
        if source.path.stem == shelf or source.path.parent.name == shelf
        for call, name in calls(source)
        if name.split(".")[-1] in {"system_now", "demonstration_now"}
    ]
    assert not wrong


def test_nothing_is_unpickled_or_evaluated() -> None:
    names = {"eval", "exec", "pickle.loads", "pickle.load", "marshal.loads", "yaml.load", "os.system"}
    wrong = [f"{source.at(call)} {name}" for source in product() for call, name in calls(source) if name in names]
    assert not wrong
