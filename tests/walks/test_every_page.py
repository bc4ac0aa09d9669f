"""Every page is visited: by who may, by a stranger, by nobody; in both languages; and its statements are counted."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle, islice
from math import ceil
from typing import Any

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import select
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from market.db.session import db
from market.kernel.permits import ROLE_PERMITS, Permit, Role
from market.people.queries import actor_of
from market.public.bundles import make_bundle, wanted
from market.records.models import PurchaseCard
from market.web.catalogues import ENGLISH, FOLDER
from tests.factories.verifying import verify
from tests.fixtures.application import take_books
from tests.fixtures.clock import StandingClock
from tests.fixtures.databases import Databases
from tests.fixtures.stripe import stripe_faked
from tests.fixtures.visitor import Page, Unsound, Visitor
from tests.walks.growth import multiply
from tests.walks.itinerary import FOR_EVERYBODY, LISTS, NOT_VISITED, REDIRECTS, Visit, pages, visits
from tests.walks.world import MARKER, World, built, carried

pytestmark = pytest.mark.xdist_group("every_page")
MOST_OF_A_LIST, MOST_OF_A_PAGE = 8, 10
# A desk asks every room that this person has to do with: plain lists together in one statement, the rest one by one.
MORE = {"people.desk": 12}


@pytest.fixture(scope="session")
def worlds(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Builds the world when it is first asked for, and carries it to the server when a test wants it there."""
    made: dict[str, World] = {}
    data = tmp_path_factory.mktemp("world")
    with ExitStack() as places:

        def of(databases: Any) -> World:
            if "sqlite" not in made:
                made["sqlite"] = places.enter_context(built(sqlite_databases, data))
            if databases.kind not in made:
                made[databases.kind] = carried(made["sqlite"], databases, data)
            return made[databases.kind]

        yield of
        for world in made.values():
            with world.app.app_context():
                db.session.remove()
                db.engine.dispose()


@contextmanager
def _standing_in(world: World, clock: StandingClock) -> Iterator[World]:
    clock._traveller.move_to(world.now, tick=False)
    take_books(world.app)
    # Which answers at once: the real one cannot be reached from a test, and is asked three times.
    with stripe_faked(world.app.extensions["linli"].settings):
        yield world


@pytest.fixture
def world(worlds: Any, databases: Any, clock: StandingClock) -> Iterator[World]:
    """The world on each engine, with the clock where its story ended."""
    with _standing_in(worlds(databases), clock) as world:
        yield world


@pytest.fixture
def sqlite_world(worlds: Any, sqlite_databases: Any, clock: StandingClock) -> Iterator[World]:
    """The world on one engine, for what does not depend on it."""
    with _standing_in(worlds(sqlite_databases), clock) as world:
        yield world


def _try(world: World, visit: Visit) -> Page | str:
    """The page, or what is unsound about it."""
    try:
        return world.visitor(visit.who).get(visit.url, follow=False)
    except Unsound as finding:
        return str(finding)[:400]


def _count(page: Page) -> int:
    """A page's statements, but for the one that reads the demonstration's own clock."""
    return sum("FROM setting" not in statement for statement in page.statements)


def test_no_page_is_left_out(sqlite_world: World) -> None:
    there = {rule.endpoint for rule in pages(sqlite_world.app)}
    visited = {visit.endpoint for visit in visits(sqlite_world)}
    assert visited | set(NOT_VISITED) == there
    assert not visited & set(NOT_VISITED)


def test_whoever_may_finds_a_sound_page_within_its_budget(world: World) -> None:
    wrong = []
    for visit in visits(world):
        page = _try(world, visit)
        if isinstance(page, str):
            wrong.append(f"{visit}: {page}")
            continue
        if (page.status == 302) != (visit.endpoint in REDIRECTS) or page.status not in {200, 302}:
            wrong.append(f"{visit}: answered {page.status} {page.location or ''}")
        most = MOST_OF_A_LIST if visit.endpoint in LISTS else MOST_OF_A_PAGE
        most = MORE.get(visit.endpoint, most)
        if _count(page) > most:
            wrong.append(f"{visit}: {_count(page)} statements, at most {most}")
    assert not wrong, "\n".join(wrong)


def test_a_stranger_finds_nothing(sqlite_world: World) -> None:
    """Somebody with the same permits in another district, or in another organisation."""
    world, wrong = sqlite_world, []
    named = [one for one in visits(world) if _names_something(one) and one.endpoint not in FOR_EVERYBODY]
    for url, name in _of_strangers(world, named):
        page = world.glance(name, url)
        if page.status not in {403, 404} or MARKER in page.source:
            wrong.append(f"{url}, but {name}: {page.status}")
    assert not wrong, "\n".join(wrong)


def _names_something(visit: Visit) -> bool:
    """Whether it leads to one matter of somebody's, and not to a list."""
    return visit.guarded and bool(re.search(r"\d", visit.url))


def _of_strangers(world: World, some: Iterable[Visit]) -> list[tuple[str, str]]:
    """These addresses with everybody who tries them; an address that several people visit is tried once by each."""
    return list(dict.fromkeys((one.url, name) for one in some for name in _with_the_same_permits(world, one)))


def _with_the_same_permits(world: World, visit: Visit) -> list[str]:
    permits = world.app.view_functions[visit.endpoint].permit  # type: ignore[attr-defined]
    return [name for name in world.strangers if ROLE_PERMITS[_ROLES[name]] & set(permits)]


_ROLES = {
    "other-clerk": Role.STREET_CLERK,
    "other-approver": Role.STREET_APPROVER,
    "other-opener": Role.STREET_OPENER,
    "other-cashier": Role.STREET_CASHIER,
    "other-checker": Role.STREET_CHECKER,
    "other-finance": Role.DISTRICT_FINANCE,
    "other-civil": Role.DISTRICT_CIVIL,
    "other-reviewer": Role.DISTRICT_REVIEWER,
    "other-escrow": Role.KEY_ESCROW,
    "other-incubator": Role.INCUBATOR,
    "other-expert": Role.EXPERT,
    "other-evaluator": Role.EVALUATOR,
    "other-admin": Role.ORGANISATION_ADMIN,
    "other-editor": Role.ORGANISATION_EDITOR,
    "other-signatory": Role.ORGANISATION_SIGNATORY,
}


def test_lists_of_strangers_and_public_pages_say_nothing_of_what_is_inside(sqlite_world: World) -> None:
    """The marker stands in drafts, an explanation and a file's name; nowhere a stranger or anybody can read it."""
    world = sqlite_world
    lists = [one for one in visits(world) if not _names_something(one)]
    inside = _of_strangers(world, (one for one in lists if one.guarded))
    public = dict.fromkeys((one.url, None) for one in lists if not one.guarded)
    read = {(url, name): world.glance(name, url).response.get_data() for url, name in (*inside, *public)}
    assert [f"{url} to {name}" for (url, name), data in read.items() if MARKER.encode() in data] == []


def test_nobody_is_let_in_without_signing_in(world: World) -> None:
    wrong = []
    for visit in visits(world):
        page = world.glance(None, visit.url)
        if visit.guarded:
            at_the_door = page.status == 302 and (page.location or "").startswith("/sign-in?next=")
            wrong += [] if at_the_door else [f"{visit}: {page.status} {page.location}"]
        elif page.status not in {200, 302}:
            wrong.append(f"{visit}: {page.status}")
    assert not wrong, "\n".join(wrong)


# --- role by role -----------------------------------------------------------------------------------------------------

# One person for each role, in the town itself: only the permit decides.
_IN_TOWN = {
    Role.OPERATOR: "operator",
    Role.DISTRICT_FINANCE: "finance",
    Role.DISTRICT_CIVIL: "civil",
    Role.DISTRICT_REVIEWER: "reviewer",
    Role.KEY_ESCROW: "escrow",
    Role.INCUBATOR: "incubator",
    Role.STREET_CLERK: "clerk",
    Role.STREET_APPROVER: "approver",
    Role.STREET_OPENER: "opener1",
    Role.STREET_CASHIER: "cashier",
    Role.STREET_CHECKER: "checker",
    Role.ORGANISATION_ADMIN: "silver-admin",
    Role.ORGANISATION_EDITOR: "silver-editor",
    Role.ORGANISATION_SIGNATORY: "silver-signatory",
    Role.EXPERT: "scorer",
    Role.EVALUATOR: "evaluator",
    Role.AUDITOR: "auditor",
}


def test_no_role_opens_a_door_without_its_permit(sqlite_world: World) -> None:
    """Every door is tried, and every role at each set of permits that it does not hold: 403, or 404 where both look
    alike. The doors of one set take turns, since the same guard stands at all of them."""
    assert set(_IN_TOWN) == set(Role)
    app, opened = sqlite_world.app, []
    doors: dict[frozenset[Permit], list[Rule]] = {}
    for rule in app.url_map.iter_rules():
        doors.setdefault(frozenset(getattr(app.view_functions[rule.endpoint], "permit", ())), []).append(rule)
    del doors[frozenset()]
    held = {role: ROLE_PERMITS[role] | _own_permits(sqlite_world, name) for role, name in _IN_TOWN.items()}
    tokens = {role: _token(sqlite_world.visitor(name)) for role, name in _IN_TOWN.items()}
    for permits, rules in doors.items():
        outside = [role for role in Role if not permits & held[role]]
        turns = cycle(rules)
        for role in outside:
            for rule in islice(turns, ceil(len(rules) / len(outside))):
                status = _knock(sqlite_world, sqlite_world.visitor(_IN_TOWN[role]), rule, tokens[role])
                if status not in {403, 404}:
                    opened.append(f"{rule} ({rule.endpoint}) as {role}: {status}")
    assert not opened, "\n".join(opened)


def _token(visitor: Visitor) -> str:
    (token,) = visitor.get("/account").forms()[0].values["csrf_token"]
    return token


def _knock(world: World, visitor: Visitor, rule: Rule, token: str) -> int:
    values = {argument: _any(rule, argument) for argument in rule.arguments}
    url = world.app.url_map.bind("localhost").build(rule.endpoint, values, method=_method(rule))
    sent = {"csrf_token": token} if _method(rule) == "POST" else None
    # The bare answer is enough here: what a refusal's page looks like is seen by the strangers.
    accept = {"Accept": "application/problem+json"}
    return visitor.client.open(url, method=_method(rule), data=sent, headers=accept).status_code


def _own_permits(world: World, name: str) -> set[Permit]:
    """Permits of further roles that the town's person holds."""
    with world.app.app_context():
        return actor_of(world.people[name]).permits()


def _method(rule: Rule) -> str:
    return "POST" if "POST" in (rule.methods or ()) else "GET"


def _any(rule: Rule, argument: str) -> object:
    """Some value that the address allows."""
    converter = rule._converters[argument]
    if isinstance(converter, IntegerConverter):
        return 1
    return converter.regex.strip("(?:)").split("|")[0] if isinstance(converter, AnyConverter) else "x"


# --- twenty rows and two hundred --------------------------------------------------------------------------------------


def test_a_list_asks_as_much_of_two_hundred_rows_as_of_twenty(sqlite_world: World) -> None:
    world = sqlite_world
    lists = [visit for visit in visits(world) if visit.endpoint in LISTS | {"people.desk"}]
    assert {visit.endpoint for visit in lists} == LISTS | {"people.desk"}
    with _as_it_was(world):
        _grow(world, 20, 1)
        few = {visit: world.glance(visit.who, visit.url) for visit in lists}
        _grow(world, 180, 21)
        many = {visit: world.glance(visit.who, visit.url) for visit in lists}
    more = {str(v): (_count(few[v]), _count(many[v])) for v in lists if _count(few[v]) != _count(many[v])}
    assert more == {}
    # The rows are really there: most lists are full, or as long as they may become.
    assert sum(_rows(page) >= 20 for page in many.values()) > 2 * len(lists) // 3


@contextmanager
def _as_it_was(world: World) -> Iterator[None]:
    """Whatever is written meanwhile is gone afterwards."""
    with world.app.app_context():
        place = str(db.engine.url.database)
    with closing(sqlite3.connect(place)) as file, closing(sqlite3.connect(":memory:")) as kept:
        file.backup(kept)
        try:
            yield
        finally:
            kept.backup(file)


def _rows(page: Page) -> int:
    """Rows of tables and entries of lists in the main part."""
    return len(page.all("//main//tbody/tr | //main//li"))


def _grow(world: World, copies: int, first: int) -> None:
    with world.app.app_context(), db.engine.begin() as connection:
        multiply(connection, copies, first)


# --- the other language -----------------------------------------------------------------------------------------------


def _sentences() -> tuple[set[str], re.Pattern[str]]:
    """What the catalogues translate: whole sentences, and a pattern for those with something filled in."""
    plain, filled = set(), []
    for path in sorted((FOLDER / "en" / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                for one in message.id if isinstance(message.id, tuple | list) else [message.id]:
                    text = " ".join(one.split())
                    if not re.search(r"[\u4e00-\u9fff]", text) or message.string == one:
                        continue
                    if "%(" not in text:
                        plain.add(text.replace("%%", "%"))
                    elif len(re.findall(r"[\u4e00-\u9fff]", re.sub(r"%\(\w+\)\w", "", text))) >= 4:
                        parts = re.split(r"%\(\w+\)\w", text.replace("%%", "%"))
                        filled.append(".+?".join(re.escape(part) for part in parts))
    return plain, re.compile("|".join(filled))


_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_READ_OUT = ("aria-label", "title", "placeholder", "alt")


def _read(page: Page) -> Iterator[str]:
    """Every text of the page with Chinese in it by itself, and what is read out or shown from attributes."""
    for node in page.all("//body//*[not(self::script) and not(self::style)]"):
        texts = [text for text in (node.text, node.tail, *map(node.get, _READ_OUT)) if text and _CHINESE.search(text)]
        if texts and not node.xpath("string(ancestor-or-self::*[@lang][1]/@lang)").startswith("zh"):
            yield from (" ".join(text.split()) for text in texts)


# What a purchase says of itself in the words that are offered to everybody: data, kept as it was written.
# The last is the professional title of an expert as well as a certificate level.
_DATA = {"报价", "产品默认值，供本区修改", "江宁区", "吴兴区", "温江区", "高级社会工作师"}


def test_english_pages_leave_no_sentence_in_chinese(sqlite_world: World) -> None:
    plain, filled = _sentences()
    plain -= _DATA
    left: dict[str, set[str]] = {}
    for visit in visits(sqlite_world):
        page = sqlite_world.glance(visit.who, visit.url, ENGLISH)
        if page.tree is None:
            continue
        for text in _read(page):
            if text in plain or (re.search(r"[\u4e00-\u9fff]{4}", text) and filled.fullmatch(text)):
                left.setdefault(text, set()).add(visit.endpoint)
    assert not left, "\n".join(f"{text}: {', '.join(sorted(where))}" for text, where in sorted(left.items()))


def test_every_purchase_of_the_world_computes_again(sqlite_world: World) -> None:
    wrong = {}
    with sqlite_world.app.app_context():
        ocids = db.session.scalars(select(PurchaseCard.ocid)).all()
        for ocid in ocids:
            found = wanted(ocid)
            assert found is not None
            report = verify(make_bundle(found))
            if report.faults:
                wrong[ocid] = report.faults[:3]
    assert len(ocids) > 8
    assert not wrong
