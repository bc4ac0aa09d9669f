"""What a page remembers of what it showed, so that a decision or a saving is about that and nothing else."""

from __future__ import annotations

import json

from market.kernel.canonical import digest
from market.kernel.errors import Refused
from market.kernel.text import N_


def seen_mark(value: object) -> str:
    """A short digest by which a page remembers what it showed in a field."""
    return digest(value)[:16]


def marks_in(text: str | None) -> dict[str, str]:
    """The marks a page sent back, by the names of its fields; nothing is trusted but their shape."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}


def require_seen(seen: str | None, current: str) -> None:
    """Raise Refused when a page showed something else than there is now, each by its digest; None: no page was."""
    if seen is not None and seen != current:
        raise Refused(N_("内容已变化，请重新核对。"))
