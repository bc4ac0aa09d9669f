"""Accessibility by axe-core, run inside the page with evaluate so that the page's own CSP stays in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def check(page: Any) -> list[str]:
    """Every violation of WCAG 2.2 A and AA on a Playwright page, one line per element; empty when there is none."""
    if not page.evaluate("() => typeof window.axe === 'object'"):
        # One expression, evaluated over the debugging protocol: the page's script-src is not asked and not loosened.
        page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    result = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{page.url}: {violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
