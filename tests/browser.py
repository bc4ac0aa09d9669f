"""The system's Chromium under Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # Each page is a new one for its scripts: what is compiled for speed is thrown away before it has paid.
    "--js-flags=--no-opt --no-maglev",
]  # fmt: skip
PHONE = {"width": 375, "height": 812}
DESK = {"width": 1280, "height": 900}


def chromium_path() -> str:
    """The Chromium to use: `CHROMIUM`, else the system's. FileNotFoundError names the command to run."""
    names = (os.environ.get("CHROMIUM", ""), "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    for name in names:
        if name and (path := shutil.which(name)):
            return path
    raise FileNotFoundError("no Chromium: run  apt-get install -y chromium  or set CHROMIUM")


@contextmanager
def launched() -> Iterator[Any]:
    """A running browser with a fresh profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
