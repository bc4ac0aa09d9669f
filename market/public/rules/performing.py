"""What a purchase's notices say after the award: contracts, milestones with acceptance, outcome, payments, papers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from market.public.rules.labels import (
    BASE_LABELS,
    CONTRACT_STATES,
    DOCUMENT_LABELS,
    GRADE_LABELS,
    GRADE_TONES,
    MILESTONE_STATES,
    PARTY_LABELS,
    RATER_LABELS,
    ROUTE_LABELS,
    SOURCE_LABELS,
)
from market.public.rules.reading import Data, day, exact_centi, fen, instant, last_day, part, rows, text, whole, words


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
        "outcomes": [_outcome(row) for row in _outcomes(one)],
        "transactions": transactions,
        "paid_fen": paid,
        "paid_bp": paid * 10_000 // amount if amount else None,
    }


def _milestones(contract: Data) -> list[dict[str, Any]]:
    """Planned and carried out stages in one list: what implementation says lies over what the contract says."""
    merged: dict[str, dict[str, Any]] = {}
    for one in (*rows(contract, "milestones"), *rows(contract, "implementation", "milestones")):
        merged.setdefault(text(one, "id"), {}).update(one)
    return [_milestone(one) for one in merged.values()]


def _milestone(one: Data) -> dict[str, Any]:
    acceptance = next((part(one, name) for name in one if "acceptance" in name.lower()), {})
    return {
        "title": text(one, "title"),
        "evidence": text(one, "description"),
        "base": BASE_LABELS.get(text(one, "type"), text(one, "type")),
        "due": last_day(one.get("dueDate")),
        "share_bp": whole(one, "linliShareBp"),
        "amount_fen": fen(one, "linliValue"),
        "state": words(text(one, "linliState") or text(one, "status"), MILESTONE_STATES),
        "met": day(one.get("dateMet")),
        "invited": _first(acceptance, "usersInvited", "users_invited"),
        "satisfied": _first(acceptance, "usersSatisfied", "users_satisfied"),
        "opinion": text(acceptance, "opinion"),
    }


def _first(data: Data, *names: str) -> int | None:
    return next((found for name in names if (found := whole(data, name)) is not None), None)


# --- outcome ----------------------------------------------------------------------------------------------------------


def _outcomes(contract: Data) -> Iterator[Data]:
    """Every published result of an evaluation in a contract: a part that names its sources and the grade."""
    held = [contract, part(contract, "implementation"), *rows(contract, "implementation", "milestones")]
    for holder in (*held, *rows(contract, "milestones")):
        for value in holder.values():
            listed = value if isinstance(value, list) else [value]
            yield from (one for one in listed if isinstance(one, Mapping) and "grade" in one and "sources" in one)


def _outcome(one: Data) -> dict[str, Any]:
    grade = text(one, "grade")
    score = exact_centi(one.get("score"))
    return {
        "title": text(one, "milestone") or text(one, "title"),
        "round": whole(one, "round"),
        "sources": [_source(row) for row in rows(one, "sources")],
        "score_centi": score[0] if score else _first(one, "scoreCenti", "score_centi"),
        "exact": score[1] if score else True,
        "grade": GRADE_LABELS.get(grade, grade),
        "tone": GRADE_TONES.get(grade, "neutral"),
        "share_bp": _first(one, "shareBp", "share_bp"),
        "amount_fen": fen(one, "milestoneValue") or _first(one, "amount_fen"),
        "earned_fen": fen(one, "earned") or _first(one, "earned_fen"),
        "withheld_fen": fen(one, "withheld") or _first(one, "withheld_fen"),
        "renormalised": one.get("renormalised") is True,
        "flagged": one.get("flagged") is True,
    }


def _source(one: Data) -> dict[str, Any]:
    count, total = whole(one, "count"), _first(one, "sum_centi", "sumCenti")
    mean = exact_centi([total, count]) if count and total is not None else None
    return {
        "label": RATER_LABELS.get(text(one, "source"), text(one, "source")),
        "weight_bp": _first(one, "weight_bp", "weightBp"),
        "count": count,
        "least": whole(one, "least"),
        "mean_centi": mean[0] if mean else _first(one, "mean_centi", "meanCenti"),
        "counted": one.get("counted") is not False,
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
