"""How a tender ends without an award: the deadline, a failed lot, a purchase called off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from market.db.session import db
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import CLOCK, Actor
from market.kernel.text import N_
from market.ledger.actions import book
from market.ledger.states import Reason
from market.needs.actions import reopen
from market.needs.queries import demand
from market.needs.states import DemandState
from market.records.moves import move
from market.records.notices import publish
from market.tenders.actions.publishing import locked
from market.tenders.mail import tell_cancelled, tell_failed
from market.tenders.models import Lot, Tender
from market.tenders.notices import card_facts, failure_release, status_release
from market.tenders.queries import live_tenders_of_demand, tender
from market.tenders.rules import Stage, stage
from market.tenders.states import LOT_MACHINE, TENDER_MACHINE, LotState, LotVerb, TenderState, TenderVerb

_ENDED = (LotState.FAILED, LotState.CANCELLED)


def close_tender(tender_id: int, actor: Actor, at: datetime) -> Tender:
    """Write down that the deadline has come; what it means held from the instant itself. Harmless when repeated.

    Nothing is published here: the number of bids is the business of the room that holds them.
    """
    row = locked(tender_id)
    if row.state == TenderState.CLOSED:
        return row
    if row.state == TenderState.OPEN and stage(row, at) is not Stage.CLOSED:
        raise Refused(N_("递交截止时间未到。"))
    move(row, TENDER_MACHINE, TenderVerb.CLOSE, actor, at, facts={"deadline": row.deadline_at})
    return row


def fail_lot(
    part: Lot, reason: str, actor: Actor, at: datetime, *, tell: Iterable[int] = (), count: int | None = None
) -> None:
    """Fail a lot: its money returns, the failure is published with its reason, the demand item waits again.

    `tell` are further people to be told (user ids of bidders), `count` the number of bids where it may be published.
    Raises Refused or Forbidden where the lot's state does not allow it (采购法 art. 36).
    """
    row = tender(part.tender_id)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    part.failure_reason = reason
    move(part, LOT_MACHINE, LotVerb.FAIL, actor, at, facts={"reason": reason})
    whole = next(lot for lot in row.lots if lot.id == part.id)
    _release(whole, row, at)
    last = all(lot.state in _ENDED for lot in row.lots)
    release = failure_release(row, whole, reason, count, last=last)
    publish(row.file, "tenderUpdate", release, card_facts(row, "failed" if last else "tender"), actor, at)
    _reopen(row, at)
    tell_failed(row, whole, reason, tell, at)


def cancel_tender(actor: Actor, tender_id: int, reason: str, at: datetime) -> Tender:
    """Call a published purchase off before its deadline, or throw a draft away. Reserved money returns at once.

    Bids that came are never opened; the bidders are told by the room of bids.
    """
    row = locked(tender_id)
    published = row.state == TenderState.OPEN
    if published and stage(row, at) is not Stage.OPEN:
        raise Refused(N_("递交已截止，不能再取消；请按程序开标，或在评审中按规定废标。"))
    if published and not reason.strip():
        raise Refused(N_("请写明取消的理由，理由将随公告公开。"), field="reason")
    move(row, TENDER_MACHINE, TenderVerb.CANCEL, actor, at, facts={"reason": reason.strip()})
    for part in row.lots:
        part.failure_reason = reason.strip()
        move(part, LOT_MACHINE, LotVerb.CANCEL, actor, at)
        if published:
            _release(part, row, at)
    if published or row.intention_at is not None:
        release = status_release(row, "cancelled", {part.id: "cancelled" for part in row.lots}, reason.strip())
        publish(row.file, "tenderCancellation", release, card_facts(row, "cancelled"), actor, at)
    if published:
        _reopen(row, at)
        tell_cancelled(row, reason.strip(), at)
    return row


def _release(part: Lot, row: Tender, at: datetime) -> None:
    for share in part.funding:
        key = f"release:lot:{part.id}:line:{share.line_id}"
        book(Reason.RELEASE, share.line_id, share.amount_fen, key, ("lot", part.id), row.file_id, at)


def _reopen(row: Tender, at: datetime) -> None:
    """The demand item waits again once no purchase answers it any more."""
    db.session.flush()
    item = demand(row.demand_id) if row.demand_id else None
    if item is not None and item.state == DemandState.PLANNED and not live_tenders_of_demand(item.id):
        reopen(item, CLOCK, at)
