"""Accessibility by axe-core, run inside the page with evaluate so that the page's own CSP stays in force."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Only what is wrong comes back, already cut down: the whole result is megabytes on a long page. No rule of ours needs
# the style sheets read once more.
_RUN = """({within, tags, rules}) => axe
  .run(within, {runOnly: {type: "tag", values: tags}, rules, resultTypes: ["violations"], preload: false})
  .then((result) => result.violations.flatMap((found) => found.nodes.map(
    (node) => `${location.href}: ${found.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""


def check(page: Any, *, within: str = "html", colours: bool = True) -> list[str]:
    """Every violation of WCAG 2.2 A and AA on a Playwright page, one line per element; empty when there is none.

    `within` is a selector; without `colours` contrast is left out, which takes half of the time.
    """
    if not page.evaluate("() => typeof window.axe === 'object'"):
        _debugger(page).send("Runtime.evaluate", {"expression": f"{_source()}; 0"})
    found: list[str] = page.evaluate(
        _RUN, {"within": within, "tags": TAGS, "rules": {"color-contrast": {"enabled": colours}}}
    )
    return found


_debuggers: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def _debugger(page: Any) -> Any:
    """The page's debugging protocol: its script-src is not asked and not loosened.

    The script is sent as it is, each time the same, so that a renderer that has compiled it once need not do so again.
    """
    if page not in _debuggers:
        _debuggers[page] = page.context.new_cdp_session(page)
    return _debuggers[page]


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")
