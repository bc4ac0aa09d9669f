"""Stripe's API over the fake's objects: keys, routes, idempotency, faults on purpose, signed webhooks, onboarding."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contracts.payouts.providers.fake_stripe_objects import ApiError, Call, Objects, decode_form

# A payout whose amount ends in 02 fen comes back from the account's bank when payouts are settled.
FAILING_PAYOUT = 2
FAULTS = ("lost_answer", "lost_request", "server_error")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. `lost`: the connection ends before it is sent."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """One event ready for delivery."""

    event_id: str
    payload: bytes
    signature: str


class FakeStripe(Objects):
    """The whole fake. `clock` gives aware instants and stamps the webhooks' signatures; see Objects for the rest."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._lock = threading.RLock()
        self._faults: list[tuple[str, str]] = []
        self.on_event: Callable[[], None] = lambda: None

    # What tests and the demonstration do to it

    def fail_next(self, kind: str, *, count: int = 1, method: str = "POST") -> None:
        """Let the next `count` requests of `method` go wrong: one of FAULTS."""
        if kind not in FAULTS:
            raise ValueError(f"a fault is one of {FAULTS}")
        self._faults += [(method, kind)] * count

    def open_link(self, token: str) -> dict[str, Any] | None:
        """The onboarding link behind `token`, or None when it is unknown, used or older than LINK_SECONDS."""
        link: dict[str, Any] | None = self.state["links"].get(token)
        return link if link and not link["used"] and self.now() < link["expires_at"] else None

    def complete_onboarding(self, token: str) -> str:
        """What the organisation does on Stripe's pages; gives the address it is sent back to. Raises KeyError."""
        with self._lock:
            link = self.open_link(token)
            if link is None:
                raise KeyError(token)
            link["used"] = True
            account = self.state["accounts"][link["account"]]
            account |= {"details_submitted": True, "charges_enabled": True, "payouts_enabled": True}
            account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
            account["requirements"] = {"currently_due": [], "disabled_reason": None}
            self.event("account.updated", account, account["id"])
            self.save()
        self.on_event()
        return str(link["return_url"])

    def settle_payouts(self) -> int:
        """Bring every pending payout to its end; gives their number."""
        with self._lock:
            pending = [payout for payout in self.state["payouts"].values() if payout["status"] == "pending"]
            for payout in pending:
                account = payout["account"]
                failed = payout["amount"] % 100 == FAILING_PAYOUT
                payout["status"] = "failed" if failed else "paid"
                if failed:
                    payout |= {"failure_code": "account_closed", "failure_message": "The bank account is closed."}
                    self.state["balances"][account] += payout["amount"]
                self.event(f"payout.{payout['status']}", payout, account)
            self.save()
        self.on_event()
        return len(pending)

    def undelivered(self) -> list[Webhook]:
        """Events not yet delivered, oldest first, each signed at this moment."""
        with self._lock:
            waiting = [event for event in self.state["events"] if not event["delivered"]]
            payloads = [(event["body"]["id"], json.dumps(event["body"], ensure_ascii=False)) for event in waiting]
        return [Webhook(event_id, payload.encode(), self.sign(payload)) for event_id, payload in payloads]

    def mark_delivered(self, event_id: str) -> None:
        """The receiver has answered 2xx."""
        with self._lock:
            for event in self.state["events"]:
                if event["body"]["id"] == event_id:
                    event["delivered"] = True
            self.save()

    def take_webhooks(self) -> list[Webhook]:
        """Everything undelivered, counted as delivered: for tests that hand the events over themselves."""
        webhooks = self.undelivered()
        for webhook in webhooks:
            self.mark_delivered(webhook.event_id)
        return webhooks

    def sign(self, payload: str, at: datetime | None = None) -> str:
        """The Stripe-Signature header: HMAC-SHA256 over “timestamp.payload”."""
        stamp = int((at or self.clock()).timestamp())
        mac = hmac.new(self.webhook_secret.encode(), f"{stamp}.{payload}".encode(), hashlib.sha256)
        return f"t={stamp},v1={mac.hexdigest()}"

    # The API

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Answer:
        """Answer one request of the API."""
        names = {name.lower(): value for name, value in headers.items()}
        parts = urlsplit(url)
        with self._lock:
            fault = self._take_fault(method)
            if fault == "lost_request":
                return Answer(0, {}, {}, lost=True)
            if fault == "server_error":
                error = ApiError(500, "", "An unexpected error occurred on our side.")
                return self._answer(500, {"error": error.error}, "")
            answer = self._perform(method, parts.path, parts.query if method == "GET" else body, names)
            if method != "GET":
                self.save()
        if method != "GET":
            self.on_event()
        return Answer(answer.status, answer.body, answer.headers, lost=True) if fault else answer

    def _perform(self, method: str, path: str, form: str, headers: Mapping[str, str]) -> Answer:
        account, key = headers.get("stripe-account", ""), headers.get("idempotency-key", "")
        replays: dict[str, Any] = self.state["replays"]
        place = json.dumps([account, key])
        mark = hashlib.sha256(json.dumps([method, path, sorted(parse_qsl(form))]).encode()).hexdigest()
        try:
            self._authorise(headers)
            if method == "POST" and key and place in replays:
                return self._replay(replays[place], mark, key)
            handler, ids = self._route(method, path)
            body, status, saved = handler(self, Call(decode_form(form), ids, account)), 200, True
        except ApiError as error:
            body, status, saved = {"error": error.error}, error.status, error.saved
        body = copy.deepcopy(body)
        if method == "POST" and key and saved:
            replays[place] = {"mark": mark, "status": status, "body": body}
        return self._answer(status, body, key)

    def _replay(self, known: Mapping[str, Any], mark: str, key: str) -> Answer:
        if known["mark"] != mark:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            return self._answer(400, {"error": {"type": "idempotency_error", "message": message}}, key)
        answer = self._answer(known["status"], copy.deepcopy(known["body"]), key)
        answer.headers["Idempotent-Replayed"] = "true"
        return answer

    def _authorise(self, headers: Mapping[str, str]) -> None:
        if headers.get("authorization") != f"Bearer {self.api_key}":
            raise ApiError(401, "", "Invalid API Key provided.")
        account = headers.get("stripe-account")
        if account and account not in self.state["accounts"]:
            raise ApiError(403, "account_invalid", f"The provided key does not have access to account '{account}'.")

    def _route(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        for wanted, pattern, handler in ROUTES:
            found = pattern.fullmatch(path)
            if wanted == method and found:
                return handler, found.groupdict()
        raise ApiError(404, "", f"Unrecognized request URL ({method}: {path}).")

    def _answer(self, status: int, body: dict[str, Any], key: str) -> Answer:
        headers = {"Request-Id": self.next_id("req")}
        return Answer(status, body, headers | ({"Idempotency-Key": key} if key else {}))

    def _take_fault(self, method: str) -> str:
        for index, (wanted, kind) in enumerate(self._faults):
            if wanted == method:
                del self._faults[index]
                return kind
        return ""


Handler = Callable[[FakeStripe, Call], dict[str, Any]]


def _routes(table: Mapping[str, Handler]) -> list[tuple[str, re.Pattern[str], Handler]]:
    rows = []
    for line, handler in table.items():
        method, path = line.split()
        rows.append((method, re.compile(re.sub(r"ID", r"(?P<id>[^/]+)", path)), handler))
    return rows


ROUTES = _routes(
    {
        "POST /v1/accounts": FakeStripe.create_account,
        "GET /v1/accounts/ID": FakeStripe.get_account,
        "POST /v1/account_links": FakeStripe.create_account_link,
        "POST /v1/transfers": FakeStripe.create_transfer,
        "GET /v1/transfers": FakeStripe.list_transfers,
        "GET /v1/transfers/ID": FakeStripe.get_transfer,
        "POST /v1/transfers/ID/reversals": FakeStripe.create_reversal,
        "POST /v1/payouts": FakeStripe.create_payout,
        "GET /v1/payouts/ID": FakeStripe.get_payout,
        "GET /v1/balance": FakeStripe.get_balance,
    }
)
