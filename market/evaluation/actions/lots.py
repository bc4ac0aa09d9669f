"""What several verbs share: a lot under the lock, in the right state; a lot that fails for too few valid bids."""

from __future__ import annotations

from datetime import datetime

from market.evaluation import queries
from market.evaluation.mail import members_of, tell_invalid
from market.evaluation.states import Verdict
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.panels.actions import close_panel
from market.panels.queries import panel_for
from market.tenders.actions import fail_lot
from market.tenders.models import Lot
from market.tenders.states import LOT_LABELS, LotState

SUBJECT = "lot"
GONE = N_("没有找到您要的内容，链接可能已失效。")
TOO_FEW = N_("有效投标只有 %(valid)s 家，少于规定的 %(least)s 家，按规定废标，不再评审。")


def locked(
    actor: Actor, permit: Permit, lot_id: int, *states: LotState, criteria: bool = False, qualifications: bool = False
) -> Lot:
    """Return the lot under its lock. Raises NotFound, Forbidden, or Refused when it is in none of the states."""
    row = queries.lot(lot_id, criteria=criteria, qualifications=qualifications, lock=True)
    if row is None:
        raise NotFound(GONE)
    require(actor, permit, row.subject.scope)
    if row.state not in states:
        raise Refused(N_("标段现在的状态是“%(state)s”，不能办理此事。"), state=LOT_LABELS[LotState(row.state)])
    return row


def reject(lot: Lot, rows: list[tuple[int, int, str]], at: datetime) -> None:
    """Tell bidders that their bid is invalid, and why: (bid, organisation, reason)."""
    for _, organisation_id, reason in rows:
        tell_invalid(lot, organisation_id, reason, at)


def fail_if_too_few(actor: Actor, lot: Lot, least: int, at: datetime) -> bool:
    """Fail the lot when fewer than `least` bids are still valid; return whether it failed (rows 19, 20)."""
    bids = queries.bids(lot.id)
    valid = sum(bid.verdict == Verdict.VALID for bid in bids)
    if valid >= least:
        return False
    panel = panel_for(SUBJECT, lot.id)
    if panel is not None:
        close_panel(panel, at)
    bidders = {person for bid in bids for person in members_of(bid.organisation_id)}
    fail_lot(lot, TOO_FEW % {"valid": valid, "least": least}, actor, at, tell=bidders)
    return True
