"""What purchases and rounds publish alike: the draw's numbers, and score sheets without names as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from market.public.rules.reading import Data, part, rows, text, whole

_DRAWN_BY = ("commitment", "secret", "public_part", "seed")


def draws(data: Data) -> list[dict[str, str]]:
    """Return the numbers of each draw that was published whole: with part of them nobody can repeat it.

    A member's replacement follows in the order of the first draw, so a number is shown once.
    """
    found = ({name: text(one, name) for name in _DRAWN_BY} for one in rows(data, "draws"))
    whole_ones = [one for one in found if all(one.values())]
    return [one for n, one in enumerate(whole_ones) if one not in whole_ones[:n]]


def sheets(
    data: Data, judged: Iterable[tuple[int | None, str]], criteria: Iterable[tuple[str, str]]
) -> dict[str, Any] | None:
    """Return the sheets of a published evaluation, or None; points in hundredths, None where a sheet has none.

    A line for each criterion of each thing judged, a column for each sheet.

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
