"""What each room says: the sentences marked for translation, and Chinese that nobody marked."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import babel_extract

from market.paths import resource_dir

SHARED = "shared"
KEYWORDS = frozenset(
    {"_", "_l", "N_", "gettext", "lazy_gettext", "ngettext", "lazy_ngettext", "pgettext", "lazy_pgettext"}
)
HAN = re.compile(r"[\u3400-\u9fff]")
# These floors have no pages of their own; what they say belongs to everyone.
_SHARED_FLOORS = {"kernel", "db", "web", "cli"}
# Shelves whose words reach a reader; elsewhere Chinese may be data.
_SPEAKING = {"views", "forms", "room", "mail", "states", "actions", "api"}
# Papers in Chinese law's own language, and names, may stand unmarked where the line says so.
_ON_PURPOSE = "zh-only"
_CODE = Path(__file__).resolve().parents[2]

# (context, text) or (context, (singular, plural)): what a catalogue is keyed by.
Text = str | tuple[str, str]
Key = tuple[str | None, Text]


@dataclass
class Source:
    """The messages of one room with the files they stand in; which stand in templates; what was left unmarked."""

    messages: dict[Key, set[str]] = field(default_factory=dict)
    in_templates: set[Key] = field(default_factory=set)
    unmarked: list[str] = field(default_factory=list)


@cache
def rooms() -> dict[str, tuple[Path, ...]]:
    """Each room's name with its Python files and templates, in a fixed order."""
    found: dict[str, list[Path]] = {SHARED: []}
    for package in ("market", "contracts"):
        for path in sorted((_CODE / package).rglob("*.py")):
            first = path.relative_to(_CODE / package).parts[0]
            is_room = not first.endswith(".py") and first not in _SHARED_FLOORS
            found.setdefault(first if is_room else SHARED, []).append(path)
    templates = resource_dir("templates")
    for path in sorted(templates.rglob("*")):
        if path.suffix in {".html", ".txt"}:
            found[template_room(path.relative_to(templates), found)].append(path)
    return {name: tuple(paths) for name, paths in sorted(found.items())}


def template_room(path: Path, names: Iterable[str]) -> str:
    """market/<room>/…, contracts/<room>/…, pdf/<room>…, mail/<room>…; anything else is shared."""
    if path.parts[0] not in {"market", "contracts", "pdf", "mail"} or len(path.parts) == 1:
        return SHARED
    fitting = [name for name in names if re.match(rf"{re.escape(name)}(?![a-z])", path.parts[1])]
    return max(fitting, key=len, default=SHARED)


def read_source(room: str) -> Source:
    """Read every file of a room."""
    source = Source()
    for path in rooms()[room]:
        base = _CODE if path.is_relative_to(_CODE) else path.parents[1]
        name = path.relative_to(base).as_posix()
        text = path.read_text(encoding="utf-8")
        # A file that cannot be read must not look like one that says nothing: its translations would be dropped.
        if path.suffix == ".py":
            keys, unmarked = _read_python(text, speaking=path.stem in _SPEAKING or path.parent.name in _SPEAKING)
        else:
            keys, unmarked = _read_template(text, speaking="pdf" not in path.parts)
            source.in_templates.update(keys)
        for key in keys:
            source.messages.setdefault(key, set()).add(name)
        source.unmarked += [f"{name}:{place}" for place in unmarked]
    return source


def _read_python(text: str, *, speaking: bool) -> tuple[set[Key], list[str]]:
    if not HAN.search(text) and not any(f"{word}(" in text for word in KEYWORDS):
        return set(), []
    tree = ast.parse(text)
    keys: set[Key] = set()
    marked: set[ast.AST] = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
        if word in KEYWORDS:
            marked.update(node for argument in call.args for node in ast.walk(argument))
            keys.update(_key(word, [argument.value for argument in call.args if isinstance(argument, ast.Constant)]))
    if not speaking:
        return keys, []
    marked |= _docstrings(tree)
    lines = text.splitlines()
    unmarked = [
        f"{node.lineno}: {node.value!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and HAN.search(node.value)
        if node not in marked and _ON_PURPOSE not in lines[node.lineno - 1]
    ]
    return keys, unmarked


def _docstrings(tree: ast.AST) -> set[ast.AST]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _read_template(text: str, *, speaking: bool) -> tuple[set[Key], list[str]]:
    keys: set[Key] = set()
    for _, word, messages, _ in babel_extract(io.BytesIO(text.encode()), tuple(KEYWORDS), (), {"silent": "false"}):
        keys.update(_key(word, messages if isinstance(messages, tuple) else (messages,)))
    if not speaking:
        return keys, []
    said = {part for _, message in keys for part in ((message,) if isinstance(message, str) else message)}
    said |= {context for context, _ in keys if context}
    lines = text.splitlines()
    unmarked = []
    for first, kind, value in Environment(autoescape=True).lex(text):
        if kind != "data" and (kind != "string" or ast.literal_eval(value) in said):
            continue
        for line, part in enumerate(value.split("\n"), first):
            if HAN.search(part) and _ON_PURPOSE not in lines[line - 1] and 'lang="zh' not in lines[line - 1]:
                unmarked.append(f"{line}: {part.strip()[:40]}")
    return keys, unmarked


def _key(word: str | None, messages: Iterable[object]) -> Iterator[Key]:
    """The catalogue key of one call, when its texts are literals."""
    parts = [message for message in messages if isinstance(message, str)]
    if not parts or not all(parts):
        return
    if "pgettext" in str(word):
        if len(parts) > 1:
            yield (parts[0], parts[1])
    elif "ngettext" in str(word):
        if len(parts) > 1:
            yield (None, (parts[0], parts[1]))
    else:
        yield (None, parts[0])
