"""The code on a resident's slip of paper: the browser's session holds it, and no address does.

Addresses stand in histories and logs and are passed on. The slip's picture has to carry the code in one; the page gives
it up at the first step.
"""

from __future__ import annotations

from flask import request, session

_LONGEST = 40


def hold_code(place: str) -> None:
    """Hold what the address or the form brings, until `drop_code`; each kind of slip has its place."""
    session[place] = _cut(request.values.get("code", ""))


def code_at_hand(place: str) -> str | None:
    """Return the code of the form that was sent, or else the one held; None before any was entered."""
    return _cut(request.form.get("code", "")) if request.method == "POST" else session.get(place)


def drop_code(place: str) -> None:
    """The code was used, or was none."""
    session.pop(place, None)


def _cut(code: str) -> str:
    return code.strip()[:_LONGEST]
