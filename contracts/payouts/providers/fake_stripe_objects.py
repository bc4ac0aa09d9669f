"""The objects of the Stripe fake: accounts, links, transfers, reversals, payouts, balances and the events about them.

Strict where Stripe is: unknown or missing parameters, capabilities and balances are refused with Stripe's own codes.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LINK_SECONDS = 300
CURRENCY = "cny"
PLATFORM = "platform"

_ACCOUNT_PARAMS = (
    "business_profile",
    "business_type",
    "capabilities",
    "company",
    "controller",
    "country",
    "default_currency",
    "email",
    "metadata",
)


class ApiError(Exception):
    """Becomes Stripe's error object. `saved`: the endpoint had begun, so the idempotency key keeps this answer."""

    def __init__(self, status: int, code: str, message: str, *, param: str = "", saved: bool = False) -> None:
        self.status, self.saved = status, saved
        self.kind = "api_error" if status >= 500 else "invalid_request_error"
        self.error = {"type": self.kind, "message": message}
        self.error |= {name: value for name, value in (("code", code), ("param", param)) if value}
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, decoded."""

    params: dict[str, Any]
    ids: dict[str, str]
    account: str


@dataclass
class Objects:
    """One platform account with `balance_fen` at the start, kept in memory or, with `state_file`, in one JSON file."""

    clock: Callable[[], datetime]
    webhook_secret: str
    api_key: str
    public_url: str = "http://127.0.0.1"
    balance_fen: int = 10**11
    state_file: Path | None = None
    state: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.state = {"counter": 0, "balances": {PLATFORM: self.balance_fen}}
        self.state |= {"accounts": {}, "links": {}, "transfers": {}, "payouts": {}, "replays": {}, "events": []}
        if self.state_file is not None and self.state_file.exists():
            self.state = json.loads(self.state_file.read_bytes())

    def create_account(self, call: Call) -> dict[str, Any]:
        """POST /v1/accounts."""
        params = call.params
        _allow(params, required=("country",), optional=_ACCOUNT_PARAMS)
        wanted = params.get("capabilities", {})
        account = {
            "id": self.next_id("acct"),
            "object": "account",
            "created": self.now(),
            "country": params["country"],
            "email": params.get("email"),
            "business_type": params.get("business_type"),
            "business_profile": params.get("business_profile", {}),
            "company": params.get("company", {}),
            "controller": params.get("controller", {}),
            "default_currency": params.get("default_currency", CURRENCY),
            "metadata": params.get("metadata", {}),
            "capabilities": {name: "inactive" for name in wanted if wanted[name].get("requested") == "true"},
            "charges_enabled": False,
            "payouts_enabled": False,
            "details_submitted": False,
            "requirements": {"currently_due": ["external_account"], "disabled_reason": "requirements.past_due"},
        }
        self.state["accounts"][account["id"]] = account
        self.state["balances"][account["id"]] = 0
        return account

    def get_account(self, call: Call) -> dict[str, Any]:
        """GET /v1/accounts/ID."""
        return self.find("accounts", call.ids["id"], "account")

    def create_account_link(self, call: Call) -> dict[str, Any]:
        """POST /v1/account_links."""
        params = call.params
        _allow(params, required=("account", "type", "return_url", "refresh_url"))
        self.find("accounts", params["account"], "account", param="account")
        for name in ("return_url", "refresh_url"):
            if urlsplit(params[name]).scheme not in {"http", "https"}:
                raise ApiError(400, "url_invalid", "Not a valid URL", param=name)
        token = os.urandom(16).hex()
        link = {name: params[name] for name in ("account", "return_url", "refresh_url")}
        link |= {"expires_at": self.now() + LINK_SECONDS, "used": False}
        self.state["links"][token] = link
        url = f"{self.public_url}/onboard/{token}"
        return {"object": "account_link", "created": self.now(), "expires_at": link["expires_at"], "url": url}

    def create_transfer(self, call: Call) -> dict[str, Any]:
        """POST /v1/transfers."""
        params = call.params
        optional = ("description", "metadata", "transfer_group", "source_type")
        _allow(params, required=("amount", "currency", "destination"), optional=optional)
        amount = _amount(params)
        account = self.find("accounts", params["destination"], "destination", param="destination")
        if account["capabilities"].get("transfers") != "active":
            message = "Your destination account needs to have at least one of the following capabilities: transfers"
            raise ApiError(400, "insufficient_capabilities_for_transfer", message, saved=True)
        self.move(PLATFORM, account["id"], amount)
        transfer = {
            "id": self.next_id("tr"),
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "created": self.now(),
            "currency": CURRENCY,
            "description": params.get("description"),
            "destination": account["id"],
            "livemode": False,
            "metadata": params.get("metadata", {}),
            "reversed": False,
            "reversals": {"object": "list", "data": [], "has_more": False},
            "transfer_group": params.get("transfer_group"),
        }
        self.state["transfers"][transfer["id"]] = transfer
        self.event("transfer.created", transfer)
        return transfer

    def get_transfer(self, call: Call) -> dict[str, Any]:
        """GET /v1/transfers/ID."""
        return self.find("transfers", call.ids["id"], "transfer")

    def list_transfers(self, call: Call) -> dict[str, Any]:
        """GET /v1/transfers, newest first."""
        _allow(call.params, optional=("destination", "transfer_group", "limit"))
        wanted = {name: value for name, value in call.params.items() if name != "limit"}
        found = [
            transfer
            for transfer in reversed(self.state["transfers"].values())
            if all(transfer[name] == value for name, value in wanted.items())
        ]
        limit = int(call.params.get("limit", 10))
        return {"object": "list", "url": "/v1/transfers", "data": found[:limit], "has_more": len(found) > limit}

    def create_reversal(self, call: Call) -> dict[str, Any]:
        """POST /v1/transfers/ID/reversals; the whole rest without an amount."""
        _allow(call.params, optional=("amount", "description", "metadata"))
        transfer = self.find("transfers", call.ids["id"], "transfer")
        rest = transfer["amount"] - transfer["amount_reversed"]
        amount = _amount(call.params) if "amount" in call.params else rest
        if not 0 < amount <= rest:
            message = f"Reversal amount ({amount}) is greater than unreversed amount ({rest})"
            raise ApiError(400, "", message, param="amount")
        self.move(transfer["destination"], PLATFORM, amount)
        reversal = {
            "id": self.next_id("trr"),
            "object": "transfer_reversal",
            "amount": amount,
            "created": self.now(),
            "currency": CURRENCY,
            "metadata": call.params.get("metadata", {}),
            "transfer": transfer["id"],
        }
        transfer["amount_reversed"] += amount
        transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
        transfer["reversals"]["data"].insert(0, reversal)
        self.event("transfer.reversed", transfer)
        return reversal

    def create_payout(self, call: Call) -> dict[str, Any]:
        """POST /v1/payouts for the account of the Stripe-Account header."""
        _allow(call.params, required=("amount", "currency"), optional=("description", "metadata"))
        amount, account = _amount(call.params), call.account or PLATFORM
        self.move(account, None, amount)
        payout = {
            "id": self.next_id("po"),
            "object": "payout",
            "amount": amount,
            "created": self.now(),
            "currency": CURRENCY,
            "metadata": call.params.get("metadata", {}),
            "status": "pending",
            "account": account,
        }
        self.state["payouts"][payout["id"]] = payout
        self.event("payout.created", payout, account)
        return payout

    def get_payout(self, call: Call) -> dict[str, Any]:
        """GET /v1/payouts/ID."""
        return self.find("payouts", call.ids["id"], "payout")

    def get_balance(self, call: Call) -> dict[str, Any]:
        """GET /v1/balance of the platform or the account of the Stripe-Account header."""
        amount = self.state["balances"][call.account or PLATFORM]
        available = [{"amount": amount, "currency": CURRENCY}]
        return {"object": "balance", "livemode": False, "available": available, "pending": []}

    # Small hands

    def move(self, source: str, target: str | None, amount: int) -> None:
        balances = self.state["balances"]
        if balances[source] < amount:
            raise ApiError(400, "balance_insufficient", "You have insufficient available funds.", saved=True)
        balances[source] -= amount
        if target is not None:
            balances[target] += amount

    def find(self, shelf: str, object_id: str, kind: str, *, param: str = "id") -> dict[str, Any]:
        found: dict[str, Any] | None = self.state[shelf].get(object_id)
        if found is None:
            status = 404 if param == "id" else 400
            raise ApiError(status, "resource_missing", f"No such {kind}: '{object_id}'", param=param)
        return found

    def event(self, kind: str, about: Mapping[str, Any], account: str = PLATFORM) -> None:
        body = {
            "id": self.next_id("evt"),
            "object": "event",
            "type": kind,
            "created": self.now(),
            "livemode": False,
            "pending_webhooks": 1,
            "data": {"object": copy.deepcopy(dict(about))},
        }
        body |= {"account": account} if account != PLATFORM else {}
        self.state["events"].append({"delivered": False, "body": body})

    def next_id(self, prefix: str) -> str:
        self.state["counter"] += 1
        return f"{prefix}_{self.state['counter']:014d}"

    def now(self) -> int:
        return int(self.clock().timestamp())

    def save(self) -> None:
        if self.state_file is None:
            return
        fresh = self.state_file.with_name(self.state_file.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(self.state, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.state_file)


def decode_form(text: str) -> dict[str, Any]:
    """Stripe's form encoding (a[b][c]=v) as nested data; every value stays text."""
    result: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *outer, last = re.findall(r"[^\[\]]+", name) or [name]
        place = result
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return result


def _allow(params: Mapping[str, Any], *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> None:
    for name in required:
        if not params.get(name):
            raise ApiError(400, "parameter_missing", f"Missing required param: {name}.", param=name)
    for name in params:
        if name not in required and name not in optional:
            raise ApiError(400, "parameter_unknown", f"Received unknown parameter: {name}", param=name)


def _amount(params: Mapping[str, Any]) -> int:
    text = params["amount"]
    if not re.fullmatch(r"[1-9][0-9]{0,13}", text):
        raise ApiError(400, "parameter_invalid_integer", f"Invalid integer: {text}", param="amount")
    if params.get("currency", CURRENCY) != CURRENCY:
        raise ApiError(400, "", f"Invalid currency: {params['currency']}", param="currency")
    return int(text)
