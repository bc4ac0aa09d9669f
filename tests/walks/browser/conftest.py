"""A demonstration and a browser for each of two xdist groups of walks, of which each goes on where the last stopped."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import launched
from tests.walks.browser.person import Gallery, Person
from tests.walks.browser.site import Site, load
from tests.walks.browser.undrawn import Undrawn


@pytest.fixture(scope="session")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of one run have together."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "walks"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def loaded(together: Path, in_memory: Path) -> Path:
    """A data folder in which the story was played once for all processes; MARKET_TEST_DEMO may name one."""
    if named := os.environ.get("MARKET_TEST_DEMO"):
        return Path(named)
    with (together / "lock").open("w") as lock:
        # Whoever comes second waits here until the first has loaded it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (together / "data").exists():
            load(in_memory / "loading")
            shutil.move(in_memory / "loading", together / "moving")
            (together / "moving").rename(together / "data")
    return together / "data"


# Ends with these walks too: its worker would go on looking for jobs, and the stop takes five seconds, which at the
# end of the run nobody else would use.
@pytest.fixture(scope="package")
def site(loaded: Path, in_memory: Path) -> Iterator[Site]:
    """A running demonstration of these walks' own."""
    running = Site(in_memory / "demonstration", loaded)
    yield running
    with running.half_a_request():
        began = time.monotonic()
        assert running.stop() == 0
    said = running.said()
    assert "Traceback" not in said, said
    assert said.rstrip().endswith("已停止 / stopped"), said
    # A server that waits for the other half of a request is killed after 20 s.
    assert time.monotonic() - began < 18


# Ends with these walks: the library leaves an event loop running as long as the browser does, and others want theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with launched() as running:
        yield running


@pytest.fixture(scope="session")
def gallery(together: Path) -> Gallery:
    return Gallery(together)


@pytest.fixture(scope="module")
def at_work(browser: Any) -> Iterator[dict[str, Person]]:
    """Who is signed in at a window of their own, which stays open between the tests of a module."""
    people: dict[str, Person] = {}
    yield people
    for person in people.values():
        person.leave()


@pytest.fixture
def someone(
    site: Site, browser: Any, gallery: Gallery, at_work: dict[str, Person]
) -> Iterator[Callable[..., Any]]:
    """Open a browser window: `someone()`, `someone(phone=True)`; or go back to one: `someone("clerk-jn")`.

    `drawn=False` is for whoever repeats what was seen in a window before.
    """
    windows: list[Person] = []

    def arrive(login: str = "", *, drawn: bool = True, **options: Any) -> Person | Undrawn:
        if not drawn:
            return Undrawn(site.address, login)
        assert not (login and options), "whoever signs in keeps one window, at a desk"
        if login in at_work:
            at_work[login].come_back()
            return at_work[login]
        person = Person(browser, site.address, gallery, **options)
        if login:
            at_work[login] = person
            person.enter(login)
        else:
            windows.append(person)
        return person

    yield arrive
    for person in windows:
        person.leave()
    found, gallery.findings[:] = list(gallery.findings), []
    assert not found, "\n".join(found)
