"""The command line, called as a person calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from market.cli import main

Call = Callable[..., tuple[int, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """Runs `market …` with MARKET_* settings; returns status and everything it printed."""

    def market(*words: str, **settings: str) -> tuple[int, str]:
        given = {"data": str(tmp_path / "data"), "mode": "test", **settings}
        with monkeypatch.context() as patch:
            for name, value in given.items():
                patch.setenv(f"MARKET_{name.upper()}", value)
            patch.setattr("sys.argv", ["market", *words])
            with pytest.raises(SystemExit) as ended:
                main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return market
