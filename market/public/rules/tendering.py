"""What a purchase's notices say up to the opening: need, money, dates, lots with their scoring and outcome rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from market.kernel.categories import CATEGORY_LABELS
from market.kernel.clock import is_before
from market.kernel.text import N_
from market.public.rules.labels import (
    BASE_LABELS,
    BID_STATES,
    GRADE_LABELS,
    OWN_SOURCES,
    RATER_LABELS,
    SOURCE_LABELS,
    how_words,
)
from market.public.rules.reading import Data, day, fen, instant, last_day, part, rows, text, whole, words


def need(release: Data) -> dict[str, Any]:
    """Return why the service is bought, what it is and for how long."""
    tender = part(release, "tender")
    rationale = text(part(release, "planning"), "rationale")
    requirement = text(tender, "description")
    period = part(tender, "contractPeriod")
    named = [text(part(item, "classification"), "description") for item in rows(tender, "items")]
    return {
        "rationale": rationale or requirement,
        "requirement": requirement if requirement != rationale else "",
        "items": [_item(one) for one in dict.fromkeys(filter(None, named))],
        "starts": day(period.get("startDate")),
        "ends": last_day(period.get("endDate")),
        "intention": text(part(release, "planning", "budget"), "description"),
        "waiver": text(tender, "intentionWaiver"),
    }


def _item(published: str) -> tuple[str, str]:
    """The category's label and the item's own name; no label where the sentence is not of our making."""
    category, colon, name = published.partition("：")
    return (category, name) if colon and category in CATEGORY_LABELS.values() else ("", published)


def money(release: Data) -> dict[str, Any]:
    """Return budget, lines with their sources, and how the way of buying was chosen."""
    tender, budget = part(release, "tender"), part(release, "planning", "budget")
    titles = {text(lot, "id"): text(lot, "title") for lot in rows(tender, "lots")}
    return {
        "budget_fen": fen(budget, "amount") or fen(tender),
        "lines": [
            {
                "title": text(line, "description"),
                "source": _source(part(line, "sourceParty")),
                "lot": titles.get(text(line, "relatedLot"), "") if len(titles) > 1 else "",
                "amount_fen": fen(line, "amount"),
            }
            for line in rows(budget, "budgetBreakdown")
        ],
        "method": text(tender, "procurementMethodDetails"),
        "reason": text(tender, "procurementMethodRationale"),
        "reasons": [(text(one, "text"), dict(part(one, "params"))) for one in rows(tender, "methodReasons")],
        "deduction_bp": whole(tender, "smallFirmDeductionBp"),
        "bond_bp": whole(tender, "performanceBondBp"),
        "bond_max_fen": whole(tender, "performanceBondMaxFen"),
        "rulebook": dict(part(tender, "rulebook")),
    }


def _source(party: Data) -> str:
    return SOURCE_LABELS.get(text(party, "id").removeprefix("funder-"), text(party, "name"))


def requirements(release: Data) -> list[dict[str, str]]:
    """Return the conditions every bidder must meet, which are never scored."""
    return [
        {"title": text(one, "title"), "evidence": text(one, "evidence") or text(one, "description")}
        for one in rows(release, "tender", "requirements")
    ]


# --- dates ------------------------------------------------------------------------------------------------------------

_WINDOWS = (
    ("resultNoticeUntil", N_("结果公告期届满")),
    ("challengeUntil", N_("质疑期届满")),
    ("signBy", N_("最迟签订合同")),
)
_DUTIES = (("publishBy", N_("最迟公告合同")), ("fileCopyBy", N_("最迟报送合同副本")))


def timetable(release: Data, at: datetime) -> list[dict[str, Any]]:
    """Return every legal date in order, with the rule it comes from and whether it has passed at `at`."""
    tender = part(release, "tender")
    found = [
        _dated(
            text(one, "title"),
            one.get("at") or one.get("day"),
            at,
            how=text(one, "how"),
            rules=_rules(rows(one, "rules")),
            deadline=text(one, "id") == "deadline",
        )
        for one in rows(tender, "timetable")
    ]
    if not found:
        period = part(tender, "tenderPeriod")
        found = [
            _dated(N_("发布公告"), period.get("startDate"), at),
            _dated(N_("递交截止"), period.get("endDate"), at, deadline=True),
        ]
    for award in rows(release, "awards"):
        found.append(_dated(N_("公布结果"), award.get("date"), at))
        found += [_dated(label, part(award, "linliWindows").get(name), at) for name, label in _WINDOWS]
    for contract in rows(release, "contracts"):
        found.append(_dated(N_("合同签订"), contract.get("dateSigned"), at))
        found += [_dated(label, part(contract, "linliDuties").get(name), at) for name, label in _DUTIES]
    return sorted((one for one in found if one["day"]), key=lambda one: (one["day"], one["at"] is None))


def _dated(title: str, value: Any, at: datetime, **more: Any) -> dict[str, Any]:
    moment = instant(value)
    ended = last_day(value)
    whole_day = moment is None or (ended is not None and ended != day(value))
    return {
        "title": title,
        "at": None if whole_day else moment,
        "day": ended if whole_day else day(value),
        "passed": not is_before(at, moment) if moment else ended is not None and ended < _today(at),
        "how": "",
        "known": how_words(str(more.get("how", ""))),
        "rules": [],
        "deadline": False,
        **more,
    }


def _today(at: datetime) -> Any:
    return day(at.isoformat())


def _rules(listed: list[Data]) -> list[dict[str, Any]]:
    """The sources behind a date, each once."""
    found = {
        (" ".join(filter(None, (text(rule, "source"), text(rule, "article")))), rule.get("assumed") is True): None
        for rule in listed
    }
    return [
        {"source": source, "own_source": source in OWN_SOURCES, "assumed": assumed} for source, assumed in found
    ]


# --- lots -------------------------------------------------------------------------------------------------------------


def lots(release: Data, verdicts: Mapping[tuple[str, str], Data] | None = None) -> list[dict[str, Any]]:
    """Return each lot with its criteria, outcome rules, planned milestones, opening and public bids.

    `verdicts` are the published conclusions by lot and organisation (`awarding.verdicts`): what a bid was said to be at
    the opening is not the last word on it.
    """
    tender = part(release, "tender")
    milestones, bids = rows(tender, "milestones"), rows(release, "bids", "details")
    counts = {
        text(one, "relatedLot"): whole(one, "value")
        for one in rows(release, "bids", "statistics")
        if one.get("measure") == "bids"
    }
    return [
        {
            "id": text(lot, "id"),
            "title": text(lot, "title"),
            "ceiling_fen": whole(lot, "ceilingFen") or fen(lot),
            "status": text(lot, "status"),
            "reason": text(lot, "statusDetails"),
            "criteria": [_criterion(one) for one in rows(lot, "awardCriteria", "criteria")],
            "outcome": outcome_rules(part(lot, "evaluationTerms")),
            "milestones": [_milestone(one) for one in milestones if text(lot, "id") in _lots_of(one)],
            "draw": text(lot, "drawCommitment"),
            "key": text(lot, "publicKey"),
            "opening": _opening(part(lot, "opening")),
            "count": counts.get(text(lot, "id")),
            "bids": [_bid(one, text(lot, "id"), verdicts or {}) for one in bids if text(lot, "id") in _lots_of(one)],
        }
        for lot in rows(tender, "lots")
    ]


def _lots_of(one: Data) -> list[Any]:
    listed = one.get("relatedLots")
    return listed if isinstance(listed, list) else [one.get("relatedLot")]


def _criterion(one: Data) -> dict[str, Any]:
    return {
        "title": text(one, "name"),
        "guidance": text(one, "description"),
        "price": text(one, "type") == "price",
        "max_centi": whole(one, "maxCenti") or 0,
    }


def _milestone(one: Data) -> dict[str, Any]:
    return {
        "title": text(one, "title"),
        "evidence": text(one, "description"),
        "base": BASE_LABELS.get(text(one, "type"), text(one, "type")),
        "due": last_day(one.get("dueDate")),
        "share_bp": whole(one, "shareBp") or whole(one, "linliShareBp"),
    }


def _opening(one: Data) -> dict[str, Any] | None:
    if not one:
        return None
    return {
        "at": instant(one.get("openedAt")),
        "record": text(one, "record"),
        "late": whole(one, "lateAttempts"),
        "bidders": whole(one, "bidders"),
    }


def _bid(one: Data, lot: str, verdicts: Mapping[tuple[str, str], Data]) -> dict[str, Any]:
    name = "、".join(text(tenderer, "name") for tenderer in rows(one, "tenderers"))
    last = verdicts.get((lot, name))
    return {
        "name": name,
        "price_fen": fen(one),
        "state": words(text(last, "verdict") if last else text(one, "status"), BID_STATES),
        "reason": text(last, "reason") if last else "",
        "at_opening": last is None,
        "receipt": text(one, "receipt"),
        "root": text(one, "root"),
    }


def outcome_rules(terms: Data) -> dict[str, Any] | None:
    """Return how the outcome will be judged and what share of the money each grade earns."""
    if not terms:
        return None
    weights = part(terms, "weights_bp")
    least = {"mutual": whole(terms, "min_mutual"), "public": whole(terms, "min_public")}
    return {
        "sources": [
            {"label": label, "weight_bp": whole(weights, source), "least": least.get(source)}
            for source, label in RATER_LABELS.items()
            if whole(weights, source)
        ],
        "renormalise": terms.get("renormalise") is True,
        "bands": [
            {
                "grade": GRADE_LABELS.get(text(band, "grade"), text(band, "grade")),
                "from_centi": whole(band, "from_centi"),
                "share_bp": whole(band, "share_bp"),
            }
            for band in rows(terms, "bands")
        ],
        "indicators": [
            {"title": text(one, "title"), "target": text(one, "target"), "max_centi": whole(one, "max_centi")}
            for one in rows(terms, "indicators")
        ],
    }
