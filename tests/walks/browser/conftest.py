"""One demonstration and one browser for all walks, which are one xdist group: each goes on where the last stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import launched
from tests.walks.browser.person import Gallery, Person
from tests.walks.browser.site import Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demonstration, as `market run` starts it; MARKET_TEST_DEMO may name a loaded data folder to copy."""
    prepared = os.environ.get("MARKET_TEST_DEMO")
    running = Site(tmp_path_factory.mktemp("demonstration"), Path(prepared) if prepared else None)
    yield running
    said = running.said()
    assert running.stop() == 0
    assert "Traceback" not in said, said


# Ends with its module: the library leaves an event loop running as long as the browser does, and others want their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as running:
        yield running


@pytest.fixture(scope="session")
def gallery() -> Gallery:
    return Gallery()


@pytest.fixture
def someone(site: Site, browser: Any, gallery: Gallery) -> Iterator[Callable[..., Person]]:
    """Open a browser window: `someone()`, `someone("clerk-jn")`, `someone(phone=True)`."""
    windows: list[Person] = []

    def arrive(login: str = "", **options: Any) -> Person:
        person = Person(browser, site.address, gallery, **options)
        windows.append(person)
        if login:
            person.enter(login)
        return person

    yield arrive
    for person in windows:
        person.leave()
    found, gallery.findings[:] = list(gallery.findings), []
    assert not found, "\n".join(found)
