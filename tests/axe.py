"""Accessibility by axe-core, run inside the page so that the page's own content policy stays in force."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST, TARGETS = "color-contrast", "target-size"
# Only what is wrong comes back, already cut down: the whole result is megabytes on a long page. No rule of ours needs
# the style sheets read once more.
_RUN = """(within, choice) => axe.run(within, {...choice, resultTypes: ["violations"], preload: false})
  .then((result) => result.violations.flatMap((found) => found.nodes.map(
    (node) => `${location.href}: ${found.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""
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
_CONTRAST = f"""async (sound) => {{
  const known = new Set(sound.split(" ").map(Number));
  const fresh = [...({_PALETTE})()].filter(([kind]) => !known.has(kind));
  if (!fresh.length) return {{lines: [], fresh: []}};
  const lines = await ({_RUN})({{include: fresh.map(([, node]) => node)}}, {{runOnly: ["{CONTRAST}"]}});
  return {{lines, fresh: lines.length ? [] : fresh.map(([kind]) => kind)}};
}}"""
# Everything in one go, since each question to the page takes as long as an answer.
_JUDGE = f"""async ({{within, rules, sound}}) => {{
  readAxe();
  const lines = within ? await ({_RUN})(within, {{runOnly: {{type: "tag", values: {TAGS}}}, rules}}) : [];
  const pale = sound === null ? {{lines: [], fresh: []}} : await ({_CONTRAST})(sound);
  return {{lines: [...lines, ...pale.lines], fresh: pale.fresh}};
}}"""


def prepare(context: Any) -> None:
    """Bring axe along into each page of a browser's context; it is read there when a page is first judged.

    The page's policy is not asked and not loosened, and the text is not sent again for each page.
    """
    context.add_init_script(f"window.readAxe = () => {{ if (typeof axe !== 'object') {{ {_source()} }} }};")


def check(
    page: Any, *, within: str = "html", without: Collection[str] = (), sound: set[int] | None = None
) -> list[str]:
    """Every violation of WCAG 2.2 A and AA on a Playwright page, one line per element; empty when there is none.

    `within` is a selector; `without` names rules that are left out: contrast takes half of the time, and the size of
    targets half of the rest. With `sound` contrast is judged by `check_contrast` in the same go, on the whole page.
    """
    left_out = {*without} | ({CONTRAST} if sound is not None else set())
    return _judge(page, within, left_out, sound)


def check_contrast(page: Any, sound: set[int]) -> list[str]:
    """Too little contrast, where no colours of the same make are among the `sound` ones; those are added to it."""
    return _judge(page, "", (), sound)


def _judge(page: Any, within: str, without: Collection[str], sound: set[int] | None) -> list[str]:
    rules = {name: {"enabled": False} for name in without}
    # As one text: a list is sent number by number.
    known = None if sound is None else " ".join(map(str, sound))
    found = page.evaluate(_JUDGE, {"within": within, "rules": rules, "sound": known})
    if sound is not None and found["fresh"]:
        sound.update(found["fresh"])
    lines: list[str] = found["lines"]
    return lines


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")
