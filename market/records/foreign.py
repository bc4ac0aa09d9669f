"""Packages of other publishers, read as a stream: whatever can be read is read, and the rest is said row by row.

Taken are release packages and record packages of OCDS 1.0 and 1.1, bare releases and records, arrays of either, and
one of either a line; plain or compressed with gzip. Addresses that stand in a package are never opened.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, cast

import ijson
import orjson

from market.kernel.canonical import sha256_hex

_HEAD_EVENTS = 2000
_LONGEST = 300
# A bare release or record is read whole; a larger file must be a package, which is streamed.
_WHOLE_MOST = 64 * 1024 * 1024
_LINE_MOST = 1024 * 1024
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_NUMBER = int | float | Decimal


class Unreadable(Exception):
    """The file as a whole cannot be read; nothing of it is imported."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who published a package, as far as it says so."""

    name: str = ""
    uri: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One release fit for the shelf, with what lists show of it; texts are the empty string where nothing was said."""

    number: int
    ocid: str
    release_id: str
    date: str
    digest: str
    title: str
    buyer: str
    supplier: str
    amount: str
    body: bytes
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bad:
    """One row that was left out, and why."""

    number: int
    ocid: str
    reason: str


@dataclass
class Reader:
    """Reads one file. `publisher` is known once `rows` has come to its end."""

    path: Path
    publisher: Publisher = field(default_factory=Publisher)
    _number: int = 0

    def rows(self) -> Iterator[Row | Bad]:
        """Yield every release of the file in its order. Raises Unreadable for a file that is no JSON to its end."""
        try:
            yield from self._rows()
        except Unreadable:
            raise
        except (ijson.JSONError, orjson.JSONDecodeError, UnicodeDecodeError, OSError, EOFError, ValueError) as error:
            raise Unreadable(_first_line(error)) from error

    def _rows(self) -> Iterator[Row | Bad]:
        shape, head = self._head()
        if shape == "lines":
            with self._open() as stream:
                for line in stream:
                    if line.strip():
                        yield from self._any(orjson.loads(line))
        elif shape == "whole":
            with self._open() as stream:
                data = stream.read(_WHOLE_MOST + 1)
            if len(data) > _WHOLE_MOST:
                raise Unreadable("no package, and too large for a single release")
            yield from self._any(orjson.loads(data))
        else:
            self.publisher = _publisher(head)
            prefix = "item" if shape == "array" else f"{shape}.item"
            with self._open() as stream:
                for item in ijson.items(stream, prefix):
                    yield from self._any(item, packed=shape)
            if shape != "array" and not self.publisher.name:
                self.publisher = _publisher(self._late_head())

    def _head(self) -> tuple[str, dict[str, Any]]:
        """The file's shape ("releases", "records", "array", "lines", "whole") and what it says before its first row."""
        said: dict[str, Any] = {}
        with self._open() as stream:
            if _two_lines(stream):
                return "lines", said
        with self._open() as stream:
            for number, (prefix, event, value) in enumerate(ijson.parse(stream)):
                if number == 0 and event == "start_array":
                    return "array", said
                if number == 0 and event != "start_map":
                    raise Unreadable("neither an object nor an array")
                if prefix == "ocid":
                    return "whole", said
                if prefix in {"releases", "records"} and event == "start_array":
                    return prefix, said
                if event in {"string", "number"} and number < _HEAD_EVENTS:
                    said[prefix] = value
        return "whole", said

    def _late_head(self) -> dict[str, Any]:
        """What a package says of its publisher behind its rows."""
        with self._open() as stream:
            found = next(ijson.items(stream, "publisher"), None)
        return {f"publisher.{name}": value for name, value in found.items()} if isinstance(found, dict) else {}

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        with self.path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) if packed else nullcontext(raw) as stream:
                if stream.read(3) != _BOM:
                    stream.seek(0)
                yield cast("IO[bytes]", stream)

    # --- rows -------------------------------------------------------------------------------------------------------

    def _any(self, item: Any, packed: str = "") -> Iterator[Row | Bad]:
        """A release, a record, or a package inside a larger file."""
        if not isinstance(item, dict):
            yield self._bad("", "not an object")
        elif packed != "records" and isinstance(item.get("releases"), list) and "ocid" not in item:
            self.publisher = self.publisher if self.publisher.name else _publisher(_flat(item))
            for one in item["releases"]:
                yield self._release(one)
        elif packed != "releases" and isinstance(item.get("records"), list):
            self.publisher = self.publisher if self.publisher.name else _publisher(_flat(item))
            for one in item["records"]:
                yield from self._any(one, packed="records")
        elif packed == "records" or "compiledRelease" in item or isinstance(item.get("releases"), list):
            yield from self._record(item)
        else:
            yield self._release(item)

    def _record(self, record: dict[str, Any]) -> Iterator[Row | Bad]:
        """A record's releases where it holds them, else its compiled release; links are not followed."""
        releases = record.get("releases")
        listed = releases if isinstance(releases, list) else []
        held = [one for one in listed if isinstance(one, dict) and "url" not in one]
        if not held:
            compiled = record.get("compiledRelease")
            if not isinstance(compiled, dict):
                yield self._bad(_text(record.get("ocid")), "a record with neither releases nor a compiled release")
                return
            held = [compiled]
        for one in held:
            yield self._release(one if "ocid" in one else {**one, "ocid": record.get("ocid")})

    def _release(self, release: Any) -> Row | Bad:
        if not isinstance(release, dict):
            return self._bad("", "a release that is not an object")
        given = release.get("ocid")
        ocid = _text(given)
        if given is not None and not isinstance(given, str):
            # Written out, a number would pass for an ocid that its publisher never gave.
            return self._bad(ocid, "no ocid: not a text")
        if not ocid:
            return self._bad("", "no ocid")
        if len(str(given).strip()) > _LONGEST:
            # Cut off, two of them could be taken for one purchase.
            return self._bad(ocid, f"no ocid: longer than {_LONGEST} letters")
        try:
            body = _written(release)
        except (TypeError, ValueError, RecursionError) as error:
            return self._bad(ocid, f"cannot be written again: {error}"[:_LONGEST])
        self._number += 1
        notes = tuple(f"no {name}" for name in ("id", "date") if not _text(release.get(name)))
        return Row(
            self._number, ocid, _text(release.get("id")), _text(release.get("date")), sha256_hex(body),
            **_card(release), body=body, notes=notes,
        )  # fmt: skip

    def _bad(self, ocid: str, reason: str) -> Bad:
        self._number += 1
        return Bad(self._number, ocid, reason)


def _first_line(error: Exception) -> str:
    """What went wrong, in one line; the parser's own messages are bytes at times and draw arrows."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{type(error).__name__}: {text.strip().partition(chr(10))[0]}"[:_LONGEST]


def _written(release: dict[str, Any]) -> bytes:
    """The release as JSON with sorted keys. Raises TypeError, ValueError or RecursionError for what is none."""
    try:
        return orjson.dumps(release, default=float, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Whole numbers of more than 64 bits, and what is nested very deeply.
        return json.dumps(release, default=float, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()


def _two_lines(stream: IO[bytes]) -> bool:
    """True when the first line is an object of its own and another follows."""
    first = stream.readline(_LINE_MOST)
    if not first[:100].lstrip().startswith(b"{") or not first.endswith(b"\n") or not stream.readline(64).strip():
        return False
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return False
    return True


def _publisher(said: dict[str, Any]) -> Publisher:
    return Publisher(
        _text(said.get("publisher.name")),
        _text(said.get("publisher.uri")) or _text(said.get("uri")),
        _text(said.get("license")),
    )


def _flat(package: dict[str, Any]) -> dict[str, Any]:
    publisher = package.get("publisher")
    inner = {f"publisher.{name}": value for name, value in publisher.items()} if isinstance(publisher, dict) else {}
    return {**package, **inner}


# --- what lists show --------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    """A text, or a number as text, without characters no database takes; anything else is nothing."""
    if isinstance(value, str):
        kept = value.replace("\x00", "").encode("utf-8", "ignore").decode()
        return " ".join(kept.split())[:_LONGEST]
    if isinstance(value, bool) or not isinstance(value, _NUMBER):
        return ""
    return str(value)


def _object(data: Any, *names: str) -> dict[str, Any]:
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _objects(data: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list; a single object where a list belongs stands for a list of one."""
    found = data.get(name) if isinstance(data, dict) else None
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _amount(value: dict[str, Any]) -> str:
    """An amount with its currency, as it was published; the empty string for what is no number."""
    given = value.get("amount")
    try:
        number = Decimal(given.replace(",", "") if isinstance(given, str) else str(given))
    except (ArithmeticError, ValueError):
        return ""
    if not number.is_finite() or isinstance(given, bool) or abs(number) > Decimal(10) ** 18:
        return ""
    return f"{number:,f} {_text(value.get('currency'))}".strip()


def _card(release: dict[str, Any]) -> dict[str, str]:
    """Title, buyer, supplier and amount of one release: of the award where there is one, else of the tender."""
    tender, awards = _object(release, "tender"), _objects(release, "awards")
    contracts = _objects(release, "contracts")
    parties = {_text(one.get("id")): _text(one.get("name")) for one in _objects(release, "parties")}
    buyer = _object(release, "buyer") or _object(tender, "procuringEntity")
    titles = [tender, *awards, *contracts, _object(release, "planning")]
    winners = [one for award in awards for one in _objects(award, "suppliers")]
    suppliers = [_text(one.get("name")) or parties.get(_text(one.get("id")), "") for one in winners]
    amounts = [_amount(_object(one, "value")) for one in (*contracts, *awards, tender)]
    amounts.append(_amount(_object(release, "planning", "budget", "amount")))
    return {
        "title": next(filter(None, (_text(one.get("title")) or _text(one.get("description")) for one in titles)), ""),
        "buyer": _text(buyer.get("name")) or parties.get(_text(buyer.get("id")), ""),
        "supplier": "、".join(dict.fromkeys(filter(None, suppliers)))[:_LONGEST],
        "amount": next(filter(None, amounts), ""),
    }
