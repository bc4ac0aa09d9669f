"""Choosing in rank order, publishing the result, writing to each bidder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from market.awards.models import Award, BidderLetter
from market.awards.notices import award_fragment, scoring_data
from market.awards.queries import fallen_organisations
from market.awards.rules import (
    EvaluationTerms,
    FundingTerms,
    MilestoneTerms,
    PartySnapshot,
    RuleFacts,
    Terms,
    WorkerTerms,
    milestone_amounts,
    next_in_rank,
    result_windows,
    sign_by,
)
from market.awards.states import AWARD_MACHINE, AwardState, AwardVerb
from market.bids.models import OpenedBid, SealedBid
from market.bids.notices import result_fragment
from market.bids.queries import opened_bids, opening_of, unreadable_bids
from market.db.session import db
from market.evaluation.models import Result
from market.evaluation.notices import public_part
from market.evaluation.queries import feedback, results
from market.evaluation.queries import report as find_report
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.organisations.queries import organisations_by_id
from market.panels.queries import live, panel_for
from market.people.queries import holders
from market.places.models import Street
from market.places.queries import calendar_for, street
from market.records.audit import require_other_hands
from market.records.messages import tell
from market.records.moves import move
from market.records.notices import CardFacts, publish
from market.records.queue import enqueue
from market.records.receipts import receipts_by_number
from market.tenders.models import Lot
from market.tenders.queries import lot as find_lot
from market.tenders.queries import rules_of
from market.tenders.queries import tender as find_tender
from market.tenders.rules import Audience, Fact, Moment, shown
from market.tenders.states import LOT_MACHINE, LotVerb

LETTER_JOB = "awards.letter_pdf"


def candidate(lot: Lot) -> Result | None:
    """Return the result whose turn it is in rank order, or None when every ranked bidder has fallen out."""
    ranked = results(lot.id)
    chosen = next_in_rank([r.organisation_id for r in ranked], fallen_organisations("lot", lot.id))
    return next((r for r in ranked if r.organisation_id == chosen), None)


def award_lot(actor: Actor, lot_id: int, reason: str, at: datetime, *, seen: str | None = None) -> Award:
    """Confirm the first ranked bidder that has not fallen out; publish the result and write to every bidder.

    `seen` is the id of the organisation that the page named; whoever acts without a page leaves it out. Raises Refused
    when another one's turn has come since, and when nobody is left in the ranking. Source: 条例 43, 49; Order 87
    art. 68-69.
    """
    lot = find_lot(lot_id)
    if lot is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    require(actor, Permit.AWARD_CONFIRM, lot.subject.scope)
    require_other_hands(actor, Permit.AWARD_CONFIRM, "lot", lot.id)
    best = candidate(lot)
    if best is None:
        raise Refused(N_("排名中已没有可确定的供应商，请按废标处理后重新采购。"))
    require_seen(seen, str(best.organisation_id))
    ranked = results(lot.id)
    firms = organisations_by_id([r.organisation_id for r in ranked])
    move(lot, LOT_MACHINE, LotVerb.AWARD, actor, at, facts={"rank": best.rank})
    row = _make(lot, best, firms[best.organisation_id], reason, at)
    move(row, AWARD_MACHINE, AwardVerb.CONFIRM, actor, at, facts={"terms": row.terms_digest})
    _publish_result(lot, row, ranked, firms, actor, at)
    _write_letters(lot, row, ranked, firms, at)
    return row


def _make(lot: Lot, best: Result, supplier: Organisation, reason: str, at: datetime) -> Award:
    tender = lot.tender
    rules, calendar = rules_of(tender), calendar_for(lot.district_id)
    noticed_on = beijing_day(at)
    windows = result_windows(noticed_on, rules, calendar)
    buyer = street(lot.street_id)
    assert buyer is not None
    terms = _terms(lot, best, buyer, supplier, rules, noticed_on)
    row = Award(
        subject_kind="lot",
        subject_id=lot.id,
        file_id=lot.file_id,
        district_id=lot.district_id,
        street_id=lot.street_id,
        organisation_id=supplier.id,
        regime=tender.method,
        title=_title(lot),
        rank=best.rank,
        amount_fen=best.price_fen,
        terms=terms.as_data(),
        terms_digest=terms.digest,
        state=AwardState.PENDING.value,
        reason=reason.strip(),
        decided_at=at,
        publicity_until=end_of_day(windows.notice_ends),
        challenge_until=end_of_day(windows.challenge_ends),
        sign_by=sign_by(noticed_on, terms.rules.sign_days, calendar).day,
        file=tender.file,
        organisation=supplier,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _terms(
    lot: Lot, best: Result, buyer: Street, supplier: Organisation, rules: Mapping[str, Any], noticed_on: Any
) -> Terms:
    tender = lot.tender
    shares = [m.share_bp for m in lot.milestones]
    amounts = milestone_amounts(best.price_fen, shares)
    bid = _opened(lot.id, best.organisation_id)
    return Terms(
        buyer=PartySnapshot(buyer.id, buyer.office, buyer.uscc or buyer.code, "street_office", "", buyer.office),
        supplier=PartySnapshot(
            supplier.id,
            supplier.name,
            supplier.uscc or "",
            supplier.provider_type,
            supplier.legal_representative,
            supplier.address,
            supplier.is_small,
        ),
        title=tender.title,
        category=tender.category,
        requirement=tender.requirement,
        regime=tender.method,
        amount_fen=best.price_fen,
        starts_on=tender.starts_on,
        ends_on=tender.ends_on,
        noticed_on=noticed_on,
        milestones=tuple(
            MilestoneTerms(number, m.title, m.share_bp, amount, m.base, m.due_on, m.evidence)
            for number, (m, amount) in enumerate(zip(lot.milestones, amounts, strict=True), 1)
        ),
        evaluation=EvaluationTerms.from_data(lot.evaluation_terms),
        funding=tuple(FundingTerms(f.line_id, f.line.source, f.line.title, f.amount_fen) for f in lot.funding),
        rules=RuleFacts.from_rules(rules),
        rules_digest=tender.rules_digest,
        offer_digest=db.session.scalar(select(SealedBid.root).where(SealedBid.id == bid.bid_id)) or "",
        workers=tuple(
            WorkerTerms(one["worker_id"], one["level"], one["weekly_centi"]) for one in bid.content.get("workers", ())
        ),
        bond_bp=tender.bond_bp,
    )


def _title(lot: Lot) -> str:
    whole = find_tender(lot.tender_id)
    if whole is None or len(whole.lots) == 1:
        return lot.tender.title
    # A lot that was given no name of its own is called after its tender.
    own = lot.title.removeprefix(lot.tender.title).strip("（）")
    return f"{lot.tender.title}（{own or f'第{lot.number}包'}）"  # zh-only


def _opened(lot_id: int, organisation_id: int) -> OpenedBid:
    return next(b for b in opened_bids(lot_id) if b.organisation_id == organisation_id)


def _publish_result(
    lot: Lot, row: Award, ranked: Sequence[Result], firms: Mapping[int, Organisation], actor: Actor, at: datetime
) -> None:
    report, panel = find_report(lot.id), panel_for("lot", lot.id)
    members = [seat.user.name for seat in live(panel)] if panel else []
    names = {i: o.name for i, o in firms.items()}
    prices = shown(Fact.BID_PRICES, lot.tender.method, Moment.AWARDED, Audience.PUBLIC)
    scoring = scoring_data(ranked, names, members, report.digest if report else "", prices=prices)
    if report is not None:
        # Panel, draws with their secret, points and low prices: what anyone needs to compute the ranking again.
        scoring |= public_part(lot, report.data, report.digest)
    fragment = award_fragment(row, row.organisation, lot_id=f"lot-{lot.number}", scoring=scoring) | _bids(lot)
    facts = CardFacts(stage="awarded", awarded_fen=row.amount_fen, supplier=row.organisation.name)
    publish(row.file, "award", fragment, facts, actor, at)


def _bids(lot: Lot) -> dict[str, Any]:
    opening = opening_of(lot.id)
    if opening is None:
        return {}
    receipts = receipts_by_number([line["receipt"] for line in opening.record["bids"]])
    return result_fragment(lot, opening, opened_bids(lot.id), unreadable_bids(lot.id), receipts)


def _write_letters(
    lot: Lot, row: Award, ranked: Sequence[Result], firms: Mapping[int, Organisation], at: datetime
) -> None:
    """One letter a bidder, refused ones too: own scores with the members' reasons, the winner and its total."""
    best = next(r for r in ranked if r.organisation_id == row.organisation_id)
    criteria = {c.id: c for c in lot.criteria}
    by_firm = {r.organisation_id: r for r in ranked}
    for bid in opened_bids(lot.id):
        own = by_firm.get(bid.organisation_id)
        data = {
            "title": row.title,
            "number": row.file.ocid,
            "bidder": bid.organisation.name,
            "winner": row.organisation.name,
            "winner_price_fen": row.amount_fen,
            "winner_total_centi": best.total_centi,
            "verdict": bid.verdict,
            "verdict_reason": bid.verdict_reason,
            "price_fen": bid.price_fen,
            "own": _own_scores(own, bid, criteria) if own else None,
            "reason": row.reason,
            "challenge_until": row.challenge_until.isoformat(),
            "decided_at": row.decided_at.isoformat(),
        }
        letter = BidderLetter(award_id=row.id, organisation_id=bid.organisation_id, data=data, sent_at=at)
        db.session.add(letter)
        db.session.flush()
        enqueue(db.session, LETTER_JOB, str(letter.id), letter_id=letter.id)
        tell(
            holders(Permit.BID_DRAFT, Scope(organisation_id=bid.organisation_id)),
            N_("结果通知书：%(title)s"),
            N_("“%(title)s”已确定供应商。贵机构的得分和理由见通知书。"),
            f"/awards/letters/{letter.id}",
            at,
            {"title": row.title},
        )


def _own_scores(own: Result, bid: OpenedBid, criteria: Mapping[int, Any]) -> dict[str, Any]:
    reasons: dict[int, list[str]] = {}
    for line in feedback(bid.id):
        reasons.setdefault(line["criterion_id"], []).append(line["reason"])
    return {
        "rank": own.rank,
        "quality_centi": own.quality_centi,
        "price_centi": own.price_centi,
        "total_centi": own.total_centi,
        "adjusted_price_fen": own.adjusted_price_fen,
        "criteria": [
            {
                "title": c.title,
                "max_centi": c.max_centi,
                "centi": own.per_criterion.get(str(c.id)),
                "reasons": reasons.get(c.id, []),
            }
            for c in criteria.values()
            if c.kind == "quality"
        ],
    }
