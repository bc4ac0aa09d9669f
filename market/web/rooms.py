"""A room's card: what the app hangs up when the house opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import click
from flask import Blueprint

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
class Room:
    """Card of one room. `due` functions take the instant and act; `jobs` take ids; `waiting` fills the desk."""

    name: str
    blueprints: Sequence[Blueprint] = ()
    menu: Sequence[MenuEntry] = ()
    waiting: Callable[[Actor, datetime], list[Waiting]] | None = None
    due: Sequence[Callable[[datetime], int]] = ()
    jobs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    commands: Sequence[click.Command] = ()
