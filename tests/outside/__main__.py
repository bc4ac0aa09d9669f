"""The whole demonstration, judged by other people's tools: python -m tests.outside (part of `make check`).

Checks OCDS releases and records with libcoveocds and ocdskit, and grants with the 360Giving schema. The tools live in
`.venv-outside` (made by the Makefile) and run as processes. The schema files are found by MARKET_STANDARDS, by default
the sibling folder shared/data. What cannot run is said, one line each; with CI set, tools and schema
files at hand, it is a failure. A loaded demonstration folder can be given in MARKET_TEST_DEMO.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from market.public.rules import extension

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("MARKET_OUTSIDE", ROOT / ".venv-outside")) / "bin"
STANDARDS = Path(os.environ.get("MARKET_STANDARDS", ROOT.parent / "shared" / "data")).resolve()
_PACKAGE = {
    "uri": "https://example.org/package.json", "version": "1.1", "publishedDate": "2026-03-31T01:00:00Z",
    "publisher": {"name": "linli"},
}  # fmt: skip
# What a clean report of libcoveocds has nothing of.
_FAULTS = (
    "validation_errors", "additional_checks", "additional_closed_codelist_values", "deprecated_fields",
    "common_error_types", "conformance_errors", "structure_warnings",
)  # fmt: skip
_TAIL = 2000


class NotRun(Exception):
    """A check could not run, and why."""


class Wrong(Exception):
    """A tool found a fault."""


def main() -> int:
    """Run every check; the exit status is 1 when one finds a fault, or when one could not run in CI."""
    checks: dict[str, Callable[[Path], str]] = {
        "libcoveocds, releases, OCDS 1.1.5": lambda folder: _cove(folder, "releases", "ocds-1.1.5-schema.zip"),
        "libcoveocds, releases with bids and lots": lambda folder: _cove(
            folder, "releases", "ocds-1.1.5-eu-profile.zip"
        ),
        "libcoveocds, our own extension": _extended,
        "libcoveocds, records": lambda folder: _cove(folder, "records", "ocds-1.1.5-schema-records.zip"),
        "ocdskit compile equals our compiled releases": _compiled,
        "360Giving schema, grants": _grants,
        "flatten-tool, grants": _flattened,
    }
    missed = faults = 0
    with tempfile.TemporaryDirectory(prefix="linli-outside-") as name:
        folder = Path(name)
        reason = _prepared(folder)
        for title, check in checks.items():
            try:
                if reason:
                    raise NotRun(reason)
                print(f"ran      {title}: {check(folder)}", flush=True)
            except NotRun as error:
                missed += 1
                print(f"not run  {title}: {error}", flush=True)
            except Wrong as error:
                faults += 1
                print(f"FAULT    {title}: {error}", flush=True)
    at_hand = STANDARDS.is_dir() and (TOOLS / "libcoveocds").exists()
    return 1 if faults or (missed and os.environ.get("CI") and at_hand) else 0


def _prepared(folder: Path) -> str:
    """Export the demonstration; return why nothing can be checked, or the empty string."""
    if not STANDARDS.is_dir():
        return f"no schema files in {STANDARDS} (MARKET_STANDARDS)"
    if not (TOOLS / "libcoveocds").exists():
        return f"no tools in {TOOLS} (make .venv-outside/.ready)"
    data = folder / "data"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MARKET_")}
    environ |= {"MARKET_DATA": str(data), "MARKET_MODE": "demonstration"}
    if prepared := os.environ.get("MARKET_TEST_DEMO"):
        shutil.copytree(prepared, data)
    commands = [["db", "upgrade"], *([] if prepared else [["demo", "load"]]), ["notices", "rebuild"]]
    for command in (*commands, ["export", "ocds", str(folder / "out")]):
        _run([sys.executable, "-m", "market.cli", *command], environ)
    releases = [json.loads(line) for line in _lines(folder / "out" / "releases.jsonl")]
    records = [json.loads(line) for line in _lines(folder / "out" / "records.jsonl")]
    _write(folder / "releases.json", {**_PACKAGE, "releases": releases})
    _write(folder / "records.json", {**_PACKAGE, "records": records})
    return ""


def _cove(folder: Path, what: str, standard: str) -> str:
    report = json.loads(_run([_tool("libcoveocds"), "--standard-zip", _standard(standard), folder / f"{what}.json"]))
    found = {name: report[name] for name in _FAULTS if report.get(name)}
    if found:
        raise Wrong(json.dumps(found, ensure_ascii=False)[:_TAIL])
    if not report["count"]:
        raise Wrong("nothing was checked")
    return f"{report['count']} {what} of {report['unique_ocids_count']} purchases, no fault"


# Fields of other people's extensions, whose files the standard's archive does not hold.
_OTHERS = {"budgetBreakdown", "relatedLots", "relatedImplementationMilestone"}


def _extended(folder: Path) -> str:
    """Read the extension as any validator does, over HTTP; then no field of ours is unknown or of a wrong type.

    What lies inside an object of ours is described in docs/verification.md.
    """
    files = extension.files("linli", "https://example.org/open-data")
    for name, content in files.items():
        _write(folder / name, content)
    handler = partial(_Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{extension.METADATA}"
        package = json.loads((folder / "releases.json").read_text(encoding="utf-8"))
        _write(folder / "extended.json", {**package, "extensions": [address]})
        standard = _standard("ocds-1.1.5-eu-profile.zip")
        report = json.loads(_run([_tool("libcoveocds"), "--standard-zip", standard, folder / "extended.json"]))
        server.shutdown()
    told = report["extensions"]
    own = {name for definition in files[extension.SCHEMA]["definitions"].values() for name in definition["properties"]}
    fields = [one for one in report["additional_fields"] if own.isdisjoint(one["path"].split("/"))]
    unknown = {one["field"] for one in fields} - _OTHERS
    found = {name: report[name] for name in _FAULTS if report.get(name)}
    if told["invalid_extension"] or not told["is_extended_schema"] or unknown or found:
        raise Wrong(json.dumps([told, sorted(unknown), found], ensure_ascii=False)[:_TAIL])
    return f"{report['count']} releases, {len(own)} fields of ours known, none unknown"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _compiled(folder: Path) -> str:
    schema = folder / "release-schema.json"
    with zipfile.ZipFile(_standard("ocds-1.1.5-schema.zip")) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith("/dereferenced-release-schema.json"))
        schema.write_bytes(archive.read(name))
    out = _run([_tool("ocdskit"), "compile", "--schema", schema], stdin=folder / "releases.json")
    theirs = {one["ocid"]: one for one in map(json.loads, out.splitlines())}
    ours = {one["ocid"]: one["compiledRelease"] for one in json.loads((folder / "records.json").read_text())["records"]}
    for ocid in {*ours, *theirs}:
        if ours.get(ocid) != theirs.get(ocid):
            raise Wrong(f"{ocid} differs")
    return f"{len(ours)} equal"


def _grants(folder: Path) -> str:
    given = folder / "out" / "grants.json"
    count = len(json.loads(given.read_text())["grants"])
    script = Path(__file__).with_name("grants_schema.py")
    if not count:
        raise Wrong("nothing was checked")
    _run([_tool("python"), script, _standard("360giving"), given])
    return f"{count} grants, no fault"


def _flattened(folder: Path) -> str:
    schema = Path(_standard("360giving")) / "360-giving-schema.json"
    sheets = folder / "sheets"
    _run([
        _tool("flatten-tool"), "flatten", folder / "out" / "grants.json", "--schema", schema,
        "--root-list-path", "grants", "--main-sheet-name", "grants", "--output-format", "csv", "--output-name", sheets,
    ])  # fmt: skip
    return f"{sum(1 for _ in _lines(sheets / 'grants.csv')) - 1} rows"


# --- small things -----------------------------------------------------------------------------------------------------


def _tool(name: str) -> Path:
    path = TOOLS / name
    if not path.exists():
        raise NotRun(f"{path} is missing")
    return path


def _standard(name: str) -> str:
    path = STANDARDS / name
    if not path.exists():
        raise NotRun(f"{path} is missing")
    return str(path)


def _run(command: list[Any], environ: dict[str, str] | None = None, stdin: Path | None = None) -> str:
    given = stdin.read_bytes() if stdin else b""
    line = [str(one) for one in command]
    done = subprocess.run(line, env=environ, cwd=ROOT, input=given, capture_output=True, check=False)
    if done.returncode:
        raise Wrong(f"{Path(str(command[0])).name} ended with {done.returncode}: {done.stderr.decode()[-_TAIL:]}")
    return done.stdout.decode()


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        yield from lines


def _write(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
