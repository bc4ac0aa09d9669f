"""Score sheets without names, as a table: a line for each criterion of each thing judged, a column for each sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from market.public.rules.reading import Data, part, rows, whole


def sheets(
    data: Data, judged: Iterable[tuple[int | None, str]], criteria: Iterable[tuple[str, str]]
) -> dict[str, Any] | None:
    """Return the sheets of a published evaluation, or None; points in hundredths, None where a sheet has none.

    `judged` are number and name of what was scored, in the order to be shown; `criteria` are id and title.
    """
    given = rows(data, "sheets")
    if not given:
        return None
    titles = list(criteria)
    return {
        "count": len(given),
        "rows": [
            {"name": name, "criterion": title, "points": [_point(sheet, number, key) for sheet in given]}
            for number, name in judged
            for key, title in titles
        ],
    }


def _point(sheet: Mapping[str, Any], number: int | None, key: str) -> int | None:
    return whole(part(sheet, str(number)), key)
