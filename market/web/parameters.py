"""Parameters of addresses that machines ask: refused by name when nobody knows them, instead of passed over."""

from __future__ import annotations

from flask import request

from market.kernel.errors import Refused
from market.kernel.text import N_

_NAMED_MOST = 40


def nothing_else(*known: str) -> None:
    """Refuse a parameter nobody knows or that is given twice: better a fault than another question's answer."""
    for name, values in request.args.lists():
        require(name in known and len(values) == 1, name[:_NAMED_MOST])


def require(fine: bool, name: str) -> None:
    """Refuse the parameter of this name unless it is fine."""
    if not fine:
        raise Refused(N_("参数 %(name)s 无法识别，请对照接口说明。"), field=name, name=name)
