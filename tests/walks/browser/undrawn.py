"""Somebody who does what others have done in a window before: the same words, sent as a browser would, nothing drawn.

A second bidder, a second expert, a tenth resident see the same pages as the first, which have been looked at. What they
do is found on the pages all the same: links by their words, fields by their labels, buttons with what their form holds.
"""

from __future__ import annotations

import re
import time
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import lxml.html

_FIELDS = ".//input[not(@type='hidden')] | .//select | .//textarea"


def _words(node: Any) -> str:
    return " ".join(node.text_content().split())


class Undrawn:
    """Speaks the words of `Person` that such a repetition needs."""

    def __init__(self, address: str, login: str = "") -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self._opener.addheaders = [("Accept-Language", "zh-CN"), ("Accept", "text/html")]
        self.page: Any = None
        self._url = address
        if login:
            self.open("/demonstration")
            (form,) = self.page.xpath(f"//form[contains(@action, '/sign-in/{login}')]")
            self._send(form, dict(form.form_values()))

    # --- going ---

    def open(self, path: str) -> None:
        """Type an address."""
        self._ask(Request(urljoin(self._url, path)))

    def follow(self, text: str, *, within: str = "") -> None:
        """Follow a link by its words; `within` is a selector that ends with a class."""
        links = "//a[@href]"
        if within:
            links = f"//*[contains(concat(' ', @class, ' '), ' {within.rpartition('.')[2]} ')]{links}"
        found = [one for one in self.page.xpath(links) if text in _words(one)]
        assert found, f"no link {text!r} on {self._url}: {self.text[:2000]}"
        self.open(found[0].get("href"))

    def menu(self, text: str) -> None:
        """Choose from the main menu."""
        entries = [one for one in self.page.xpath("//nav//a[@href]") if _words(one) == text]
        self.open(entries[0].get("href"))

    def task(self, title: str, verb: str = "") -> None:
        """Take up what waits on the desk for this title, as soon as it does."""
        for _turn in range(60):
            self.open("/desk")
            for row in self.page.xpath("//main//tr[.//a[@href]]"):
                if title in _words(row) and verb in _words(row):
                    self.open(row.xpath(".//a/@href")[0])
                    return
            time.sleep(0.5)
        raise AssertionError(f"a task {verb} of {title} never came, but: {self.text[:3000]}")

    def press(self, text: str, **_how: Any) -> None:
        """Press a button by its words; its form is sent with what it holds."""
        found = [one for one in self.page.xpath("//main//form//button") if _words(one) == text]
        assert found, f"no button {text!r} on {self._url}: {self.text[:2000]}"
        (form,) = found[0].xpath("ancestor::form")
        pressed = {found[0].get("name"): found[0].get("value", "")} if found[0].get("name") else {}
        self._send(form, [*form.form_values(), *pressed.items()])

    def _send(self, form: Any, values: Any) -> None:
        action, sent = urljoin(self._url, form.get("action") or self._url), urlencode(values)
        if form.method.lower() == "get":
            self._ask(Request(f"{action}?{sent}"))
        else:
            self._ask(Request(action, data=sent.encode()))

    def _ask(self, request: Request) -> None:
        request.add_header("Referer", self._url)
        try:
            answer = self._opener.open(request, timeout=20)
        except HTTPError as refused:
            # A form that came back with errors is a page as any other.
            if refused.code != 422:
                raise
            answer = refused
        with answer:
            self._url = answer.url
            self.page = lxml.html.fromstring(answer.read().decode(), base_url=answer.url)

    # --- filling ---

    def fill(self, label: str | re.Pattern[str], value: str, *, nth: int = 0) -> None:
        """Type into a field by its label."""
        fields = [one for one in self._labelled(label) if one.tag != "select" and one.get("type") != "checkbox"]
        field = fields[nth]
        if field.tag == "textarea":
            field.text = value
        else:
            field.set("value", value)

    def tick(self, label: str, *, nth: int = 0) -> None:
        """Tick a box or a circle by its label."""
        self._check([one for one in self._labelled(label) if one.get("type") in {"checkbox", "radio"}][nth])

    def tick_all(self, group: str) -> None:
        """Tick every box of a group."""
        (fields,) = [one for one in self.page.xpath("//main//fieldset") if group in _words(one.find("legend"))]
        for box in fields.xpath(".//input[@type='checkbox']"):
            box.set("checked", "checked")

    def answer_all(self, option: str) -> None:
        """Choose the same answer to each question of the page."""
        for label in self.page.xpath("//main//fieldset//label"):
            if _words(label) == option:
                self._check(self.page.get_element_by_id(label.get("for")))

    def _check(self, box: Any) -> None:
        if box.get("type") == "radio":
            for other in self.page.xpath("//input[@type='radio']"):
                if other.get("name") == box.get("name"):
                    other.attrib.pop("checked", None)
        box.set("checked", "checked")

    def _labelled(self, label: str | re.Pattern[str]) -> list[Any]:
        matches = re.compile(re.escape(label) if isinstance(label, str) else label)
        return [one for one in self.page.xpath("//main")[0].xpath(_FIELDS) if matches.search(self._label(one))]

    def _label(self, field: Any) -> str:
        if said := field.get("aria-label"):
            return str(said)
        own = self.page.xpath("//label[@for=$id]", id=field.get("id", "")) or field.xpath("ancestor::label")
        return _words(own[0]) if own else ""

    # --- seeing ---

    @property
    def heading(self) -> str:
        """The page's heading."""
        return _words(self.page.xpath("//h1")[0])

    @property
    def text(self) -> str:
        """What there is to read on the page."""
        return _words(self.page.xpath("//main")[0])

    def sees(self, *words: str) -> None:
        """Assert that all of this is on the page."""
        missing = [word for word in words if word not in self.text]
        assert not missing, f"{urlsplit(self._url).path} does not say {missing}, but: {self.text[:3000]}"
