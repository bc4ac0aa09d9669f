"""`market bundle` writes a purchase's bundle."""

from __future__ import annotations

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
