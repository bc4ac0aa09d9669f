"""The ranking: every sheet final, no low price open, then the legal order, frozen in a report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from market.bids.models import OpenedBid
from market.db.session import db
from market.evaluation import queries
from market.evaluation.actions.lots import SUBJECT, locked
from market.evaluation.actions.prices import require_settled
from market.evaluation.actions.reporting import Evidence, lot_key, report_data
from market.evaluation.mail import tell_ranked
from market.evaluation.models import EvaluationReport, Result
from market.evaluation.rules import Entry, Line, choose_by, deduction_bp, enough, low_price_hits, quality_points, rank
from market.evaluation.states import Verdict
from market.kernel.canonical import digest
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.panels.actions import close_panel
from market.panels.models import Score
from market.panels.queries import draws, panel_for, scores_if_final
from market.places.queries import calendar_for
from market.records.files import keep_bytes
from market.records.moves import move
from market.records.queue import enqueue
from market.tenders.models import Lot, Tender
from market.tenders.queries import rules_of
from market.tenders.states import LOT_MACHINE, LotState, LotVerb

REPORT_JOB = "evaluation.report_pdf"


def rank_lot(actor: Actor, lot_id: int, at: datetime) -> EvaluationReport:
    """Rank the valid bids and freeze the report; cannot be undone (条例 art. 44: no second evaluation).

    Raises Refused while a sheet or a low price is open or a seat is vacant, or when too few bids are valid.
    """
    lot = locked(actor, Permit.EVALUATION_REPORT, lot_id, LotState.QUALIFIED, criteria=True, qualifications=True)
    rules, panel = rules_of(lot.tender), panel_for(SUBJECT, lot.id)
    scores = scores_if_final(panel) if panel else None
    if panel is None or scores is None:
        raise Refused(N_("还有评审组成员没有提交评分，不能形成评审结果。"))
    bids, asked = queries.bids(lot.id), queries.inquiries(lot.id)
    conforming = queries.conforming(bids, asked)
    lines = queries.price_lines(lot, rules, [bid.price_fen for bid in conforming])
    require_settled(asked, [bid.id for bid in conforming if low_price_hits(bid.price_fen, lines)])
    valid = [bid for bid in bids if bid.verdict == Verdict.VALID]
    if not enough(len(valid), rules["evaluation.min_qualified"]):
        raise Refused(N_("有效投标不足规定家数，不能评审。"))
    drawn = draws(panel.id)
    points = _quality(lot, valid, scores)
    ranked = rank(
        _entries(valid, points, lot.tender, rules),
        queries.price_weight_centi(lot),
        rules["evaluation.tie_order"],
        drawn[0].seed,
    )
    results = _keep(lot, valid, points, ranked)
    lost = queries.unreadable(lot.id)
    heard = queries.hearings(asked, panel)
    data = report_data(Evidence(lot, rules, panel, drawn, bids, lost, scores, results, asked, heard, lines))
    report = EvaluationReport(lot_id=lot.id, data=data, digest=digest(data), made_at=at)
    db.session.add(report)
    close_panel(panel, at)
    db.session.flush()
    facts = {"report": report.digest, "bids": len(valid)}
    move(lot, LOT_MACHINE, LotVerb.RANK, actor, at, facts=facts)
    enqueue(db.session, REPORT_JOB, str(report.id), report_id=report.id)
    tell_ranked(lot, choose_by(beijing_day(at), rules, calendar_for(lot.district_id)), at)
    return report


def _quality(lot: Lot, valid: list[OpenedBid], scores: list[Score]) -> dict[int, dict[int, int]]:
    bids, criteria = {bid.id for bid in valid}, {c.id for c in queries.quality_criteria(lot)}
    marks = [
        (s.scored_id, s.criterion_id, s.score_centi)
        for s in scores
        if s.scored_id in bids and s.criterion_id in criteria and s.score_centi is not None
    ]
    points = quality_points(marks)
    if set(points) != bids or any(set(parts) != criteria for parts in points.values()):
        raise Refused(N_("还有评审组成员没有提交评分，不能形成评审结果。"))
    return points


def _entries(valid: list[OpenedBid], points: dict[int, dict[int, int]], tender: Tender, rules: RuleSet) -> list[Entry]:
    offered, prefixes = tender.small_deduction_bp, rules["sme.eligible_prefixes"]
    return [
        Entry(
            lot_key(bid.number),
            bid.price_fen,
            sum(points[bid.id].values()),
            deduction_bp(bid.claims_small, bid.organisation.uscc, offered, prefixes),
        )
        for bid in valid
    ]


def _keep(lot: Lot, valid: list[OpenedBid], points: dict[int, dict[int, int]], ranked: list[Line]) -> list[Result]:
    by_key = {lot_key(bid.number): bid for bid in valid}
    rows = []
    for line in ranked:
        bid = by_key[line.key]
        per_criterion: dict[str, Any] = {str(criterion): centi for criterion, centi in sorted(points[bid.id].items())}
        rows.append(
            Result(
                lot_id=lot.id,
                bid=bid,
                organisation=bid.organisation,
                price_fen=line.price_fen,
                adjusted_price_fen=line.adjusted_price_fen,
                deduction_bp=line.deduction_bp,
                quality_centi=line.quality_centi,
                price_centi=line.price_centi,
                total_centi=line.total_centi,
                rank=line.rank,
                tie_note=line.tie.value,
                per_criterion=per_criterion,
            )
        )
    db.session.add_all(rows)
    db.session.flush()
    return rows


def keep_report_pdf(report_id: int, pdf: bytes) -> None:
    """Keep the report's PDF beside its data; harmless when it is there already."""
    report = db.session.get(EvaluationReport, report_id)
    if report is None or report.pdf_file_id is not None:
        return
    name, subject = f"evaluation-report-{report.lot_id}.pdf", ("evaluation_report", report.id)
    row = keep_bytes(pdf, name, "application/pdf", subject, report.made_at)
    report.pdf_file_id = row.id
