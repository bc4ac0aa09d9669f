"""Card of the places room."""

from __future__ import annotations

import click

from market.db.session import transaction
from market.kernel.clock import system_now
from market.kernel.permits import Permit
from market.kernel.text import N_
from market.places.actions import adopt_district
from market.places.queries import streets
from market.places.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room


@click.command("adopt")
@click.argument("codes", nargs=-1, required=True)
def adopt(codes: tuple[str, ...]) -> None:
    """接入区县：填六位区划代码，如 320115 / take districts in by their six-digit codes."""
    with transaction():
        for code in codes:
            row = adopt_district(None, code, system_now())
            click.echo(f"{row.code} {row.full_name}: {len(streets(row.id))} 个街道 / streets")  # zh-only


CARD = Room(
    name="places",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("区县与规则"),
            "places.index",
            (Permit.RULES_OVERRIDE, Permit.BUDGET_APPROVE, Permit.TENDER_DRAFT),
            group=MenuGroup.PLATFORM,
        )
    ],
    commands=[adopt],
)
