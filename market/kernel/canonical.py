"""One value, one sequence of bytes: what digests, chains and signatures are computed over.

The form is JSON in UTF-8 with these choices, so that anyone can write it again in another language:

* object keys are text and sorted by Unicode code point; no spaces; only `"`, `\\` and control characters are escaped
  (`\\n`, `\\r`, `\\t`, `\\b`, `\\f`, otherwise `\\u00xx` in lower case);
* numbers are whole numbers without leading zeros, sign only when negative; there are no floats;
* an instant is text in UTC with six decimals, `2026-03-31T01:00:00.000000Z`; a date is `2026-03-31`;
* enums appear as their value; tuples and lists are arrays; text is taken as it is, without Unicode normalisation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any


def canonical_bytes(value: object) -> bytes:
    """The canonical JSON of `value` as UTF-8.

    Raises TypeError for floats, naive datetimes, keys that are no text and every type not named in the module's text,
    UnicodeEncodeError for lone surrogates.
    """
    return _WRITER.encode(plain(value)).encode("utf-8")


_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def plain(value: object) -> Any:
    """`value` reduced to what JSON knows: dict, list, str, int, bool, None."""
    # Nearly everything is one of these exactly; the rest is told apart below.
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is dict:
        return {key if type(key) is str else _key(key): plain(item) for key, item in value.items()}  # type: ignore[attr-defined]
    if kind is list or kind is tuple:
        return [plain(item) for item in value]  # type: ignore[attr-defined]
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    raise TypeError(f"no canonical form for {type(value).__name__}")


def _key(key: object) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        raise TypeError(f"object keys must be text, not {type(key).__name__}")
    return key


def instant_text(instant: datetime) -> str:
    """An aware instant as fixed-width UTC text; sorts as text the way it sorts in time."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise TypeError("an instant without a time zone has no canonical form")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def sha256_hex(data: bytes) -> str:
    """SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digest(value: object) -> str:
    """SHA-256 over the canonical bytes, in hexadecimal."""
    return sha256_hex(canonical_bytes(value))
