"""What a round's notices say: directions, pool, how points and money are made, and after the decision every project."""

from __future__ import annotations

from typing import Any

from market.kernel.categories import CATEGORY_LABELS
from market.kernel.text import N_
from market.public.rules.judging import draws, sheets
from market.public.rules.labels import SOURCE_LABELS
from market.public.rules.reading import Data, part, rows, text, whole, words

_FIELDS = {category.value: label for category, label in CATEGORY_LABELS.items()}
_STATES = {
    "rejected": (N_("未通过形式审查"), "bad"),
    "unchosen": (N_("未入选"), "neutral"),
    "chosen": (N_("拟资助"), "good"),
    "awarded": (N_("已确认资助"), "good"),
    "fallen": (N_("资助已撤销"), "bad"),
}
_WAYS = {
    "exact": N_("组合按精确测算确定：在资金池、各来源用途、方向目标和名额之内，没有别的组合总分更高。"),
    "greedy": N_("组合按得分和每元得分依次入选确定，不保证总分最高；资金和名额均未超出。"),
}


def call(release: Data) -> dict[str, Any] | None:
    """Return the round behind a release, or None for a purchase."""
    data = part(release, "tender", "linliRound")
    if not data:
        return None
    scoring, grant = part(data, "scoring"), part(data, "grant")
    return {
        "themes": [
            {"field": _field(text(one, "id")), "title": text(one, "title"), "least": whole(one, "least")}
            for one in rows(data, "themes")
        ],
        "sources": [
            {
                "title": text(one, "title"),
                "source": SOURCE_LABELS.get(text(one, "source"), text(one, "source")),
                "fields": [_field(name) for name in one.get("fields") or () if isinstance(name, str)],
                "amount_fen": whole(one, "amountFen"),
            }
            for one in rows(data, "sources")
        ],
        "kinds": [kind for kind in part(data, "conditions").get("kinds") or () if isinstance(kind, str)],
        "months": whole(part(data, "conditions"), "months"),
        "groups": bool(part(data, "conditions").get("groups")),
        "cap_fen": whole(data, "projectCapFen"),
        "own_bp": whole(data, "ownMinBp"),
        "most": whole(data, "projectsMost"),
        "per_applicant": whole(data, "perApplicant"),
        "score_min_centi": whole(data, "scoreMinCenti"),
        "share_bp": whole(grant, "share_max_bp") if text(grant, "model") == "cofunded" else None,
        "grades": _grades(grant),
        "jury_bp": whole(scoring, "jury_weight_bp"),
        "public_bp": whole(scoring, "public_weight_bp"),
        "points": text(scoring, "score_model") == "points",
        "criteria": [
            {"name": text(one, "name"), "guidance": text(one, "description"), "max_centi": whole(one, "maxCenti")}
            for one in rows(data, "criteria")
        ],
        "tranches": [
            {"share_bp": whole(one, "shareBp"), "evaluated": text(one, "base") == "evaluation"}
            for one in rows(data, "tranches")
        ],
        "notice_days": whole(data, "noticeWorkingDays"),
        "commitment": text(data, "drawCommitment"),
        "count": whole(data, "applicationCount"),
        "closing": text(data, "closingDigest"),
        **_result(data),
    }


def _field(name: str) -> str:
    return _FIELDS.get(name, name)


def _grades(grant: Data) -> list[tuple[int, int]]:
    floors, amounts = grant.get("grade_floors_centi"), grant.get("grade_amounts_fen")
    if not isinstance(floors, list) or not isinstance(amounts, list):
        return []
    return [(floor, fen) for floor, fen in zip(floors, amounts, strict=False) if isinstance(floor, int)]


def _result(data: Data) -> dict[str, Any]:
    found, jury = part(data, "portfolio"), part(data, "jury")
    applications = sorted(
        (_application(one) for one in rows(data, "applications")),
        key=lambda one: (one["rank"] is None, one["rank"] or 0, one["number"] or 0),
    )
    judged = [(one["number"], one["title"]) for one in applications if one["total_centi"] is not None]
    members = jury.get("members")
    funded = [one for one in rows(data, "applications") if text(one, "state") in ("chosen", "awarded")]
    return {
        "funded": len(funded) if rows(data, "applications") else None,
        "funded_fen": sum(whole(one, "grantedFen") or 0 for one in funded),
        "way": _WAYS.get(text(found, "way"), ""),
        "amount_fen": whole(found, "amountFen"),
        "departure": text(found, "departure"),
        "members": [name for name in members if isinstance(name, str)] if isinstance(members, list) else [],
        "draws": draws(jury),
        "ballots": whole(data, "ballots"),
        "applications": applications,
        "sheets": sheets(jury, judged, [(text(one, "id"), text(one, "name")) for one in rows(data, "criteria")]),
    }


def _application(one: Data) -> dict[str, Any]:
    verdict = one.get("verdict")
    return {
        "number": whole(one, "number"),
        "title": text(one, "title"),
        "summary": text(one, "summary"),
        "applicant": text(one, "applicant"),
        "through": text(one, "through"),
        "field": _field(text(one, "field")),
        "state": words(text(one, "state"), _STATES),
        "reason": text(one, "reason"),
        "jury_centi": whole(one, "juryCenti"),
        "public_centi": whole(one, "publicCenti"),
        "bonus_centi": whole(one, "bonusCenti"),
        "total_centi": whole(one, "totalCenti"),
        "votes": whole(one, "votes"),
        "rank": whole(one, "rank"),
        "asked_fen": whole(one, "asked_fen"),
        "granted_fen": whole(one, "grantedFen"),
        "verdict": [why for why in verdict if isinstance(why, str)] if isinstance(verdict, list) else [],
        "ocid": text(one, "ocid"),
    }
