"""Search that finds two-character Chinese words on both engines.

One function cuts text into overlapping pairs of Han characters plus the last single one, and lower-case Latin words.
SQLite keeps the pieces as FTS5 text, PostgreSQL as a ready-made tsvector; a query is a phrase of pieces.
"""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import text

from market.db.session import db

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


def index_text(kind: str, row_id: int, value: str) -> None:
    """Store or replace the searchable text of one row."""
    words = " ".join(pieces(value))
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
    vector = " ".join(f"'{word}':{position}" for position, word in enumerate(words.split(), 1))
    db.session.execute(
        text(
            "INSERT INTO search_key (kind, row_id, words) VALUES (:kind, :row_id, CAST(:vector AS tsvector)) "
            "ON CONFLICT (kind, row_id) DO UPDATE SET words = EXCLUDED.words"
        ),
        {"kind": kind, "row_id": row_id, "vector": vector},
    )


def find_ids(kind: str, value: str, *, before: int | None = None, limit: int = 1000) -> list[int] | None:
    """Return at most `limit` ids of rows that hold every run of the query, newest first; None: an empty query."""
    runs = query_runs(value)
    if not runs:
        return None
    values = {"kind": kind, "before": before or 2**62, "limit": limit}
    if _sqlite():
        match = " AND ".join('"' + " ".join(run) + '"' for run in runs)
        sql = (
            "SELECT k.row_id FROM search_text t JOIN search_key k ON k.id = t.rowid "
            "WHERE search_text MATCH :match AND k.kind = :kind AND k.row_id < :before "
            "ORDER BY k.row_id DESC LIMIT :limit"
        )
        return list(db.session.execute(text(sql), {**values, "match": match}).scalars())
    match = " & ".join("(" + " <-> ".join(f"'{word}'" for word in run) + ")" for run in runs)
    sql = (
        "SELECT row_id FROM search_key WHERE words @@ CAST(:match AS tsquery) AND kind = :kind AND row_id < :before "
        "ORDER BY row_id DESC LIMIT :limit"
    )
    return list(db.session.execute(text(sql), {**values, "match": match}).scalars())
