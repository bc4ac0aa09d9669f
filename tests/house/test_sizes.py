"""Files and functions that a person can hold in the head."""

from __future__ import annotations

import ast

from tests.house.source import Source, examples, product

PRODUCT_LINES, TEST_LINES, FUNCTION_LINES = 400, 600, 60


# One file, so that a reader has all of it: docs/decisions/0009-verifier-in-one-file.md.
ALONE = "market/public/verifier/verify.py"


def _long(sources: tuple[Source, ...], most: int) -> list[str]:
    return [f"{s.name}: {n} lines" for s in sources if (n := len(s.text.splitlines())) > most]


def test_no_file_is_too_long() -> None:
    rooms = tuple(source for source in product() if source.name != ALONE)
    assert _long(rooms, PRODUCT_LINES) + _long(examples(), TEST_LINES) == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{source.at(node)} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for source in product()
        for node in source.nodes
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    silent = [source.name for source in product() if source.text.strip() and not ast.get_docstring(source.tree)]
    assert not silent
