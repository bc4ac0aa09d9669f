"""The command behind `market.web.catalogues`: bring the English catalogues up to date, or say what is wrong."""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from market.web.catalogues import ENGLISH, FOLDER
from market.web.extracting import HAN, Key, Source, read_source, rooms

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
_LONE_PERCENT = re.compile(r"(?<!%)(?:%%)*%(?!%|\(\w+\)[sd])")
Said = str | tuple[str, ...] | list[str]


@dataclass
class Book:
    """One room's English catalogue."""

    room: str
    catalogue: Catalog

    @property
    def po(self) -> Path:
        return FOLDER / ENGLISH / "LC_MESSAGES" / f"{self.room}.po"

    @property
    def mo(self) -> Path:
        return self.po.with_suffix(".mo")

    def compiled(self) -> bytes:
        """The bytes of the .mo file."""
        file = io.BytesIO()
        write_mo(file, self.catalogue)
        return file.getvalue()

    def entries(self) -> Iterator[Message]:
        """Every sentence, without the header."""
        return (message for message in self.catalogue if message.id)


def read_book(room: str) -> Book:
    """Read a room's .po; an empty book when there is none yet."""
    book = Book(room, _empty())
    if book.po.exists():
        with book.po.open("rb") as file:
            for message in read_po(file, locale=ENGLISH):
                if message.id:
                    book.catalogue[message.id] = message
    return book


class _Plain(Catalog):
    """A catalogue whose header says only what a reader needs: no dates, no addresses, the same bytes each time."""

    mime_headers = property(
        lambda self: [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Language", ENGLISH),
            ("Plural-Forms", self.plural_forms),
        ]
    )


def _empty() -> Catalog:
    return _Plain(locale=ENGLISH, header_comment="# Linli", fuzzy=False)


def _texts(value: object) -> tuple[str, ...]:
    """One or several forms as a tuple of texts."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, tuple | list) else ()


def _key(message: Message) -> Key:
    return (message.context, message.id if isinstance(message.id, str) else (message.id[0], message.id[1]))


def updated(book: Book, source: Source, known: Mapping[Key, Said]) -> Book:
    """The same book with exactly the sentences of the source; a translation known elsewhere fills a gap."""
    old = {_key(message): message for message in book.entries()}
    fresh = Book(book.room, _empty())
    for key in sorted(source.messages, key=lambda k: (k[0] or "", _texts(k[1]))):
        context, text = key
        translation = old[key].string if key in old and all(_texts(old[key].string)) else known.get(key, "")
        places = [(name, 0) for name in sorted(source.messages[key])]
        fresh.catalogue.add(
            text, translation or "", locations=places, context=context,
            flags=old[key].flags & {"fuzzy"} if key in old else (),
        )  # fmt: skip
    return fresh


def write_book(book: Book) -> None:
    """Write .po and .mo."""
    book.po.parent.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    write_po(file, book.catalogue, width=118, include_lineno=False)
    book.po.write_bytes(file.getvalue())
    book.mo.write_bytes(book.compiled())


def faults(book: Book, source: Source) -> list[str]:
    """Everything that keeps this room from speaking English, one line each."""
    held = {_key(message): message for message in book.entries()}
    found = [f"not in the catalogue: {_shown(key)}" for key in source.messages if key not in held]
    found += [f"obsolete: {_shown(key)}" for key in held if key not in source.messages]
    for key, message in held.items():
        found += [
            f"{fault}: {_shown(key)}" for fault in _entry_faults(key, message, in_template=key in source.in_templates)
        ]
    found += [f"not marked for translation: {place}" for place in source.unmarked]
    if not book.mo.exists() or book.mo.read_bytes() != book.compiled():
        found.append("the .mo is not compiled from this .po")
    return found


def _shown(key: Key) -> str:
    return " | ".join(_texts(key[1]))


def _entry_faults(key: Key, message: Message, *, in_template: bool) -> Iterator[str]:
    said, translated = _texts(key[1]), _texts(message.string)
    if not translated or not all(translated):
        yield "untranslated"
        return
    if message.fuzzy:
        yield "fuzzy"
    if translated[0] == said[0] and HAN.search(said[0]):
        yield "translation is the Chinese text"
    wanted = set(_PLACEHOLDER.findall(said[-1]))
    # In the singular English may leave the number out ("one bid"); every other placeholder must stay.
    for place, text in enumerate(translated):
        missing = wanted ^ set(_PLACEHOLDER.findall(text))
        if missing - ({"%(num)d", "%(num)s"} if len(translated) > 1 and place == 0 else set()):
            yield f"placeholders differ ({', '.join(sorted(missing))})"
    formatted = in_template or any("%(" in text for text in said)
    if formatted and any(_LONE_PERCENT.search(text) for text in (*said, *translated)):
        yield "a percent sign must be written %%"


def disagreements(books: Sequence[Book]) -> list[str]:
    """The same sentence translated differently in two rooms: only one of them could win."""
    first: dict[Key, tuple[str, object]] = {}
    found = []
    for book in books:
        for message in book.entries():
            if not all(_texts(message.string)) or not message.string:
                continue
            room, string = first.setdefault(_key(message), (book.room, message.string))
            if string != message.string:
                found.append(f"{room} and {book.room} differ: {_shown(_key(message))}: {string!r} / {message.string!r}")
    return found


def _tell(lines: Sequence[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m market.web.catalogues", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="room", help="rooms to treat (default: all)")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 when something is wrong")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.rooms if name not in rooms()]
    if unknown:
        parser.error(f"no such room: {', '.join(unknown)}")
    chosen = given.rooms or list(rooms())
    books = {name: read_book(name) for name in rooms()}
    known = {_key(m): m.string for book in books.values() for m in book.entries() if all(_texts(m.string)) and m.string}
    wrong: list[str] = []
    for name in chosen:
        source = read_source(name)
        if not given.check and (source.messages or books[name].po.exists()):
            dropped = [m for m in books[name].entries() if _key(m) not in source.messages and m.string]
            _tell([f"{name}: dropped {_shown(_key(m))} = {m.string}" for m in dropped])
            books[name] = updated(books[name], source, known)
            write_book(books[name])
        if source.messages or books[name].po.exists():
            wrong += [f"{name}: {fault}" for fault in faults(books[name], source)]
    wrong += disagreements(list(books.values()))
    _tell(wrong)
    return 1 if wrong and given.check else 0
