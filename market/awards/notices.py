"""OCDS fragments of awards, and what a bidder's letter says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from market.awards.models import Award, Objection
from market.awards.rules import award_release_id
from market.awards.states import AwardState, ObjectionState
from market.evaluation.models import Result
from market.kernel.clock import beijing_day
from market.organisations.models import Organisation
from market.organisations.queries import party, party_id
from market.records.notices import value, z

STATUS = {
    AwardState.PENDING.value: "pending",
    AwardState.ACTIVE.value: "active",
    AwardState.SUSPENDED.value: "pending",
    AwardState.ANNULLED.value: "cancelled",
}


# What `linliState` says of an award that is public and not yet confirmed.
PROPOSED = "proposed"


def award_fragment(
    row: Award, supplier: Organisation, *, lot_id: str | None = None, scoring: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the award with its windows; of a lot also its number and the published scoring."""
    award: dict[str, Any] = {
        "id": award_release_id(row.id),
        "title": row.title,
        "status": STATUS[row.state],
        "date": z(row.decided_at),
        "value": value(row.amount_fen),
        "suppliers": [{"id": party_id(supplier), "name": supplier.name}],
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
        "linliOnBehalfOf": row.terms.get("on_behalf_of"),
    }
    if lot_id:
        award["relatedLots"] = [lot_id]
    if scoring:
        award["linliScoring"] = dict(scoring)
        award["documents"] = [
            {
                "id": f"report-{lot_id or row.id}",
                "documentType": "evaluationReports",
                "title": f"{row.title}评审结果",
                "datePublished": z(row.decided_at),
                "language": "zh",
                "linliDigest": scoring.get("reportDigest"),
            }
        ]
    return {"parties": [party(supplier, ["supplier", "tenderer"])], "awards": [award]}


def proposal_fragment(
    row: Award, supplier: Organisation, publication: Mapping[str, Any], *, provisional: bool
) -> dict[str, Any]:
    """Return a proposed award as pending, with what the proposing room says beside it and inside it ("award")."""
    fragment = award_fragment(row, supplier)
    award: dict[str, Any] = fragment["awards"][0]
    award["linliState"] = PROPOSED
    award["linliWindows"] = {"resultNoticeUntil": z(row.publicity_until), "provisional": provisional}
    award |= publication.get("award", {})
    parties = {one["id"]: one for one in (*fragment["parties"], *publication.get("parties", ()))}
    rest = {name: part for name, part in publication.items() if name not in {"award", "parties"}}
    return {**rest, "parties": list(parties.values()), "awards": [award]}


def status_fragment(row: Award, reason: str, status: str | None = None, *, confirmed: bool = False) -> dict[str, Any]:
    """Return a change of an award's status with its reason; a confirmation also brings its day and the day to sign.

    The reason of the change stands beside the award's own, which the releases merged would lose otherwise.
    """
    status = status or STATUS[row.state]
    award: dict[str, Any] = {
        "id": award_release_id(row.id),
        "status": status,
        "linliState": status if status == "unsuccessful" else row.state,
        "linliStateReason": reason or None,
    }
    if confirmed:
        award |= {"date": z(row.decided_at), "linliWindows": {"signBy": row.sign_by.isoformat()}}
    return {"awards": [award]}


def objection_fragment(row: Objection) -> dict[str, Any]:
    """Return an answered objection: days, decision and reply. Neither the objector nor the words of the objection."""
    assert row.decided_at is not None
    entry = {
        "id": f"objection-{row.id}",
        "filedOn": beijing_day(row.filed_at).isoformat(),
        "answerBy": row.answer_by.isoformat(),
        "answeredOn": beijing_day(row.decided_at).isoformat(),
        "upheld": row.state == ObjectionState.UPHELD,
        "reply": row.reply,
    }
    return {"awards": [{"id": award_release_id(row.award_id), "linliObjections": [entry]}]}


_PRICED = ("priceFen", "adjustedPriceFen", "deductionBp", "priceCenti", "totalCenti", "tieNote")


def _line(row: Result, bidder: str) -> dict[str, Any]:
    return {
        "rank": row.rank,
        "bidder": bidder,
        "priceFen": row.price_fen,
        "adjustedPriceFen": row.adjusted_price_fen,
        "deductionBp": row.deduction_bp,
        "qualityCenti": row.quality_centi,
        "priceCenti": row.price_centi,
        "totalCenti": row.total_centi,
        "tieNote": row.tie_note or None,
        "perCriterion": row.per_criterion,
    }


def scoring_data(
    results: Sequence[Result],
    names: Mapping[int, str],
    members: Sequence[str],
    report_digest: str,
    *,
    prices: bool = True,
) -> dict[str, Any]:
    """Return the published ranking: every figure needed to compute it again, and the experts' names (条例 43).

    Without `prices` nothing from which another supplier's price follows (采购法 art. 38): its points neither.
    """
    hidden = () if prices else _PRICED
    return {
        "experts": list(members),
        "reportDigest": report_digest,
        "ranking": [
            {name: told for name, told in _line(r, names[r.organisation_id]).items() if name not in hidden}
            for r in results
        ],
    }
