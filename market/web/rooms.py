"""A room's card: what the app hangs up when the house opens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import click
from flask import Blueprint
from sqlalchemy import Select

from market.db.lines import Line, read_lines
from market.kernel.clock import is_before
from market.kernel.permits import Actor, Permit
from market.web.menus import MenuGroup


@dataclass(frozen=True)
class MenuEntry:
    """A link shown to whoever holds one of the permits (None: everyone, signed in or not)."""

    label: str
    endpoint: str
    permits: tuple[Permit, ...] = ()
    everyone: bool = False
    group: MenuGroup = MenuGroup.DESK


@dataclass(frozen=True)
class Waiting:
    """One thing on somebody's desk: what to do (`verb`, a catalogue key), with what, until when."""

    verb: str
    title: str
    url: str
    due_at: datetime | None = None
    urgent: bool = False


@dataclass(frozen=True)
class Ask:
    """A list for the desk that is read together with those of all rooms: a query made by `lined`, and its reading."""

    query: Select[Any]
    read: Callable[[list[Line]], Iterable[Waiting]]


@dataclass(frozen=True)
class Room:
    """Card of one room. `due` functions take the instant and act; `jobs` take ids.

    The desk is filled by `asks`, lists that all rooms read in one statement, and by `waiting`, for what needs more.
    """

    name: str
    blueprints: Sequence[Blueprint] = ()
    menu: Sequence[MenuEntry] = ()
    asks: Callable[[Actor, datetime], list[Ask]] | None = None
    waiting: Callable[[Actor, datetime], list[Waiting]] | None = None
    due: Sequence[Callable[[datetime], int]] = ()
    jobs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    commands: Sequence[click.Command] = ()


def by_urgency(found: Iterable[Waiting], at: datetime) -> list[Waiting]:
    """Return what waits in the order of the desk: what is urgent, then by deadline. What is overdue is urgent."""
    marked = [
        replace(one, urgent=True) if one.due_at is not None and not is_before(at, one.due_at) else one for one in found
    ]
    return sorted(marked, key=lambda one: (not one.urgent, one.due_at is None, one.due_at or at, one.title))


def waiting_in(rooms: Iterable[Room], actor: Actor, at: datetime) -> list[Waiting]:
    """Return what waits for this person in these rooms: one statement for all that they ask, and their own."""
    known = list(rooms)
    asked = [ask for room in known if room.asks for ask in room.asks(actor, at)]
    lists = zip(asked, read_lines([ask.query for ask in asked]), strict=True)
    found = [one for ask, rows in lists if rows for one in ask.read(rows)]
    return found + [one for room in known if room.waiting for one in room.waiting(actor, at)]
