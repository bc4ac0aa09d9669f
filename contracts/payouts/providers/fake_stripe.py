"""Stripe Connect for tests and the demonstration, with no network.

Two doors to one core: `sdk_http_client(fake)` is an HTTP client for the real SDK inside the same process; as a process

    python -m contracts.payouts.providers.fake_stripe --port N [--state FILE] [--webhook-url URL]

it answers the same API over HTTP on loopback, shows the onboarding page to click through, and delivers signed webhooks.
API key and webhook secret come from FAKE_STRIPE_KEY and FAKE_STRIPE_WEBHOOK_SECRET, or are the ones below.

    GET  /onboard/TOKEN              the page behind an account link; its button marks the account as able to be paid
    POST /fake/faults                {"kind": lost_answer | lost_request | server_error, "count": 1, "method": "POST"}
    POST /fake/payouts               settles pending payouts (an amount ending in 02 fen fails)
    POST /fake/webhooks              delivers again what no receiver has taken yet
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import queue
import threading
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from contracts.payouts.providers.fake_stripe_api import FakeStripe
from contracts.payouts.providers.processes import Door, Server
from market.kernel.clock import system_now

if TYPE_CHECKING:
    import stripe

DEFAULT_KEY = "sk_test_linli"
DEFAULT_WEBHOOK_SECRET = "whsec_linli"  # noqa: S105 - guards nothing but the fake
DELIVERY_TIMEOUT_S = 5

_PAGE = """<!doctype html>
<html lang="zh-Hans"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/fake.css"></head>
<body><main><h1>{title}</h1>{content}</main></body></html>
"""
_STYLE = (
    "body{margin:0;background:#f4f6f9;color:#1b2733;font:1.05rem/1.6 system-ui,sans-serif}"
    "main{max-width:34rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:.5rem}"
    "h1{font-size:1.4rem;margin-top:0}button{font:inherit;padding:.7rem 1.4rem;border:0;border-radius:.4rem;"
    "background:#1d4f91;color:#fff;cursor:pointer}button:focus-visible,a:focus-visible{outline:3px solid #b35900;"
    "outline-offset:2px}a{color:#1d4f91}"
)


def sdk_http_client(fake: FakeStripe) -> stripe.HTTPClient:
    """An HTTP client to hand to the SDK: real requests and retries, no socket, and no waiting between retries."""
    import stripe

    connection_error: Any = stripe.APIConnectionError  # the SDK leaves it half typed

    class InProcess(stripe.HTTPClient):
        name = "in-process"

        def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> Any:
            answer = fake.handle(method.upper(), url, headers or {}, post_data or "")
            if answer.lost:
                raise connection_error("The connection was lost.", should_retry=True)
            return json.dumps(answer.body), answer.status, answer.headers

        def _sleep_time_seconds(self, num_retries: int) -> int:
            return 0

        def close(self) -> None:
            """Nothing is open."""

    return InProcess()


class Deliverer:
    """Posts events to the product's webhook address in a thread, in order; what fails waits for the next wake-up."""

    def __init__(self, fake: FakeStripe, address: str) -> None:
        self._fake, self._address = fake, urlsplit(address)
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def wake(self) -> None:
        """Something may be waiting."""
        self._wakes.put(None)

    def _work(self) -> None:
        while True:
            self._wakes.get()
            for webhook in self._fake.undelivered():
                if not self._post(webhook.payload, webhook.signature):
                    break
                self._fake.mark_delivered(webhook.event_id)

    def _post(self, payload: bytes, signature: str) -> bool:
        host, port = self._address.hostname or "", self._address.port
        connection = http.client.HTTPConnection(host, port, timeout=DELIVERY_TIMEOUT_S)
        try:
            headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
            connection.request("POST", self._address.path or "/", payload, headers)
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class StripeDoor(Door):
    """The fake over HTTP; `fake` and `deliverer` are set on a subclass made for each server."""

    fake: FakeStripe
    deliverer: Deliverer | None

    def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
        """The API and the onboarding page."""
        path = urlsplit(self.path).path
        if path.startswith("/onboard/"):
            self._show_onboarding(path.removeprefix("/onboard/"))
        elif path == "/fake.css":
            self.answer(200, _STYLE.encode(), "text/css; charset=utf-8")
        else:
            self._api("")

    def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
        """The API, the onboarding button, and what the demonstration makes happen."""
        content = self.body().decode()
        path = urlsplit(self.path).path
        if path.startswith("/onboard/"):
            self._onboard(path.removeprefix("/onboard/"))
        elif path.startswith("/fake/"):
            self._control(path, content)
        else:
            self._api(content)

    def do_DELETE(self) -> None:  # noqa: N802 - the name http.server calls
        """The API answers that it knows no such request."""
        self._api("")

    def _api(self, content: str) -> None:
        answer = self.fake.handle(self.command, self.path, dict(self.headers.items()), content)
        if answer.lost:
            self.drop()
        else:
            self.answer_json(answer.status, answer.body, answer.headers)

    def _control(self, path: str, content: str) -> None:
        try:
            data = json.loads(content or "{}")
            if path == "/fake/faults":
                self.fake.fail_next(data["kind"], count=data.get("count", 1), method=data.get("method", "POST"))
            elif path == "/fake/payouts":
                self.fake.settle_payouts()
            elif path == "/fake/webhooks" and self.deliverer is not None:
                self.deliverer.wake()
        except (KeyError, TypeError, ValueError) as error:
            self.answer_json(400, {"error": {"type": "invalid_request_error", "message": str(error)}})
        else:
            self.answer_json(200, {})

    def _show_onboarding(self, token: str) -> None:
        link = self.fake.open_link(token)
        if link is None:
            self._send_back(token)
            return
        account = self.fake.state["accounts"][link["account"]]
        name = account["business_profile"].get("name") or account["id"]
        content = (
            f"<p>{escape(name)}</p><p>演示用的收款账户开通页，不会产生真实账户。点击后该账户即可收款。<br>"
            '<span lang="en">A demonstration page: no real account is opened. The button enables payouts.</span></p>'
            f'<form method="post" action="/onboard/{escape(token)}"><button type="submit">确认开通并返回 '
            '<span lang="en">Confirm and return</span></button></form>'
            f'<p><a href="{escape(link["return_url"])}">暂不开通 <span lang="en">Not now</span></a></p>'
        )
        self._page("开通收款账户", content)

    def _onboard(self, token: str) -> None:
        try:
            self._redirect(self.fake.complete_onboarding(token))
        except KeyError:
            self._send_back(token)

    def _send_back(self, token: str) -> None:
        """A used or expired link leads to the address that makes a new one, as Stripe does."""
        link = self.fake.state["links"].get(token)
        if link is None:
            self._page(
                "链接无效", '<p>请回到邻里购重新打开。<span lang="en">Please start again.</span></p>', status=404
            )
        else:
            self._redirect(link["refresh_url"])

    def _page(self, title: str, content: str, *, status: int = 200) -> None:
        self.answer(status, _PAGE.format(title=title, content=content).encode(), "text/html; charset=utf-8")

    def _redirect(self, address: str) -> None:
        self.answer(303, b"", "text/plain", {"Location": address})


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description="Stripe Connect for tests and the demonstration")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--webhook-url", help="where signed events are posted")
    parser.add_argument("--until-stdin-closes", action="store_true")
    given = parser.parse_args(arguments)
    fake = FakeStripe(
        clock=system_now,
        webhook_secret=os.environ.get("FAKE_STRIPE_WEBHOOK_SECRET", DEFAULT_WEBHOOK_SECRET),
        api_key=os.environ.get("FAKE_STRIPE_KEY", DEFAULT_KEY),
        state_file=given.state,
    )
    deliverer = Deliverer(fake, given.webhook_url) if given.webhook_url else None
    server = Server(type("Door", (StripeDoor,), {"fake": fake, "deliverer": deliverer}), given.port)
    fake.public_url = server.url
    if deliverer is not None:
        fake.on_event = deliverer.wake
        deliverer.wake()
    server.run(until_stdin_closes=given.until_stdin_closes)


if __name__ == "__main__":
    main()
