"""`market verify`: run the verifier on a bundle, as the file it is. Needs no database and no settings."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--receipt", type=click.Path(path_type=Path), help="您保存的回执 / a receipt you kept")
@click.option("--head", help="您抄下的每日摘要 / a daily digest you wrote down")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh")
@click.option("--brief", is_flag=True, help="只列出结论 / the verdict alone")
def verify(file: Path, receipt: Path | None, head: str | None, lang: str, brief: bool) -> None:
    """核对一个核对包 / compute a bundle again, without this product's code"""
    command = [str(file), "--lang", lang]
    command += ["--receipt", str(receipt)] if receipt else []
    command += ["--head", head] if head else []
    command += ["--brief"] if brief else []
    with as_file(files("market.public").joinpath("verifier", "verify.py")) as program:
        sys.exit(subprocess.run([sys.executable, "-I", str(program), *command], check=False).returncode)  # noqa: S603
