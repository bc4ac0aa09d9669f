"""Pages that are read far more often than they change, kept ready in memory.

What is kept is named by the digest of the notice it was made from, so a new notice is never answered with an old page;
and it is kept no longer than the next date at which it would read differently.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from threading import Lock
from typing import NamedTuple

MOST = 256


class _Kept(NamedTuple):
    content: str
    since: datetime
    until: datetime | None


class Shelf:
    """The most recently read pages; the one that was not asked for longest goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._pages: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = Lock()

    def find(self, name: Hashable, at: datetime) -> str | None:
        """Return what was kept under this name, if it still reads the same at `at`."""
        with self._lock:
            kept = self._pages.get(name)
            if kept is None or at < kept.since or (kept.until is not None and at >= kept.until):
                return None
            self._pages.move_to_end(name)
            return kept.content

    def keep(self, name: Hashable, content: str, since: datetime, until: datetime | None) -> str:
        """Keep content that holds from `since` until strictly before `until` (None: for good), and return it."""
        with self._lock:
            self._pages[name] = _Kept(content, since, until)
            self._pages.move_to_end(name)
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)
        return content
