"""The verifier, loaded the way a reader has it: as a file. Nothing of it is imported by name."""

from __future__ import annotations

import runpy
from functools import cache
from typing import Any

from market.public.rules.bundle import VERIFIER, files

PATH = files("market.public").joinpath("verifier", VERIFIER)


@cache
def program() -> dict[str, Any]:
    """Everything the file defines."""
    return runpy.run_path(str(PATH))


def verify(raw: bytes, receipt: bytes | None = None, head: str | None = None, lang: str = "zh") -> Any:
    """Check a bundle in this process; returns the report."""
    return program()["verify"](raw, receipt, head, lang)
