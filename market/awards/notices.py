"""OCDS fragments of awards, and what a bidder's letter says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from market.awards.models import Award
from market.awards.rules import award_release_id
from market.awards.states import AwardState
from market.evaluation.models import Result
from market.organisations.models import Organisation
from market.organisations.queries import party, party_id
from market.records.notices import value, z

STATUS = {
    AwardState.PENDING.value: "pending",
    AwardState.ACTIVE.value: "active",
    AwardState.SUSPENDED.value: "pending",
    AwardState.ANNULLED.value: "cancelled",
}


def award_fragment(
    row: Award, supplier: Organisation, lot_id: str, scoring: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the award with its windows, and the published scoring of the lot if there is one."""
    award: dict[str, Any] = {
        "id": award_release_id(row.id),
        "title": row.title,
        "status": STATUS[row.state],
        "date": z(row.decided_at),
        "value": value(row.amount_fen),
        "suppliers": [{"id": party_id(supplier), "name": supplier.name}],
        "relatedLots": [lot_id],
        "contractPeriod": {
            "startDate": f"{row.terms['starts_on']}T00:00:00Z",
            "endDate": f"{row.terms['ends_on']}T00:00:00Z",
        },
        "linliWindows": {
            "resultNoticeUntil": z(row.publicity_until),
            "challengeUntil": z(row.challenge_until),
            "signBy": row.sign_by.isoformat(),
        },
        "linliTermsDigest": row.terms_digest,
        "linliReason": row.reason or None,
    }
    if scoring:
        award["linliScoring"] = dict(scoring)
    return {"parties": [party(supplier, ["supplier", "tenderer"])], "awards": [award]}


def status_fragment(row: Award, reason: str) -> dict[str, Any]:
    """Return a change of an award's status with its reason."""
    return {
        "awards": [
            {
                "id": award_release_id(row.id),
                "status": STATUS[row.state],
                "linliState": row.state,
                "linliReason": reason,
            }
        ]
    }


def scoring_data(
    results: Sequence[Result], names: Mapping[int, str], members: Sequence[str], report_digest: str
) -> dict[str, Any]:
    """Return the published ranking: every figure needed to compute it again, and the experts' names (条例 43)."""
    return {
        "experts": list(members),
        "reportDigest": report_digest,
        "ranking": [
            {
                "rank": r.rank,
                "bidder": names[r.organisation_id],
                "priceFen": r.price_fen,
                "adjustedPriceFen": r.adjusted_price_fen,
                "deductionBp": r.deduction_bp,
                "qualityCenti": r.quality_centi,
                "priceCenti": r.price_centi,
                "totalCenti": r.total_centi,
                "tieNote": r.tie_note or None,
                "perCriterion": r.per_criterion,
            }
            for r in results
        ],
    }
