"""Checks a file of grants against the 360Giving schema, grant by grant. Run by the Python of the outside tools."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012


def main(folder: Path, file: Path) -> int:
    """Print each fault; the number of faults is the exit status."""
    schema = json.loads((folder / "360-giving-schema.json").read_text("utf-8"))
    package = json.loads((folder / "360-giving-package-schema.json").read_text("utf-8"))
    one = DRAFT202012.create_resource(schema)
    registry = Registry(retrieve=lambda _: one)
    data = json.loads(file.read_text("utf-8"))
    faults = list(Draft202012Validator(package, registry=registry).iter_errors(data))
    validator = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
    for grant in data["grants"]:
        faults += validator.iter_errors(grant)
    for fault in faults:
        print(f"{'/'.join(map(str, fault.path))}: {fault.message}", file=sys.stderr)
    return min(len(faults), 100)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
