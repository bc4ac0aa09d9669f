"""Fixtures are small plugins, one concern each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from market.cli.installation import settle_memory

pytest_plugins = [
    "tests.fixtures.network",
    "tests.fixtures.templates",
    "tests.fixtures.clock",
    "tests.fixtures.databases",
    "tests.fixtures.application",
]
_HERE = Path(__file__).parent
# What takes longest, in the order in which it begins.
_FIRST = ("walks/browser", "walks", "market/web/test_looks.py")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Say what one process does as a whole, and begin with what takes longest.

    Tests of one room on one engine begin alike, and a beginning is prepared once in each process. House tests read the
    whole source. Tests with processes of their own share nothing.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None and "slow" not in item.keywords:
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    yield
    # The library has put tests of one engine together; what takes longest still comes first.
    items.sort(key=lambda item: [_HERE / place not in (item.path, *item.path.parents) for place in _FIRST])


def _group(item: pytest.Item) -> str:
    place = item.path.relative_to(_HERE)
    if place.parts[0] == "house":
        return "house"
    values = item.callspec.params if hasattr(item, "callspec") else {}
    if "engine_kind" not in values or place.parts[0] == "walks":
        return ".".join((*place.with_suffix("").parts, values.get("engine_kind", "")))
    return ".".join((*place.parts[:2], values["engine_kind"]))


def pytest_collection_finish() -> None:
    """Tests run under the same collector as the product."""
    settle_memory()


def pytest_sessionfinish() -> None:
    """What nobody holds any more is collected once; the library would look through everything six times."""
    settle_memory()
