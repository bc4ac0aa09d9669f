"""What is installed is what lies in the folders."""

from __future__ import annotations

import configparser
import os
import shutil
import socket
import subprocess
import sys
import venv
import zipfile
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.house.source import PACKAGES, ROOT

FOLDERS = {"market.templates": "templates", "market.static": "static", "market.migrations": "migrations"}


def _setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    return parser


def test_the_list_of_packages_equals_the_folders() -> None:
    listed = set(_setup()["options"]["packages"].split()) - set(FOLDERS)
    found = [path.parent for name in PACKAGES for path in (ROOT / name).rglob("__init__.py")]
    there = {".".join(folder.relative_to(ROOT).parts) for folder in found}
    assert listed == there


def test_every_folder_with_code_is_a_package() -> None:
    bare = {
        path.parent.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for path in (ROOT / name).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }
    # The verifier is a file that is run, never a module.
    assert bare == {"market/public/verifier"}


def test_three_folders_travel_inside_the_package() -> None:
    lines = _setup()["options"]["package_dir"].strip().splitlines()
    assert dict(part.split(" = ") for part in map(str.strip, lines)) == FOLDERS


def _ours(folder: str) -> set[str]:
    """Folders that carry an ignored name inside the packages."""
    return {"data"} if Path(folder) != ROOT else set()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a clean copy, so that nothing stale gets in."""
    copy = tmp_path_factory.mktemp("copy") / "linli"
    stale = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "data", "tests")
    shutil.copytree(ROOT, copy, ignore=lambda folder, names: stale(folder, names) - _ours(folder))
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), str(copy)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(out.glob("linli-*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_every_template_and_nothing_stray(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.startswith("linli-")} == {"market", "contracts"}
    for folder in ("templates", "static"):
        here = {
            f"market/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if not path.name.startswith(".") and path.suffix in {".html", ".txt", ".css", ".js", ".ttf"}
        }
        assert here <= names
    assert "market/migrations/HEAD" in names
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.slow
def test_the_wheel_starts_from_an_unrelated_place(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "a place with spaces"
    venv.create(home / "venv", with_pip=False, symlinks=True)
    site = next((home / "venv" / "lib").glob("python*/site-packages"))
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(site)
    # The libraries are those of this test run; the product itself must come from the wheel.
    (site / "libraries.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("MARKET_", "PYTHON"))}
    environ |= {"MARKET_DATA": str(home / "data"), "MARKET_MODE": "test", "MARKET_PORT": str(port)}
    python = str(home / "venv" / "bin" / "python")
    where = "import market, sys; sys.exit(not market.__file__.startswith(sys.argv[1]))"
    subprocess.run([python, "-c", where, str(site)], cwd=home, env=environ, check=True)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    # The first start makes its database by the migrations in the wheel.
    server = subprocess.Popen([python, "-m", "market.cli", "run"], cwd=home, env=environ, text=True, **pipes)
    try:
        assert _answer(port, "/", 60) == 200
        assert _answer(port, "/static/shared/linli.css", 5) == 200
    finally:
        server.terminate()
        said, _ = server.communicate(timeout=60)
    assert server.returncode == 0, said
    assert "preparing the database" in said
    assert "Traceback" not in said


def _answer(port: int, path: str, patience: float) -> int:
    until = monotonic() + patience
    while True:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                connection.request("GET", path)
                return connection.getresponse().status
        except OSError:
            if monotonic() > until:
                raise
            sleep(0.1)
