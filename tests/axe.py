"""Accessibility by axe-core, run inside the page with evaluate so that the page's own CSP stays in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Only what is wrong comes back, already cut down: the whole result is megabytes on a long page.
_RUN = """({within, tags, rules}) => axe
  .run(within, {runOnly: {type: "tag", values: tags}, rules, resultTypes: ["violations"]})
  .then((result) => result.violations.flatMap((found) => found.nodes.map(
    (node) => `${location.href}: ${found.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""


def check(page: Any, *, within: str = "html", colours: bool = True) -> list[str]:
    """Every violation of WCAG 2.2 A and AA on a Playwright page, one line per element; empty when there is none.

    `within` is a selector; without `colours` contrast is left out, which takes half of the time.
    """
    if not page.evaluate("() => typeof window.axe === 'object'"):
        # One expression, evaluated over the debugging protocol: the page's script-src is not asked and not loosened.
        page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    found: list[str] = page.evaluate(
        _RUN, {"within": within, "tags": TAGS, "rules": {"color-contrast": {"enabled": colours}}}
    )
    return found
