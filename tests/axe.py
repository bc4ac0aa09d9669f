"""Accessibility by axe-core, run inside the page with evaluate so that the page's own CSP stays in force."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST, TARGETS = "color-contrast", "target-size"
# Only what is wrong comes back, already cut down: the whole result is megabytes on a long page. No rule of ours needs
# the style sheets read once more.
_LINES = """(result) => result.violations.flatMap((found) => found.nodes.map(
  (node) => `${location.href}: ${found.id}: ${node.target.join(" ")}: ${node.failureSummary}`))"""
_RUN = f"""({{within, tags, rules}}) => axe
  .run(within, {{runOnly: {{type: "tag", values: tags}}, rules, resultTypes: ["violations"], preload: false}})
  .then({_LINES})"""
# One visible element with words for each way of standing inside others, of which the kinds, classes and states count,
# in a wide and in a narrow layout. No style sheet of ours colours by position, number or data attribute.
_PALETTE = """() => {
  const found = new Map(), kinds = new Map();
  const number = (kind) => {
    let hash = kinds.get(kind);
    if (hash === undefined) {
      hash = 0;
      for (let i = 0; i < kind.length; i++) hash = Math.imul(hash ^ kind.charCodeAt(i), 16777619);
      kinds.set(kind, hash);
    }
    return hash;
  };
  const said = new Set(["class", "style", "type", "aria-current", "aria-pressed", "aria-expanded", "aria-selected"]);
  const walk = (node, above) => {
    let kind = node.tagName;
    for (const one of node.attributes) kind += ` ${one.name}${said.has(one.name) ? "=" + one.value : ""}`;
    const own = Math.imul(above ^ number(kind), 16777619);
    if (!found.has(own)) {
      const written = [...node.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim());
      const shown = (written || node.matches("input, select, textarea"))
        && node.checkVisibility({visibilityProperty: true});
      if (shown) found.set(own, node);
    }
    for (const one of node.children) walk(one, own);
  };
  walk(document.documentElement, innerWidth < 768 ? 1 : 2);
  return found;
}"""
_COLOURS = f"() => [...({_PALETTE})().keys()]"
_CONTRAST = f"""({{rule, fresh}}) => {{
  const all = ({_PALETTE})(), include = fresh.map((one) => all.get(one)).filter(Boolean);
  const options = {{runOnly: [rule], resultTypes: ["violations"], preload: false}};
  return include.length ? axe.run({{include}}, options).then({_LINES}) : null;
}}"""


def check(page: Any, *, within: str = "html", without: Collection[str] = ()) -> list[str]:
    """Every violation of WCAG 2.2 A and AA on a Playwright page, one line per element; empty when there is none.

    `within` is a selector; `without` names rules that are left out: contrast takes half of the time, and the size of
    targets half of the rest.
    """
    _inject(page)
    rules = {name: {"enabled": False} for name in without}
    found: list[str] = page.evaluate(_RUN, {"within": within, "tags": TAGS, "rules": rules})
    return found


def check_contrast(page: Any, sound: set[int]) -> list[str]:
    """Too little contrast, where no colours of the same make are among the `sound` ones; those are added to it."""
    fresh = [one for one in page.evaluate(_COLOURS) if one not in sound]
    if not fresh:
        return []
    _inject(page)
    # None when a script has taken all of them away in the meantime.
    found: list[str] | None = page.evaluate(_CONTRAST, {"rule": CONTRAST, "fresh": fresh})
    if found == []:
        sound.update(fresh)
    return found or []


def _inject(page: Any) -> None:
    if not page.evaluate("() => typeof window.axe === 'object'"):
        _debugger(page).send("Runtime.evaluate", {"expression": f"{_source()}; 0"})


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
