"""The releases of a tender: intention, notice, changes of status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.clock import beijing, end_of_day, instant
from market.kernel.rulebook import RuleSet
from market.places.queries import office_party
from market.records.notices import CardFacts, value, z
from market.tenders.models import Lot, Tender
from market.tenders.rules import Fact, Moment, Timetable, performance_bond_max_fen, shown
from market.tenders.rules.publicity import Audience
from market.tenders.states import METHOD_LABELS, Method

# OCDS knows four methods; ours stands in procurementMethodDetails.
_OCDS_METHOD = {
    Method.COMPARISON: "open",
    Method.OPEN_TENDER: "open",
    Method.CONSULTATION: "selective",
    Method.NEGOTIATION: "limited",
    Method.INQUIRY: "selective",
    Method.SINGLE_SOURCE: "direct",
}


def lot_key(part: Lot) -> str:
    """The lot's id inside its purchase's releases."""
    return f"lot-{part.number}"


def card_facts(tender: Tender, stage: str) -> CardFacts:
    """What the public lists know of the tender."""
    return CardFacts(
        stage=stage,
        title=tender.title,
        method=tender.method,
        category=tender.category,
        place=f"{tender.street.district.name}{tender.street.name}",
        buyer=tender.street.office,
        amount_fen=tender.budget_fen,
        deadline_at=tender.deadline_at,
    )


def intention_release(tender: Tender, starts: str) -> dict[str, Any]:
    """采购意向: name, outline, budget and planned month (财库〔2020〕10号)."""
    return {
        "parties": _parties(tender),
        "buyer": _buyer(tender),
        "planning": {
            "rationale": tender.requirement,
            "budget": {"amount": value(tender.budget_fen), "description": f"预计采购时间：{starts}"},
        },
        "tender": {
            "id": str(tender.id),
            "title": tender.title,
            "status": "planned",
            "mainProcurementCategory": "services",
        },
    }


def tender_release(
    tender: Tender, table: Timetable, book: RuleSet, earlier: Sequence[tuple[str, str]] = (), rules: str = ""
) -> dict[str, Any]:
    """The notice with everything a supplier may know: lots, criteria, money, dates, evaluation terms, rules.

    `earlier` are the purchases this one follows (relationship, ocid), `rules` the digest of the published set.
    """
    related = [
        {"id": str(n), "relationship": [kind], "scheme": "ocid", "identifier": ocid}
        for n, (kind, ocid) in enumerate(earlier, 1)
    ]
    return {
        **({"relatedProcesses": related} if related else {}),
        "parties": _parties(tender),
        "buyer": _buyer(tender),
        "planning": {
            "rationale": tender.requirement,
            "budget": {
                "amount": value(tender.budget_fen),
                "budgetBreakdown": [row for part in tender.lots for row in _money(part)],
            },
        },
        "tender": {
            "id": str(tender.id),
            "title": tender.title,
            "description": tender.requirement,
            "status": "active",
            "procuringEntity": _buyer(tender),
            "mainProcurementCategory": "services",
            "items": [_item(tender, part) for part in tender.lots],
            "value": value(tender.budget_fen),
            "lots": [_lot(part) for part in tender.lots],
            "milestones": [row for part in tender.lots for row in _milestones(part)],
            **_procedure(tender),
            **_periods(tender, table),
            "smallFirmDeductionBp": tender.small_deduction_bp,
            "performanceBondBp": tender.bond_bp,
            "performanceBondMaxFen": performance_bond_max_fen(tender.budget_fen, book),
            "intentionWaiver": tender.intention_waiver or None,
            "rulebook": {
                "digest": tender.rules_digest,
                "set": rules or None,
                "place": book.place,
                "regime": book.regime.value,
                "day": book.day.isoformat(),
                "assumed": [rule.key for rule in book.assumed()],
                "calendar": tender.calendar_version,
                "provisional": tender.provisional,
            },
        },
    }


def _procedure(tender: Tender) -> dict[str, Any]:
    """Method with its reasons, and what a supplier must have."""
    method = Method(tender.method)
    return {
        "procurementMethod": _OCDS_METHOD[method],
        "procurementMethodDetails": METHOD_LABELS[method],
        "procurementMethodRationale": "".join(step["text"] % step["params"] for step in tender.resolution["reasons"]),
        # The same sentences with their parameters, so that a page can say them in the reader's language.
        "methodReasons": [{"text": s["text"], "params": s["params"]} for s in tender.resolution["reasons"]],
        "awardCriteria": "ratedCriteria",
        "submissionMethod": ["electronicSubmission"],
        "submissionMethodDetails": "在本平台在线加密递交，截止前任何人不能查看内容。",
        "eligibilityCriteria": "；".join(q.title for q in tender.qualifications),
        "requirements": [
            {"id": f"q{q.number}", "title": q.title, "evidence": q.evidence} for q in tender.qualifications
        ],
    }


def _periods(tender: Tender, table: Timetable) -> dict[str, Any]:
    """The dates in the standard's own places, and all of them with their rules."""
    return {
        "tenderPeriod": {"startDate": z(table.notice_at), "endDate": z(table.deadline_at)},
        "enquiryPeriod": {"startDate": z(table.notice_at), "endDate": z(end_of_day(table.clarify_until))},
        "contractPeriod": {
            "startDate": z(instant(tender.starts_on)),
            "endDate": z(end_of_day(tender.ends_on) - timedelta(seconds=1)),
        },
        "timetable": _dates(table),
    }


def status_release(tender: Tender, status: str, lots: Mapping[int, str], reason: str) -> dict[str, Any]:
    """A change of status of the tender and of some lots (id -> OCDS status), with its reason."""
    return {
        "tender": {
            "id": str(tender.id),
            "status": status,
            "statusDetails": reason,
            "lots": [
                {"id": lot_key(part), "status": lots[part.id], "statusDetails": reason}
                for part in tender.lots
                if part.id in lots
            ],
        }
    }


def failure_release(tender: Tender, part: Lot, reason: str, count: int | None, *, last: bool) -> dict[str, Any]:
    """A failed lot, with the number of bids where the publicity table allows it; `last`: no lot goes on."""
    release = status_release(tender, "unsuccessful" if last else "active", {part.id: "unsuccessful"}, reason)
    if count is not None and shown(Fact.BID_COUNT, tender.method, Moment.FAILED, Audience.PUBLIC):
        release["bids"] = {
            "statistics": [
                {"id": f"{lot_key(part)}-bids", "measure": "bids", "value": count, "relatedLot": lot_key(part)}
            ]
        }
    return release


def _buyer(tender: Tender) -> dict[str, Any]:
    party = office_party(tender.street)
    return {"id": party["id"], "name": party["name"]}


def _parties(tender: Tender) -> list[dict[str, Any]]:
    """The street office, and one funder for each source of money."""
    sources = {share.line.source for part in tender.lots for share in part.funding}
    funders = [
        {"id": f"funder-{source}", "name": FUND_SOURCE_LABELS[FundSource(source)], "roles": ["funder"]}
        for source in sorted(sources)
    ]
    return [office_party(tender.street), *funders]


def _money(part: Lot) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{lot_key(part)}-line-{share.line_id}",
            "description": share.line.title,
            "amount": value(share.amount_fen),
            "relatedLot": lot_key(part),
            "sourceParty": {
                "id": f"funder-{share.line.source}",
                "name": FUND_SOURCE_LABELS[FundSource(share.line.source)],
            },
        }
        for share in part.funding
    ]


def _item(tender: Tender, part: Lot) -> dict[str, Any]:
    return {
        "id": f"item-{part.number}",
        "description": part.title,
        "classification": {
            "scheme": "guidance-catalogue",
            "id": tender.item.code,
            "description": f"{CATEGORY_LABELS[Category(tender.category)]}：{tender.item.name}",
        },
        "quantity": 1,
        "relatedLot": lot_key(part),
    }


def _lot(part: Lot) -> dict[str, Any]:
    return {
        "id": lot_key(part),
        "title": part.title,
        "status": "active",
        "value": value(part.ceiling_fen),
        "ceilingFen": part.ceiling_fen,
        "awardCriteria": {
            "criteria": [
                {
                    "id": f"{lot_key(part)}-c{c.number}",
                    "type": c.kind,
                    "name": c.title,
                    "description": c.guidance,
                    "maxCenti": c.max_centi,
                }
                for c in part.criteria
            ]
        },
        "evaluationTerms": part.evaluation_terms,
        "publicKey": part.public_key.hex() if part.public_key else None,
        "drawCommitment": part.draw_commitment,
    }


def _milestones(part: Lot) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{lot_key(part)}-m{m.number}",
            "title": m.title,
            "type": "assessment" if m.base == "evaluation" else "delivery",
            "description": m.evidence,
            "dueDate": z(end_of_day(m.due_on) - timedelta(seconds=1)),
            "status": "scheduled",
            "shareBp": m.share_bp,
            "relatedLots": [lot_key(part)],
        }
        for m in part.milestones
    ]


def _dates(table: Timetable) -> list[dict[str, Any]]:
    """Every date with the rules it was computed from."""
    return [
        {
            "id": line.key,
            "title": line.title,
            "how": line.how % {name: _text(v) for name, v in line.params.items()},
            "at": z(line.at) if line.at else None,
            "day": line.day.isoformat() if line.day else None,
            "rules": [
                {"key": rule.key, "source": rule.source, "article": rule.article, "assumed": rule.assumed}
                for rule in line.rules
            ],
        }
        for line in table.lines
    ]


def _text(given: object) -> object:
    return beijing(given).strftime("%Y-%m-%d %H:%M") if isinstance(given, datetime) else given
