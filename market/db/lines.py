"""Many short lists in one statement: what waits on a desk is asked of all rooms at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, Row, Select, Text, cast, literal_column, null, select, union_all

from market.db.session import db
from market.db.types import BigInt, UtcInstant

# What a line may say, in this order; a list fills the columns it has and leaves the others empty.
_COLUMNS: dict[str, Any] = {
    "id": BigInt,
    "ref": BigInt,
    "number": BigInt,
    "state": Text(),
    "title": Text(),
    "name": Text(),
    "day": Date(),
    "at": UtcInstant(),
}
_READ = [literal_column(name, kind) for name, kind in _COLUMNS.items()]
Line = Row[Any]


def lined(query: Select[Any], **columns: Any) -> Select[Any]:
    """Return the query with these columns alone, under the names that all lines share. Raises KeyError for others."""
    if unknown := set(columns) - set(_COLUMNS):
        raise KeyError(f"a line has no {sorted(unknown)}")
    shown = [columns.get(name, cast(null(), kind)).label(name) for name, kind in _COLUMNS.items()]
    return query.with_only_columns(*shown, maintain_column_froms=True)


def read_lines(queries: Sequence[Select[Any]]) -> list[list[Line]]:
    """Return the lines of each query, all read with one statement; lines of one query stand in no certain order."""
    found: list[list[Line]] = [[] for _ in queries]
    if queries:
        parts = [
            # By name, since a subquery would make columns of its own each time.
            select(literal_column(str(place)).label("place"), *_READ).select_from(query.subquery())
            for place, query in enumerate(queries)
        ]
        for row in db.session.execute(union_all(*parts)):
            found[row.place].append(row)
    return found
