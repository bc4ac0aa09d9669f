"""A package of another publisher on the shelf, as an importer leaves it; one purchase is in order, one is odd."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from market.kernel.clock import system_now
from market.records.importing import put_on_shelf, stage

PACKAGE: dict[str, Any] = {
    "publisher": {"name": "Comune di Esempio", "uri": "https://example.org"}, "license": "CC0",
    "releases": [
        {"ocid": "ocds-abc123-1/a b", "id": "1", "date": "2024-01-01T00:00:00Z", "buyer": {"name": "Comune"},
         "tender": {"title": "社区助餐 Pasti", "description": "<b>mensa</b>", "value": {"amount": 5.25}},
         "awards": [{"title": "Uno", "suppliers": [{"name": "Cooperativa"}], "value": "odd"}, 7],
         "contracts": {"id": "c", "dateSigned": "2024-02-01"}, "parties": [{"name": "Comune", "roles": "buyer"}]},
        {"ocid": "ocds-abc123-2", "tender": [], "awards": "none"},
    ],
}  # fmt: skip
OCID, ODD = (one["ocid"] for one in PACKAGE["releases"])


def shelf() -> None:
    """Put the package on the shelf, as part of the caller's transaction."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as staged:
        path = Path(folder, "package.json")
        path.write_text(json.dumps(PACKAGE), "utf-8")
        publisher, _, _ = stage(path, staged, lambda _: None)
        put_on_shelf(staged, publisher, "", system_now())
