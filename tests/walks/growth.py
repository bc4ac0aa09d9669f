"""Makes a big world of a small one: every row of a purchase again and again, straight into the tables.

Copies keep their place, their people and their time; they get numbers and unique texts of their own, and point to the
copy of what the original points to. Nothing acts on them: they are there to be listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Date, LargeBinary, Table, UniqueConstraint, column, select

from market.db.session import db

# What is copied, by name; places, accounts, money and chains stay single.
COPIED = (
    "purchase_file", "notice", "purchase_card", "directory_card", "daily_digest", "need", "demand_item", "tender",
    "lot", "lot_key_wrap", "bid_draft", "sealed_bid", "opening",
    "opened_bid", "panel", "seat", "price_inquiry", "price_opinion", "award", "bidder_letter",
    "challenge", "objection", "termination", "claim", "claim_part", "claim_receipt", "agreement", "milestone",
    "report", "evaluation", "invitation", "earning", "payment",
    "payment_attempt", "bank_batch", "statement", "message", "organisation", "bank_account", "expert", "user_account",
    "role_grant", "catalogue_version", "catalogue_item", "fund_year", "audit_entry", "chain", "venture_round",
    "venture_funding", "venture_application", "residency", "training", "incubation_booking", "hosting",
    "social_worker", "worker_certificate", "learning_entry", "organisation_rating",
)  # fmt: skip
# Columns that name a row without a foreign key.
_NAMED = {
    "file_id": "purchase_file",
    "agreement_id": "agreement",
    "award_id": "award",
    "lot_id": "lot",
    "demand_id": "demand_item",
    "milestone_id": "milestone",
}
_SUBJECTS = {
    "lot": "lot",
    "bid": "sealed_bid",
    "award": "award",
    "project": "purchase_file",
    "round": "venture_round",
    "application": "venture_application",
}
# People, organisations and experts are copied for the lists of them; purchases stay with the people there are.
_FOLLOW = {
    ("bank_account", "organisation_id"),
    ("expert", "user_id"),
    ("role_grant", "organisation_id"),
    ("role_grant", "user_id"),
    ("residency", "organisation_id"),
    ("hosting", "group_id"),
}
# Some of them are enough, since no other row points to them and their lists are long already.
_ALIKE = {"audit_entry", "message", "notice", "chain", "lot_key_wrap", "role_grant"}
_ENOUGH = 10
_KEPT = {"user_account", "organisation", "expert", "catalogue_item", "catalogue_version", "fund_year", "chain"}


def multiply(connection: Connection, copies: int, first: int = 1) -> None:
    """Add `copies` of everything; a second call goes on with `first` one higher than the last copy."""
    tables = [table for table in db.metadata.sorted_tables if table.name in COPIED]
    assert len(tables) == len(COPIED), set(COPIED) - {table.name for table in tables}
    step = 1_000_000
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    originals = {table.name: _originals(connection, table, step) for table in tables}
    for table in tables:
        each = [_copied(table, row, range(first, first + copies), step) for row in originals[table.name]]
        rows = [tuple(row.values()) for one in zip(*each, strict=True) for row in one]
        if rows:
            names = [column.name for column in table.columns]
            # Past SQLAlchemy, which would make each value again two hundred times.
            statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
            connection.exec_driver_sql(statement, rows)


def _originals(connection: Connection, table: Table, step: int) -> list[Mapping[str, Any]]:
    """Rows as they lie, without the types of their columns."""
    key = next(iter(table.primary_key))
    columns = [column(one.name) for one in table.columns]
    query = select(*columns).select_from(table).where(key < step).order_by(key.desc())
    if table.name in _ALIKE:
        query = query.limit(_ENOUGH)
    return [dict(row) for row in connection.execute(query).mappings()]


def _copied(table: Table, row: Mapping[str, Any], numbers: range, step: int) -> list[dict[str, Any]]:
    """The copies of one row by number."""
    moved = [c.name for c in table.columns if row[c.name] is not None and _is_copied(table, c, row)]
    distinct = list(_distinct(table))
    data = json.loads(row["data"]) if table.name == "directory_card" else {}
    copies = []
    for number in numbers:
        new = dict(row)
        new.update((name, row[name] + number * step) for name in moved)
        new.update((column.name, _other(column, row[column.name], number)) for column in distinct)
        if "year" in data:
            new["data"] = json.dumps({**data, "year": data["year"] + number})
        copies.append(new)
    return copies


def _is_copied(table: Table, column: Column[Any], row: Mapping[str, Any]) -> bool:
    """Whether a column holds the number of a row that is copied as well."""
    targets = {key.column.table.name for key in column.foreign_keys}
    if column.primary_key:
        return not targets or bool(targets & set(COPIED))
    if (table.name, column.name) in _FOLLOW:
        return True
    target = next(iter(targets), _NAMED.get(column.name))
    if column.name == "subject_id":
        target = _SUBJECTS.get(str(row.get("subject_kind")))
    return target in COPIED and target not in _KEPT and table.name not in {"message", "audit_entry"}


def _distinct(table: Table) -> Iterator[Column[Any]]:
    """One column of each unique constraint that must differ from copy to copy, unless a copied number does already."""
    groups = [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    groups += [list(index.columns) for index in table.indexes if index.unique]
    for group in groups:
        numbers = [c for c in group if c.foreign_keys or c.name in _NAMED or c.name == "subject_id"]
        copied = [c for c in numbers if _points_to_copy(c)]
        if copied:
            continue
        texts = [c for c in group if c not in numbers]
        if texts:
            yield texts[-1]


def _points_to_copy(column: Column[Any]) -> bool:
    target = next((key.column.table.name for key in column.foreign_keys), _NAMED.get(column.name))
    return column.name == "subject_id" or (target in COPIED and target not in _KEPT)


def _other(column: Column[Any], value: Any, number: int) -> Any:
    if value is None:
        return None
    if isinstance(column.type, Date) and isinstance(value, str):
        return str(date.fromisoformat(value) + timedelta(days=1000 * number))
    if isinstance(value, str):
        return f"{value}~{number}"
    if isinstance(value, date):
        return value + timedelta(days=1000 * number)
    if isinstance(column.type, LargeBinary):
        return value + number.to_bytes(4, "big")
    return value + 1000 * number
