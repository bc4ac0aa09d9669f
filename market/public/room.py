"""Card of the public side."""

from __future__ import annotations

from market.kernel.text import N_
from market.public.api import bp as api
from market.public.commands import bundle
from market.public.due import announce_verifier
from market.public.views import bp
from market.web.rooms import MenuEntry, Room

CARD = Room(
    name="public",
    blueprints=[bp, api],
    menu=[
        MenuEntry(N_("首页"), "public.home", everyone=True),
        MenuEntry(N_("采购项目"), "public.purchases", everyone=True),
        MenuEntry(N_("资金"), "public.budgets", everyone=True),
        MenuEntry(N_("机构名录"), "public.organisations", everyone=True),
        MenuEntry(N_("孵化网络"), "public.networks", everyone=True),
        MenuEntry(N_("核对"), "public.check", everyone=True),
        MenuEntry(N_("开放数据"), "public.open_data", everyone=True),
    ],
    due=[announce_verifier],
    commands=[bundle],
)
