"""Stripe Connect as a way of paying: accounts, onboarding, transfers, reversals and signed webhooks, by the real SDK.

The SDK takes most of a second to import and is imported by the first call that needs it. Keys are arguments; only the
settings read the environment. CNY amounts are in fen, as Stripe counts its smallest unit.

A transfer carries the idempotency key as `transfer_group` too: Stripe forgets idempotency keys after some days, the
group it keeps, so an order is found, and not sent twice, however late it is repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from contracts.payouts.providers.port import (
    Declined,
    Instruction,
    KeyConflict,
    Misconfigured,
    Outcome,
    OutcomeState,
    ProviderError,
    Sent,
    Unsure,
    cut,
)
from market.kernel.errors import Refused
from market.kernel.text import N_

if TYPE_CHECKING:
    import stripe

CURRENCY = "cny"
DIGEST = "instruction_digest"
_NO_ANSWER = N_("Stripe 没有回应，转账可能已经受理。系统会用同一编号再次核对，请勿另行付款。")
_CONFLICT = N_("这个付款编号在 Stripe 已用于另一笔内容不同的转账。请人工核对。")


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """An organisation's account at Stripe. `ready`: it can take transfers and be paid out."""

    account_id: str
    ready: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnboardingLink:
    """Where the organisation completes its account; works once, until `expires_at`."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reversal:
    """Money taken back from the organisation's account."""

    reference: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified event. `event_id` is unique: store it once, then process."""

    event_id: str
    kind: str
    created: datetime
    data: dict[str, Any]

    def account(self) -> ConnectedAccount | None:
        """The account's new standing, for `account.updated`."""
        return _account(self.data) if self.kind == "account.updated" else None

    def outcome(self) -> tuple[str, Outcome] | None:
        """The idempotency key and new standing of an order of ours, for `transfer.*`."""
        key = self.data.get("transfer_group")
        return (key, _outcome(self.data)) if self.kind.startswith("transfer.") and key else None


class StripeConnect:
    """Implements `port.Provider`. `base_address` and `http_client` lead it to the fake; `retries` are the SDK's own."""

    name = "stripe"

    def __init__(
        self,
        key: str,
        *,
        base_address: str | None = None,
        http_client: stripe.HTTPClient | None = None,
        retries: int = 2,
        timeout_ms: int = 30_000,
    ) -> None:
        self._key = key
        self._base_address = base_address
        self._given_client = http_client
        self._retries = retries
        self._timeout_ms = timeout_ms

    def send(self, instruction: Instruction, idempotency_key: str) -> Sent:
        """See `port.Provider.send`. Raises Refused when the organisation holds no Stripe account."""
        if not instruction.stripe_account:
            raise Refused(N_("该组织没有开通 Stripe 收款账户，请改用银行付款。"), field="route")
        known = self._find(idempotency_key)
        if known is not None:
            if known["metadata"].get(DIGEST) != instruction.digest():
                raise KeyConflict(_CONFLICT, detail=idempotency_key)
            return Sent(known["id"])
        params = {
            "amount": instruction.amount_fen,
            "currency": CURRENCY,
            "destination": instruction.stripe_account,
            "description": cut(instruction.remittance, 500),
            "transfer_group": idempotency_key,
            "metadata": {
                "request_no": instruction.request_no,
                "fund_source": instruction.fund_source,
                DIGEST: instruction.digest(),
            },
        }
        with _translated():
            created = self._client.v1.transfers.create(params, {"idempotency_key": idempotency_key})  # type: ignore[arg-type]
        return Sent(created.id)

    def look_up(self, idempotency_key: str) -> Outcome | None:
        """See `port.Provider.look_up`. Paid: the organisation's account has it; returned: all of it went back."""
        known = self._find(idempotency_key)
        return None if known is None else _outcome(known)

    def create_account(
        self, *, name: str, uscc: str, email: str, country: str, idempotency_key: str
    ) -> ConnectedAccount:
        """Open an account that Stripe itself asks for documents and pays out; `country` is a two-letter code."""
        params = {
            "country": country,
            "email": email,
            "business_type": "non_profit",
            "business_profile": {"name": name},
            "capabilities": {"transfers": {"requested": True}},
            "controller": {
                "stripe_dashboard": {"type": "express"},
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
            },
            "metadata": {"uscc": uscc},
        }
        with _translated():
            created = self._client.v1.accounts.create(params, {"idempotency_key": idempotency_key})  # type: ignore[arg-type]
        return _account(_plain(created))

    def account(self, account_id: str) -> ConnectedAccount:
        """The account's present standing: ask on return from onboarding, the webhook may come later."""
        with _translated():
            return _account(_plain(self._client.v1.accounts.retrieve(account_id)))

    def onboarding_link(self, account_id: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """A fresh link; Stripe sends the person to `refresh_url` when it is used up, to `return_url` at the end."""
        with _translated():
            link = self._client.v1.account_links.create(
                {
                    "account": account_id,
                    "type": "account_onboarding",
                    "return_url": return_url,
                    "refresh_url": refresh_url,
                }
            )
        return OnboardingLink(link.url, _instant(link.expires_at))

    def reverse(self, reference: str, amount_fen: int, *, reason: str, idempotency_key: str) -> Reversal:
        """Take back part or all of a transfer. Raises Declined when the account does not hold enough."""
        params = {"amount": amount_fen, "metadata": {"reason": cut(reason, 500)}}
        with _translated():
            done = self._client.v1.transfers.reversals.create(reference, params, {"idempotency_key": idempotency_key})  # type: ignore[arg-type]
        return Reversal(done.id, done.amount)

    def available_fen(self) -> int:
        """What the platform's own balance holds in CNY; also a check that key and address are right."""
        with _translated():
            balance = _plain(self._client.v1.balance.retrieve())
        return sum(int(part["amount"]) for part in balance["available"] if part["currency"] == CURRENCY)

    def close(self) -> None:
        """Close this thread's connections."""
        if "_client" in self.__dict__:
            client: Any = self._http  # the SDK leaves its clients half typed
            client.close()

    def _find(self, idempotency_key: str) -> dict[str, Any] | None:
        with _translated():
            found = _plain(self._client.v1.transfers.list({"transfer_group": idempotency_key, "limit": 2}))["data"]
        if len(found) > 1:
            raise KeyConflict(_CONFLICT, detail=idempotency_key)
        return found[0] if found else None

    @cached_property
    def _http(self) -> stripe.HTTPClient:
        if self._given_client is not None:
            return self._given_client
        import stripe

        session = None  # the SDK then keeps one for each thread
        if self._base_address and urlsplit(self._base_address).hostname in {"127.0.0.1", "localhost", "::1"}:
            import requests

            session = requests.Session()
            session.trust_env = False  # a proxy from the environment has no business with loopback
        return stripe.RequestsClient(timeout=self._timeout_ms / 1000, session=session)

    @cached_property
    def _client(self) -> stripe.StripeClient:
        import stripe

        # The SDK would write an identifier into the home directory and report timings to its maker.
        stripe.enable_telemetry = False
        addresses: Any = {"api": self._base_address} if self._base_address else None
        return stripe.StripeClient(
            self._key, base_addresses=addresses, http_client=self._http, max_network_retries=self._retries
        )


def verify_webhook(payload: bytes, signature: str, secret: str) -> WebhookEvent:
    """The event, if it was signed with `secret` within the last five minutes of real time; else Refused."""
    import stripe

    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret, stripe.Webhook.DEFAULT_TOLERANCE)
        event = json.loads(payload)
        return WebhookEvent(event["id"], event["type"], _instant(event["created"]), event["data"]["object"])
    except (stripe.SignatureVerificationError, KeyError, TypeError, ValueError) as error:
        raise Refused(N_("通知的签名不正确或已过期，未处理。")) from error


def _account(data: Mapping[str, Any]) -> ConnectedAccount:
    able = data.get("capabilities", {}).get("transfers") == "active"
    missing = (data.get("requirements") or {}).get("currently_due") or ()
    return ConnectedAccount(data["id"], bool(able and data.get("payouts_enabled")), tuple(missing))


def _outcome(transfer: Mapping[str, Any]) -> Outcome:
    amount_fen, returned_fen = int(transfer["amount"]), int(transfer["amount_reversed"])
    state = OutcomeState.RETURNED if returned_fen == amount_fen else OutcomeState.PAID
    return Outcome(state=state, reference=transfer["id"], amount_fen=amount_fen, returned_fen=returned_fen)


def _plain(found: Any) -> dict[str, Any]:
    data: dict[str, Any] = found.to_dict()
    return data


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the SDK's errors into the port's: what is certain, what is not."""
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        raise _port_error(error) from error


def _port_error(error: stripe.StripeError) -> ProviderError:
    import stripe

    detail, code = error.user_message or str(error), error.code or ""
    if isinstance(error, stripe.IdempotencyError):
        return KeyConflict(_CONFLICT, detail=detail, code=code)
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return Misconfigured(N_("Stripe 不接受本系统的密钥。请管理员检查设置。"), detail=detail, code=code)
    if isinstance(error, stripe.InvalidRequestError):
        return Declined(N_("Stripe 拒绝了这笔操作，款项没有划出。"), detail=detail, code=code)
    return Unsure(_NO_ANSWER, detail=detail, code=code)
