"""What a round publishes: the call, the closing, the result with every figure, and each funded project's own file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.clock import end_of_day, instant
from market.kernel.rulebook import RuleSet
from market.kernel.uscc import ProviderType
from market.places.queries import office_party
from market.records.notices import CardFacts, value, z
from market.venture.models import Application, Round
from market.venture.rules.content import public_part
from market.venture.rules.portfolio import Source
from market.venture.rules.timetable import Timetable
from market.venture.states import ROUND_REGIME_LABELS, RoundRegime


def card_facts(row: Round, stage: str) -> CardFacts:
    """What the public lists know of a round."""
    return CardFacts(
        stage=stage,
        title=row.title,
        method=row.regime,
        category=row.themes[0]["field"] if len(row.themes) == 1 else None,
        place=f"{row.street.district.name}{row.street.name}",
        buyer=row.street.office,
        amount_fen=row.pool_fen,
        deadline_at=row.deadline_at,
    )


def call_release(
    row: Round, table: Timetable, rules: RuleSet, sources: Sequence[Source], key: str = ""
) -> dict[str, Any]:
    """The call: pool and purposes, themes, who may apply, limits, criteria, dates, how money and points are made.

    `key` is the digest of the published set of rules.
    """
    assert row.notice_at is not None
    return {
        **_frame(row),
        "tender": {
            **_head(row, "active"),
            "tenderPeriod": {"startDate": z(row.notice_at), "endDate": z(table.deadline_at)},
            "contractPeriod": _term(row),
            "timetable": _dates(table),
            "rulebook": {
                "digest": row.rules_digest,
                "set": key or None,
                "place": rules.place,
                "regime": rules.regime.value,
                "day": rules.day.isoformat(),
                "assumed": [rule.key for rule in rules.assumed()],
                "calendar": row.calendar_version,
                "provisional": row.provisional,
            },
            "linliRound": _call(row, rules, sources),
        },
    }


def _dates(table: Timetable) -> list[dict[str, Any]]:
    """Every date with the rule it was computed from; a day means its end."""
    return [
        {
            "id": line.key,
            "title": line.title,
            "at": z(table.deadline_at) if line.key == "deadline" else None,
            "day": line.day.isoformat(),
            "rules": [
                {"key": rule.key, "source": rule.source, "article": rule.article, "assumed": rule.assumed}
                for rule in (line.rule,)
                if rule is not None
            ],
        }
        for line in table.lines
    ]


def _frame(row: Round) -> dict[str, Any]:
    return {
        "parties": [office_party(row.street), *_funders(share.line.source for share in row.funding)],
        "buyer": _buyer(row),
        "planning": {
            "rationale": row.purpose,
            "budget": {
                "amount": value(row.pool_fen),
                "budgetBreakdown": [
                    _money(f"line-{s.line_id}", s.line.title, s.line.source, s.amount_fen) for s in row.funding
                ],
            },
        },
    }


def _head(row: Round, status: str) -> dict[str, Any]:
    return {
        "id": f"round-{row.id}",
        "title": row.title,
        "description": row.purpose,
        "status": status,
        "procuringEntity": _buyer(row),
        "mainProcurementCategory": "services",
        "procurementMethod": "open",
        "procurementMethodDetails": ROUND_REGIME_LABELS[RoundRegime(row.regime)],
        "value": value(row.pool_fen),
    }


def _buyer(row: Round) -> dict[str, Any]:
    party = office_party(row.street)
    return {"id": party["id"], "name": party["name"]}


def _funders(sources: Iterable[str]) -> list[dict[str, Any]]:
    return [
        {"id": f"funder-{source}", "name": FUND_SOURCE_LABELS[FundSource(source)], "roles": ["funder"]}
        for source in sorted(set(sources))
    ]


def _money(key: str, title: str, source: str, fen: int) -> dict[str, Any]:
    party = {"id": f"funder-{source}", "name": FUND_SOURCE_LABELS[FundSource(source)]}
    return {"id": key, "description": title, "amount": value(fen), "sourceParty": party}


def _term(row: Round) -> dict[str, str]:
    return {"startDate": z(instant(row.starts_on)), "endDate": z(end_of_day(row.ends_on) - timedelta(seconds=1))}


def _call(row: Round, rules: RuleSet, sources: Sequence[Source]) -> dict[str, Any]:
    wanted = ("model", "share_max_bp", "cap_fen", "grade_floors_centi", "grade_amounts_fen")
    scoring = ("score_model", "jury_weight_bp", "public_weight_bp", "vote_ballots_min", "vote_choices_max")
    by_line = {share.line_id: share.line for share in row.funding}
    return {
        "regime": row.regime,
        "themes": [
            {
                "id": one["field"],
                "name": CATEGORY_LABELS[Category(one["field"])],
                "title": one["title"],
                "least": one["least"],
            }
            for one in row.themes
        ],
        "conditions": {
            "kinds": [ProviderType(kind).label for kind in row.conditions["kinds"]],
            "months": row.conditions["months"],
            "groups": row.conditions["groups"],
        },
        "projectCapFen": row.project_cap_fen,
        "ownMinBp": row.own_min_bp,
        "projectsMost": row.projects_most,
        "perApplicant": rules["round.applications_max"],
        "scoreMinCenti": rules["round.score_min_centi"],
        "criteria": [
            {"id": str(c["id"]), "name": c["title"], "description": c["guidance"], "maxCenti": c["max_centi"]}
            for c in row.criteria
        ],
        "grant": {name: _plain(rules.get(f"round.grant_{name}", rules.get(f"round.{name}"))) for name in wanted},
        "scoring": {name: rules.get(f"round.{name}") for name in scoring},
        "tranches": [
            {"id": str(n), "shareBp": share, "base": base}
            for n, (share, base) in enumerate(
                zip(rules["round.tranche_shares_bp"], rules["round.tranche_bases"], strict=True), 1
            )
        ],
        "sources": [
            {
                "id": f"line-{one.key}",
                "title": one.title,
                "source": by_line[one.key].source,
                "amountFen": one.amount_fen,
                "fields": sorted(one.fields & {theme["field"] for theme in row.themes}),
            }
            for one in sources
        ],
        "noticeWorkingDays": rules["award.result_notice_working_days"],
        "drawCommitment": row.draw_commitment,
    }


def _plain(given: Any) -> Any:
    return list(given) if isinstance(given, tuple) else given


def closing_release(row: Round, count: int) -> dict[str, Any]:
    """The deadline has come: how many applied, and the digest over their receipts."""
    return {
        "tender": {
            "id": f"round-{row.id}",
            "status": "active",
            "linliRound": {"applicationCount": count, "closingDigest": row.closing_digest},
        }
    }


def status_release(row: Round, status: str, reason: str) -> dict[str, Any]:
    """A change of status with its reason."""
    return {"tender": {"id": f"round-{row.id}", "status": status, "statusDetails": reason}}


def result_release(
    row: Round, rows: Sequence[Application], jury: Mapping[str, Any], ballots: int, ocids: Mapping[int, str]
) -> dict[str, Any]:
    """Everything needed to compute the result again: jury and draw, points, money, the reasons, departures."""
    found = row.portfolio
    return {
        "tender": {
            "id": f"round-{row.id}",
            "status": "complete",
            "linliRound": {
                "jury": dict(jury),  # the members by name, their sheets without
                "ballots": ballots,
                "portfolio": {
                    "way": found.get("way"),
                    "scoreCenti": found.get("score_centi"),
                    "amountFen": found.get("amount_fen"),
                    "unmet": found.get("unmet", []),
                    "departure": row.departure or None,
                },
                "applications": [_line(one, ocids) for one in rows],
            },
        }
    }


def _line(one: Application, ocids: Mapping[int, str]) -> dict[str, Any]:
    """One application as anyone may read it; no plan, no team, no person."""
    scores = one.scores or {}
    return {
        "id": f"application-{one.id}",
        "number": one.number,
        "applicant": one.applicant.name,
        "through": one.organisation.name if one.through_host else None,
        "state": one.state,
        "reason": one.reason or None,
        "juryCenti": scores.get("jury"),
        "publicCenti": scores.get("public"),
        "bonusCenti": scores.get("bonus"),
        "totalCenti": scores.get("total"),
        "votes": scores.get("votes"),
        "rank": scores.get("rank"),
        "grantedFen": one.granted_fen if one.id in ocids else 0,
        "verdict": [why["text"] % why["params"] if why["params"] else why["text"] for why in one.verdict],
        "ocid": ocids.get(one.id),
        **public_part(one.content),
    }


def project_release(
    row: Round, one: Application, ocid: str, terms: Mapping[str, Any], tranches: Sequence[Any]
) -> dict[str, Any]:
    """The first notice of a funded project's own file: what it is, its money by source, and the round it comes from.

    `ocid` is the round's.
    """
    lines = {share.line_id: share.line for share in row.funding}
    parts = {int(key): fen for key, fen in one.funding.items()}
    return {
        "relatedProcesses": [
            {"id": "1", "relationship": ["parent"], "scheme": "ocid", "identifier": ocid, "title": row.title}
        ],
        "parties": [office_party(row.street), *_funders(lines[key].source for key in parts)],
        "buyer": _buyer(row),
        "planning": {
            "rationale": one.content["need"],
            "budget": {
                "amount": value(one.granted_fen),
                "budgetBreakdown": [
                    _money(f"line-{key}", lines[key].title, lines[key].source, fen) for key, fen in parts.items()
                ],
            },
        },
        "tender": {
            **_head(row, "complete"),
            "id": f"application-{one.id}",
            "title": one.content["title"],
            "description": one.content["summary"],
            "value": value(one.granted_fen),
            "contractPeriod": _term(row),
            "lots": [
                {
                    "id": "lot-1",
                    "title": one.content["title"],
                    "status": "complete",
                    "value": value(one.granted_fen),
                    "evaluationTerms": terms["evaluation"],
                }
            ],
            "milestones": [
                {
                    "id": f"lot-1-m{n}",
                    "title": part.title,
                    "type": "assessment" if part.base == "evaluation" else "delivery",
                    "description": part.evidence,
                    "dueDate": z(end_of_day(part.due_on) - timedelta(seconds=1)),
                    "status": "scheduled",
                    "shareBp": part.share_bp,
                    "relatedLots": ["lot-1"],
                }
                for n, part in enumerate(tranches, 1)
            ],
        },
    }


def project_facts(row: Round, one: Application, stage: str) -> CardFacts:
    """What the public lists know of a funded project."""
    return CardFacts(
        stage=stage,
        title=one.content["title"],
        method=row.regime,
        category=one.content["field"],
        place=f"{row.street.district.name}{row.street.name}",
        buyer=row.street.office,
        amount_fen=one.granted_fen,
    )


def closing_digest_parts(rows: Iterable[Application], at: datetime) -> dict[str, Any]:
    """What the closing digest is over: number, receipt and content digest of each application, in order."""
    return {
        "form": "linli.closing.1",
        "at": at,
        "applications": [[one.number, one.receipt_number, one.digest] for one in rows],
    }
