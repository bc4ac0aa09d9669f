"""Where providers tell what happened, of their own accord. No session, no token: the signature is the proof."""

from __future__ import annotations

from flask import Blueprint, request
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from contracts.payouts import actions
from contracts.payouts.providers import installed
from contracts.payouts.providers.stripe_connect import verify_webhook
from market.kernel.errors import NotFound
from market.kernel.text import N_
from market.web.guard import now, public

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@webhooks.record
def _without_token(state: BlueprintSetupState) -> None:
    """A provider holds no session, so there is no token to check; every view here checks a signature instead."""
    state.app.extensions["csrf"].exempt(webhooks)


@webhooks.post("/stripe")
@public("Stripe calls it; the event's signature is checked")
def stripe() -> Response:
    """Take one event: verified, stored once by its id, processed by a job. A repeat is answered like the first."""
    secret = installed.webhook_secret()
    if not secret:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    # Checked before the first statement, so that a stranger never takes the write turn.
    event = verify_webhook(request.get_data(), request.headers.get("Stripe-Signature", ""), secret)
    actions.keep_event(event, now())
    return Response(status=204)
