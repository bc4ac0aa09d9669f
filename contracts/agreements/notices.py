"""OCDS fragments of contracts: the contract as signed, and changes of its state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.agreements.models import Agreement, Substitution
from contracts.agreements.states import AgreementState
from market.kernel.clock import beijing_day
from market.organisations.queries import party
from market.places.models import Street
from market.places.queries import office_party
from market.records.models import StoredFile
from market.records.notices import value, z

# OCDS 1.1 contractStatus of each state.
STATUS = {
    AgreementState.DRAFT: "pending",
    AgreementState.ISSUED: "pending",
    AgreementState.HALF_SIGNED: "pending",
    AgreementState.IN_FORCE: "active",
    AgreementState.SUSPENDED: "active",
    AgreementState.COMPLETED: "terminated",
    AgreementState.CANCELLED: "cancelled",
    AgreementState.TERMINATED: "terminated",
}


def contract_id(agreement_id: int) -> str:
    """Return the contract's id inside its purchase's releases."""
    return f"contract-{agreement_id}"


def milestone_id(agreement_id: int, number: int) -> str:
    """Return a milestone's id inside its purchase's releases."""
    return f"{contract_id(agreement_id)}-milestone-{number}"


def milestone_entry(agreement_id: int, milestone: Mapping[str, Any], status: str) -> dict[str, Any]:
    """Return one milestone of a contract's data as OCDS writes it; amount and share stand in our own fields."""
    return {
        "id": milestone_id(agreement_id, milestone["number"]),
        "title": milestone["title"],
        "type": "assessment" if milestone["base"] == "evaluation" else "delivery",
        "description": milestone["evidence"],
        "dueDate": f"{milestone['due_on']}T00:00:00Z",
        "status": status,
        "linliShareBp": milestone["share_bp"],
        "linliValue": value(milestone["amount_fen"]),
        "linliBase": milestone["base"],
        "linliFunding": [
            {"id": f"line-{part['line_id']}", "value": value(part["amount_fen"])} for part in milestone["funding"]
        ],
    }


def signed_release(row: Agreement, street: Street, pdf: StoredFile) -> dict[str, Any]:
    """Return the contract as signed: value, term, digest, signatures' facts, milestones and the evaluation's terms.

    Names of persons stand in the signed document alone. `row.signatures` and `row.organisation` must be loaded.
    """
    data, signed_at = row.data, row.signed_at
    assert signed_at is not None
    more = {"linliRecovery": data.get("recovery"), "linliOnBehalfOf": data.get("on_behalf_of")}
    return {
        "parties": [
            office_party(street, ["buyer", "procuringEntity", "payer"]),
            party(row.organisation, ["supplier", "payee"]),
        ],
        "contracts": [
            {
                "id": contract_id(row.id),
                "awardID": data["award"],
                "title": row.title,
                "description": row.number,
                "status": STATUS[AgreementState(row.state)],
                "dateSigned": z(signed_at),
                "period": {"startDate": f"{row.starts_on}T00:00:00Z", "endDate": f"{row.ends_on}T00:00:00Z"},
                "value": value(row.amount_fen),
                "milestones": [milestone_entry(row.id, one, "scheduled") for one in data["milestones"]],
                "documents": [_document(row, pdf, signed_at)],
                "linliDigest": row.digest,
                "linliSignatures": [
                    {"party": one.party, "signedAt": z(one.at), "certificate": one.certificate_serial}
                    for one in row.signatures
                ],
                "linliFunding": [
                    {
                        "id": f"line-{one['line_id']}",
                        "source": one["source"],
                        "title": one["title"],
                        "value": value(one["amount_fen"]),
                    }
                    for one in data["funding"]
                ],
                "linliEvaluation": data["evaluation"],
                "linliPayout": data["payout"],
                "linliRules": data["rules"]["digest"],
                "linliPayDays": data["options"]["due_days"],
                "linliPerformanceBond": value(data["options"]["bond_fen"]),
                "linliDuties": {
                    "publishBy": row.publish_by.isoformat() if row.publish_by else None,
                    "fileCopyBy": row.file_copy_by.isoformat() if row.file_copy_by else None,
                },
                **{name: part for name, part in more.items() if part},
            }
        ],
    }


def _document(row: Agreement, pdf: StoredFile, at: datetime) -> dict[str, Any]:
    return {
        "id": f"file-{pdf.id}",
        "documentType": "contractSigned",
        "title": f"{row.title} {row.number}",
        "datePublished": z(at),
        "format": pdf.media_type,
        "language": "zh",
        "linliSha256": pdf.sha256,
    }


def state_release(row: Agreement, reason: str) -> dict[str, Any]:
    """Return a change of a signed contract's state with its reason."""
    return {
        "contracts": [
            {
                "id": contract_id(row.id),
                "awardID": row.data["award"],
                "status": STATUS[AgreementState(row.state)],
                "linliState": row.state,
                "linliReason": reason or None,
            }
        ]
    }


def substitution_release(row: Agreement, change: Substitution, level: str) -> dict[str, Any]:
    """Return that somebody promised was replaced: both levels (`level` is who left), hours a week and the day.

    Neither names nor the reason: both speak of a person.
    """
    assert change.decided_at is not None
    return {
        "contracts": [
            {
                "id": contract_id(row.id),
                "awardID": row.data["award"],
                "linliSubstitutions": [
                    {
                        "id": f"substitution-{change.id}",
                        "on": beijing_day(change.decided_at).isoformat(),
                        "leavingLevel": level,
                        "enteringLevel": change.level,
                        "weeklyHoursCenti": change.weekly_centi,
                    }
                ],
            }
        ]
    }
