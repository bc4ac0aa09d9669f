"""OCDS fragments of a contract that ended early: its termination, the claim, each amount that came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.agreements.models import Agreement
from contracts.agreements.notices import contract_id, state_release
from contracts.delivery.models import Milestone
from contracts.delivery.notices import fallen_entries
from contracts.endings.models import Claim, ClaimReceipt, Termination
from contracts.endings.states import ClaimState
from market.kernel.clock import beijing_day, instant
from market.organisations.queries import party, party_id
from market.places.models import Street
from market.places.queries import office_party
from market.records.notices import value, z


def termination_release(
    row: Termination, agreement: Agreement, claim: Claim | None, fallen: Sequence[Milestone]
) -> dict[str, Any]:
    """Return the end of a contract: ground, reason, settlement, what went back, the claim, the milestones that fell."""
    assert row.decided_at is not None
    release = state_release(agreement, row.reason)
    contract = release["contracts"][0]
    contract["linliTermination"] = {
        "ground": row.ground,
        "on": beijing_day(row.decided_at).isoformat(),
        "settled": value(row.settled_fen),
        "freed": value(row.freed_fen),
    }
    if fallen:
        contract["milestones"] = fallen_entries(fallen, agreement)
        contract["implementation"] = {"milestones": contract["milestones"]}
    if claim is not None:
        contract["linliClaims"] = [_claim(claim, 0)]
    return release


def _claim(row: Claim, received_fen: int) -> dict[str, Any]:
    """A claim as it stands; where some of it was waived, with the reason."""
    entry: dict[str, Any] = {
        "id": row.number,
        "value": value(row.amount_fen),
        "claimedOn": beijing_day(row.claimed_at).isoformat(),
        "dueOn": row.due_on.isoformat(),
        "shareBp": row.basis["claim_bp"],
        "paid": value(row.basis["paid_fen"]),
        "state": row.state,
        "received": value(received_fen),
    }
    if row.state == ClaimState.WAIVED:
        entry |= {"waived": value(row.waived_fen), "waiveReason": row.waive_reason}
    return entry


def claim_release(row: Claim) -> dict[str, Any]:
    """Return a claim as it stands now (receipts and contract loaded)."""
    return {"contracts": [_contract(row) | {"linliClaims": [_claim(row, row.received_fen)]}]}


def receipt_release(row: Claim, receipt: ClaimReceipt, street: Street, sources: dict[int, str]) -> dict[str, Any]:
    """Return an amount that came back: a transaction with a minus for each line, as for a returned payment.

    Payer and payee stand as in the payment it takes back; `sources` names each line's fund source.
    """
    office = office_party(street)
    transactions = []
    for line_id, fen in sorted(receipt.parts.items(), key=lambda item: int(item[0])):
        amount = value(fen)
        amount["amount"] = -amount["amount"]
        transactions.append(
            {
                "id": f"{receipt.number}-{line_id}",
                "date": z(instant(receipt.received_on)),
                "value": amount,
                "payer": {"id": office["id"], "name": office["name"]},
                "payee": {"id": party_id(row.organisation), "name": row.organisation.name},
                "linliPayment": receipt.number,
                "linliClaim": row.number,
                "linliLine": f"line-{line_id}",
                "linliFundSource": sources[int(line_id)],
            }
        )
    claims = {"linliClaims": [_claim(row, row.received_fen)]}
    return {
        "parties": [office_party(street, ["payer"]), party(row.organisation, ["payee"])],
        "contracts": [_contract(row) | claims | {"implementation": {"transactions": transactions}}],
    }


def _contract(row: Claim) -> dict[str, Any]:
    return {"id": contract_id(row.agreement_id), "awardID": row.agreement.data["award"]}
