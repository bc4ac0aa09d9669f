"""What a purchase's notices say of the judging: panel, qualification, scores, low prices, awards, challenges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from market.kernel.clock import is_before
from market.kernel.text import N_
from market.public.rules.judging import draws, sheets
from market.public.rules.labels import AWARD_STATES, BID_STATES, CHALLENGE_STATES, OBJECTION_STATES
from market.public.rules.reading import Data, day, fen, fraction_fen, instant, last_day, part, rows, text, whole, words

_MEMBER_ROLES = {"expert": N_("评审专家"), "representative": N_("采购人代表")}
_LOW_TESTS = {
    "average": N_("有效报价平均数的 %(share)s"),
    "second": N_("有效报价次低价的 %(share)s"),
    "ceiling": N_("最高限价的 %(share)s"),
}


def awards(release: Data, at: datetime) -> list[dict[str, Any]]:
    """Return the awards, newest last, each with its windows as they stand at `at`, and the challenges against it."""
    return [
        {
            "id": text(one, "id"),
            "lot": next((lot for lot in one.get("relatedLots") or [] if isinstance(lot, str)), ""),
            "title": text(one, "title"),
            "supplier": "、".join(text(supplier, "name") for supplier in rows(one, "suppliers")),
            "group": text(one, "linliOnBehalfOf"),
            "amount_fen": fen(one),
            "state": words(text(one, "linliState") or text(one, "status"), AWARD_STATES),
            "stands": text(one, "status") == "active",
            "decided_at": instant(one.get("date")),
            "reason": text(one, "linliReason"),
            "state_reason": text(one, "linliStateReason"),
            "notice_until": last_day(part(one, "linliWindows").get("resultNoticeUntil")),
            "challenge_until": last_day(part(one, "linliWindows").get("challengeUntil")),
            "sign_by": day(part(one, "linliWindows").get("signBy")),
            "terms": text(one, "linliTermsDigest"),
            "scoring": scoring(_scoring_of(one)),
            **_objecting(one, at),
            "objections": [_objection(row) for row in rows(one, "linliObjections")],
            "challenges": [_challenge(part(document, "linliChallenge")) for document in _complaints(one)],
        }
        for one in rows(release, "awards")
    ]


def _objecting(award: Data, at: datetime) -> dict[str, Any]:
    """Where anybody may object while the result is proposed, until when, and whether that is over at `at`."""
    number = text(award, "id").removeprefix("award-")
    until = instant(part(award, "linliWindows").get("resultNoticeUntil"))
    if text(award, "linliState") != "proposed" or not number.isdecimal():
        return {"object_path": None, "object_until": None, "object_over": False}
    over = until is not None and not is_before(at, until)
    return {"object_path": None if over else f"/awards/{number}/object", "object_until": until, "object_over": over}


def _objection(one: Data) -> dict[str, Any]:
    return {
        "filed": day(one.get("filedOn")),
        "answered": day(one.get("answeredOn")),
        "state": words("upheld" if one.get("upheld") is True else "rejected", OBJECTION_STATES),
        "reply": text(one, "reply"),
    }


def _complaints(award: Data) -> Iterable[Data]:
    return (one for one in rows(award, "documents") if part(one, "linliChallenge"))


def _challenge(one: Data) -> dict[str, Any]:
    return {
        "organisation": text(one, "organisation"),
        "facts": text(one, "facts"),
        "request": text(one, "request"),
        "state": words(text(one, "state"), CHALLENGE_STATES),
        "filed": day(one.get("filedOn")),
        "reply_by": day(one.get("replyBy")),
        "reply": text(one, "reply"),
        "decision": text(one, "decision"),
    }


def _scoring_of(award: Data) -> Data:
    """The published evaluation, under whatever name of ours it stands: the part that carries the report's digest."""
    if part(award, "linliScoring"):
        return part(award, "linliScoring")
    return next((part(award, name) for name in award if "reportDigest" in part(award, name)), {})


def scoring(data: Data) -> dict[str, Any] | None:
    """Return panel, qualification, ranking with points per criterion, and the low price record."""
    if not data:
        return None
    criteria = [
        {"id": text(one, "id"), "title": text(one, "title"), "max_centi": whole(one, "max_centi")}
        for one in rows(data, "criteria")
        if text(one, "kind") != "price"
    ]
    results = rows(data, "results")
    return {
        "report": text(data, "reportDigest"),
        "panel": _panel(data),
        "draws": draws(data),
        "criteria": criteria,
        "qualification": [_checked(one) for one in rows(data, "qualification")],
        "ranking": [_line(one, criteria) for one in results or rows(data, "ranking")],
        "sheets": sheets(
            data,
            [(whole(one, "bid"), text(one, "organisation")) for one in results],
            [(str(one["id"]), str(one["title"])) for one in criteria],
        ),
        "low": _low_price(
            part(data, "low_price"),
            {whole(one, "bid"): text(one, "organisation") for one in results}
            | {whole(one, "number"): text(one, "organisation") for one in rows(data, "qualification")},
        ),
        "tie_seed": text(part(data, "tie"), "seed"),
    }


def verdicts(release: Data) -> dict[tuple[str, str], Data]:
    """Return the published conclusions of the qualification check by lot and organisation; a later award counts."""
    found: dict[tuple[str, str], Data] = {}
    for award in rows(release, "awards"):
        listed = award.get("relatedLots")
        for lot in listed if isinstance(listed, list) else ():
            for one in rows(_scoring_of(award), "qualification"):
                if isinstance(lot, str) and text(one, "verdict"):
                    found[lot, text(one, "organisation")] = one
    return found


def _panel(data: Data) -> list[dict[str, str]]:
    members = rows(data, "panel", "members")
    if members:
        return [
            {"name": text(one, "name"), "role": _MEMBER_ROLES.get(text(one, "role"), text(one, "role"))}
            for one in members
        ]
    experts = data.get("experts")
    names = experts if isinstance(experts, list) else []
    return [{"name": name, "role": ""} for name in names if isinstance(name, str)]


def _checked(one: Data) -> dict[str, Any]:
    return {
        "name": text(one, "organisation"),
        "price_fen": whole(one, "price_fen"),
        "state": words(text(one, "verdict"), BID_STATES),
        "reason": text(one, "reason"),
    }


def _line(one: Data, criteria: list[dict[str, Any]]) -> dict[str, Any]:
    """One line of the ranking; both spellings of its keys are on the board."""

    def number(snake: str, camel: str) -> int | None:
        found = whole(one, snake)
        return whole(one, camel) if found is None else found

    points = part(one, "per_criterion") or part(one, "perCriterion")
    return {
        "rank": whole(one, "rank"),
        "name": text(one, "organisation") or text(one, "bidder"),
        "price_fen": number("price_fen", "priceFen"),
        "adjusted_fen": number("adjusted_price_fen", "adjustedPriceFen"),
        "deduction_bp": number("deduction_bp", "deductionBp") or 0,
        "points": [whole(points, criterion["id"]) for criterion in criteria],
        "quality_centi": number("quality_centi", "qualityCenti"),
        "price_centi": number("price_centi", "priceCenti"),
        "total_centi": number("total_centi", "totalCenti"),
        "tie": text(one, "tie") or text(one, "tieNote"),
    }


def _low_price(data: Data, bidders: Mapping[int | None, str]) -> dict[str, Any] | None:
    if not rows(data, "lines") and not rows(data, "inquiries"):
        return None
    return {
        "lines": [
            {
                "title": _LOW_TESTS.get(text(one, "test"), text(one, "test")),
                "rate_bp": whole(one, "rate_bp"),
                "line_fen": fraction_fen(one.get("line")),
            }
            for one in rows(data, "lines")
        ],
        "inquiries": [
            {
                "bid": whole(one, "bid"),
                "name": bidders.get(whole(one, "bid"), ""),
                "asked_at": instant(one.get("asked_at")),
                "until": instant(one.get("until")),
                "accepted": one.get("accepted"),
                "reason": text(one, "reason"),
                "opinions": (whole(one, "accepting"), whole(one, "opposing")) if "accepting" in one else None,
            }
            for one in rows(data, "inquiries")
        ],
    }
