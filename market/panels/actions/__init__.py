"""Verbs of the room: the register of experts, forming a panel, sitting on it."""

from market.panels.actions.forming import Call, form_panel, preview, redraw
from market.panels.actions.register import add_expert, add_tie, set_active
from market.panels.actions.sitting import (
    Given,
    close_panel,
    declare,
    finish_sheet,
    put_scores,
    recuse,
    release,
)

__all__ = [
    "Call", "Given", "add_expert", "add_tie", "close_panel", "declare", "finish_sheet", "form_panel", "preview",
    "put_scores", "recuse", "redraw", "release", "set_active",
]  # fmt: skip
