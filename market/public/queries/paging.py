"""One page of a list, and how many entries there are, as far as is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, select

from market.db.postgres import PLAN_EACH_TIME
from market.db.session import db
from market.records.search import asks, counting, matches, phrase

PAGE = 20
CAP = 1000
# A search is counted less far: on PostgreSQL each row counted costs a look into its text.
FOUND_CAP = 200
_PLANNED = {PLAN_EACH_TIME: True}


@dataclass(frozen=True)
class Listing:
    """One page of a list: rows, the mark to go on from (None at the end), and the count up to `most`."""

    rows: Sequence[Any]
    next_mark: int | None
    count: int
    most: int = CAP

    @property
    def capped(self) -> bool:
        """True when there are more than are counted."""
        return self.count > self.most


def listing(
    query: Any,
    kind: str,
    words: str,
    key: Any,
    mark: Any,
    before: int | None,
    narrowed: bool,
    marks: Sequence[str] = (),
) -> Listing:
    """Page a list by its mark, or by the mark of the search index where something is searched for."""
    searched, most = bool(words or marks), FOUND_CAP if words or marks else CAP
    if searched and not asks(words, marks):
        return Listing([], None, 0)
    engine, index = db.session.get_bind().dialect.name, kind if searched else None
    asked: dict[str, Any] = {"phrase": phrase(kind, words, marks)} if searched else {}
    count = db.session.scalar(_count(engine, query, index, key, narrowed, most), asked, execution_options=_PLANNED) or 0
    few = not narrowed and count <= most
    page = _page(engine, query, index, key, mark, few, before is not None)
    if before is not None:
        asked["before"] = before
    rows = db.session.execute(page, asked, execution_options=_PLANNED).all()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Listing(rows[:PAGE], last[-1] if last is not None else None, count, most)


# A list that is not narrowed is asked for with the same two questions each time, which are put together once.
@lru_cache(maxsize=128)
def _count(_engine: str, query: Any, index: str | None, key: Any, narrowed: bool, most: int) -> Any:
    """How many there are, counted to `most`; `index` is the kind that is searched."""
    if index is not None and not narrowed:
        counted = counting(index)
    else:
        counted = query.with_only_columns(key)
        if index is not None:
            found = matches(index)
            counted = counted.join(found, found.c.row_id == key)
    return select(func.count()).select_from(counted.limit(most + 1).subquery())


@lru_cache(maxsize=128)
def _page(_engine: str, query: Any, index: str | None, key: Any, mark: Any, few: bool, onward: bool) -> Any:
    """One page and a row more; `onward` from the parameter `before`."""
    if index is not None:
        found = matches(index, few=few)
        query = query.join(found, found.c.row_id == key).add_columns(found.c.mark.label("found_mark"))
        mark = found.c.mark
    if onward:
        query = query.where(mark < bindparam("before"))
    return query.order_by(mark.desc()).limit(PAGE + 1)
