"""Search that finds two-character Chinese words on both engines.

One function cuts text into overlapping pairs of Han characters plus the last single one, and lower-case Latin words.
SQLite keeps the pieces as FTS5 text, PostgreSQL as a ready-made tsvector; a query is a phrase of pieces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, Subquery, Text, and_, bindparam, cast, column, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from market.db.session import db
from market.db.types import BigInt

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[a-z0-9]+")


def pieces(value: str) -> list[str]:
    """Return the search pieces of a text in order."""
    found: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", value).lower()):
        if run[0].isascii():
            found.append(run)
        else:
            found += [run[i : i + 2] for i in range(len(run) - 1)] + [run[-1]]
    return found


def query_runs(value: str) -> list[list[str]]:
    """Return the runs of a query, each a phrase: pairs only, or the single character itself."""
    runs = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", value).lower())[:8]:
        if run[0].isascii() or len(run) == 1:
            runs.append([run])
        else:
            runs.append([run[i : i + 2] for i in range(len(run) - 1)])
    return runs


def _sqlite() -> bool:
    return db.session.get_bind().dialect.name == "sqlite"


def _kind_word(kind: str) -> str:
    """The piece by which rows of one kind are told apart inside the index itself."""
    return "kind" + kind.replace("_", "")


def _mark_words(kind: str, marks: Sequence[str]) -> list[str]:
    """Marks as pieces no text is likely to hold: letters and digits alone behind the kind's own head."""
    head = "mark" + kind.replace("_", "")
    return [head + "".join(c for c in mark.lower() if c.isascii() and c.isalnum()) for mark in marks]


def index_text(kind: str, row_id: int, value: str, marks: Sequence[str] = ()) -> None:
    """Store or replace the searchable text of one row, and the marks by which lists of its kind are narrowed."""
    words = " ".join([_kind_word(kind), *_mark_words(kind, marks), *pieces(value)])
    if _sqlite():
        found = db.session.execute(
            text("SELECT id FROM search_key WHERE kind = :kind AND row_id = :row_id"), {"kind": kind, "row_id": row_id}
        ).scalar()
        if found is None:
            found = db.session.execute(
                text("INSERT INTO search_key (kind, row_id) VALUES (:kind, :row_id) RETURNING id"),
                {"kind": kind, "row_id": row_id},
            ).scalar_one()
        else:
            db.session.execute(text("DELETE FROM search_text WHERE rowid = :id"), {"id": found})
        db.session.execute(
            text("INSERT INTO search_text (rowid, words) VALUES (:id, :words)"), {"id": found, "words": words}
        )
        return
    db.session.execute(
        text(
            "INSERT INTO search_key (kind, row_id, words) VALUES (:kind, :row_id, CAST(:vector AS tsvector)) "
            "ON CONFLICT (kind, row_id) DO UPDATE SET words = EXCLUDED.words"
        ),
        {"kind": kind, "row_id": row_id, "vector": _vector(words)},
    )


def index_new(kind: str, rows: Sequence[tuple[int, str]]) -> None:
    """Store the searchable texts of many rows (id, text) that are not in the index yet."""
    words = {row_id: " ".join([_kind_word(kind), *pieces(value)]) for row_id, value in rows}
    if not words:
        return
    if _sqlite():
        last = db.session.execute(text("SELECT coalesce(max(id), 0) FROM search_key")).scalar_one()
        numbered = list(enumerate(words.items(), last + 1))
        db.session.execute(
            text("INSERT INTO search_key (id, kind, row_id) VALUES (:id, :kind, :row_id)"),
            [{"id": number, "kind": kind, "row_id": row_id} for number, (row_id, _) in numbered],
        )
        db.session.execute(
            text("INSERT INTO search_text (rowid, words) VALUES (:id, :words)"),
            [{"id": number, "words": found} for number, (_, found) in numbered],
        )
        return
    db.session.execute(
        text("INSERT INTO search_key (kind, row_id, words) VALUES (:kind, :row_id, CAST(:vector AS tsvector))"),
        [{"kind": kind, "row_id": row_id, "vector": _vector(found)} for row_id, found in words.items()],
    )


def _vector(words: str) -> str:
    return " ".join(f"'{word}':{position}" for position, word in enumerate(words.split(), 1))


def clear() -> None:
    """Empty the index; it is filled again with the projections."""
    for name in ("search_text", "search_key") if _sqlite() else ("search_key",):
        db.session.execute(text(f"DELETE FROM {name}"))


_KEY = table("search_key", column("id", BigInt), column("row_id", BigInt), column("kind", Text), column("words"))
# The hidden column named like the table stands for the whole row in a full-text query.
_TEXT = table("search_text", column("rowid", BigInt), column("search_text"))


def asks(value: str, marks: Sequence[str] = ()) -> bool:
    """Whether there is anything to look for: a word, or a mark where nothing was typed."""
    return bool(query_runs(value)) or bool(marks and not value)


def phrase(kind: str, value: str, marks: Sequence[str] = ()) -> str:
    """Return what is looked for in the engine's own words: the parameter `phrase` of `matches` and `counting`.

    Every run of the query and every mark must be found, the marks as they stand in the index (`index_text`).
    """
    runs = [*([word] for word in _mark_words(kind, marks)), *query_runs(value)]
    if _sqlite():
        # A mark belongs to one kind alone, so that it may stand for the kind too: one list of rows less to walk.
        heads = [] if marks else [[_kind_word(kind)]]
        return " AND ".join('"' + " ".join(run) + '"' for run in [*heads, *runs])
    return " & ".join("(" + " <-> ".join(f"'{word}'" for word in run) + ")" for run in runs)


def _found(kind: str) -> ColumnElement[bool]:
    asked = bindparam("phrase", type_=Text)
    if _sqlite():
        return _TEXT.c.search_text.op("MATCH")(asked)
    return and_(_KEY.c.kind == kind, _KEY.c.words.op("@@")(cast(asked, TSQUERY)))


def matches(kind: str, *, few: bool = False) -> Subquery | CTE:
    """Return a subquery of `row_id` and `mark` for rows whose text holds the parameter `phrase`.

    `few`: the caller has counted and knows that there are few; PostgreSQL then looks them up first and sorts, where it
    would otherwise walk from the newest row on and, guessing that a rare word is not so rare, pass every row there is.
    `mark` is a unique whole number; ordered by it, newest first, results can be paged without a sort.
    """
    if _sqlite():
        rows = select(_TEXT.c.rowid.label("mark"), _KEY.c.row_id).join(_KEY, _KEY.c.id == _TEXT.c.rowid)
    else:
        rows = select(_KEY.c.row_id.label("mark"), _KEY.c.row_id)
    rows = rows.where(_found(kind))
    return rows.cte("found").prefix_with("MATERIALIZED", dialect="postgresql") if few else rows.subquery("found")


def counting(kind: str) -> Select[Any]:
    """Return a query with one row for each match, for a count; cheaper than `matches` since it names no row."""
    if _sqlite():
        return select(_TEXT.c.rowid).where(_found(kind))
    # In order, so that of a common word as many as are counted are walked past, and not every match gathered first.
    return select(_KEY.c.row_id).where(_found(kind)).order_by(_KEY.c.row_id.desc())


def find_ids(kind: str, value: str, *, limit: int = 1000) -> list[int] | None:
    """Return at most `limit` ids of rows whose text holds every run of the query, newest first; None: no query."""
    if not asks(value):
        return None
    found = matches(kind)
    query = select(found.c.row_id).order_by(found.c.mark.desc()).limit(limit)
    return list(db.session.scalars(query, {"phrase": phrase(kind, value)}))
