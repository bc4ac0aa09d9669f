"""Pure decisions about what may be bought."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class Negative(Protocol):
    """A row of the negative list."""

    number: int
    title: str
    words: list[str]


@dataclass(frozen=True)
class Hit:
    """A word of the text that points at a negative item; an officer confirms or changes the text."""

    number: int
    title: str
    word: str


def negative_hits(text: str, negatives: Iterable[Negative]) -> list[Hit]:
    """Return the negative items a text points at, one hit an item (row 7; 管理办法 art. 10)."""
    plain = unicodedata.normalize("NFKC", text)
    found = []
    for negative in negatives:
        word = next((w for w in negative.words if w in plain), None)
        if word is not None:
            found.append(Hit(negative.number, negative.title, word))
    return found
