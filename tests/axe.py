"""Accessibility by axe-core, run inside the page with evaluate so that the page's own CSP stays in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Only what is wrong comes back, already cut down: the whole result is megabytes on a long page.
_RUN = """tags => axe
  .run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})
  .then((result) => result.violations.flatMap((found) => found.nodes.map(
    (node) => `${location.href}: ${found.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""


def check(page: Any) -> list[str]:
    """Every violation of WCAG 2.2 A and AA on a Playwright page, one line per element; empty when there is none."""
    if not page.evaluate("() => typeof window.axe === 'object'"):
        # One expression, evaluated over the debugging protocol: the page's script-src is not asked and not loosened.
        page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    found: list[str] = page.evaluate(_RUN, TAGS)
    return found
