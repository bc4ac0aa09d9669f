"""`market chain verify` and `market ledger check`: read the books again and name the first thing that is wrong."""

from __future__ import annotations

import sys

import click

from market.cli.installation import in_app
from market.kernel.money import format_yuan


@click.group()
def chain() -> None:
    """存证链 / the hash chains."""


@chain.command()
@in_app
def verify() -> None:
    """逐条重算全部存证链 / compute every link of every chain again."""
    from market.records.audit import verify_all

    links, fault = verify_all()
    if fault is None:
        click.echo(f"存证链完好，共 {links} 条 / all chains hold, {links} links")
        return
    kind, key = fault.chain
    click.echo(f"存证链 {kind}/{key} 第 {fault.seq} 条不符 / a chain fails at link {fault.seq}: {fault.what}")
    click.echo(f"  应为 / expected: {fault.expected}\n  实为 / found:    {fault.found}")
    sys.exit(1)


@click.group()
def ledger() -> None:
    """账目 / the books."""


@ledger.command()
@in_app
def check() -> None:
    """账目与别处的事实逐项核对 / compare the ledger with the facts kept elsewhere."""
    from market.cli.reconciling import comparisons

    compared = 0
    for line in comparisons():
        if not line.agrees:
            click.echo(f"不符 / differs: {line.what}")
            click.echo(f"  事实 / facts:  {format_yuan(line.fact_fen)}")
            click.echo(f"  账上 / ledger: {format_yuan(line.ledger_fen)}")
            sys.exit(1)
        compared += 1
    click.echo(f"账实相符，共核对 {compared} 项 / the ledger agrees with the facts, {compared} compared")
