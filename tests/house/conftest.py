"""House tests read the whole source: one process does it once for all of them, the slow ones aside."""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents and "slow" not in item.keywords:
            item.add_marker(pytest.mark.xdist_group("house"))
