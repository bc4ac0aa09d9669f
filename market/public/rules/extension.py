"""Our own fields of OCDS releases as an extension of the standard, so that its tools know and check them.

A JSON merge patch over the release schema of OCDS 1.1, as the standard wants it. Names that other extensions define
(Lot, Bid, Observation, AwardCriterion) are added to. How the figures hang together stands in docs/verification.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCHEMA = "release-schema.json"
METADATA = "extension.json"

_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_DAY: dict[str, Any] = {"type": ["string", "null"], "format": "date"}
_INSTANT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_DIGEST: dict[str, Any] = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}
_WHOLE: dict[str, Any] = {"type": ["integer", "null"]}
_YES_NO: dict[str, Any] = {"type": ["boolean", "null"]}
_VALUE: dict[str, Any] = {"$ref": "#/definitions/Value"}
_PLAIN: dict[str, Any] = {"type": "object"}


def _list(of: Mapping[str, Any] = _PLAIN) -> dict[str, Any]:
    return {"type": "array", "items": dict(of)}


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: dict(shape) for name, shape in properties.items()}}


_SHEET = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "integer"}}}
_FUNDING = _list(_object(id=_TEXT, source=_TEXT, value=_VALUE))

_ROUND = _object(jury=_object(sheets=_list(_SHEET)), applications=_list())
_WINDOWS = _object(resultNoticeUntil=_INSTANT, challengeUntil=_INSTANT, signBy=_DAY, provisional=_YES_NO)
_DUTIES = _object(publishBy=_DAY, fileCopyBy=_DAY)
_SCORING = _object(
    lot=_TEXT,
    reportDigest=_DIGEST,
    experts=_list({"type": "string"}),
    criteria=_list(),
    draws=_list(),
    qualification=_list(),
    sheets=_list(_SHEET),
    results=_list(),
    ranking=_list(),
)

# By definition of the schema: name, what it is in one sentence, shape. `Fen` is 1/100 yuan, `Centi` 1/100 point, `Bp`
# 1/10,000.
_FIELDS: dict[str, tuple[tuple[str, str, dict[str, Any]], ...]] = {
    "Tender": (
        ("timetable", "Every legal date with the rules it was computed from", _list()),
        ("rulebook", "Digest of the set of rules and calendar that judge this purchase", _PLAIN),
        ("requirements", "What a supplier must have, with the evidence asked for", _list()),
        ("methodReasons", "Why this method is lawful, as sentences with their parameters", _list()),
        ("smallFirmDeductionBp", "Deduction from a small firm's price when it is scored", _WHOLE),
        ("performanceBondBp", "The most a contract may ask for as a performance bond, of its price; 0: none", _WHOLE),
        ("performanceBondMaxFen", "The most a performance bond may be", _WHOLE),
        ("intentionWaiver", "Why no intention was published before the notice", _TEXT),
        ("linliRound", "A round of grants: call, applications, jury, points, chosen projects", _ROUND),
    ),
    "Lot": (
        ("ceilingFen", "The most this lot may cost", _WHOLE),
        ("publicKey", "The key to which bids are sealed, in hexadecimal", _TEXT),
        ("drawCommitment", "Digest of the secret that draws the panel", _DIGEST),
        ("evaluationTerms", "Weights, bands and indicators by which the service will be evaluated", _PLAIN),
        ("opening", "When the bids were opened, how many, and the digest of the record", _PLAIN),
        ("statusDetails", "Why a lot ended as it did", _TEXT),
    ),
    "AwardCriterion": (
        ("id", "Identifier of the criterion", _TEXT),
        ("maxCenti", "The most points it gives", _WHOLE),
    ),
    "Bid": (
        ("receipt", "Number of the signed receipt", _TEXT),
        ("root", "Root over the commitments to all parts of the bid", _DIGEST),
        ("envelope", "Digest of the sealed envelope", _DIGEST),
        ("linliReceipt", "The signed receipt as the bidder has it", _PLAIN),
        ("linliLeaves", "The leaves under the root, by digest", _list(_DIGEST)),
        ("linliOpened", "Parts that are opened, with value and salt", _list()),
    ),
    "Award": (
        ("linliState", "State in this platform's words", _TEXT),
        ("linliReason", "The purchaser's reason", _TEXT),
        ("linliStateReason", "Why the state changed since", _TEXT),
        ("linliOnBehalfOf", "The group without legal person for which the host applied", _TEXT),
        ("linliTermsDigest", "Digest of the complete terms", _DIGEST),
        ("linliWindows", "Ends of the notice and the challenge window, and the last day to sign", _WINDOWS),
        ("linliScoring", "All that a result is computed from: panel, draws, sheets without names, ranking", _SCORING),
        ("linliObjections", "Answered objections to a proposed award", _list()),
    ),
    "Document": (
        ("linliDigest", "Digest of the evaluation report's frozen data", _DIGEST),
        ("linliSha256", "SHA-256 of the file", _DIGEST),
        ("linliChallenge", "A challenge to the result: facts, dates, reply, decision", _PLAIN),
    ),
    "Contract": (
        ("linliState", "State in this platform's words", _TEXT),
        ("linliReason", "Why the state changed", _TEXT),
        ("linliDigest", "Digest of the contract's text", _DIGEST),
        ("linliRules", "Digest of the set of rules it was drafted under", _DIGEST),
        ("linliOnBehalfOf", "The group without legal person for which the host signs", _TEXT),
        ("linliPayDays", "Days within which money due is paid", _WHOLE),
        ("linliPerformanceBond", "The performance bond the contract asks for; zero where it asks for none", _VALUE),
        ("linliPayout", "How milestones earn money", _PLAIN),
        ("linliDuties", "Last days to publish the contract and to file a copy", _DUTIES),
        ("linliEvaluation", "Weights, bands and indicators of the evaluation", _PLAIN),
        ("linliFunding", "What each budget line bears", _FUNDING),
        ("linliSignatures", "Who signed for which side, and when", _list()),
        ("linliRecovery", "When money is claimed back", _PLAIN),
        ("linliClaims", "Claims for money back, and what was received", _list()),
        ("linliTermination", "Ground, reason and settlement of an early end", _PLAIN),
        ("linliSubstitutions", "Workers who took another's place", _list()),
    ),
    "Milestone": (
        ("shareBp", "Share of the price", _WHOLE),
        ("linliShareBp", "Share of the price", _WHOLE),
        ("linliBase", "Paid on acceptance or on evaluation", _TEXT),
        ("linliValue", "Its amount", _VALUE),
        ("linliFunding", "What each budget line bears of it", _FUNDING),
        ("linliAcceptance", "When it was accepted, and by which role", _PLAIN),
        ("linliEvaluation", "Score, grade, share earned, and the commitments to single answers", _PLAIN),
    ),
    "Observation": (
        ("linliCount", "How many ratings", _WHOLE),
        ("linliSumCenti", "Their sum", _WHOLE),
        ("linliWeightBp", "Weight of the source", _WHOLE),
        ("linliCounted", "Whether enough came in for the source to count", _YES_NO),
    ),
    "Transaction": (
        ("linliPayment", "Number of the payment", _TEXT),
        ("linliRoute", "How it was paid", _TEXT),
        ("linliPayBy", "The last day to pay", _DAY),
        ("linliLine", "Budget line", _TEXT),
        ("linliFundSource", "Source of the money", _TEXT),
        ("linliClaim", "The claim under which money came back", _TEXT),
    ),
}  # fmt: skip


def files(publisher: str, documentation: str) -> dict[str, dict[str, Any]]:
    """The extension's files by name; `documentation` is the address of a page that people read."""
    said = (
        "Dates with their rules, sealed bids, score sheets without names, outcomes and payments, so that anyone can "
        "compute a purchase of social services again."
    )
    metadata = {
        "name": {"en": "Linli"},
        "description": {"en": said},
        "documentationUrl": {"en": documentation},
        "contactPoint": {"name": publisher},
        "compatibility": ["1.1"],
        "schemas": [SCHEMA],
    }
    return {METADATA: metadata, SCHEMA: schema()}


def schema() -> dict[str, Any]:
    """The merge patch over the release schema."""
    definitions = {name: {"properties": _properties(fields)} for name, fields in _FIELDS.items()}
    mark = ("linliMark", "Stands in every release of a demonstration: invented data", _TEXT)
    return {"properties": _properties((mark,)), "definitions": definitions}


def _properties(fields: tuple[tuple[str, str, dict[str, Any]], ...]) -> dict[str, Any]:
    return {name: {"title": name, "description": f"{said}.", **shape} for name, said, shape in fields}
