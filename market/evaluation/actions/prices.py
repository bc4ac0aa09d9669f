"""Abnormally low prices: found by the system or by judgement, explained in a logged window, decided by the panel.

Each member gives an opinion with a reason; the conclusion follows by majority (87号令 art. 60, 61) and the officer only
writes it down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import BinaryIO

from market.db.session import db
from market.evaluation import queries
from market.evaluation.actions.lots import GONE, SUBJECT, fail_if_too_few, locked, reject
from market.evaluation.mail import tell_asked, tell_hearing, tell_price_accepted
from market.evaluation.models import PriceInquiry, PriceOpinion
from market.evaluation.rules import LowTest, explain_until, low_price_hits, may_be_judged
from market.evaluation.states import Verdict
from market.kernel.clock import is_before
from market.kernel.errors import NotFound, Refused
from market.kernel.naming import PRICE_NOT_ACCEPTED
from market.kernel.permits import Actor, Permit, Scope, allowed, require
from market.kernel.text import N_
from market.panels.models import Seat
from market.panels.queries import live, panel_for, seat_in
from market.panels.states import SeatState
from market.records.audit import record
from market.records.files import keep
from market.tenders.queries import rules_of
from market.tenders.states import LotState

FILES = "price_inquiry"


def ask_price(
    actor: Actor, lot_id: int, at: datetime, *, minutes: int | None = None, bid_id: int | None = None, reason: str = ""
) -> list[PriceInquiry]:
    """Ask every bidder whose raw price is below a line, or one bidder by the panel's judgement (`bid_id`, `reason`).

    The window is `minutes` long, at least the rule's (row 40). Raises Refused when there is nothing to ask.
    """
    lot = locked(actor, Permit.EVALUATION_REPORT, lot_id, LotState.QUALIFIED)
    rules = rules_of(lot.tender)
    least: int = rules["low_price.explain_minutes"]
    until = explain_until(at, least if minutes is None else minutes, least)
    bids, known = queries.bids(lot.id), queries.inquiries(lot.id)
    conforming = queries.conforming(bids, known)
    lines = queries.price_lines(lot, rules, [bid.price_fen for bid in conforming])
    asked_before = {one.opened_bid_id for one in known}
    found = []
    for bid in conforming:
        hits = [hit.as_data() for hit in low_price_hits(bid.price_fen, lines)]
        if bid.id == bid_id and not hits:
            if not reason.strip():
                raise Refused(N_("请写明评审组认为报价明显偏低的理由。"), field="reason")
            hits = [{"test": LowTest.JUDGEMENT.value, "reason": reason.strip()}]
        if hits and bid.id not in asked_before and bid_id in (None, bid.id):
            found.append(PriceInquiry(bid=bid, hits=hits, asked_at=at, until=until, reply="", decision_reason=""))
    if not found:
        raise Refused(N_("没有需要说明的报价，或已经要求说明。"))
    db.session.add_all(found)
    db.session.flush()
    facts = {"bids": [one.bid.number for one in found], "until": until.isoformat()}
    record(
        lot.subject,
        "ask_price",
        actor,
        at,
        permit=Permit.EVALUATION_REPORT,
        facts=facts,
        private={"hits": [one.hits for one in found]},
    )
    panel = panel_for(SUBJECT, lot.id)
    members = [seat.user_id for seat in live(panel)] if panel else []
    for one in found:
        tell_asked(lot, one.bid.organisation_id, one.id, until, at)
        tell_hearing(lot, members, until, at)
    return found


def answer_price(
    actor: Actor, inquiry_id: int, reply: str, at: datetime, *, evidence: Sequence[tuple[BinaryIO, str]] = ()
) -> PriceInquiry:
    """The bidder explains its price, with proof of costs where it has some; strictly before the window's end."""
    # Files are hashed and written before the first row is locked.
    kept = [keep(stream, name, (FILES, inquiry_id), actor, at) for stream, name in evidence]
    row = queries.inquiry(inquiry_id, lock=True)
    if row is None or not allowed(actor, Permit.BID_DRAFT, Scope(organisation_id=row.bid.organisation_id)):
        raise NotFound(GONE)
    if row.decided_at is not None or row.replied_at is not None:
        raise Refused(N_("已经提交过说明。"))
    if not is_before(at, row.until):
        raise Refused(N_("说明时间已于 %(until)s 结束，不能再提交。"), until=row.until)
    if not reply.strip():
        raise Refused(N_("请说明报价的成本构成和合理性。"), field="reply")
    row.reply, row.replied_at = reply.strip(), at
    lot = queries.lot(row.bid.lot_id)
    if lot is None:
        raise NotFound(GONE)
    private = {"reply": row.reply, "files": [file.sha256 for file in kept]}
    record(lot.subject, "answer_price", actor, at, facts={"bid": row.bid.number}, private=private)
    return row


def give_opinion(actor: Actor, inquiry_id: int, accepted: bool, reason: str, at: datetime) -> PriceOpinion:
    """A member of the panel says, with a reason, whether the explanation proves the price reasonable; given once.

    Possible once the bidder has answered or the window has ended, for members who have declared to have no tie.
    """
    row = queries.inquiry(inquiry_id, lock=True)
    lot = queries.lot(row.bid.lot_id) if row is not None else None
    if row is None or lot is None:
        raise NotFound(GONE)
    seat = sitting(actor, lot.id)
    require(actor, Permit.BID_SCORE, lot.subject.scope)
    if row.decided_at is not None or lot.state != LotState.QUALIFIED:
        raise Refused(N_("已经作出结论。"))
    if not may_be_judged(row.replied_at, row.until, at):
        raise Refused(N_("投标人还在说明时间内，%(until)s 之后才能提出意见。"), until=row.until)
    if any(one.seat_id == seat.id for one in queries.opinions([row.id])[row.id]):
        raise Refused(N_("您已经提出过意见，不能再改。"))
    if not reason.strip():
        raise Refused(N_("请写明理由和依据。"), field="reason")
    given = PriceOpinion(inquiry_id=row.id, seat_id=seat.id, accepted=accepted, reason=reason.strip(), given_at=at)
    db.session.add(given)
    record(
        seat.subject,
        "give_opinion",
        actor,
        at,
        permit=Permit.BID_SCORE,
        facts={"bid": row.bid.number},
        private={"accepted": accepted, "reason": given.reason},
    )
    return given


def sitting(actor: Actor, lot_id: int) -> Seat:
    """Return this person's seat on the panel. Raises NotFound for others, Refused before the declaration."""
    seat = seat_in(actor, SUBJECT, lot_id)
    if seat is None or seat.state == SeatState.RECUSED:
        raise NotFound(GONE)
    if seat.state == SeatState.DRAWN:
        raise Refused(N_("请先声明与各投标人没有利害关系，之后才能查看投标内容。"))
    return seat


def decide_price(actor: Actor, inquiry_id: int, reason: str, at: datetime) -> PriceInquiry:
    """Write down the panel's conclusion on an explanation; a price that is not accepted makes the bid invalid.

    The conclusion is the majority's, `reason` its text; possible once every member has given an opinion. Fails the lot
    when too few bids remain.
    """
    known = queries.inquiry(inquiry_id)
    if known is None:
        raise NotFound(GONE)
    lot = locked(actor, Permit.EVALUATION_REPORT, known.bid.lot_id, LotState.QUALIFIED)
    row = queries.inquiry(inquiry_id, lock=True)
    if row is None or row.decided_at is not None:
        raise Refused(N_("已经作出结论。"))
    accepted = queries.hearings([row], panel_for(SUBJECT, lot.id))[row.id].accepts
    if accepted is None:
        raise Refused(N_("评审组成员须全部提出意见，才能记录结论。"))
    if not reason.strip():
        raise Refused(N_("请写明理由和依据。"), field="reason")
    row.accepted, row.decision_reason, row.decided_at = accepted, reason.strip(), at
    if not accepted:
        row.bid.verdict = Verdict.INVALID.value
        row.bid.verdict_reason = PRICE_NOT_ACCEPTED % {"reason": reason.strip()}
    db.session.flush()
    record(
        lot.subject,
        "decide_price",
        actor,
        at,
        permit=Permit.EVALUATION_REPORT,
        facts={"bid": row.bid.number, "accepted": accepted},
        private={"reason": row.decision_reason},
    )
    if accepted:
        tell_price_accepted(lot, row.bid.organisation_id, row.id, row.decision_reason, at)
    else:
        reject(lot, [(row.bid.id, row.bid.organisation_id, row.bid.verdict_reason)], at)
        fail_if_too_few(actor, lot, rules_of(lot.tender)["evaluation.min_qualified"], at)
    return row


def require_settled(asked: Iterable[PriceInquiry], hit_bids: Iterable[int]) -> None:
    """Raise Refused while a low price has not been asked about or decided on."""
    decided = {one.opened_bid_id: one.decided_at is not None for one in asked}
    if not all(decided.values()):
        raise Refused(N_("还有异常低价的说明没有结论。"))
    if set(hit_bids) - set(decided):
        raise Refused(N_("有报价触发异常低价审查，请先要求投标人说明。"))
