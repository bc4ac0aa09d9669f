"""OCDS packages around what stands on the board: releases keep their bytes, a record adds the compiled release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

_HOME = "https://raw.githubusercontent.com/open-contracting-extensions"
# Where the fields stand that are not of the core schema; ours are in an extension that we serve (`extension.py`).
EXTENSIONS = (
    f"{_HOME}/ocds_bid_extension/v1.1.5/extension.json",
    f"{_HOME}/ocds_lots_extension/v1.1.5/extension.json",
    f"{_HOME}/ocds_awardCriteria_extension/master/extension.json",
    f"{_HOME}/ocds_budget_breakdown_extension/master/extension.json",
    f"{_HOME}/ocds_metrics_extension/master/extension.json",
)
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def frame(uri: str, publisher: str, published: datetime, own: str) -> dict[str, Any]:
    """Return what every package says of itself; `own` is the address of our extension."""
    return {
        "uri": uri,
        "version": "1.1",
        "extensions": [*EXTENSIONS, own],
        "publishedDate": published.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "publisher": {"name": publisher},
        "license": LICENCE,
    }


def compiled_release(compiled: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a purchase as the compiled release of its record (OCDS 1.1, "Merging")."""
    return {**compiled, "id": f"{compiled['ocid']}-{compiled['date']}", "tag": ["compiled"]}


def release_package(head: Mapping[str, Any], releases: Iterable[bytes]) -> bytes:
    """Return a release package; the releases stand in it byte for byte."""
    return _with(head, "releases", b",".join(releases))


def record_package(head: Mapping[str, Any], compiled: Mapping[str, Any], releases: Sequence[bytes]) -> bytes:
    """Return a record package of one purchase: its releases byte for byte, and the compiled release."""
    return _with(head, "records", record(compiled, releases))


def record(compiled: Mapping[str, Any], releases: Sequence[bytes]) -> bytes:
    """Return one purchase's record."""
    whole = orjson.dumps({"ocid": compiled["ocid"], "compiledRelease": compiled_release(compiled)})
    return whole[:-1] + b',"releases":[' + b",".join(releases) + b"]}"


def _with(head: Mapping[str, Any], name: str, rows: bytes) -> bytes:
    return orjson.dumps(head)[:-1] + b',"' + name.encode() + b'":[' + rows + b"]}"
