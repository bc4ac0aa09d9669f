"""The report's frozen data: everything a reader needs to compute the ranking again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from market.bids.models import OpenedBid, UnreadableBid
from market.evaluation import queries
from market.evaluation.models import PriceInquiry, Result
from market.evaluation.rules import TIE_FORMULA, Hit, Tie, tie_seed
from market.evaluation.states import Verdict
from market.kernel.canonical import plain
from market.kernel.commitments import new_salt
from market.kernel.rulebook import RuleSet
from market.panels.models import Draw, Panel, Score, Seat
from market.panels.queries import live
from market.panels.rules import FORMULA
from market.panels.states import SeatState
from market.tenders.models import Lot

FORM = "linli.evaluation.1"
# The numbers of the rulebook an evaluation uses; the report names each with its source.
RULES = (
    "evaluation.min_qualified", "evaluation.price_formula", "evaluation.tie_order", "panel.size_min",
    "panel.expert_share_min", "panel.recusal_months", "low_price.average_bp", "low_price.second_bp",
    "low_price.ceiling_bp", "low_price.explain_minutes", "sme.eligible_prefixes",
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What a report is made from."""

    lot: Lot
    rules: RuleSet
    panel: Panel
    draws: list[Draw]
    bids: list[OpenedBid]
    unreadable: list[UnreadableBid]
    scores: list[Score]
    results: list[Result]
    inquiries: list[PriceInquiry]
    hearings: dict[int, queries.Hearing]
    lines: list[Hit]


def report_data(e: Evidence) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    tender, opening = e.lot.tender, queries.opening(e.lot.id)
    assert opening is not None
    data = {
        "form": FORM,
        # The digest is public, and nearly all else of the report: nobody shall find out the rest by trying.
        "salt": new_salt(),
        "ocid": tender.file.ocid,
        "purchaser": tender.street.office,
        "title": tender.title,
        "method": tender.method,
        "lot": {"number": e.lot.number, "title": e.lot.title, "ceiling_fen": e.lot.ceiling_fen},
        "opening": {"at": opening.at, "record": opening.record_digest},
        "rules": {"digest": tender.rules_digest, "used": [_rule(e.rules, key) for key in RULES if key in e.rules]},
        "qualification": _qualification(e),
        "panel": _panel(e.panel),
        "draws": [draw.as_data() for draw in e.draws],
        "draw_formula": FORMULA,
        "criteria": [
            {"id": c.id, "number": c.number, "kind": c.kind, "title": c.title, "max_centi": c.max_centi}
            for c in e.lot.criteria
        ],
        "scores": _scores(e),
        "low_price": {
            "lines": [line.as_data() for line in e.lines],
            "inquiries": [_inquiry(one, e.hearings[one.id]) for one in e.inquiries],
        },
        "results": [_result(row) for row in e.results],
        "tie": _tie(e),
    }
    frozen: dict[str, Any] = plain(data)
    return frozen


def _rule(rules: RuleSet, key: str) -> dict[str, Any]:
    row = rules.rule(key)
    return {
        "key": key,
        "value": row.value,
        "unit": row.unit,
        "zh": row.zh,
        "source": row.source,
        "article": row.article,
        "assumed": row.assumed,
    }


def _qualification(e: Evidence) -> list[dict[str, Any]]:
    opened = [
        {
            "number": bid.number,
            "organisation": bid.organisation.name,
            "code": bid.organisation.uscc,
            "price_fen": bid.price_fen,
            "claims_small": bid.claims_small,
            "verdict": bid.verdict,
            "reason": bid.verdict_reason,
        }
        for bid in e.bids
    ]
    lost = [
        {
            "number": bid.number,
            "organisation": bid.organisation.name,
            "code": bid.organisation.uscc,
            "price_fen": None,
            "claims_small": False,
            "verdict": Verdict.INVALID.value,
            "reason": bid.fault,
        }
        for bid in e.unreadable
    ]
    return sorted([*opened, *lost], key=lambda line: line["number"])


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "size": panel.size,
        "formed_at": panel.formed_at,
        "members": [_member(seat) for seat in live(panel)],
        "replaced": [
            {"number": seat.number, "reason": seat.recusal_reason, "at": seat.acted_at}
            for seat in panel.seats
            if seat.state == SeatState.RECUSED
        ],
    }


def _member(seat: Seat) -> dict[str, Any]:
    return {
        "number": seat.number,
        "key": f"expert-{seat.expert_id}" if seat.expert_id is not None else None,
        "name": seat.user.name,
        "role": "representative" if seat.is_representative else "expert",
        "declaration": seat.declaration_digest,
        "final_at": seat.acted_at,
        "dissent": seat.dissent,
    }


def _scores(e: Evidence) -> list[dict[str, Any]]:
    member = {seat.id: seat.number for seat in e.panel.seats}
    number = {bid.id: bid.number for bid in e.bids}
    rows = [
        {
            "member": member[s.seat_id],
            "bid": number[s.scored_id],
            "criterion": s.criterion_id,
            "score_centi": s.score_centi,
            "reason": s.reason,
        }
        for s in e.scores
        if s.scored_id in number
    ]
    return sorted(rows, key=lambda row: (row["bid"], row["criterion"], row["member"]))


def _inquiry(row: PriceInquiry, heard: queries.Hearing) -> dict[str, Any]:
    return {
        "bid": row.bid.number,
        "hits": row.hits,
        "asked_at": row.asked_at,
        "until": row.until,
        "reply": row.reply,
        "replied_at": row.replied_at,
        "opinions": [
            {"member": one.seat.number, "accepted": one.accepted, "reason": one.reason, "at": one.given_at}
            for one in heard.given
        ],
        "accepted": row.accepted,
        "reason": row.decision_reason,
        "decided_at": row.decided_at,
    }


def _result(row: Result) -> dict[str, Any]:
    return {
        "rank": row.rank,
        "bid": row.bid.number,
        "organisation": row.organisation.name,
        "code": row.organisation.uscc,
        "price_fen": row.price_fen,
        "deduction_bp": row.deduction_bp,
        "adjusted_price_fen": row.adjusted_price_fen,
        "per_criterion": row.per_criterion,
        "quality_centi": row.quality_centi,
        "price_centi": row.price_centi,
        "total_centi": row.total_centi,
        "tie": row.tie_note,
    }


def _tie(e: Evidence) -> dict[str, Any] | None:
    """How lots were drawn between equal bids; None where none were."""
    if all(row.tie_note != Tie.DRAW for row in e.results):
        return None
    facts = ((lot_key(row.bid.number), row.total_centi, row.price_fen) for row in e.results)
    return {"seed": tie_seed(e.draws[0].seed, facts), "formula": TIE_FORMULA}


def lot_key(number: int) -> str:
    """The name under which a bid enters a drawing of lots: its number in the opening record."""
    return f"bid-{number}"
