"""What of an evaluation becomes public, with the result and not before (`docs/publicity.md`).

The room that awards puts `public_part` into its release: names of the panel, the draws with their secret, points per
criterion and the whole arithmetic of the ranking. Single members' scores and the bids' contents never leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from market.tenders.models import Lot
from market.tenders.rules import Audience, Fact, Moment, shown

_FACTS = {
    Fact.QUALIFICATION: ("qualification",),
    Fact.EXPERT_NAMES: ("panel",),
    Fact.SCORES: ("criteria", "results", "tie", "low_price"),
    Fact.DRAW_SEED: ("draws", "opening"),
}


def public_part(lot: Lot, data: Mapping[str, Any], digest: str, moment: Moment = Moment.AWARDED) -> dict[str, Any]:
    """Return the public fragment of a report (`EvaluationReport.data`) as of `moment`: plain dicts for a release."""
    public: dict[str, Any] = {"lot": f"lot-{lot.number}", "reportDigest": digest}
    for fact, names in _FACTS.items():
        if shown(fact, lot.tender.method, moment, Audience.PUBLIC):
            public |= {name: _redacted(name, data[name]) for name in names}
    return public


def _redacted(name: str, part: Any) -> Any:
    """Leave out what no publication names: why a member stepped down, a bidder's explanation, the reason's wording."""
    if name == "panel":
        return {"size": part["size"], "members": [_member(one) for one in part["members"]]}
    if name == "low_price":
        return {"lines": part["lines"], "inquiries": [_inquiry(one) for one in part["inquiries"]]}
    if name == "draws":
        return [{key: value for key, value in draw.items() if key != "avoided"} for draw in part]
    return part


def _member(member: Mapping[str, Any]) -> dict[str, Any]:
    return {key: member[key] for key in ("number", "name", "role")}


def _inquiry(inquiry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: inquiry[key] for key in ("bid", "hits", "asked_at", "until", "accepted")}
