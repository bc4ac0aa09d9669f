"""What a purchase's notices say after the award: contracts, milestones with acceptance, outcome, payments, papers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from market.kernel.money import format_score
from market.public.rules.labels import (
    BASE_LABELS,
    CLAIM_STATES,
    CONTRACT_STATES,
    DOCUMENT_LABELS,
    GRADE_LABELS,
    GRADE_TONES,
    GROUND_LABELS,
    MILESTONE_STATES,
    PARTY_LABELS,
    RATER_LABELS,
    ROUTE_LABELS,
    SOURCE_LABELS,
)
from market.public.rules.reading import Data, day, exact, fen, instant, last_day, part, rows, text, whole, words


def contracts(release: Data) -> list[dict[str, Any]]:
    """Return the contracts with their signatures, milestones, outcome and payments."""
    return [_contract(one) for one in rows(release, "contracts") if one.get("dateSigned") or one.get("value")]


def _contract(one: Data) -> dict[str, Any]:
    transactions = [_transaction(row) for row in rows(one, "implementation", "transactions")]
    paid = sum(row["amount_fen"] or 0 for row in transactions)
    amount = fen(one)
    return {
        "number": text(one, "description"),
        "title": text(one, "title"),
        "amount_fen": amount,
        "bond_fen": fen(one, "linliPerformanceBond") or 0,
        "state": words(text(one, "linliState") or text(one, "status"), CONTRACT_STATES),
        "reason": text(one, "linliReason"),
        "signed_at": instant(one.get("dateSigned")),
        "starts": day(part(one, "period").get("startDate")),
        "ends": last_day(part(one, "period").get("endDate")),
        "digest": text(one, "linliDigest"),
        "signatures": [
            {
                "party": PARTY_LABELS.get(text(row, "party"), text(row, "party")),
                "at": instant(row.get("signedAt")),
                "certificate": text(row, "certificate"),
            }
            for row in rows(one, "linliSignatures")
        ],
        "funding": [
            {
                "title": text(row, "title"),
                "source": SOURCE_LABELS.get(text(row, "source"), text(row, "source")),
                "amount_fen": fen(row),
            }
            for row in rows(one, "linliFunding")
        ],
        "milestones": _milestones(one),
        "outcomes": list(_outcomes(one)),
        "transactions": transactions,
        "group": text(one, "linliOnBehalfOf"),
        "termination": _termination(part(one, "linliTermination")),
        "claims": [_claim(row) for row in rows(one, "linliClaims")],
        "paid_fen": paid,
        "paid_bp": paid * 10_000 // amount if amount else None,
    }


def _termination(one: Data) -> dict[str, Any] | None:
    """The early end of a contract: on which ground, what was settled and what went back."""
    if not one:
        return None
    ground = text(one, "ground")
    return {
        "ground": GROUND_LABELS.get(ground, ground),
        "on": day(one.get("on")),
        "settled_fen": fen(one, "settled"),
        "freed_fen": fen(one, "freed"),
    }


def _claim(one: Data) -> dict[str, Any]:
    """Money claimed back: how much of it has come, how much was waived and why."""
    return {
        "number": text(one, "id"),
        "amount_fen": fen(one),
        "paid_fen": fen(one, "paid"),
        "share_bp": whole(one, "shareBp"),
        "due": day(one.get("dueOn")),
        "state": words(text(one, "state"), CLAIM_STATES),
        "received_fen": fen(one, "received"),
        "waived_fen": fen(one, "waived"),
        "reason": text(one, "waiveReason"),
    }


def _milestones(contract: Data) -> list[dict[str, Any]]:
    """Planned and carried out stages in one list: what implementation says lies over what the contract says."""
    merged: dict[str, dict[str, Any]] = {}
    for one in (*rows(contract, "milestones"), *rows(contract, "implementation", "milestones")):
        merged.setdefault(text(one, "id"), {}).update(one)
    return [_milestone(one) for one in merged.values()]


def _milestone(one: Data) -> dict[str, Any]:
    acceptance = part(one, "linliAcceptance")
    return {
        "title": text(one, "title"),
        "evidence": text(one, "description"),
        "base": BASE_LABELS.get(text(one, "type"), text(one, "type")),
        "due": last_day(one.get("dueDate")),
        "share_bp": whole(one, "linliShareBp"),
        "amount_fen": fen(one, "linliValue"),
        "state": words(text(one, "status"), MILESTONE_STATES),
        "met": day(one.get("dateMet")),
        "invited": whole(acceptance, "usersInvited"),
        "satisfied": whole(acceptance, "usersSatisfied"),
        "served": whole(acceptance, "peopleServed"),
        "held": whole(acceptance, "sessionsHeld"),
    }


def outcomes_of(release: Data, party: str) -> list[dict[str, Any]]:
    """Return the published results of the contracts that one supplier holds in a purchase."""
    own = {
        text(one, "id")
        for one in rows(release, "awards")
        if party in {text(supplier, "id") for supplier in rows(one, "suppliers")}
    }
    held = [one for one in rows(release, "contracts") if text(one, "awardID") in own]
    return [result for contract in held for result in _outcomes(contract)]


# --- outcome ----------------------------------------------------------------------------------------------------------


def _outcomes(contract: Data) -> Iterator[dict[str, Any]]:
    """The published result of each evaluated milestone, the four sources from the metrics of its round."""
    metrics = rows(contract, "implementation", "metrics")
    for milestone in rows(contract, "implementation", "milestones"):
        result = part(milestone, "linliEvaluation")
        if text(result, "grade"):
            stem = f"{text(milestone, 'id')}-round-{whole(result, 'round') or 1}-"
            sources = [(text(one, "id").removeprefix(stem), one) for one in metrics if text(one, "id").startswith(stem)]
            yield _outcome(milestone, result, [_source(code, one) for code, one in sources])


def _outcome(milestone: Data, one: Data, sources: list[dict[str, Any]]) -> dict[str, Any]:
    grade, score = text(one, "grade"), exact(one.get("scoreExact"))
    return {
        "title": text(milestone, "title"),
        "round": whole(one, "round") or 1,
        "sources": sources,
        "score": None if score is None else format_score(score),
        "exact": score is None or score.denominator == 1,
        "grade": GRADE_LABELS.get(grade, grade),
        "tone": GRADE_TONES.get(grade, "neutral"),
        "share_bp": whole(one, "shareBp"),
        "earned_fen": fen(one, "earned"),
        "withheld_fen": fen(one, "withheld"),
        "renormalised": one.get("renormalised") is True,
        "flagged": one.get("flagged") is True,
        "root": text(part(one, "inputs"), "root"),
    }


def _source(code: str, metric: Data) -> dict[str, Any]:
    seen = next(iter(rows(metric, "observations")), {})
    count, total = whole(seen, "linliCount"), whole(seen, "linliSumCenti")
    mean = exact([total, count]) if count and total is not None else None
    return {
        "label": RATER_LABELS.get(code, text(metric, "title")),
        "weight_bp": whole(seen, "linliWeightBp"),
        "count": count,
        "mean": None if mean is None else format_score(mean),
        "counted": seen.get("linliCounted") is not False,
    }


# --- payments and papers ----------------------------------------------------------------------------------------------


def _transaction(one: Data) -> dict[str, Any]:
    amount = fen(one)
    source, route = text(one, "linliFundSource"), text(one, "linliRoute")
    return {
        "number": text(one, "linliPayment") or text(one, "id"),
        "day": day(one.get("date")),
        "amount_fen": amount,
        "returned": amount is not None and amount < 0,
        "claimed": bool(text(one, "linliClaim")),
        "payee": text(part(one, "payee"), "name"),
        "milestone": text(part(one, "relatedImplementationMilestone"), "title"),
        "source": SOURCE_LABELS.get(source, source),
        "route": ROUTE_LABELS.get(route, route),
        "pay_by": day(one.get("linliPayBy")),
    }


def documents(release: Data) -> list[dict[str, Any]]:
    """Return the published files; a document kept here is named `file-<id>` and is fetched under that number."""
    holders = [part(release, "planning"), part(release, "tender"), *rows(release, "awards")]
    for contract in rows(release, "contracts"):
        milestones = rows(contract, "implementation", "milestones")
        holders += [contract, part(contract, "implementation"), *milestones]
    found = {}
    for holder in holders:
        for one in rows(holder, "documents"):
            number = text(one, "id").removeprefix("file-")
            if number.isdecimal() and text(one, "id") != number:
                kind = text(one, "documentType")
                found[int(number)] = {
                    "id": int(number),
                    "title": text(one, "title"),
                    "kind": DOCUMENT_LABELS.get(kind, kind),
                    "format": text(one, "format"),
                    "sha256": text(one, "linliSha256"),
                    "published": day(one.get("datePublished")),
                }
    return list(found.values())
