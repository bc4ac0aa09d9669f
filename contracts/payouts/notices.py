"""What is published of payments: an OCDS transaction for each amount paid, one with a minus for each returned."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.agreements.notices import contract_id, milestone_id
from contracts.payouts.models import Attempt, Payment
from market.kernel.clock import instant
from market.organisations.queries import party, party_id
from market.places.models import Street
from market.places.queries import office_party
from market.records.notices import value, z


def paid_release(payment: Payment, attempt: Attempt, street: Street, day: date) -> dict[str, Any]:
    """Return the transaction of a settled payment (agreement, milestone and organisation loaded)."""
    return _release(payment, attempt, street, day, attempt.key)


def returned_release(payment: Payment, attempt: Attempt, street: Street, day: date) -> dict[str, Any]:
    """Return the counter-transaction of an amount that came back; both stay on the board.

    The bank's own words stay inside: they may name an account.
    """
    return _release(payment, attempt, street, day, f"{attempt.key}-R", back=True)


def _release(
    payment: Payment, attempt: Attempt, street: Street, day: date, number: str, *, back: bool = False
) -> dict[str, Any]:
    amount = value(payment.amount_fen)
    if back:
        amount["amount"] = -amount["amount"]
    office = office_party(street)
    transaction = {
        "id": number,
        "date": z(instant(day)),
        "value": amount,
        "payer": {"id": office["id"], "name": office["name"]},
        "payee": {"id": party_id(payment.organisation), "name": payment.organisation.name},
        "relatedImplementationMilestone": {
            "id": milestone_id(payment.agreement_id, payment.milestone.number),
            "title": payment.milestone.title,
        },
        "linliPayment": payment.number,
        "linliLine": f"line-{payment.line_id}",
        "linliFundSource": payment.line.source,
        "linliRoute": attempt.route,
        "linliPayBy": payment.pay_by.isoformat(),
    }
    contract = {
        "id": contract_id(payment.agreement_id),
        "awardID": payment.agreement.data["award"],
        "implementation": {"transactions": [transaction]},
    }
    return {
        "parties": [office_party(street, ["payer"]), party(payment.organisation, ["payee"])],
        "contracts": [contract],
    }
