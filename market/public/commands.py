"""`market bundle` writes a purchase's bundle, `market verify` runs the verifier on one, as a file of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

import click


@click.command()
@click.argument("ocid")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def bundle(ocid: str, file: Path) -> None:
    """导出核对包 / write everything published of one purchase into one file"""
    from market.db.engine import begin_reading
    from market.db.session import db
    from market.public.bundles import make_bundle, wanted

    begin_reading(db.session)
    found = wanted(ocid)
    if found is None:
        raise click.ClickException(f"没有公开这个采购项目 / nothing is published of {ocid}")
    content = make_bundle(found)
    file.write_bytes(content)
    click.echo(f"{file}: {len(content)} 字节 / bytes")


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
