"""What changed between two versions of a tender, as an approver reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A version is a list of parts `{"label": catalogue key, "lot": number or None, "lines": [text]}`.
Version = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Difference:
    """One part that changed, with the lines that went and the lines that came."""

    label: str
    lot: int | None
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(old: Version, new: Version) -> list[Difference]:
    """Return the parts in which two versions differ, in the order of the new one; unchanged lines are left out."""
    before = {(part["label"], part["lot"]): tuple(part["lines"]) for part in old}
    after = {(part["label"], part["lot"]): tuple(part["lines"]) for part in new}
    found = []
    for key in [*after, *(k for k in before if k not in after)]:
        had, has = before.get(key, ()), after.get(key, ())
        if had != has:
            gone = tuple(line for line in had if line not in has)
            come = tuple(line for line in has if line not in had)
            # The same lines in another order: show both whole.
            found.append(
                Difference(*key, gone or had, come or has) if not (gone or come) else Difference(*key, gone, come)
            )
    return found
