"""The only place that knows all rooms."""

from __future__ import annotations

import importlib
import importlib.util
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO

from flask import Flask, Request, current_app, g, has_app_context, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import IntegerConverter, Map, Rule
from werkzeug.wrappers import Response

from market.config import Settings
from market.db.engine import attach, begin_reading, engine_options
from market.db.session import db
from market.kernel.clock import beijing, system_now
from market.kernel.permits import ROLE_LABELS, Actor
from market.paths import resource_dir
from market.people.queries import actor_of_session
from market.records import queue
from market.records.democlock import demonstration_now
from market.records.files import open_store
from market.records.keys import open_keys
from market.records.notices import open_board
from market.web import catalogues, filters, pages
from market.web.guard import public
from market.web.menus import GROUP_LABELS, Link, MenuGroup, folded
from market.web.rooms import Room, Waiting, by_urgency, waiting_in

# Every room with a card, in the order of the menu.
ROOMS = (
    "market.public",
    "market.people",
    "market.records",
    "market.places",
    "market.budgets",
    "market.catalogue",
    "market.needs",
    "market.tenders",
    "market.bids",
    "market.panels",
    "market.evaluation",
    "market.awards",
    "market.challenges",
    "market.venture",
    "contracts.agreements",
    "contracts.delivery",
    "contracts.outcomes",
    "contracts.payouts",
    "contracts.endings",
    "market.organisations",
    "market.workers",
    "market.incubation",
    "market.demo",
)


# Somebody who does nothing for so long is signed out; the page warns five minutes before.
_IDLE_SECONDS = 7200
_SEEN_STEP_SECONDS = 60


_MOST = 2**63 - 1


class Parameters(ImmutableMultiDict[str, str]):
    """What follows the question mark; a number that no table can hold is no number."""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]  # noqa: A002
        """As werkzeug's; with `type=int` what is too large for a table is the default."""
        found = super().get(key, default, type)
        return default if type is int and isinstance(found, int) and abs(found) > _MOST else found


class MemoryRequest(Request):
    """Uploads stay in memory while they are read: a bid's file must never touch the disk unencrypted."""

    parameter_storage_class = Parameters

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> BinaryIO:
        return io.BytesIO()


class RowNumber(IntegerConverter):
    """A number in an address that a table can hold; a longer one names nothing (404) and is not asked for."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=_MOST)


class Address(Rule):
    """A rule whose writer, the code that puts values into its address, is made when it is first asked for.

    Making the writers of all rules is most of what a start has to do, and a process needs few of them.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        make = super()._compile_builder
        made: list[Callable[..., tuple[str, str]]] = []

        def write(rule: Rule, /, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(make(append_unknown))
            return made[0](rule, **values)

        return write


class Linli:
    """What the app carries for the rooms: settings, cards, the clock."""

    def __init__(self, app: Flask, settings: Settings, rooms: list[Room]) -> None:
        self.app, self.settings, self.rooms = app, settings, rooms
        self.addresses: dict[tuple[str, str], str] = {}

    def now(self) -> datetime:
        """The product's present instant; also asked by the worker's clock, outside any request."""
        if not self.settings.is_demonstration:
            return system_now()
        if has_app_context():
            return demonstration_now()
        with self.app.app_context():
            return demonstration_now()

    def address(self, endpoint: str) -> str:
        """Address of a page of the menu, built once: there are thirty on every page, and none takes an argument."""
        known = self.addresses.get((request.script_root, endpoint))
        if known is None:
            known = self.addresses[request.script_root, endpoint] = url_for(endpoint)
        return known

    def waiting(self, actor: Actor, at: datetime) -> list[Waiting]:
        """Everything that waits for this person: what is urgent, then by deadline."""
        return by_urgency(waiting_in(self.rooms, actor, at), at)


def cards(demonstration: bool = False) -> list[Room]:
    """Import and return the cards of all rooms that have one; the demonstration's own only in its mode."""
    names = [f"{name}.room" for name in ROOMS if demonstration or name != "market.demo"]
    return [importlib.import_module(name).CARD for name in names if importlib.util.find_spec(name)]


def create_app(settings: Settings) -> Flask:
    """Build the application for one installation."""
    app = Flask("market", template_folder=str(resource_dir("templates")), static_folder=str(resource_dir("static")))
    app.request_class = MemoryRequest
    app.url_rule_class = Address
    app.url_map.converters["int"] = RowNumber
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="linli",
        MAX_CONTENT_LENGTH=settings.upload_mib * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=settings.upload_mib * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
    )
    db.init_app(app)
    with app.app_context():
        attach(db.engine)
    open_store(settings.files)
    open_keys(settings.installation_key)
    open_board(settings.base_url)
    app.before_request(_find_person)
    CSRFProtect(app)
    rooms = cards(settings.is_demonstration)
    app.extensions["linli"] = Linli(app, settings, rooms)
    catalogues.configure(app)
    filters.register(app)
    pages.register(app)
    for room in rooms:
        for blueprint in room.blueprints:
            app.register_blueprint(blueprint)
        queue.register(room.jobs, [(f"{room.name}.{due.__name__}", due) for due in room.due])
        for command in room.commands:
            app.cli.add_command(command)
    app.context_processor(_shared_values)
    app.add_url_rule("/language/<locale>", view_func=_language, endpoint="language")
    return app


def _find_person() -> None:
    if request.endpoint == "static":
        return
    begin_reading(db.session())
    present = system_now()
    g.actor = actor_of_session(session.get("token"), present) if _still_here(int(present.timestamp())) else None


def _still_here(second: int) -> bool:
    """Whether the browser was here within the idle limit; its last visit is kept in the signed cookie."""
    seen = session.get("seen", second)
    if second - seen > _IDLE_SECONDS:
        return False
    if "token" in session and ("seen" not in session or second - seen >= _SEEN_STEP_SECONDS):
        session["seen"] = second
    return True


def _shared_values() -> dict[str, Any]:
    linli: Linli = current_app.extensions["linli"]
    if request.endpoint == "static":
        return {}
    if "now" not in g:
        g.now = linli.now()
    everybody = [link for _group, link in _menu(linli, None, everyone=True)]
    return {
        "actor": _Shown(g.actor) if g.get("actor") else None,
        "menu": folded(_menu(linli, g.actor, everyone=False)) if g.get("actor") else everybody,
        "public_menu": everybody if g.get("actor") else [],
        "demo": _demo(linli, g.now),
        "menu_groups": GROUP_LABELS,
        "locale": catalogues.chosen_locale(),
        "now": g.now,
        "idle_seconds": _IDLE_SECONDS,
    }


class _Shown:
    """The person signed in, as the header shows them."""

    def __init__(self, actor: Actor) -> None:
        self.user_id, self.name = actor.user_id, actor.name
        self.label = "、".join(dict.fromkeys(filters.text(ROLE_LABELS[grant.role]) for grant in actor.grants))


def _menu(linli: Linli, actor: Actor | None, *, everyone: bool) -> Iterator[tuple[MenuGroup, Link]]:
    """Yield what this person works with, or (`everyone`) the pages that are open to anybody."""
    held = actor.permits() if actor else set()
    for room in linli.rooms:
        for entry in room.menu:
            if entry.everyone if everyone else held.intersection(entry.permits):
                alone = len(room.menu) == 1
                active = request.blueprint == room.name if alone else request.endpoint == entry.endpoint
                yield entry.group, Link(filters.text(entry.label), linli.address(entry.endpoint), active)


def _demo(linli: Linli, at: datetime) -> dict[str, str] | None:
    if not linli.settings.is_demonstration:
        return None
    return {
        "now_text": beijing(at).strftime("%Y-%m-%d %H:%M"),
        "next_step_url": "/demonstration/next-working-day",
        "next_deadline_url": "/demonstration/next-deadline",
    }


@public("everyone chooses a language")
def _language(locale: str) -> Response:
    target = request.args.get("next", "/")
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        target = "/"
    return catalogues.remember_locale(current_app.make_response(redirect(target)), locale)
