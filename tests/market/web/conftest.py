"""The gallery app and its browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests.browser import launched
from tests.fixtures.visitor import Page
from tests.market.web.gallery import create_app


@pytest.fixture(scope="module")
def gallery() -> Flask:
    return create_app()


@pytest.fixture
def client(gallery: Flask) -> FlaskClient:
    return gallery.test_client()


@pytest.fixture
def seen(client: FlaskClient) -> Any:
    """Fetch a page of the gallery as a `Page`: `seen("/desk", lang="en")`."""

    def fetch(url: str, lang: str = "zh_Hans_CN", method: str = "GET", **options: Any) -> Page:
        client.set_cookie("lang", lang)
        return Page(url, client.open(url, method=method, **options), [])

    return fetch


@pytest.fixture(scope="module")
def address(gallery: Flask) -> Iterator[str]:
    """The gallery on a port of its own."""
    server = make_server("127.0.0.1", 0, gallery, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as running:
        yield running
