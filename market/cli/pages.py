"""Pages of the documentation that are written by the product itself: who may do what, and how things change state."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click

from market.kernel.permits import FORBIDDEN_PAIRS, ROLE_LABELS, ROLE_PERMITS, Permit
from market.kernel.states import Machine

_WRITTEN = "<!-- 由程序生成，请勿手改 / written by the product, do not edit: {} -->\n\n"


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("docs"), show_default=True)
def permits(out: Path) -> None:
    """生成权限表 / write the table of permits."""
    _write(out / "permits.md", permits_page())


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("docs/states"), show_default=True)
def diagrams(out: Path) -> None:
    """生成状态图 / draw the state machines."""
    pages = state_pages()
    for name, text in pages.items():
        _write(out / name, text)
    for stale in set(out.glob("*.md")) - {out / name for name in pages}:
        stale.unlink()


def permits_page() -> str:
    """The table of roles and permits as Markdown."""
    roles = list(ROLE_PERMITS)
    lines = ["# 权限 / Permits", "", "| 权限 / permit | " + " | ".join(ROLE_LABELS[role] for role in roles) + " |"]
    lines.append("|---|" + ":-:|" * len(roles))
    for permit in Permit:
        marks = ["●" if permit in ROLE_PERMITS[role] else "" for role in roles]
        lines.append(f"| `{permit.value}` | " + " | ".join(marks) + " |")
    lines += ["", "## 同一事项上不得由一人兼任 / Never both on one subject", ""]
    lines += ["| | | 理由 / reason |", "|---|---|---|"]
    for pair, reason in FORBIDDEN_PAIRS.items():
        first, second = sorted(permit.value for permit in pair)
        lines.append(f"| `{first}` | `{second}` | {reason} |")
    return _WRITTEN.format("market permits") + "\n".join(lines) + "\n"


def state_pages() -> dict[str, str]:
    """One Markdown page with a diagram and the table of moves per machine, by file name."""
    pages = {f"{machine.name}.md": _state_page(room, labels, machine) for room, labels, machine in machines()}
    links = [f"- [{name.removesuffix('.md')}]({name})" for name in sorted(pages)]
    index = "# 状态机 / State machines\n\n" + "\n".join(links) + "\n"
    return {"README.md": _WRITTEN.format("market diagrams") + index, **pages}


def machines() -> Iterator[tuple[str, dict[str, str], Machine]]:
    """Every machine of every room's `states`, with the labels of its states."""
    for shelf in _state_shelves():
        found = [value for value in vars(shelf).values() if isinstance(value, Machine)]
        labels: dict[str, str] = {}
        for name, value in vars(shelf).items():
            if name.endswith("_LABELS") and isinstance(value, dict):
                labels |= value
        for machine in found:
            yield shelf.__name__, labels, machine


def _state_shelves() -> Iterator[ModuleType]:
    for package in ("market", "contracts"):
        root = importlib.import_module(package)
        for found in pkgutil.walk_packages(root.__path__, package + "."):
            if found.name.endswith(".states") and found.name != "market.kernel.states":
                yield importlib.import_module(found.name)


def _state_page(room: str, labels: dict[str, str], machine: Machine) -> str:
    rows = ["| 状态 / state | 动作 / verb | 到 / to | 权限 / permit | 由时钟 / by clock |", "|---|---|---|---|:-:|"]
    for move in machine.moves:
        permit = f"`{move.permit.value}`" if move.permit else ""
        source, target = (f"{labels.get(state, '')} `{state}`".strip() for state in (move.source, move.target))
        verb = f"{move.label} `{move.verb}`".strip()
        rows.append(f"| {source} | {verb} | {target} | {permit} | {'●' if move.by_clock else ''} |")
    body = f"# {machine.name}\n\n`{room}`\n\n```mermaid\n{machine.diagram()}```\n\n" + "\n".join(rows) + "\n"
    return _WRITTEN.format("market diagrams") + body


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    click.echo(str(path))
