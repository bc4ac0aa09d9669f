"""A template lies where its room lies, is used, and holds no logic of the trade."""

from __future__ import annotations

import ast
import re

from tests.house.source import ROOT, calls, product

TEMPLATES = ROOT / "templates"
RENDERERS = {"render_template", "render_template_string", "render", "page", "html", "document"}
# Shared by all rooms.
COMMON = ("shared/", "mail/", "pdf/")


def _literals() -> dict[str, list[str]]:
    """Template names written in the source, each with the places where they stand."""
    found: dict[str, list[str]] = {}
    for source in product():
        for node in source.nodes:
            if isinstance(node, ast.Constant) and re.search(r"^[\w-]+/[\w/-]+\.(html|txt)$", str(node.value)):
                found.setdefault(str(node.value), []).append(source.at(node))
    return found


def test_views_render_only_their_own_rooms_templates() -> None:
    wrong = []
    for source in product():
        if source.path.stem not in {"views", "api"} and source.path.parent.name not in {"views", "api"}:
            continue
        own = source.room.replace(".", "/") + "/"
        for call, name in calls(source):
            if name.split(".")[-1] != "render_template" or not call.args:
                continue
            if isinstance(call.args[0], ast.Constant):
                template = str(call.args[0].value)
                if not template.startswith((own, *COMMON)):
                    wrong.append(f"{source.at(call)} renders {template}")
    assert not wrong


def test_every_template_named_in_the_source_exists() -> None:
    missing = [f"{name} in {places[0]}" for name, places in _literals().items() if not (TEMPLATES / name).is_file()]
    assert not missing


def test_no_template_is_forgotten() -> None:
    """Each is named in the source or by another template."""
    files = [path for path in sorted(TEMPLATES.rglob("*")) if path.suffix in {".html", ".txt", ".css", ".svg"}]
    everything = "\n".join([*(source.text for source in product()), *(path.read_text("utf-8") for path in files)])
    # A name put together from parts still shows its last part.
    assert not [str(path.relative_to(TEMPLATES)) for path in files if path.name not in everything]


def test_the_layout_hides_no_variable_of_a_page() -> None:
    """A macro of the layout stands before what a view hands over under the same name."""
    layout = (TEMPLATES / "shared" / "layout.html").read_text("utf-8")
    assert not re.findall(r"{%-? macro ([a-z]\w*)", layout)


def test_templates_hold_no_inline_style_script_or_event() -> None:
    """The content policy would block it without a word."""
    wrong = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        if path.relative_to(TEMPLATES).parts[0] in {"pdf", "mail"}:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"\sstyle=|\son[a-z]+=[\"']|<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)", line):
                wrong.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:100]}")
    assert not wrong


def test_templates_ask_no_database() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"\.query\b|db\.session|\.scalars?\(", line)
    ]
    assert not wrong
