"""Marks text for translation without knowing any framework, and finds a marked sentence again in what was stored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


def N_(text: str) -> str:  # noqa: N802 - the extractor's usual name for a mark
    """Return `text` unchanged; the catalogue extractor collects the literal, the web layer translates it when shown."""
    return text


def joined(sentences: Iterable[str]) -> str:
    """Return sentences that people wrote as one text: no stop stands before the semicolon, the last keeps its own."""
    words = list(sentences)
    return "；".join([*(one.rstrip("。；; ") for one in words[:-1]), *words[-1:]])


def unfilled(words: str, sentences: Iterable[str]) -> tuple[str, dict[str, str]] | None:
    """Return which of these marked sentences `words` is with its parameters filled in, and the parameters; or None.

    What is stored or published as a Chinese sentence is so read in another language.
    """
    for sentence in sentences:
        if found := _pattern(sentence).fullmatch(words):
            return sentence, found.groupdict()
    return None


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(sentence)), re.DOTALL)
