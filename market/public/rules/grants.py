"""Money granted in rounds, and subsidies and rewards, as grants of the 360Giving standard 1.4.

A grant is an award that stands, of a project's own purchase file. Only organisations are named; people never.
The identifiers begin with a prefix of our own, which is not registered with 360Giving.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from market.public.rules.labels import METHOD_LABELS
from market.public.rules.reading import fen, part, rows, text

METHODS = ("venture", "subsidy", "reward")
_LIVE = {"active"}
_PREFIX = "360G-linli"


def grants_of(cards: Iterable[Any], folder: str) -> Iterator[dict[str, Any]]:
    """Yield the grants of these cards; `folder` is the address below which purchases lie."""
    for card in cards:
        yield from grants(card.compiled, card.method or "", folder)


def grants(compiled: Mapping[str, Any], method: str, folder: str) -> Iterator[dict[str, Any]]:
    """Yield the grants of one compiled release; none while it is a round, or before an award stands.

    `folder` is the address below which purchases lie.
    """
    parent = next((one for one in rows(compiled, "relatedProcesses") if "parent" in one.get("relationship", ())), None)
    if parent is None:
        return
    for award in rows(compiled, "awards"):
        if award.get("status") in _LIVE and award.get("suppliers"):
            yield _grant(compiled, award, parent, method, folder)


def _grant(
    compiled: Mapping[str, Any], award: Mapping[str, Any], parent: Mapping[str, Any], method: str, folder: str
) -> dict[str, Any]:
    ocid, tender = compiled["ocid"], part(compiled, "tender")
    contract = next((one for one in rows(compiled, "contracts") if one.get("awardID") == award["id"]), {})
    paid = rows(contract, "implementation", "transactions")
    supplier, buyer = award["suppliers"][0], compiled["buyer"]
    key = f"{_PREFIX}-{ocid}-{award['id']}"
    grant: dict[str, Any] = {
        "id": key,
        "title": text(tender, "title"),
        "description": text(tender, "description") or text(tender, "title"),
        "currency": part(award, "value").get("currency", "CNY"),
        "amountAwarded": part(award, "value").get("amount"),
        "awardDate": award["date"],
        "url": folder + ocid,
        "dateModified": compiled["date"],
        "plannedDates": [_dates(part(award, "contractPeriod"))],
        "fundingOrganization": [_organisation(buyer)],
        "recipientOrganization": [_organisation(supplier)],
        "grantProgramme": [
            {
                "code": text(parent, "identifier"),
                "title": text(parent, "title") or text(parent, "identifier"),
                "url": folder + text(parent, "identifier"),
            }
        ],
        "fundingType": [{"vocabulary": "linli", "code": method, "title": str(METHOD_LABELS.get(method, method))}],
        "fromOpenCall": "Yes",
        "dataSource": f"{folder}{ocid}/releases.json",
        # Which purses the money comes from; each funder is a party of the purchase.
        "classifications": [
            {"vocabulary": "linli-fund-source", "code": one["id"], "title": text(one, "name")}
            for one in rows(compiled, "parties")
            if "funder" in one.get("roles", ())
        ],
    }
    if contract.get("dateSigned"):
        grant["commitmentTransaction"] = [_transaction(f"{key}-signed", contract["dateSigned"], contract["value"])]
    if paid:
        grant["disbursementTransaction"] = [
            _transaction(one["id"], one["date"], one["value"]) | {"provider": buyer["id"], "recipient": supplier["id"]}
            for one in paid
        ]
        grant["amountDisbursed"] = _yuan(sum(fen(one) or 0 for one in paid))
    return {name: value for name, value in grant.items() if value not in ("", [], None)}


def _yuan(amount_fen: int) -> int | float:
    """A JSON number of yuan. Summed in fen and divided once, its shortest text has the two decimals of the amount."""
    return amount_fen // 100 if amount_fen % 100 == 0 else amount_fen / 100


def _dates(period: Mapping[str, Any]) -> dict[str, Any]:
    return {name: period[name] for name in ("startDate", "endDate") if name in period}


def _organisation(reference: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": reference["id"], "name": reference["name"]}


def _transaction(key: str, at: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": key, "transactionDate": at, "currency": value["currency"], "value": value["amount"]}
