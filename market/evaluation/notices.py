"""What of an evaluation becomes public, with the result and not before (`docs/publicity.md`).

The room that awards puts `public_part` into its release: names of the panel, the draws with their secret, the members'
sheets without their names, points per criterion and the whole arithmetic of the ranking. Who gave which points, the
reasons and the bids' contents never leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from market.panels.rules import nameless, published_draw
from market.tenders.models import Lot
from market.tenders.rules import Audience, Fact, Moment, shown

_FACTS = {
    Fact.QUALIFICATION: ("qualification",),
    Fact.EXPERT_NAMES: ("panel",),
    Fact.MEMBER_SCORES: ("sheets",),
    Fact.SCORES: ("criteria", "results", "tie", "low_price"),
    Fact.DRAW_SEED: ("draws", "opening"),
}


def public_part(lot: Lot, data: Mapping[str, Any], digest: str, moment: Moment = Moment.AWARDED) -> dict[str, Any]:
    """Return the public fragment of a report (`EvaluationReport.data`) as of `moment`: plain dicts for a release."""
    method = lot.tender.method

    def seen(fact: Fact) -> bool:
        return shown(fact, method, moment, Audience.PUBLIC)

    public: dict[str, Any] = {"lot": f"lot-{lot.number}", "reportDigest": digest}
    data = {**data, "sheets": _sheets(data)}
    for fact, names in _FACTS.items():
        if seen(fact):
            public |= {name: _redacted(name, data[name]) for name in names}
    return public if seen(Fact.BID_PRICES) else _without_prices(public)


def _sheets(data: Mapping[str, Any]) -> list[dict[str, dict[str, int]]]:
    marks = ((one["member"], one["bid"], one["criterion"], one["score_centi"]) for one in data["scores"])
    return nameless(marks, {one["bid"] for one in data["results"]})


def _redacted(name: str, part: Any) -> Any:
    """Leave out what no publication names: experts who were not drawn, why somebody stepped down, explanations."""
    match name:
        case "panel":
            return {
                "size": part["size"],
                "members": [_only(one, "number", "name", "role", "key") for one in part["members"]],
            }
        case "low_price":
            return {"lines": part["lines"], "inquiries": [_concluded(one) for one in part["inquiries"]]}
        case "draws":
            return [published_draw(one) for one in part]
    return part


def _concluded(inquiry: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked and what the panel's majority concluded, with its reason; not who thought what."""
    accepting = [one["accepted"] for one in inquiry.get("opinions", ())].count(True)
    told = _only(inquiry, "bid", "hits", "asked_at", "until", "accepted", "reason")
    return {**told, "accepting": accepting, "opposing": len(inquiry.get("opinions", ())) - accepting}


def _without_prices(public: Mapping[str, Any]) -> dict[str, Any]:
    """The fragment where other suppliers' prices are never shown (采购法 art. 38), nor points they follow from."""
    hidden = {"price_fen", "adjusted_price_fen", "deduction_bp", "price_centi", "total_centi", "tie"}
    lists = {
        name: [{k: v for k, v in one.items() if k not in hidden} for one in public[name]]
        for name in ("qualification", "results")
        if name in public
    }
    return {**{k: v for k, v in public.items() if k not in {"low_price", "tie"}}, **lists}


def _only(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
