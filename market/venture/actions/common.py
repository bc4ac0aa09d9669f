"""What several verbs share: a round or an application under its lock, in the right state."""

from __future__ import annotations

from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.venture.models import Application, Round
from market.venture.queries import application, round_row
from market.venture.states import ROUND_LABELS, RoundState

GONE = N_("没有找到您要的内容，链接可能已失效。")


def locked(actor: Actor, permit: Permit | None, round_id: int, *states: RoundState) -> Round:
    """Return a round under its lock. Raises NotFound, Forbidden, or Refused when it is in none of the states."""
    row = round_row(round_id, locked=True)
    if row is None:
        raise NotFound(GONE)
    if permit is not None:
        require(actor, permit, row.subject.scope)
    if states and row.state not in states:
        raise Refused(N_("本轮现在的状态是“%(state)s”，不能办理此事。"), state=ROUND_LABELS[RoundState(row.state)])
    return row


def locked_application(application_id: int) -> Application:
    """Return an application under its lock. Raises NotFound."""
    one = application(application_id, locked=True)
    if one is None:
        raise NotFound(GONE)
    return one
