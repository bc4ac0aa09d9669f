"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import orjson
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Integer, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column

BigInt = BigInteger().with_variant(Integer, "sqlite")


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values; SQLite keeps the UTC wall time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as text, the same bytes on both engines; keys sorted so that equal values are equal text.

    None is the JSON null, a value like any other (the clock's actor id in an audit entry), never an SQL NULL.
    """

    impl = Text
    cache_ok = True
    should_evaluate_none = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Serialise."""
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Parse."""
        return None if value is None else _parsed(value)


# Numbers that may not fit into 64 bits, such as the parts of an exact fraction: the quick parser would make floats of
# them.
_LONG = re.compile(r"\d{19}")


def _parsed(text: str) -> Any:
    return json.loads(text) if _LONG.search(text) else orjson.loads(text)


Id = Annotated[int, mapped_column(BigInt, primary_key=True, autoincrement=True)]
Fen = Annotated[int, mapped_column(BigInt)]
Ref = Annotated[int, mapped_column(BigInt)]
At = Annotated[datetime, mapped_column(UtcInstant())]
Json = Annotated[Any, mapped_column(JsonText())]


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Return the check that a text column holds one of the enum's values."""
    listed = ", ".join(f"'{v.value}'" for v in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
