"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

import orjson
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Integer, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column

from market.kernel.rulebook import RuleSet

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
        return _text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Parse."""
        return None if value is None else _parsed(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# Numbers that may not fit into 64 bits, such as the parts of an exact fraction: the quick parser would make floats of
# them. Looking for one digit nineteen times is ten times as quick as a pattern for any nineteen.
_ALL_DIGITS_ZERO = bytes.maketrans(b"123456789", b"0" * 9)


def _parsed(text: str) -> Any:
    stored = text.encode()
    return json.loads(stored) if b"0" * 19 in stored.translate(_ALL_DIGITS_ZERO) else orjson.loads(stored)


class FrozenRules(TypeDecorator[RuleSet]):
    """The rulebook set a purchase or round is judged by to its end, kept as JSON text; None before publication.

    It is the largest text of its row and the same for many rows. A set is never changed, so rows may share it.
    """

    impl = Text
    cache_ok = True
    should_evaluate_none = True

    def process_bind_param(self, value: RuleSet | None, dialect: Dialect) -> str:
        """As plain JSON values; an empty object for None."""
        return _text({} if value is None else value.as_data())

    def compare_values(self, x: Any, y: Any) -> bool:
        """Whether nothing is to be written: by digest, since sets of equal numbers may have other days and sources."""
        return x is y or (x is not None and y is not None and x.digest == y.digest)

    def process_result_value(self, value: str | None, dialect: Dialect) -> RuleSet | None:
        """The set itself."""
        return None if value is None else _rule_set(value)


@lru_cache(maxsize=64)
def _rule_set(text: str) -> RuleSet | None:
    data = _parsed(text)
    return RuleSet.from_data(data) if data else None


Id = Annotated[int, mapped_column(BigInt, primary_key=True, autoincrement=True)]
Fen = Annotated[int, mapped_column(BigInt)]
Ref = Annotated[int, mapped_column(BigInt)]
At = Annotated[datetime, mapped_column(UtcInstant())]
Json = Annotated[Any, mapped_column(JsonText())]
Rules = Annotated[RuleSet | None, mapped_column(FrozenRules(), nullable=False)]


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Return the check that a text column holds one of the enum's values."""
    listed = ", ".join(f"'{v.value}'" for v in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
