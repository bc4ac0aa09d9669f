"""Somebody at a browser: follows links, fills fields, presses buttons. Every page on the way is looked at."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import lxml.html

from tests import axe
from tests.browser import DESK, PHONE

SHOTS = os.environ.get("MARKET_TEST_SHOTS")
# Longer than the server waits for its lock of writing, so that a slow machine is not a failure.
_PATIENCE_MS = 20_000
# The innermost elements that stick out of the window, when the page as a whole does.
_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width + 0.5);
  return out.filter((one) => !out.some((other) => one !== other && one.contains(other)))
    .slice(0, 3).map((one) => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 60)}`);
}"""

_MENU = "() => document.querySelector('.menu-wide')?.textContent ?? ''"
_TWO_LINES = """() => {
  const tops = [...document.querySelectorAll(".menu-wide .menu-list > li")].map((one) => one.offsetTop);
  return new Set(tops).size > 1;
}"""

# What axe judges by: elements, attributes and where there is words, without the words, numbers and tokens themselves.
_SKELETON = r"""() => {
  let parts = [location.pathname.replace(/\d+/g, "0")];
  const plain = (text) => text.replace(/[0-9a-f]{12,}|\d+/g, "0");
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { if (node.data.trim()) parts.push("x"); return; }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    parts.push("<", node.tagName, node.lang);
    for (const one of node.attributes) parts.push(one.name, one.name === "value" ? !!one.value : plain(one.value));
    // Rows, options and cards of one make are one: what holds for the first holds for the tenth.
    const children = [], mine = parts;
    for (const one of node.childNodes) { parts = []; walk(one); children.push(parts.join(" ")); }
    parts = [...mine, ...new Set(children), ">"];
  };
  walk(document.documentElement);
  return parts.join(" ");
}"""


class Told(set[int]):
    """A set that the processes of a run have together: what one adds, the others know when they look the next time."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file, self._read = file, 0
        file.touch()

    def look(self) -> None:
        """Take in what others have added."""
        with self._file.open("rb") as file:
            file.seek(self._read)
            said = file.read()
        self._read += len(said)
        super().update(map(int, said.split()))

    def update(self, *fresh: Iterable[int]) -> None:
        """Add, for all."""
        super().update(*fresh)
        # One write at the end of the file is one write, whoever else writes there.
        with self._file.open("ab", buffering=0) as file:
            file.write("".join(f"{one}\n" for some in fresh for one in some).encode())


class Gallery:
    """What is wrong with the pages of all walks, and pictures of them when MARKET_TEST_SHOTS names a folder.

    `together` is the folder of what the processes of a run know together.
    """

    def __init__(self, together: Path) -> None:
        # Pages that axe has found nothing on, by their skeleton: the same page with other names in it is no other page.
        self.sound = Told(together / "sound")
        # Addresses, numbers aside, that were looked at as a whole, at a desk or on a phone.
        self.addresses: set[tuple[str, bool]] = set()
        # Menus that fit into one line; each role has its own.
        self.menus: set[str] = set()
        # Ways of being coloured that have contrast enough.
        self.colours = Told(together / "colours")
        # Kinds of buttons of the demonstration's page that were pressed in a window.
        self.pressed: set[str] = set()
        self.folder = Path(SHOTS) if SHOTS else None
        self.pages = 0
        self.findings: list[str] = []
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)

    def keep(self, page: Any, who: str, width: str) -> None:
        """Keep a picture of the whole page."""
        if self.folder:
            place = re.sub(r"\W+", "-", urlsplit(page.url).path).strip("-") or "home"
            page.screenshot(path=self.folder / f"{self.pages:03d}-{place[:60]}-{who}-{width}.png", full_page=True)


class Person:
    """One browser window. Narrow for a phone; with `scripts=False` the browser runs none.

    Whoever sits at a desk looks at pages in a wide window and one as narrow as a phone, and goes on in whichever it is.
    """

    def __init__(
        self, browser: Any, address: str, gallery: Gallery, *, phone: bool = False, scripts: bool = True, lang: str = ""
    ) -> None:
        self.gallery, self.phone, self.narrow, self.scripts = gallery, phone, phone, scripts
        self.who = "visitor"
        self.context = browser.new_context(
            base_url=address,
            viewport=PHONE if phone else DESK,
            is_mobile=phone,
            has_touch=phone,
            java_script_enabled=scripts,
            locale="en-GB" if lang == "en" else "zh-CN",
            accept_downloads=True,
        )
        self.context.set_default_timeout(_PATIENCE_MS)
        axe.prepare(self.context)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        # A refused script, style or request is an error on the console; so is what a script throws.
        self.page.on("console", lambda said: said.type == "error" and self._complain(said.text))
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("response", lambda response: response.status >= 500 and self._complain(f"{response.status}"))

    def _complain(self, text: str) -> None:
        # A form that came back with errors is answered with 422, which the console calls a failure to load.
        if "status of 422" not in text:
            self.complaints.append(text)

    # --- going ---

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)
        self.look()

    def enter(self, login: str) -> None:
        """Step into a role of the demonstration with one click; after the first time, by the same form undrawn."""
        self.who = login
        action = f"/demonstration/sign-in/{login}"
        if "enter" not in self.gallery.pressed:
            self.gallery.pressed.add("enter")
            self.page.goto("/demonstration")
            self._go(self.page.locator(f"form[action$='{action}'] button"))
        else:
            self._undrawn(f"//form[contains(@action, '{action}')]", self._undrawn())
            self.open("/desk")

    def _undrawn(self, form: str = "", page: Any = None) -> Any:
        """The demonstration's page as this window would get it, or what it would get for sending a form of `page`."""
        asked = self.context.request
        if page is None:
            answer = asked.get("/demonstration")
        else:
            (found,) = page.xpath(form)
            answer = asked.post(found.action, form=dict(found.form_values()), headers={"Referer": page.base_url})
        assert answer.ok, f"{answer.url} answered {answer.status}"
        return lxml.html.fromstring(answer.text(), base_url=answer.url)

    def come_back(self) -> None:
        """To the desk as it is now; whoever was signed out meanwhile steps in again."""
        self.page.goto("/desk")
        if urlsplit(self.page.url).path != "/desk":
            self.enter(self.who)

    def follow(self, text: str, *, within: Any = None, nth: int = 0) -> None:
        """Follow a link by its words; `within` is a place on the page, or its selector."""
        place = self.page.locator(within) if isinstance(within, str) else within or self.page
        self._go(place.get_by_role("link", name=text).nth(nth))

    def menu(self, text: str) -> None:
        """Choose from the main menu; a group that hides the entry is opened first."""
        if self.narrow:
            self.page.get_by_text("菜单", exact=True).click()
        bar = self.page.locator(".menu-narrow" if self.narrow else ".menu-wide")
        # Exact, since an entry's word may be part of another's.
        entry = bar.get_by_text(text, exact=True)
        if not entry.is_visible():
            group = bar.locator(".menu-group").filter(has=self.page.get_by_text(text, exact=True))
            group.locator("summary").click()
        self._go(entry)

    def task(self, title: str, verb: str | None = None) -> None:
        """Take up what waits on the desk for this title; with several, the one whose link says `verb`."""
        if urlsplit(self.page.url).path != "/desk":
            self.open("/desk")
        row = self.page.get_by_role("row").filter(has_text=title)
        if verb is not None:
            row = row.filter(has_text=verb)
        self._load_until(lambda: row.count() > 0, 30, f"a task {verb or ''} of {title}")
        self._go(row.first.get_by_role("link"))

    def press(self, text: str, *, within: Any = None, sure: bool = False, exact: bool = True) -> None:
        """Press a button by its words; with `sure` the question that is asked first is answered."""
        button = (within or self.page.locator("main")).get_by_role("button", name=text, exact=exact).first
        if sure and self.scripts:
            button.click()
            button = self.page.locator("dialog").get_by_role("button").first
        self._go(button)

    def download(self, text: str) -> bytes:
        """Save what a link leads to, without opening it."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=text).first.click(modifiers=["Alt"])
        return Path(waiting.value.path()).read_bytes()

    def _go(self, target: Any) -> None:
        with self.page.expect_navigation():
            target.click()
        self.look()

    def move_clock_past(self, moment: str, button: str = "下一个截止时刻") -> None:
        """Press the demonstration's button until its clock shows a later moment; the page stays as it was.

        Done in a second tab, as a visitor would who wants to see what becomes of the page in the first. After the first
        time the button's form is sent without drawing the page that comes back.
        """
        if button not in self.gallery.pressed:
            self.gallery.pressed.add(button)
            tab = self.context.new_page()
            tab.goto("/demonstration")
            if tab.locator(".demo-clock time").inner_text() <= moment:
                with tab.expect_navigation():
                    tab.get_by_role("button", name=button).click()
            tab.close()
        page = self._undrawn()
        while page.xpath("string(//*[@class='demo-clock']//time)") <= moment:
            page = self._undrawn(f"//form[.//button[normalize-space() = '{button}']]", page)

    # --- filling ---

    def fill(self, label: str | re.Pattern[str], value: str, *, within: Any = None, nth: int = 0) -> None:
        """Type into a field by its label."""
        place = within or self.page
        place.locator("input, textarea").and_(place.get_by_label(label)).nth(nth).fill(value)

    def choose(self, label: str, option: str | re.Pattern[str], *, within: Any = None) -> None:
        """Choose from a list by what the option says."""
        box = (within or self.page).get_by_label(label).first
        wanted = box.locator("option").filter(has_text=option).first
        box.select_option(value=wanted.get_attribute("value"))

    def tick(self, label: str, *, within: Any = None, nth: int = 0) -> None:
        """Tick a box or a circle by its label."""
        (within or self.page.locator("main")).get_by_label(label).nth(nth).check()

    def tick_all(self, group: str) -> None:
        """Tick every box of a group."""
        for box in self.page.locator("main").get_by_role("group", name=group).get_by_role("checkbox").all():
            box.check()

    def answer_all(self, option: str) -> None:
        """Choose the same answer to each question of the page."""
        for question in self.page.locator("main fieldset").all():
            question.get_by_label(option, exact=True).check()

    def attach(self, label: str, path: Path) -> None:
        """Choose a file."""
        self.page.get_by_label(label).set_input_files(path)

    # --- seeing ---

    @property
    def heading(self) -> str:
        """The page's heading."""
        return str(self.page.locator("h1").inner_text()).strip()

    @property
    def text(self) -> str:
        """What there is to read on the page."""
        return " ".join(str(self.page.locator("main").inner_text()).split())

    def sees(self, *words: str) -> None:
        """Assert that all of this is on the page."""
        text = self.text
        missing = [word for word in words if word not in text]
        assert not missing, f"{self.page.url} does not say {missing}, but: {text[:3000]}"

    def waits_for(self, words: str, *, seconds: float = 60) -> None:
        """Load the page again until it says so: the worker needs a moment."""
        self._load_until(lambda: words in self.text, seconds, words)
        self.look()

    def _load_until(self, there: Callable[[], bool], seconds: float, what: str) -> None:
        for _turn in range(int(seconds * 2)):
            if there():
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        raise AssertionError(f"{self.page.url} never showed {what!r}, but: {self.text[:3000]}")

    def look(self) -> None:
        """Note what is wrong with this page: on the console, by axe, wider than a phone. The walk goes on."""
        self.gallery.pages += 1
        findings = [*self.complaints]
        self.complaints.clear()
        address = (re.sub(r"\d+", "0", urlsplit(self.page.url).path), self.phone)
        # Without scripts axe cannot run; the same pages are looked at by others with them.
        skeleton = f"{self.page.evaluate(_SKELETON)} {self.phone}" if self.scripts else ""
        made = int.from_bytes(blake2b(skeleton.encode(), digest_size=8).digest())
        self.gallery.sound.look()
        if made not in self.gallery.sound or self.gallery.folder:
            findings += self._look_closely(known=address in self.gallery.addresses)
        if self.scripts and not findings:
            self.gallery.sound.update([made])
            self.gallery.addresses.add(address)
        self.gallery.findings += [f"{self.who} on {urlsplit(self.page.url).path}: {found}" for found in findings]

    def _look_closely(self, *, known: bool) -> list[str]:
        """What is wrong at both widths; on a phone, and where the address is known, at the narrow one alone.

        What surrounds a page has been judged the first time: another state of it has another middle. How large targets
        are is judged where they stand closest.
        """
        findings: list[str] = []
        within = "main" if known else "html"
        menu = self.page.evaluate(_MENU)
        both = not self.phone and (not known or menu not in self.gallery.menus or self.gallery.folder is not None)
        for narrow in (self.narrow, not self.narrow) if both else (True,):
            self._resize(narrow)
            if self.scripts:
                left_out = () if narrow else (axe.TARGETS,)
                self.gallery.colours.look()
                findings += axe.check(self.page, within=within, without=left_out, sound=self.gallery.colours)
            if narrow:
                findings += [f"wider than a phone: {one}" for one in self.page.evaluate(_TOO_WIDE)]
            else:
                self.gallery.menus.add(menu)
                findings += ["the menu is more than one line"] if self.page.evaluate(_TWO_LINES) else []
            self.gallery.keep(self.page, self.who, "phone" if narrow else "wide")
        return findings

    def widen(self) -> None:
        """Make a window at a desk wide, whose tables are read row by row and whose menu lies open."""
        self._resize(narrow=False)

    def _resize(self, narrow: bool) -> None:
        if narrow != self.narrow:
            self.page.set_viewport_size(PHONE if narrow else DESK)
            self.narrow = narrow

    def leave(self) -> None:
        """Close the window."""
        self.context.close()
